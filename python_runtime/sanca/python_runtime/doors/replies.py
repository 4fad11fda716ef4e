"""Answers of the server itself, and the headers that every answer carries."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import orjson

_ALWAYS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
)
_CACHE = (b"cache-control", b"no-store")
_SECURE = (b"strict-transport-security", b"max-age=31536000")


class ReplySender:
    """An ASGI `send` that adds the headers and knows whether an answer has begun."""

    def __init__(self, send: Callable[[Any], Awaitable[None]], *, is_secure: bool) -> None:
        self._send = send
        self._added = (*_ALWAYS, _SECURE) if is_secure else _ALWAYS
        self.has_begun = False

    async def __call__(self, message: Any) -> None:
        """Send on; a header that the door set itself stays as it is."""
        if message["type"] == "http.response.start":
            self.has_begun = True
            given = list(message.get("headers", ()))
            there = {name.lower() for name, _ in given}
            added = [one for one in (*self._added, _CACHE) if one[0] not in there]
            message = {**message, "headers": [*given, *added]}
        await self._send(message)


async def send_json(
    send: Callable[[Any], Awaitable[None]],
    status: int,
    content: Mapping[str, Any],
    headers: Sequence[tuple[str, str]] = (),
) -> None:
    """Send a whole answer."""
    body = orjson.dumps(content)
    told = [("content-type", "application/json"), ("content-length", str(len(body))), *headers]
    encoded = [(name.encode(), value.encode("latin-1", "replace")) for name, value in told]
    await send({"type": "http.response.start", "status": status, "headers": encoded})
    await send({"type": "http.response.body", "body": body})
