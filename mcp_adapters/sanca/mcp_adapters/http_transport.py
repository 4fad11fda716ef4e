"""The HTTP client an MCP server is reached with: bodies bounded, and no address but its own on the server's word.

A server may name other addresses (who signs people in, where tokens are). Those are called only where
`sanca.core.outside` allows, or on this machine when the server itself was configured on this machine.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import httpx2
from sanca.core.errors import AddressRefusedError
from sanca.core.outside import OutsideAddresses, outside_client_httpx2
from sanca.core.toolkits_file import McpServerEntry, is_loopback

BODY_BYTES = 12 * 1024 * 1024
"""Of one answer that is no event stream; of a stream, of one event."""
_CONNECTIONS = 100


class GuardedTransport(httpx2.AsyncBaseTransport):
    """Sends what goes to the server's own origin as it is, and all else only to allowed addresses."""

    def __init__(self, url: str, own: httpx2.AsyncClient, outside: httpx2.AsyncClient) -> None:
        self._home = httpx2.URL(url)
        self._is_here = is_loopback(url)
        self._own = own
        self._outside = outside

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send one request.

        Raises:
            AddressRefusedError: It is for an address that the server may not name.
        """
        is_own = self._is_own(request.url)
        if not is_own and request.url.scheme != "https":
            raise AddressRefusedError(f"{request.url.host} is not called without TLS on a server's word.")
        client = self._own if is_own else self._outside
        answer = await client.send(request, stream=True, follow_redirects=False)
        if answer.headers.get("content-encoding", "identity") != "identity":
            await answer.aclose()
            raise httpx2.ReadError("the answer is packed, which was not asked for")
        is_stream = answer.headers.get("content-type", "").startswith("text/event-stream")
        stream = answer.stream if is_stream else BoundedStream(answer.stream, BODY_BYTES)
        extensions = {key: value for key, value in answer.extensions.items() if key != "network_stream"}
        return httpx2.Response(answer.status_code, headers=answer.headers.raw, stream=stream, extensions=extensions)

    def _is_own(self, url: httpx2.URL) -> bool:
        if self._is_here and is_loopback(str(url)):
            return True
        return (url.scheme, url.host, url.port) == (self._home.scheme, self._home.host, self._home.port)


class BoundedStream(httpx2.AsyncByteStream):
    """A body that breaks off when it is longer than it may be."""

    def __init__(self, inner: Any, limit_bytes: int) -> None:
        self._inner = inner
        self._left = limit_bytes
        self._limit_bytes = limit_bytes

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for piece in self._inner:
            self._left -= len(piece)
            if self._left < 0:
                raise httpx2.ReadError(f"the answer has more than {self._limit_bytes:,} bytes")
            yield piece

    async def aclose(self) -> None:
        """Let go of the connection."""
        await self._inner.aclose()


async def http_client(entry: McpServerEntry, stack: AsyncExitStack, auth: httpx2.Auth | None) -> httpx2.AsyncClient:
    """Return a client for one server, closed with the stack.

    It waits for an answer as long as who calls does: a person may be asked in between.
    """
    limits = httpx2.Limits(max_connections=_CONNECTIONS, max_keepalive_connections=_CONNECTIONS)
    # The machine's proxy is for the world, not for the machine itself.
    own = await stack.enter_async_context(httpx2.AsyncClient(trust_env=not is_loopback(entry.url), limits=limits))
    outside = await stack.enter_async_context(outside_client_httpx2(OutsideAddresses()))
    client = httpx2.AsyncClient(
        headers={
            "accept-encoding": "identity",
            **{name: value.get_secret_value() for name, value in entry.headers.items()},
        },
        timeout=httpx2.Timeout(entry.start_timeout_seconds, read=None, pool=None),
        transport=GuardedTransport(entry.url, own, outside),
        auth=auth,
        trust_env=False,
    )
    return await stack.enter_async_context(client)
