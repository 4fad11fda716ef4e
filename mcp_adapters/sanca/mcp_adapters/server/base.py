"""What every MCP server of ours has: sealed state between rounds, lists that may change, cache hints. Has no tool."""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path
from typing import Any

from mcp.server.caching import CacheableMethod, CacheHint
from mcp.server.lowlevel import NotificationOptions, Server
from mcp.server.models import InitializationOptions
from mcp.server.request_state import RequestStateBoundary, RequestStateSecurity
from sanca.mcp_adapters.server.changes import Changes
from sanca.mcp_adapters.server.who import Context, Presence, owner_key

_LISTS: tuple[CacheableMethod, ...] = ("tools/list", "prompts/list", "resources/list", "resources/templates/list")
_FRESH = CacheHint(ttl_ms=30_000, scope="private")
"""What somebody sees depends on their rights; a change is told to who listens."""
STATE_SECONDS = 7 * 24 * 3600.0
"""How long a person may take to answer what a request had asked."""
KEY_FILE = "mcp_state.key"


class ListServer(Server[Any]):
    """A server whose lists may change while a session is open; the SDK's default for 2025-11-25 says they may not."""

    def create_initialization_options(
        self,
        notification_options: NotificationOptions | None = None,
        experimental_capabilities: dict[str, dict[str, Any]] | None = None,
        extensions: dict[str, dict[str, Any]] | None = None,
    ) -> InitializationOptions:
        """Return what `initialize` answers."""
        changing = notification_options or NotificationOptions(prompts_changed=True, tools_changed=True)
        return super().create_initialization_options(changing, experimental_capabilities, extensions)


def make_server(
    name: str, version: str, presence: Presence, changes: Changes, state_key: bytes, **more: Any
) -> ListServer:
    """Make a server.

    Args:
        name: Its name in the protocol.
        version: Ours.
        presence: Tells who asks.
        changes: Serves who listens.
        state_key: 32 bytes; seals what a client carries from one round to the next.
        **more: The SDK's further arguments: handlers, title, instructions.
    """
    more.setdefault("get_tool_input_schema", _no_schema)
    server = ListServer(
        name,
        version=version,
        cache_hints=dict.fromkeys(_LISTS, _FRESH),
        on_subscriptions_listen=changes.listen,
        **more,
    )

    def principal(ctx: Context) -> str:
        return owner_key(presence.identity(ctx))

    security = RequestStateSecurity(keys=[state_key], ttl=STATE_SECONDS, bind_principal=principal)
    server.middleware.append(RequestStateBoundary(security, default_audience=name))
    return server


def read_state_key(home: Path) -> bytes:
    """Return the key of a state folder; made with the first use, so that what was asked survives a restart."""
    path = home / KEY_FILE
    try:
        return bytes.fromhex(json.loads(path.read_text(encoding="utf-8"))["key"])
    except FileNotFoundError:
        key = secrets.token_bytes(32)
    made = path.with_suffix(f".{os.getpid()}")
    with os.fdopen(os.open(made, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        json.dump({"key": key.hex()}, file)
    made.replace(path)
    return key


def _no_schema(_: str) -> None:
    """No tool of ours mirrors arguments into headers (`x-mcp-header`), so there is nothing to compare before a call."""
