"""A toolkit's host for tests of one room: keeps what it is handed; masks as the broker does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import anyio
from sanca.core.ports import AgentReply, PersonAnswer
from sanca.core.tools import CallError, CallOutcome
from sanca.python_runtime.broker.outgoing_masks import OutgoingMasks


class KeepingHost:
    """A `ToolkitHost`."""

    def __init__(self, home: Path) -> None:
        self.replies: list[AgentReply] = []
        self.notices: dict[str, str] = {}
        self.replied = anyio.Event()
        self.masked = OutgoingMasks(home).masked

    async def ask_person(self, *_: Any, **__: Any) -> PersonAnswer:
        """Nobody is there."""
        return PersonAnswer("cancelled")

    async def call_tool(self, *_: Any) -> CallOutcome:
        """There is no other tool."""
        return CallOutcome(ok=False, error=CallError(kind="not_found", message="There is no other tool."))

    async def deliver_reply(self, reply: AgentReply) -> None:
        """Keep a late reply."""
        self.replies.append(reply)
        self.replied.set()

    async def tell_administrator(self, code: str, text: str) -> None:
        """Keep a notice."""
        self.notices[code] = text
