"""The memory of an engine: masks and embeds what is to be kept, and recalls it. Knows no store and no ranking."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

import structlog
from sanca.core.errors import StoreUnavailableError
from sanca.core.memory import Embedder, Hit, Masker, MemoryRecord, Query, RecordFilter, RecordKey, RecordStore, Scope

if TYPE_CHECKING:
    from sanca.core.memory import Vectors

log = structlog.get_logger()


class Retriever(Protocol):
    """Finds and ranks what answers a question."""

    async def recall(self, scope: Scope, query: Query) -> list[Hit]:
        """Return the hits, best first, each once."""


class Memory:
    """What the engine, its doors and its actions use. Safe to call from many tasks at once."""

    def __init__(self, store: RecordStore, retriever: Retriever, embedder: Embedder, masker: Masker) -> None:
        """Take what it works with.

        Args:
            store: Keeps the records; opened and closed by who made it.
            retriever: Works on the same store.
            embedder: Gives texts their vectors.
            masker: Takes out secrets and personal data before anything is kept.
        """
        self.store = store
        self.retriever = retriever
        self.embedder = embedder
        self.masker = masker

    async def add(self, records: Sequence[MemoryRecord]) -> None:
        """Keep records, masked; durable when it returns.

        Raises:
            StoreUnavailableError: The store does not answer; nothing of this call is kept by it.
            RecordConflictError: One was changed by another since it was read.
        """
        masked = [self._masked(record) for record in records]
        if masked:
            await self.store.put(masked, await self._vectors(masked), self.embedder.name)

    async def recall(self, scope: Scope, query: Query) -> list[Hit]:
        """Return what answers the question, best first.

        Raises:
            StoreUnavailableError: The store does not answer.
        """
        return await self.retriever.recall(scope, query)

    async def get(self, scope: Scope, key: RecordKey) -> MemoryRecord | None:
        """Return a record, or None."""
        found = await self.store.get(scope, [key])
        return found[0] if found else None

    async def forget(self, scope: Scope, which: RecordFilter) -> int:
        """Forget the scope's own records that the filter leaves in; return how many there were."""
        return await self.store.delete(scope, which)

    def _masked(self, record: MemoryRecord) -> MemoryRecord:
        changes = {
            "text": self.masker.mask(record.text),
            "title": self.masker.mask(record.title),
            "data": self.masker.mask_data(record.data),
        }
        return record.model_copy(update=changes)

    async def _vectors(self, records: Sequence[MemoryRecord]) -> Vectors | None:
        try:
            return await self.embedder.embed([record.text for record in records])
        except StoreUnavailableError as error:  # they get theirs later; words find them meanwhile
            log.warning("embedding_put_off", records=len(records), reason=str(error))
            return None
