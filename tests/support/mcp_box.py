"""What tests of MCP toolkits share: a toolkit over a fake server, a call's context, and a person who answers."""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Literal

from sanca.core.ports import AgentReply, PersonAnswer
from sanca.core.tools import CallContext, CallOutcome
from sanca.mcp_adapters import McpToolkit, load_toolkits

ODD = str(Path(__file__).parents[1] / "fakes/mcp_odd_server.py")


class Person:
    """Stands where the broker's own way to a person is: keeps what was asked and told, answers what it was given."""

    def __init__(self, outcome: Literal["accepted", "declined", "cancelled"] = "accepted", **value: Any) -> None:
        self.answer = PersonAnswer(outcome, value, by="olga")
        self.asked: list[tuple[str, str, str, Mapping[str, Any] | None]] = []
        """User, kind, message, schema."""
        self.notices: dict[str, str] = {}

    async def ask_person(
        self,
        context: CallContext,
        kind: Literal["form", "approval"],
        message: str,
        schema: Mapping[str, Any] | None = None,
    ) -> PersonAnswer:
        """Answer."""
        self.asked.append((context.user, kind, message, schema))
        return self.answer

    async def deliver_reply(self, reply: AgentReply) -> None:
        """An MCP server never replies late."""
        raise AssertionError(reply)

    async def masked(self, value: Any) -> Any:  # a JSON value of any shape
        """An MCP server is given what the action gives it."""
        raise AssertionError(value)

    async def call_tool(self, context: CallContext, toolkit: str, *_: Any) -> CallOutcome:
        """An MCP server calls no other tool."""
        raise AssertionError(toolkit)

    async def tell_administrator(self, code: str, text: str) -> None:
        """Keep it until it is settled."""
        self.notices[code] = text
        if not text:
            del self.notices[code]


def context(timeout_seconds: float = 30.0, user: str = "u", number: int = 1) -> CallContext:
    """Return a call's context."""
    return CallContext(
        call_id=f"run/{number}",
        run_id="run",
        session_id=f"ses_{user}",
        tenant="t",
        user=user,
        timeout_seconds=timeout_seconds,
    )


def odd(**more: Any) -> dict[str, Any]:
    """Return the entry of the odd server; it is spoken to as most servers of today are."""
    patient = {"start_timeout_seconds": 60}  # the tests' machine may be busy
    return {"command": sys.executable, "args": [ODD], "protocol": "2025-11-25", **patient, **more}


@asynccontextmanager
async def toolkit(home: Path, person: Person | None = None, **entry: Any) -> AsyncIterator[McpToolkit]:
    """Give a toolkit that is not yet open, over one server named `odd`."""
    (home / "toolkits.json").write_text(json.dumps({"mcpServers": {"odd": entry}}))
    (made,) = load_toolkits(home)
    assert isinstance(made, McpToolkit)
    if person is not None:
        made.attach(person)
    try:
        yield made
    finally:
        await made.close()


def tools_of(made: McpToolkit) -> dict[str, Any]:
    """Return the tools as of now, by name."""
    return {tool.name: tool for tool in made.definition.tools}
