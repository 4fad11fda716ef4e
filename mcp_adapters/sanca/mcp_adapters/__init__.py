"""MCP servers presented as toolkits. The SDK is loaded when the first one is opened."""

from __future__ import annotations

from pathlib import Path

from sanca.core.ports import Toolkit
from sanca.core.toolkits_file import read_toolkits_file
from sanca.mcp_adapters.toolkit import McpToolkit

__all__ = ["McpToolkit", "load_toolkits"]


def load_toolkits(home: Path) -> list[Toolkit]:
    """Return a toolkit for each MCP server in `<home>/toolkits.json`, not yet connected.

    Raises:
        ConfigurationError: The file is not right.
    """
    return [McpToolkit(name, entry) for name, entry in read_toolkits_file(home).mcp_servers.items()]
