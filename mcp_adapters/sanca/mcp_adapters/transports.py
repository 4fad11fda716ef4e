"""The way to a server by its entry: a child process, streamable HTTP, or the older SSE. Loads the SDK."""

from __future__ import annotations

import logging
from contextlib import AsyncExitStack
from typing import Any

import httpx2
from mcp.client.sse import sse_client
from mcp.client.streamable_http import streamable_http_client
from sanca.core.toolkits_file import McpServerEntry
from sanca.core.untrusted import plain_text
from sanca.mcp_adapters.http_transport import BODY_BYTES, http_client

_A_DAY_SECONDS = 86_400.0


async def url_transport(entry: McpServerEntry, stack: AsyncExitStack, auth: Any) -> Any:
    """Return the transport to a server with a URL; what it holds is let go with the stack."""
    client = await http_client(entry, stack, auth)
    if entry.type != "sse":
        return streamable_http_client(entry.url, http_client=client, max_sse_event_size=BODY_BYTES)

    def same_client(
        headers: dict[str, str] | None = None,
        timeout: httpx2.Timeout | None = None,
        auth: httpx2.Auth | None = None,
    ) -> httpx2.AsyncClient:
        return client

    return sse_client(
        entry.url,
        timeout=entry.start_timeout_seconds,
        sse_read_timeout=_A_DAY_SECONDS,
        httpx_client_factory=same_client,
    )


def quiet_sdk() -> None:
    """Keep the SDK from writing tracebacks and what strangers send to our log; we tell of failures ourselves."""
    for name in ("mcp", "client", "httpx2"):
        logging.getLogger(name).setLevel(logging.CRITICAL)


def reason_of(error: BaseException) -> str:
    """Return the first real cause of a group, in short."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    if isinstance(error, FileNotFoundError):
        return f"there is no command {error.filename!r}" if error.filename else "there is no such command"
    return plain_text(error, 300).rstrip(".") or type(error).__name__
