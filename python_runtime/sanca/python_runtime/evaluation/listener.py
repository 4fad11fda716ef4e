"""What an evaluation does when the broker speaks: it agrees to every effect, and ends guests that break the rules.

The policy of evaluations is here: no person sits there, so each call that would ask one is approved, and journalled as
approved by `evaluation policy`. It holds for the runs of an evaluation only, whose tools work on a task's made world.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import anyio
from sanca.core.errors import ToolFailedError
from sanca.core.ports import AgentReply
from sanca.core.tools import ToolkitDefinition
from sanca.python_runtime.broker.client import BrokerClient
from sanca.python_runtime.broker.records import Ask, CallRecord
from sanca.python_runtime.evaluation.box import Box
from sanca.python_runtime.tool_finder import ToolFinder

APPROVED_BY = "evaluation policy"


class Listener:
    """The callbacks of an evaluation's broker."""

    def __init__(self) -> None:
        self.client: BrokerClient | None = None
        """Set once it is open; nothing is asked before."""
        self.box: Box | None = None
        """The one whose actions run."""
        self.toolkits: Sequence[ToolkitDefinition] = ()
        """What its actions find in this turn."""
        self._finder = ToolFinder(lambda: self.toolkits)
        self._changed = anyio.Event()

    async def on_call(self, run_id: str, call: CallRecord) -> None:
        """Nothing to show: the journal has it."""

    async def on_more_calls(self, run_id: str, name: str, count: int) -> None:
        """Nothing to show."""

    async def on_ask(self, run_id: str, ask: Ask) -> None:
        """Agree to an effect; a form or a question of a card has nobody to answer it."""
        assert self.client is not None  # noqa: S101 - no run is open before it is set
        approved = ask.kind == "approval"
        reason = "effects of an evaluation are approved" if approved else "an evaluation has no person to answer"
        await self.client.answer(run_id, ask.call_id, approved=approved, by=APPROVED_BY, reason=reason)

    async def on_card(self, run_id: str, call_id: str, card: dict[str, Any]) -> None:
        """Nobody looks."""

    async def on_engine_call(self, run_id: str, tool: str, arguments: dict[str, Any]) -> Any:
        """Take what an action says and search the task's tools; the other tools of the engine need one."""
        if tool == "say":
            return None
        if tool == "search_tools":
            return await self._finder.search(str(arguments["query"]))
        raise ToolFailedError(f"sanca.{tool} is not there in an evaluation.", tool_name=f"sanca.{tool}")

    async def on_agent_reply(self, reply: AgentReply) -> None:
        """Nothing that comes later counts in an evaluation."""

    async def on_toolkits_changed(self) -> None:
        """Wake who waits for the set's toolkits."""
        self._changed.set()
        self._changed = anyio.Event()

    async def changed(self) -> None:
        """Wait until the toolkits change."""
        await self._changed.wait()

    async def on_sandbox_misbehaved(self, sandbox_session_id: str, reason: str) -> None:
        """End the guest; its action then ends as killed."""
        if self.box is not None:
            await self.box.end_misbehaving(sandbox_session_id, reason)

    async def on_broker_lost(self) -> None:
        """Nothing to do: every further question to the broker says it."""
