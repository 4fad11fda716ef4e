"""An HTTP transport that breaks off an answer which is too large, compressed ones too. Knows nothing of agents."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx

ANSWER_BYTES = 32 * 1024 * 1024
"""Of one answer; a stream may give as much in all."""


class AnswerTooLargeError(httpx.ReadError):
    """The other side sent more than we take."""


class BoundedClient(httpx.AsyncClient):
    """A client whose answers are bounded; asks for them uncompressed, so that a small one cannot grow here."""

    def __init__(self, *, answer_bytes: int = ANSWER_BYTES, **options: Any) -> None:
        """Take the bound, and what `httpx.AsyncClient` takes."""
        super().__init__(**options)
        self.headers["accept-encoding"] = "identity"
        self._answer_bytes = answer_bytes

    async def send(self, request: httpx.Request, **options: Any) -> httpx.Response:
        """Send a request; its answer's body raises AnswerTooLargeError where it grows beyond the bound."""
        stream = options.pop("stream", False)
        response = await super().send(request, stream=True, **options)
        try:
            if response.headers.get("content-encoding", "identity") != "identity":
                raise httpx.DecodingError("it sent a compressed answer, which was not asked for", request=request)
            response.stream = _Bounded(response.stream, self._answer_bytes, request)
            if not stream:
                await response.aread()
        except BaseException:
            await response.aclose()
            raise
        return response


class _Bounded(httpx.AsyncByteStream):
    def __init__(self, stream: Any, limit_bytes: int, request: httpx.Request) -> None:
        self._stream = stream
        self._limit_bytes = limit_bytes
        self._request = request

    async def __aiter__(self) -> AsyncIterator[bytes]:
        seen = 0
        async for piece in self._stream:
            seen += len(piece)
            if seen > self._limit_bytes:
                text = f"it sent more than {self._limit_bytes // (1024 * 1024)} MB"
                raise AnswerTooLargeError(text, request=self._request)
            yield piece

    async def aclose(self) -> None:
        await self._stream.aclose()
