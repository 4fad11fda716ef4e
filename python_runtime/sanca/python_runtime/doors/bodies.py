"""Reads a request's body before a door sees the request: not larger, not slower, and not more of them than allowed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import anyio
from sanca.core.errors import RateLimitedError, RefusedError, TooLargeError

Receive = Callable[[], Awaitable[Any]]
_TOGETHER = 16
"""So many bodies of the largest size may be in memory at the same time."""
_WITH_BODY = {"POST", "PUT", "PATCH"}


class BodyTooSlowError(RefusedError):
    """The body did not arrive in time."""


class BodyLostError(RefusedError):
    """The other side went away in the middle of its body."""


class Bodies:
    """All bodies of one server that are being read or answered."""

    def __init__(self, limit_bytes: int, limit_seconds: float) -> None:
        self._limit_bytes = limit_bytes
        self._limit_seconds = limit_seconds
        self._held = 0

    @asynccontextmanager
    async def read(self, scope: Any, receive: Receive) -> AsyncIterator[Receive]:
        """Read the body and give a `receive` that tells it in one piece; its bytes count until the block ends.

        Raises:
            TooLargeError: It is larger than it may be, or says that it will be.
            BodyTooSlowError: It did not come in time.
            BodyLostError: The other side went away.
            RateLimitedError: Too many large bodies at once.
        """
        declared = _declared(scope)
        if declared > self._limit_bytes:
            raise self._too_large()
        chunks: list[bytes] = []
        if declared == 0 and scope["method"] not in _WITH_BODY:
            yield receive
            return
        held = 0
        try:
            with anyio.move_on_after(self._limit_seconds) as limit:
                async for chunk in _chunks(receive):
                    chunks.append(chunk)
                    held += len(chunk)
                    self._hold(len(chunk), held)
            if limit.cancelled_caught:
                raise BodyTooSlowError(f"The body did not arrive within {self._limit_seconds:g} seconds.")
            yield _replay(b"".join(chunks), receive)
        finally:
            self._held -= held

    def _hold(self, added: int, held: int) -> None:
        self._held += added
        if held > self._limit_bytes:
            raise self._too_large()
        if self._held > _TOGETHER * self._limit_bytes:
            raise RateLimitedError("Too many large requests at once; try again in a moment.", retry_after_seconds=1)

    def _too_large(self) -> TooLargeError:
        return TooLargeError(f"The body is larger than {self._limit_bytes:,} bytes.")


def _declared(scope: Any) -> int:
    """Return the length that the request declares; -1: none, but one may come in chunks; 0: there is none."""
    lengths = [value for name, value in scope["headers"] if name == b"content-length"]
    if lengths and lengths[0].isdigit():
        return int(lengths[0])
    return -1 if any(name == b"transfer-encoding" for name, _ in scope["headers"]) else 0


async def _chunks(receive: Receive) -> AsyncIterator[bytes]:
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise BodyLostError("The other side went away.")
        yield message.get("body", b"")
        more = message.get("more_body", False)


def _replay(body: bytes, receive: Receive) -> Receive:
    told = False

    async def again() -> Any:
        nonlocal told, body
        if told:
            return await receive()
        told, whole, body = True, body, b""
        return {"type": "http.request", "body": whole, "more_body": False}

    return again
