"""A guest that misuses its tool channel is killed by the engine, and nobody else notices."""

from __future__ import annotations

from pathlib import Path

import anyio
import pytest
from sanca.python_runtime import Engine
from sanca.python_runtime.sandbox import ActionResult

pytestmark = pytest.mark.anyio

FORGED = "garden._channel._connection.send(b'\\x00\\x82\\xa1n\\x01\\xa2ok\\xc3')\nwhile True: pass"


async def test_an_action_that_answers_unasked_is_killed_and_others_go_on(home: Path) -> None:
    results: dict[str, ActionResult] = {}

    async def run(engine: Engine, session_id: str, code: str) -> None:
        results[session_id] = await engine.execute(code, session_id=session_id)

    async with Engine(home) as engine:
        await engine.execute("kept = 5", session_id="ses_bad")
        with anyio.fail_after(20):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(run, engine, "ses_bad", FORGED)
                tasks.start_soon(run, engine, "ses_good", "[len(garden.beds()) for _ in range(200)] == [2] * 200")
        after = await engine.execute("garden.beds()", session_id="ses_bad")

    assert results["ses_bad"].status == "killed"
    assert "misused the channel to the tools" in (results["ses_bad"].error or "")
    assert results["ses_bad"].seconds < 10
    assert (results["ses_good"].status, results["ses_good"].value) == ("ok", "True")
    assert (after.status, after.value) == ("ok", "['north', 'south']")
