"""Records as rows of the memory file, and back. Runs no statement."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sanca.core.errors import StoreError
from sanca.core.memory import MemoryRecord
from sanca.memory.stores.contents import data_of, terms_of
from sanca.memory.stores.moments import moment_of

if TYPE_CHECKING:
    from sanca.core.memory import Vectors

COLUMNS = (
    "r.row, s.tenant, s.user, s.layer, r.session_id, r.id, r.position, r.document, r.speaker, r.time, r.title,"
    " r.source, r.language, r.valid_until, r.created_at, r.updated_at, r.revision, r.data, r.text"
)
"""What `record_of` reads, of `records r JOIN spaces s USING (space)`."""
_AS_THEY_ARE = (
    "tenant", "user", "layer", "session_id", "id", "position", "document", "speaker", "time", "title", "source",
    "language", "valid_until", "created_at", "updated_at", "revision", "text",
)  # fmt: skip


@dataclass(frozen=True)
class StoredVector:
    """A vector in bytes: each dimension in eight bits, and the signs alone."""

    scale: float
    whole: bytes
    signs: bytes


@dataclass(frozen=True)
class NewRecord:
    """A record with all that is kept beside it, worked out before the database is held."""

    record: MemoryRecord
    terms: str
    data: str
    vector: StoredVector | None = None

    @classmethod
    def of(cls, record: MemoryRecord, vector: StoredVector | None = None) -> NewRecord:
        """Work out terms and JSON.

        Raises:
            StoreError: The record cannot be kept; says which and why.
        """
        data = data_of(record)
        return cls(record, terms_of(record), data, vector)

    @property
    def length(self) -> int:
        """How many terms it has."""
        return self.terms.count(" ") + 1 if self.terms else 0

    @property
    def moment(self) -> int | None:
        """Its time as a number."""
        return moment_of(self.record.time)


def prepared(records: Sequence[MemoryRecord], vectors: Vectors | None) -> list[NewRecord]:
    """Return the records with all that is kept beside them."""
    if vectors is not None and len(vectors) != len(records):
        raise StoreError(f"There are {len(records)} records and {len(vectors)} vectors; give one for each.")
    stored: Iterator[StoredVector | None] = iter(stored_vectors(vectors)) if vectors is not None else iter(())
    return [NewRecord.of(record, next(stored, None)) for record in records]


def stored_vectors(vectors: Vectors) -> list[StoredVector]:
    """Return vectors as they are kept, shape (texts, dimensions)."""
    import numpy as np

    scales = np.abs(vectors).max(axis=1, initial=0.0) / 127
    whole = np.rint(vectors / np.where(scales > 0, scales, 1)[:, None]).astype(np.int8)
    signs = np.packbits(vectors > 0, axis=1)
    return [
        StoredVector(float(scale), row.tobytes(), sign.tobytes())
        for scale, row, sign in zip(scales, whole, signs, strict=True)
    ]


def signs_of(whole: bytes) -> bytes:
    """Return the signs of a vector as it is kept."""
    import numpy as np

    return np.packbits(np.frombuffer(whole, np.int8) > 0).tobytes()


def record_of(row: sqlite3.Row) -> MemoryRecord:
    """Return the record of a row of `COLUMNS`."""
    values: dict[str, Any] = {name: row[name] for name in _AS_THEY_ARE}
    data = row["data"]
    return MemoryRecord.model_construct(**values, data=json.loads(data) if data != "{}" else {})


def name_number(name: str) -> int:
    """Return a number of 64 bits for a session: so many that no two names that are met share one."""
    digest = hashlib.blake2b(name.encode(errors="surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)


def speaker_number(name: str) -> int:
    """Return a number of 32 bits for a speaker without regard to case; two may share one, the name decides later."""
    return zlib.crc32(name.casefold().encode(errors="surrogatepass"))
