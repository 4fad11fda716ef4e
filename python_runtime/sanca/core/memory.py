"""What memory keeps and how it is asked: records, filters, hits, and the protocols of stores, embedders and maskers.

Everything a user or a company tells or does becomes a `MemoryRecord` of one of six layers. What keeps them is in
sanca.memory; which of them a prompt shows is decided by the engine.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, Protocol

from pydantic import BaseModel, ConfigDict, Field

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vectors = NDArray[np.float32]
    """Unit vectors, shape (texts, dimensions); the zero vector for a text that has none."""

Layer = Literal["sensory", "message", "summary", "knowledge", "experience", "preference"]
"""sensory: what a page showed (expires). message: what was said in a session. summary: a day of a session or of a user,
compacted. knowledge: pieces of documents and code. experience: what worked or failed, and why. preference: what a user
wants and likes."""


class Scope(BaseModel):
    """Whose memory is meant. No method sees anything of another tenant, or of another user of the same one."""

    model_config = ConfigDict(frozen=True)

    tenant: str
    user: str
    """Empty: only what belongs to the whole tenant."""


class RecordKey(BaseModel):
    """Names one record within its tenant."""

    model_config = ConfigDict(frozen=True)

    layer: Layer
    id: str
    user: str = ""
    """Empty: the whole tenant's, seen by each of its users."""
    session_id: str = ""
    """Empty: of no session. The same `id` in two sessions names two records."""


class MemoryRecord(BaseModel):
    """One thing remembered."""

    model_config = ConfigDict(frozen=True)

    tenant: str
    user: str = ""
    """Empty: the whole tenant's."""
    session_id: str = ""
    layer: Layer
    id: str = Field(min_length=1, max_length=512)
    text: str = Field(max_length=200_000)
    """What is searched and shown, secrets and personal data masked; longer ones are cut into pieces before."""
    title: str = ""
    speaker: str = ""
    """Who said it: `user`, `assistant`, or a person's name where the source tells it."""
    time: str = ""
    """When it was said or became true, ISO 8601 with a zone; empty: not known."""
    document: str = ""
    """What it is a piece of: a document's id, the day of a summary (`2026-11-22`), the skill of an experience."""
    position: int = 0
    """Its place in its session or document. Messages are numbered by the store in the order they come (0: not yet)."""
    source: str = ""
    """Where it came from, for people: a path with lines, a URL, a run's id."""
    language: str = ""
    valid_until: str = ""
    """ISO 8601; from then on it is shown with a doubt and checked again, sensory records are gone. Empty: no end."""
    data: dict[str, Any] = Field(default_factory=dict)
    """What else its layer knows; JSON, at most 64 KB, never searched."""
    created_at: str = ""
    """Set by the store when it first keeps the record."""
    updated_at: str = ""
    """Set by the store at each write."""
    revision: int = 0
    """Counted by the store from 1. A `put` with another one than is kept is refused; 0 replaces whatever is."""

    @property
    def key(self) -> RecordKey:
        """What names it within its tenant."""
        return RecordKey(layer=self.layer, id=self.id, user=self.user, session_id=self.session_id)


class RecordFilter(BaseModel):
    """Which records are meant, besides the scope; an empty field leaves everything in."""

    model_config = ConfigDict(frozen=True)

    layers: tuple[Layer, ...] = ()
    session_ids: tuple[str, ...] = ()
    not_session_ids: tuple[str, ...] = ()
    speakers: tuple[str, ...] = ()
    """As they are kept, without regard to case."""
    documents: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()
    since: str = ""
    """ISO 8601; records whose time is not known are left out."""
    until: str = ""
    """ISO 8601, itself not included; records whose time is not known are left out."""
    own_only: bool = False
    """Leave out what belongs to the whole tenant."""


class Candidate(BaseModel):
    """A record that a store found, with how well it fits by one measure."""

    model_config = ConfigDict(frozen=True)

    record: MemoryRecord
    score: float
    """Higher fits better. Of `lexical` BM25 on the store's own scale, of `nearest` the cosine."""


class Reason(BaseModel):
    """One reason why a record was recalled."""

    model_config = ConfigDict(frozen=True)

    kind: Literal["words", "meaning", "speaker", "time", "neighbour", "second_look", "recent", "helped", "filter"]
    detail: str = ""
    """What fits: the words, the name, the date, the id of the record it stands beside."""
    share: float = 0.0
    """Its part of the score, in [0, 1]; all of a hit add up to 1."""


class Hit(BaseModel):
    """A record recalled for a question."""

    model_config = ConfigDict(frozen=True)

    record: MemoryRecord
    score: float
    """In [0, 1]; the best of a recall is not always 1."""
    reasons: tuple[Reason, ...] = ()
    citation: str = ""
    """How an answer names it, for instance `runbooks/payment.md, lines 12-30` or `alice, 2026-11-20 14:02`."""


class Query(BaseModel):
    """What is looked for."""

    model_config = ConfigDict(frozen=True)

    text: str = Field(max_length=8_000)
    """Plain language, English or Chinese or mixed."""
    limit: int = Field(default=8, ge=1, le=200)
    filter: RecordFilter = RecordFilter()
    now: str = ""
    """ISO 8601: what "yesterday" in the question counts from; empty: the clock."""
    half_life_days: float = Field(default=0.0, ge=0)
    """Older records count less, half as much after so many days; 0: age does not count."""
    second_look: bool = True
    """Look again with what was found, for questions whose answer stands in several places."""
    max_chars: int = Field(default=0, ge=0)
    """How long the texts of all hits may be together; 0: no bound."""


class RecordStore(Protocol):
    """Keeps records durably and finds candidates among them. Safe to call from many tasks at once.

    Lifecycle: `open` once, `close` once after the last call. When `put` or `delete` has returned, what it did outlives
    a kill of the process. Scopes are part of every query: a record that is not of the scope is as if it were not there.

    Raises (every method): StoreUnavailableError when the store does not answer in time (may be tried again),
    StoreError when it refuses; says why.
    """

    @property
    def name(self) -> str:
        """`sqlite` or `elasticsearch`."""

    async def open(self) -> None:
        """Open it, making or migrating its schema."""

    async def close(self) -> None:
        """Close it; nothing may be called after."""

    async def put(self, records: Sequence[MemoryRecord], vectors: Vectors | None = None, embedder: str = "") -> None:
        """Add or replace records, all or none of each call where the store can, in order in any case.

        Args:
            records: Of one or several scopes; masked already.
            vectors: A row for each record, shape (records, dimensions); None: they get theirs later.
            embedder: Whose vectors these are (`Embedder.name`); vectors of different embedders are never compared.

        Raises:
            RecordConflictError: A record was changed by another since it was read (`revision`); nothing was kept.
        """

    async def get(self, scope: Scope, keys: Sequence[RecordKey]) -> list[MemoryRecord]:
        """Return those records that there are, in the order of the keys."""

    async def delete(self, scope: Scope, which: RecordFilter) -> int:
        """Forget the scope's own records that the filter leaves in, vectors and all; return how many there were.

        With an empty user the tenant's records are forgotten, never a user's.
        """

    def scan(
        self, scope: Scope | None, which: RecordFilter, *, newest_first: bool = False, after: str = "", page: int = 500
    ) -> AsyncIterator[tuple[list[MemoryRecord], str]]:
        """Yield pages of records with the mark from which another scan goes on, in the order they were first kept.

        A scope of None is everything of every tenant, for migration and upkeep only.
        """

    async def count(self, scope: Scope, which: RecordFilter) -> dict[Layer, int]:
        """Return how many records of each layer the filter leaves in; a layer without any is not in it."""

    async def around(self, scope: Scope, key: RecordKey, before: int, after: int) -> list[MemoryRecord]:
        """Return the records that stand beside one in its session or document, itself among them, by position."""

    async def lexical(
        self, scope: Scope, terms: Sequence[tuple[str, float]], which: RecordFilter, limit: int
    ) -> list[Candidate]:
        """Return the records that have any of the terms, best first.

        Args:
            terms: As `sanca.memory.text.index_terms` makes them from a text, each with its weight.
        """

    async def nearest(
        self, scope: Scope, vector: Vectors, embedder: str, which: RecordFilter, limit: int
    ) -> list[Candidate]:
        """Return the records whose vectors of this embedder are nearest, best first; vector: shape (dimensions,)."""

    async def without_vectors(self, embedder: str, limit: int) -> list[MemoryRecord]:
        """Return records of any tenant that have no vector of this embedder, or whose text was edited since."""

    async def set_vectors(self, records: Sequence[MemoryRecord], vectors: Vectors, embedder: str) -> None:
        """Give records their vectors; those that changed or went meanwhile are left out."""


class Embedder(Protocol):
    """Turns texts into vectors. May be used from many tasks at once."""

    @property
    def name(self) -> str:
        """Names model and version: vectors of another name are of another space."""

    @property
    def dimensions(self) -> int:
        """The length of its vectors."""

    async def embed(self, texts: Sequence[str], *, is_query: bool = False) -> Vectors:
        """Return unit vectors, shape (texts, dimensions).

        Raises:
            StoreUnavailableError: The endpoint does not answer; recall then goes by words alone.
        """


class Masker(Protocol):
    """Takes secrets and personal data out of texts before they are kept."""

    def mask(self, text: str) -> str:
        """Return the text with each of them replaced by what it was, for instance `[api key]`."""

    def mask_data(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """Return JSON data with the texts in it masked."""
