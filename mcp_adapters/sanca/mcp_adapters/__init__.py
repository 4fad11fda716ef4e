"""MCP servers presented as toolkits. The SDK is loaded when the first one is connected."""

from __future__ import annotations

from pathlib import Path

from sanca.core.ports import Toolkit
from sanca.core.toolkits_file import read_toolkits_file
from sanca.core.untrusted import plain_name
from sanca.mcp_adapters.toolkit import McpToolkit

__all__ = ["McpToolkit", "load_toolkits"]

_OURS = ("sanca", "card", "page", "system", "host", "web", "agents")
"""Toolkits that a stranger's description has no business with, whether they are there or not."""


def load_toolkits(home: Path) -> list[Toolkit]:
    """Return a toolkit for each MCP server in `<home>/toolkits.json`, not yet connected.

    Raises:
        ConfigurationError: The file is not right.
    """
    servers = read_toolkits_file(home).mcp_servers
    names = {server: f"mcp.{plain_name(server)}" for server in servers}
    return [
        McpToolkit(server, entry, home, (*_OURS, *(name for other, name in names.items() if other != server)))
        for server, entry in servers.items()
    ]
