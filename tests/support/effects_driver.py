"""An engine that calls an effect of the contract host many times at once and writes down what it was told of each.

`python effects_driver.py HOME COUNT`. It goes on with what was not begun before it, and opens a new broker when its
own is gone. Its log, `told.log`: `begin KEY`, then `done KEY`, `not_done KEY` or `unknown KEY`.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import anyio
from sanca.core.tools import CallOutcome
from sanca.python_runtime.broker.client import BrokerClient, BrokerLostError
from sanca.python_runtime.broker.records import BrokerSettings, RunBudget, RunContext

RUN = "run_1"
AT_ONCE = 64
_BUDGET = RunBudget(calls=100_000, seconds=1e6)


class Silent:
    """An engine that hears and does nothing."""

    def __getattr__(self, name: str) -> Any:
        async def heard(*_: Any) -> None:
            return None

        return heard


class Driver:
    """Calls until every key was begun once."""

    def __init__(self, home: Path, count: int) -> None:
        self._home = home
        begun = keys_begun(home)
        self._left = [f"key-{number}" for number in range(count) if f"key-{number}" not in begun]
        self._log = os.open(home / "told.log", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    async def drive(self) -> None:
        """Call until there is nothing left, through as many brokers as it takes."""
        while self._left:
            try:
                async with BrokerClient.open(BrokerSettings(self._home, toolkit_factories=()), Silent()) as client:
                    await self._with(client)
            except BrokerLostError:
                continue

    async def _with(self, client: BrokerClient) -> None:
        await client.open_run(RunContext(run_id=RUN, session_id="ses_1", rights=("*",), budget=_BUDGET))
        (self._home / "broker.pid").write_text(str((await client.health()).pid), encoding="utf-8")
        async with anyio.create_task_group() as tasks:
            for _ in range(AT_ONCE):
                tasks.start_soon(self._work, client)

    async def _work(self, client: BrokerClient) -> None:
        try:
            while self._left:
                key = self._left.pop()
                self._tell("begin", key)
                verdict = "unknown"  # what a caller is to think whose broker is gone
                try:
                    verdict = verdict_of(await client.call(RUN, "calls", "append", {"text": key}))
                finally:
                    self._tell(verdict, key)
                if verdict != "done":
                    await self._host_is_back(client)
        except BrokerLostError:
            return

    async def _host_is_back(self, client: BrokerClient) -> None:
        while (await client.health()).gateway != "connected":  # noqa: ASYNC110 - nobody tells us
            await anyio.sleep(0.1)

    def _tell(self, what: str, key: str) -> None:
        os.write(self._log, f"{what} {key}\n".encode())


def verdict_of(outcome: CallOutcome) -> str:
    """Return what an outcome says about the effect."""
    if outcome.error is None:
        return "done"
    return "unknown" if outcome.error.kind == "unknown" else "not_done"


def keys_begun(home: Path) -> set[str]:
    """Return the keys that an engine before this one began with."""
    return {key for what, key in told(home) if what == "begin"}


def told(home: Path) -> list[tuple[str, str]]:
    """Return the log, but for a line that a killed engine did not finish."""
    log = home / "told.log"
    lines = log.read_text(encoding="utf-8").split("\n")[:-1] if log.exists() else []
    return [(what, key) for what, _, key in (line.partition(" ") for line in lines)]


if __name__ == "__main__":
    anyio.run(Driver(Path(sys.argv[1]), int(sys.argv[2])).drive)
