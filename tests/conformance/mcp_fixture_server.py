"""A server with the official suite's fixtures in place of an agent, behind the same door as the agent's."""

from __future__ import annotations

import os
import warnings
from typing import Any

import mcp_types as types
from mcp.server.lowlevel import Server
from mcp.shared.exceptions import MCPDeprecationWarning
from mcp_fixture_content import complete, get_prompt, list_prompts, list_resources, list_templates, read_resource
from mcp_fixture_input import add_input_tools
from mcp_fixture_tasks import FixtureTasks, add_task_tools
from mcp_fixture_tools import FixtureTools, add_plain_tools
from sanca.core.access import Access, Door, DoorSettings
from sanca.core.agent_runner import AgentRunner
from sanca.mcp_adapters.server.base import make_server
from sanca.mcp_adapters.server.changes import Changes
from sanca.mcp_adapters.server.door import McpDoor
from sanca.mcp_adapters.server.sessions import SessionBook
from sanca.mcp_adapters.server.settings import McpServerSettings
from sanca.mcp_adapters.server.tasks import add_tasks
from sanca.mcp_adapters.server.who import Context, Presence


class FixtureServer:
    """What the door serves in the test profile."""

    def __init__(self, version: str, limits: McpServerSettings) -> None:
        self._presence = Presence()
        self._changes = Changes(limits.streams)
        self._server = _make_server(version, self._presence, self._changes)

    @property
    def server(self) -> Server[Any]:
        """The SDK's server."""
        return self._server

    def attach(self, sessions: SessionBook) -> None:
        """Take the book of sessions."""
        self._presence.sessions = sessions
        self._changes.attach(sessions)

    async def open(self) -> None:
        """Nothing has to be opened."""

    async def close(self) -> None:
        """End the streams."""
        self._presence.is_closing = True
        self._changes.close()


def make_door(runner: AgentRunner, access: Access, settings: DoorSettings) -> Door:
    """Make the door with the fixtures; made as the agent's is."""
    limits = McpServerSettings()
    return McpDoor(FixtureServer(settings.version, limits), access, settings, limits)


def _make_server(version: str, presence: Presence, changes: Changes) -> Server[Any]:
    tools, tasks = FixtureTools(), FixtureTasks()
    add_plain_tools(tools, changes)
    add_input_tools(tools)
    add_task_tools(tools, tasks)
    handlers = {
        "on_list_tools": tools.list,
        "on_call_tool": tools.call,
        "get_tool_input_schema": tools.schema_of,
        "on_list_resources": list_resources,
        "on_list_resource_templates": list_templates,
        "on_read_resource": read_resource,
        "on_subscribe_resource": _done,
        "on_unsubscribe_resource": _done,
        "on_list_prompts": list_prompts,
        "on_get_prompt": get_prompt,
        "on_completion": complete,
        "on_set_logging_level": _done,
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", MCPDeprecationWarning)  # logging is deprecated, and asked for by the suite
        server = make_server("sanca-fixtures", version, presence, changes, os.urandom(32), **handlers)
    add_tasks(server, tasks)
    return server


async def _done(ctx: Context, params: Any) -> types.EmptyResult:
    return types.EmptyResult()
