"""A sandbox session and its broker for tests: real actions that call real tools."""

from __future__ import annotations

from typing import Any

import anyio
from broker_driver import Driver
from sanca.python_runtime.sandbox import ActionResult, SandboxSession


class Box:
    """A sandbox session bound to a run of its own."""

    def __init__(
        self, driver: Driver, session: SandboxSession, run_id: str, toolkits: tuple[str, ...] = ("shop",)
    ) -> None:
        self.driver = driver
        self.session = session
        self.run_id = run_id
        self.toolkits = toolkits

    async def run(self, code: str, *, limit_seconds: float = 20.0) -> ActionResult:
        """Run an action."""
        with anyio.fail_after(60):
            return await self.session.run(code, limit_seconds=limit_seconds, toolkits=self.toolkits)

    async def value(self, code: str) -> str | None:
        """Run an action that must end well."""
        result = await self.run(code)
        assert result.status == "ok", result.error
        return result.value

    async def next_round(self, number: int) -> None:
        """Bind the session to the run's next round."""
        await self.driver.client.unbind(self.run_id)
        await self.driver.client.bind(self.run_id, None, self.run_id, number)

    async def journal(self, *kinds: str) -> list[Any]:
        """Return the run's rows, once all are written."""
        return await self.driver.journal(self.run_id, *kinds)
