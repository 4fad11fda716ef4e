"""A person signs in at an MCP server: shows the address, waits for the browser on this machine, keeps the tokens."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import anyio
from sanca.core.errors import ConfigurationError
from sanca.core.mcp_oauth import McpOAuth
from sanca.core.toolkits_file import McpServerEntry, read_toolkits_file

if TYPE_CHECKING:
    from mcp.shared.auth import AuthorizationCodeResult

_PAGE = (
    "HTTP/1.1 {status}\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n"
    "X-Content-Type-Options: nosniff\r\nCache-Control: no-store\r\nContent-Length: {length}\r\n\r\n{text}"
)
_LINE_BYTES = 16_384


def server_entry(home: Path, server: str) -> McpServerEntry:
    """Return a server of `toolkits.json`.

    Raises:
        ConfigurationError: There is none of that name; names those there are.
    """
    servers = read_toolkits_file(home).mcp_servers
    if server not in servers:
        there = ", ".join(servers) or "none"
        raise ConfigurationError(f"toolkits.json names no MCP server {server!r}; there are: {there}.")
    return servers[server]


async def sign_in(home: Path, server: str, show: Callable[[str], None], timeout_seconds: float = 300.0) -> int:
    """Let a person sign in at a server; return how many tools it then lists.

    Args:
        home: The state folder.
        server: Its name in `toolkits.json`.
        show: Shows the person the address to open.
        timeout_seconds: For all of it.

    Raises:
        ConfigurationError: There is no such server, it needs nobody, or it did not work; says why.
    """
    from mcp.client.auth import OAuthFlowError
    from sanca.mcp_adapters.oauth import Person, auth_of
    from sanca.mcp_adapters.transports import reason_of

    entry = server_entry(home, server)
    if not entry.url:
        raise ConfigurationError(f"The MCP server {server!r} is started by a command; nobody signs in there.")
    try:
        with anyio.fail_after(timeout_seconds):
            async with _callback(entry.oauth or McpOAuth()) as wait:

                async def tell(address: str) -> None:
                    show(address)

                return await _tools(entry, auth_of(server, entry, home, Person(tell, wait)))
    except TimeoutError:
        raise ConfigurationError(f"Nobody signed in at {server!r} within {timeout_seconds:g} seconds.") from None
    except ConfigurationError:
        raise
    except OAuthFlowError as error:
        raise ConfigurationError(f"Signing in at {server!r} did not work: {reason_of(error)}.") from error
    except Exception as error:  # the SDK's transports raise groups of anything
        raise ConfigurationError(f"Signing in at {server!r} did not work: {reason_of(error)}.") from error


async def _tools(entry: McpServerEntry, auth: object) -> int:
    from mcp import Client
    from sanca.mcp_adapters.transports import url_transport

    async with AsyncExitStack() as stack:
        transport = await url_transport(entry, stack, auth)
        client = await stack.enter_async_context(Client(transport, read_timeout_seconds=entry.timeout_seconds))
        return len((await client.list_tools()).tools)


@asynccontextmanager
async def _callback(oauth: McpOAuth) -> AsyncIterator[Callable[[], Awaitable[AuthorizationCodeResult]]]:
    """Listen where the browser comes back to; give what waits for that."""
    from mcp.client.auth import OAuthFlowError
    from mcp.shared.auth import AuthorizationCodeResult
    from sanca.mcp_adapters.oauth import CALLBACK_PATH

    came: asyncio.Future[dict[str, str]] = asyncio.get_running_loop().create_future()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, ValueError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            line = (await reader.readuntil(b"\r\n")).decode("ascii", "replace").split(" ")
            parts = urlsplit(line[1] if len(line) > 1 else "")
            given = {name: values[0] for name, values in parse_qs(parts.query).items()}
            is_meant = line[0] == "GET" and parts.path == CALLBACK_PATH and ("code" in given or "error" in given)
            if is_meant and not came.done():
                came.set_result(given)
            text = "You are signed in; go back to the terminal." if is_meant else "There is nothing here."
            status = "200 OK" if is_meant else "404 Not Found"
            writer.write(_PAGE.format(status=status, length=len(text), text=text).encode())
            await writer.drain()
        writer.close()

    async def wait() -> AuthorizationCodeResult:
        given = await came
        if "error" in given:
            raise OAuthFlowError(f"the server said {given['error'][:200]!r}")
        return AuthorizationCodeResult(code=given["code"], state=given.get("state"), iss=given.get("iss"))

    try:
        listening = await asyncio.start_server(serve, "127.0.0.1", oauth.redirect_port, limit=_LINE_BYTES)
    except OSError as error:
        raise ConfigurationError(
            f'The port {oauth.redirect_port} is taken; set "redirect_port" in the server\'s "oauth".'
        ) from error
    async with listening:
        yield wait
