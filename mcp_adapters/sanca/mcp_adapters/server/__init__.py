"""The MCP server: the agent, its runs and, by policy, the host's toolkits. The SDK is loaded when a door is made."""

from __future__ import annotations

from sanca.core.access import Access, Door, DoorSettings
from sanca.core.agent_runner import AgentRunner

__all__ = ["make_door"]


def make_door(runner: AgentRunner, access: Access, settings: DoorSettings) -> Door:
    """Make the door that answers `/mcp`; the HTTP server identifies who asks before a request reaches it."""
    from sanca.mcp_adapters.server.agent import AgentServer
    from sanca.mcp_adapters.server.door import McpDoor
    from sanca.mcp_adapters.server.settings import read_settings

    limits = read_settings()
    return McpDoor(AgentServer(runner, settings, limits), access, settings, limits)
