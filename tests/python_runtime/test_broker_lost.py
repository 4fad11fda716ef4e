"""The broker's process dies under the engine: its run is told as interrupted, and a new broker serves the next."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import anyio
import pytest
from agui_story import activities, check_order
from sanca.python_runtime import Engine
from sanca.python_runtime.engine import LOCAL
from sanca.python_runtime.run_record import RunStatus
from watching import to_the_end, until_call

pytestmark = pytest.mark.anyio


async def test_a_lost_broker_interrupts_the_run_and_is_replaced(home: Path, ledger: Callable[[], list[str]]) -> None:
    async with Engine(home) as engine:
        log = await engine.start(engine.request("ses_a", LOCAL, action_code="garden.slow_dig('north', 60)"))
        await until_call(log, "slow_dig")
        health = await engine.parts.broker.client.health()
        os.kill(health.pid, signal.SIGKILL)
        events = await to_the_end(log)
        with anyio.fail_after(20):
            await engine.parts.broker.wait_until_up()
        after = await engine.execute("garden.dig('after')", session_id="ses_a")
        stored = [event.seq async for event in engine.attach_run(LOCAL, log.run_id, 0)]
        record = await engine.parts.runs.get(LOCAL, log.run_id)

    check_order(events)
    assert (events[-1]["type"], events[-1]["code"]) == ("RUN_ERROR", "interrupted")
    assert "garden.slow_dig" in events[-1]["message"]
    (round_,) = activities(events, "sanca-round").values()
    assert round_["status"] == "interrupted"
    assert record.status is RunStatus.INTERRUPTED
    assert after.status == "ok"
    assert stored == list(range(1, len(events) + 1))
    assert ledger() == ["begin north", "dig after"]
