"""Embedders behind a URL: any OpenAI-compatible `/embeddings`, and DashScope by its own interface. The key stays here.

What fails outside is told as StoreUnavailableError: records get their vectors later, a question goes by words alone.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sanca.core.errors import StoreUnavailableError

if TYPE_CHECKING:
    import httpx
    from sanca.core.memory import Vectors

_CHARS_MOST = 6_000
"""Longer texts are cut: models read some 8,000 tokens, and a Chinese character is about one."""
_AGAIN = frozenset({408, 409, 425, 429, 500, 502, 503, 504})
_FIRST_WAIT_SECONDS, _LONGEST_WAIT_SECONDS = 0.2, 8.0


class RemoteEmbedder(ABC):
    """Batches, deadlines, tries with growing waits. What the wire looks like is for the classes below."""

    def __init__(
        self, url: str, key: str, model: str, *, dimensions: int, batch: int, seconds: float, tries: int
    ) -> None:
        """Take where it is and how patient to be.

        Args:
            url: The base URL, without a slash at the end.
            key: The key; empty: none is sent.
            model: The model's name, as the server spells it.
            dimensions: How long vectors are wanted; 0: as long as the model makes them.
            batch: How many texts a call carries.
            seconds: How long one call may take.
            tries: How often a call is made at most.
        """
        self._url, self._key, self._model = url.rstrip("/"), key, model
        self._wanted, self._batch, self._seconds, self._tries = dimensions, batch, seconds, tries
        self._seen = 0

    @property
    def name(self) -> str:
        """Model and length: servers of one model make one space."""
        return f"{self._model}/{self._wanted}" if self._wanted else self._model

    @property
    def dimensions(self) -> int:
        """The length of its vectors; 0 until the first came, where none was asked for."""
        return self._wanted or self._seen

    async def embed(self, texts: Sequence[str], *, is_query: bool = False) -> Vectors:
        """Return unit vectors, shape (texts, dimensions); an empty text has the zero vector.

        Raises:
            StoreUnavailableError: The endpoint does not answer as it should; says what it said.
        """
        import httpx
        import numpy as np

        asked = [(place, text[:_CHARS_MOST]) for place, text in enumerate(texts) if text.strip()]
        found: dict[int, list[float]] = {}
        headers = {"Authorization": f"Bearer {self._key}"} if self._key else {}
        async with httpx.AsyncClient(timeout=self._seconds, headers=headers) as client:
            for start in range(0, len(asked), self._batch):
                part = asked[start : start + self._batch]
                vectors = await self._answered(client, [text for _, text in part], is_query)
                found |= {place: vector for (place, _), vector in zip(part, vectors, strict=True)}
        self._seen = max((len(vector) for vector in found.values()), default=self._seen)
        matrix = np.zeros((len(texts), self.dimensions), np.float32)
        for place, vector in found.items():
            if len(vector) != self.dimensions:
                raise StoreUnavailableError(
                    f"The embedding model {self._model!r} answered {len(vector)} numbers where {self.dimensions} were "
                    "expected; set SANCA_MEMORY_EMBEDDER_DIMENSIONS to what it makes."
                )
            matrix[place] = vector
        unit: Vectors = matrix / np.maximum(np.linalg.norm(matrix, axis=1, keepdims=True), 1e-9)
        return unit

    @abstractmethod
    def _request(self, texts: list[str], is_query: bool) -> tuple[str, dict[str, Any]]:
        """Return path and body of a call."""

    @abstractmethod
    def _vectors(self, answer: dict[str, Any]) -> list[tuple[int, list[float]]]:
        """Return place and vector of each text out of an answer."""

    async def _answered(self, client: httpx.AsyncClient, texts: list[str], is_query: bool) -> list[list[float]]:
        import httpx
        from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

        path, body = self._request(texts, is_query)
        tries = AsyncRetrying(
            retry=retry_if_exception_type(_PassingError),
            stop=stop_after_attempt(self._tries),
            wait=wait_random_exponential(_FIRST_WAIT_SECONDS, _LONGEST_WAIT_SECONDS),
            reraise=True,
        )
        try:
            return await tries(self._called, client, path, body, len(texts))
        except _PassingError as error:
            raise StoreUnavailableError(
                f"The embedding endpoint of {self._model!r} does not answer: {error}."
            ) from error
        except (httpx.HTTPError, KeyError, TypeError, ValueError, IndexError) as error:
            raise StoreUnavailableError(
                f"The embedding endpoint of {self._model!r} answered what cannot be read "
                f"({type(error).__name__}: {error}); check SANCA_MEMORY_EMBEDDER_URL."
            ) from error

    async def _called(
        self, client: httpx.AsyncClient, path: str, body: dict[str, Any], count: int
    ) -> list[list[float]]:
        import httpx

        try:
            response = await client.post(self._url + path, json=body)
        except httpx.TransportError as error:
            raise _PassingError(str(error) or type(error).__name__) from error
        if response.status_code in _AGAIN:
            raise _PassingError(f"HTTP {response.status_code}")
        if response.status_code >= 400:
            raise StoreUnavailableError(
                f"The embedding endpoint of {self._model!r} refused (HTTP {response.status_code}: "
                f"{response.text[:200]!r}); check key, model and URL of SANCA_MEMORY_EMBEDDER_*."
            )
        by_place = dict(self._vectors(response.json()))
        return [by_place[place] for place in range(count)]


class OpenAiEmbedder(RemoteEmbedder):
    """`POST {url}/embeddings` as OpenAI has it: vLLM, llama.cpp, Ollama, TEI and most others understand it."""

    def _request(self, texts: list[str], is_query: bool) -> tuple[str, dict[str, Any]]:
        body: dict[str, Any] = {"model": self._model, "input": texts, "encoding_format": "float"}
        if self._wanted:
            body["dimensions"] = self._wanted
        return "/embeddings", body

    def _vectors(self, answer: dict[str, Any]) -> list[tuple[int, list[float]]]:
        return [(int(one["index"]), one["embedding"]) for one in answer["data"]]


class DashScopeEmbedder(RemoteEmbedder):
    """DashScope's own interface, which tells questions from documents."""

    def _request(self, texts: list[str], is_query: bool) -> tuple[str, dict[str, Any]]:
        parameters: dict[str, Any] = {"text_type": "query" if is_query else "document"}
        if self._wanted:
            parameters["dimension"] = self._wanted
        body = {"model": self._model, "input": {"texts": texts}, "parameters": parameters}
        return "/services/embeddings/text-embedding/text-embedding", body

    def _vectors(self, answer: dict[str, Any]) -> list[tuple[int, list[float]]]:
        return [(int(one["text_index"]), one["embedding"]) for one in answer["output"]["embeddings"]]


class _PassingError(Exception):
    """What may go by itself: a lost connection, a full server."""
