"""The default embedder: static vectors that come with a package. Offline; loads its weights at the first use."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING

from anyio import to_thread

if TYPE_CHECKING:
    from sanca.core.memory import Vectors
    from sanca.memory.embedding import StaticEmbedding

_MANY = 64


class StaticEmbedder:
    """Vectors of 256 dimensions, means of static vectors of a text's tokens. Weak in Chinese; words carry that."""

    def __init__(self) -> None:
        self._loading = threading.Lock()
        self._embedding: StaticEmbedding | None = None

    @property
    def name(self) -> str:
        """Model and version."""
        return "wordllama-l2-256-0.4"

    @property
    def dimensions(self) -> int:
        """The length of its vectors."""
        return 256

    async def embed(self, texts: Sequence[str], *, is_query: bool = False) -> Vectors:
        """Return unit vectors, shape (texts, 256); an empty text has the zero vector."""
        if self._embedding is not None and len(texts) < _MANY:
            return self._embedding(texts)  # a few take less than a change of threads
        return await to_thread.run_sync(self.embed_now, list(texts))

    def embed_now(self, texts: Sequence[str]) -> Vectors:
        """Return unit vectors, for those who work in a thread of their own."""
        with self._loading:
            if self._embedding is None:
                from sanca.memory.embedding import StaticEmbedding

                self._embedding = StaticEmbedding()
        return self._embedding(texts)
