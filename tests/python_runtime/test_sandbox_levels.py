"""A whole engine at each level of isolation: calls pass the real broker, and the journal says which level it was."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path

import anyio
import pytest
from sanca.core.errors import SandboxError
from sanca.python_runtime import Engine
from sanca.python_runtime.sandbox import NamespaceSandbox, SandboxSettings

pytestmark = pytest.mark.anyio

LARGE = """
from sanca.toolkit_bridge import tool


@tool
def text(length: int) -> str:
    \"\"\"Return a long text.\"\"\"
    return "x" * length
"""


@pytest.mark.parametrize("level", ["namespace", "landlock", pytest.param("container", marks=pytest.mark.slow), "monty"])
async def test_action_calls_tools_writes_a_file_and_its_level_is_in_the_journal(
    home: Path, ledger: Callable[[], list[str]], monkeypatch: pytest.MonkeyPatch, level: str
) -> None:
    monkeypatch.setenv("SANCA_SANDBOX_LEVEL", level)
    (home / "toolkits" / "large.py").write_text(LARGE, encoding="utf-8")
    code = (
        "garden.dig(bed='north')\n"
        "open('/output/beds.txt', 'w').write(', '.join(garden.beds()))\n"
        "len(large.text(600_000)), len(large.text(length=3_000_000))"
    )
    async with Engine(home) as engine:
        assert engine.parts.sandbox.level == level
        result = await engine.execute(code, session_id="ses_level")
        held = await engine.execute("kept = 3", session_id="ses_level")
        again = await engine.execute("kept + 1", session_id="ses_level")
        await engine.parts.journal.flush()
    assert (result.status, result.value) == ("ok", "(600000, 3000000)"), result.error
    assert (held.status, again.value) == ("ok", "4")
    assert ledger() == ["dig north"]
    (written,) = (home / "sessions").glob("*/output/beds.txt")
    assert written.read_text(encoding="utf-8") == "north, south"
    with sqlite3.connect(home / "journal.db") as journal:
        rows = journal.execute("select data from journal where kind = 'action'").fetchall()
    assert {json.loads(data)["sandbox_level"] for (data,) in rows} == {level}


async def test_engine_does_not_open_at_a_level_that_cannot_be_had(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SANCA_SANDBOX_LEVEL", "container")
    monkeypatch.setenv("SANCA_SANDBOX_CONTAINER_COMMAND", "no-such-runtime")
    with pytest.raises(SandboxError, match="needs runsc, podman or docker"):
        await Engine(home).__aenter__()


async def test_libraries_are_loaded_after_the_start_but_not_while_an_action_runs(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SANCA_SANDBOX_LEVEL", "namespace")
    monkeypatch.setenv("SANCA_SANDBOX_WARM_LIBRARIES_SECONDS", "0.05")
    async with Engine(home) as engine:
        calls: list[bool] = []
        monkeypatch.setattr(engine.parts.sandbox, "warm_libraries", lambda: calls.append(engine.parts.workers.is_idle))
        await engine.execute("__import__('time').sleep(0.5)", session_id="ses_a")
        with anyio.fail_after(20):
            while not calls:  # noqa: ASYNC110 - a background task's work has no event for us
                await anyio.sleep(0.01)
    assert calls == [True]


async def test_loaded_libraries_wait_in_a_ready_session() -> None:
    async with NamespaceSandbox(SandboxSettings(warm_sessions=1)) as sandbox:
        sandbox.warm_libraries()
        with anyio.fail_after(30):
            while sandbox.ready_sessions < 2:  # noqa: ASYNC110 - as above
                await anyio.sleep(0.01)
        session = await sandbox.spawn(libraries=True)
        result = await session.run("import sys\n'numpy' in sys.modules", limit_seconds=5, toolkits=())
        await session.close()
    assert result.value == "True"
