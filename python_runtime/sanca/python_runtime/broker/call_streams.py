"""A tool's result that comes bit by bit: pulled through the gate a little at a time, journalled as one call.

Nothing runs ahead of the guest by more than one window; what was pulled is counted, its beginning kept as a sample.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, cast

import msgpack
from sanca.core.errors import ToolDeniedError
from sanca.core.tools import CallError, CallOutcome
from sanca.python_runtime.broker.policy import check_budget
from sanca.toolkit_bridge.gateway import failure

if TYPE_CHECKING:
    from sanca.python_runtime.broker.passage import Passage

STREAM_WINDOW = 16
"""How many items cross at once at most, and how many a tool may be ahead."""
ITEM_LIMIT_BYTES = 4 * 1024 * 1024
ITEMS_LIMIT = 100_000
COLLECTED_LIMIT = 1_000
_SAMPLE_ITEMS = 3
_SAMPLE_BYTES = 2_048


class ItemSource(Protocol):
    """Where a stream's items come from. `take` is called by one thread at a time."""

    def take(self, most: int, timeout_seconds: float) -> tuple[list[bytes], CallOutcome | None]:
        """Wait for an item and return what is there, in msgpack; with an outcome when nothing follows.

        Raises:
            TimeoutError: Nothing came in time.
        """

    def close(self) -> None:
        """Stop making items; may be called by any thread, and again."""


class PieceSource(ItemSource, Protocol):
    """An item source whose items are pieces: of a value that is to be put together, or of a stream of bytes or text."""

    form: PieceForm

    def read_so_far(self) -> ReadSoFar:
        """Return how much came."""

    def join(self) -> CallOutcome:
        """Read to the end and return it whole, JSON-like; a failure where that is too much."""


@dataclass(frozen=True, slots=True)
class PieceForm:
    """What pieces are of."""

    kind: str
    """`items`, `bytes`, `text` or `json`."""
    is_value: bool
    """Whether they are to be put together; else they are read as they come."""
    is_bytes: bool = False
    """Whether the value, once together, is bytes in base64."""


@dataclass(frozen=True, slots=True)
class ReadSoFar:
    """How much of a result in pieces came."""

    count: int
    """Items, bytes or characters."""
    size_bytes: int
    sample: list[Any]
    """Its beginning."""


@dataclass(frozen=True, slots=True)
class Pulled:
    """What one pull gave."""

    items: list[bytes]
    """In msgpack."""
    is_done: bool = False
    error: CallError | None = None


@dataclass(slots=True)
class StreamFacts:
    """What the journal keeps of a stream."""

    items: int = 0
    seconds: float = 0.0
    """Time in the tool."""
    sample: list[Any] = field(default_factory=list)
    is_closed_early: bool = False
    form: PieceForm | None = None
    """Of one that comes in pieces; `items` counts bytes or characters where it is made of them."""
    size_bytes: int = 0

    def summary(self) -> str:
        """Return in a few words how much came."""
        units = {"bytes": "bytes", "text": "characters", "json": "characters"}
        return f"{self.items:,} {units.get(self.form.kind, 'items') if self.form else 'items'}"

    def journalled(self) -> dict[str, Any]:
        """Return what the journal keeps of it in place of its value."""
        units = {"bytes": "bytes", "text": "chars", "json": "chars"}
        unit = units.get(self.form.kind, "items") if self.form else "items"
        told: dict[str, Any] = {unit: self.items, "sample": self.sample, "closed_early": self.is_closed_early}
        if self.form is not None and self.form.is_value:
            told |= {"value": None, "value_bytes": self.size_bytes}
        return told


class CallStream:
    """One call that is under way as long as its stream is open. Ended exactly once, by whoever comes first."""

    def __init__(self, passage: Passage, finish: Callable[[Passage, CallOutcome, StreamFacts], CallOutcome]) -> None:
        """Hold a call that is about to leave.

        Args:
            passage: The call.
            finish: Told once how it ended; returns what its caller is told.
        """
        self.call_id = passage.call_id
        self._passage = passage
        self._entry, self._run = passage.entry, passage.run
        self._finish = finish
        self._facts = StreamFacts()
        self._source: ItemSource | None = None
        self._pieces: PieceSource | None = None
        self._pulling, self._state = threading.Lock(), threading.Lock()
        self._outcome: CallOutcome | None = None

    def open(self, source: ItemSource | PieceSource, seconds: float = 0.0) -> None:
        """Take where items or pieces come from, and how long the first ones took."""
        self._facts.seconds = seconds
        if (form := getattr(source, "form", None)) is not None:
            self._facts.form, self._pieces = form, cast("PieceSource", source)
        with self._state:
            self._source = source
            is_ended = self._outcome is not None
        if is_ended:
            source.close()

    def announced(self) -> dict[str, Any]:
        """Return what a guest is told of it: how much it may pull at once, and what the pieces are of."""
        if self._pieces is None:
            return {"s": STREAM_WINDOW}
        form = self._pieces.form
        return {"s": 1, "k": form.kind, "w": form.is_value} | ({"b": True} if form.is_bytes else {})

    def pull(self, most: int) -> Pulled | None:
        """Return the next items; None when another thread is pulling."""
        if not self._pulling.acquire(blocking=False):
            return None
        try:
            items, outcome = self._take(min(most, STREAM_WINDOW))
            self._note(items)
            if outcome is None and self._pieces is None and self._facts.items >= ITEMS_LIMIT:
                outcome = failure("failed", f"{self._entry.name} gave {ITEMS_LIMIT:,} items, the most there may be.")
            if outcome is None:
                return Pulled(items)
            return Pulled(items, is_done=True, error=self._end(outcome).error)
        finally:
            self._pulling.release()

    def close(self) -> None:
        """End it early: nobody wants more."""
        self._facts.is_closed_early = self._outcome is None
        self._end(CallOutcome(ok=True))

    def cancel(self) -> None:
        """End it because its run was cancelled."""
        text = f"{self._entry.name} was cancelled"
        if self._entry.is_effect:
            self._end(failure("unknown", f"{text}; how far it had come is not known. Look before you try again."))
        else:
            self._end(failure("cancelled", f"{text}."))

    def abandon(self) -> None:
        """Cancelling is all there is."""
        self.cancel()

    def collect(self) -> CallOutcome:
        """Return the first items as a list, or what comes in pieces whole, for a caller that takes neither."""
        if self._pieces is not None:
            return self._joined(self._pieces)
        values: list[Any] = []
        while len(values) < COLLECTED_LIMIT:
            pulled = self.pull(STREAM_WINDOW)
            if pulled is None:
                break
            values += [msgpack.unpackb(item) for item in pulled.items]
            if pulled.error is not None:
                return CallOutcome(ok=False, error=pulled.error)
            if pulled.is_done:
                break
        self.close()
        return CallOutcome(ok=True, value=values[:COLLECTED_LIMIT])

    def _joined(self, pieces: PieceSource) -> CallOutcome:
        begun = time.monotonic()
        try:
            whole = pieces.join()
        except TimeoutError:
            whole = self._gave_nothing()
        taken = time.monotonic() - begun
        self._facts.seconds += taken
        self._run.spend(taken)
        self._note_pieces(pieces)
        ended = self._end(whole)
        return whole if ended.ok else ended

    def _take(self, most: int) -> tuple[list[bytes], CallOutcome | None]:
        if self._outcome is not None or self._source is None:
            return [], self._outcome
        seconds = self._entry.definition.timeout_seconds
        begun = time.monotonic()
        try:
            check_budget(self._run.context.budget, 0, self._run.tool_seconds, 0)
            return self._source.take(most, seconds)
        except TimeoutError:
            return [], self._gave_nothing()
        except ToolDeniedError as error:
            return [], failure("denied", str(error))
        finally:
            taken = time.monotonic() - begun
            self._facts.seconds += taken
            self._run.spend(taken)

    def _gave_nothing(self) -> CallOutcome:
        seconds = self._entry.definition.timeout_seconds
        return failure("timeout", f"{self._entry.name} gave nothing for {seconds:g} seconds.")

    def _note_pieces(self, pieces: PieceSource) -> None:
        read = pieces.read_so_far()
        self._facts.items, self._facts.size_bytes, self._facts.sample = read.count, read.size_bytes, read.sample

    def _note(self, items: list[bytes]) -> None:
        if self._pieces is not None:
            self._note_pieces(self._pieces)
            return
        facts = self._facts
        facts.items += len(items)
        room = _SAMPLE_ITEMS - len(facts.sample)
        for item in items[:room] if room > 0 else ():
            facts.sample.append(msgpack.unpackb(item) if len(item) <= _SAMPLE_BYTES else f"… ({len(item):,} bytes)")

    def _end(self, outcome: CallOutcome) -> CallOutcome:
        """End it, unless it has ended; return how it did."""
        with self._state:
            if self._outcome is not None:
                return self._outcome
            self._outcome = outcome
        if self._source is not None:
            self._source.close()
        self._run.arrive(self.call_id, 0.0)
        self._outcome = self._finish(self._passage, outcome, self._facts)
        return self._outcome


class ListSource:
    """The items of a value that came at once."""

    def __init__(self, outcome: CallOutcome) -> None:
        values = outcome.value if isinstance(outcome.value, list) else [outcome.value]
        self._items = [msgpack.packb(value) for value in values] if outcome.ok else []
        self._outcome = outcome

    def take(self, most: int, timeout_seconds: float) -> tuple[list[bytes], CallOutcome | None]:
        """Return the next items."""
        items, self._items = self._items[:most], self._items[most:]
        return items, None if self._items else CallOutcome(ok=self._outcome.ok, error=self._outcome.error)

    def close(self) -> None:
        """Let go."""
        self._items = []
