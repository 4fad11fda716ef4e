"""A task's sandbox session, bound to its run for each action; a new one when the old one ended or broke the rules."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import replace

import anyio
from sanca.python_runtime.broker.client import BrokerClient
from sanca.python_runtime.sandbox import ActionResult, Sandbox, SandboxSession

_ACTION_SECONDS = 60.0


class Box:
    """One task's; its actions run one after the other. Close it at the end."""

    def __init__(self, sandbox: Sandbox, client: BrokerClient, run_id: str, toolkits: Sequence[str]) -> None:
        self.run_id = run_id
        self._sandbox = sandbox
        self._client = client
        self._toolkits = toolkits
        self._session: SandboxSession | None = None
        self._id = ""
        self._rounds = 0
        self._broken_rule = ""

    async def run(self, code: str) -> ActionResult:
        """Run an action, its calls counted to the run and this round."""
        self._rounds += 1
        session = await self._bound()
        try:
            result = await session.run(
                code,
                limit_seconds=_ACTION_SECONDS,
                toolkits=self._toolkits,
                filename=f"action_{self._rounds}",
                waited_seconds=lambda: self._client.waited_seconds(self._id),
            )
        finally:
            with anyio.CancelScope(shield=True):
                await self._client.unbind(self._id)
        if not self._broken_rule:
            return result
        text = f"The action was ended because it misused the channel to the tools: {self._broken_rule}"
        return replace(result, status="killed", value=None, value_json=None, error_type="SandboxError", error=text)

    async def end_misbehaving(self, binding_id: str, reason: str) -> None:
        """End the action of a guest that broke the rules; the next one gets a new session, without its names."""
        if binding_id == self._id and self._session is not None:
            self._broken_rule = reason
            await self._session.interrupt()

    async def close(self) -> None:
        """End the session."""
        if self._session is not None:
            await self._session.close()
            await self._client.end_session(self._id)
            self._session = None

    async def _bound(self) -> SandboxSession:
        if self._session is not None and (self._broken_rule or not self._session.alive):
            await self.close()
        if self._session is not None:
            await self._client.bind(self._id, None, self.run_id, self._rounds)
            return self._session
        self._broken_rule, self._id = "", f"box_{uuid.uuid4().hex}"
        self._session = session = await self._sandbox.spawn(libraries=False)
        await self._client.bind(self._id, session.tool_socket, self.run_id, self._rounds)
        return session
