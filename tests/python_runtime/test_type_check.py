"""The type check in a run: a slip is caught before any call, told with its line, and mended in the next round."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from agui_story import activities, check_order
from sanca.python_runtime import Engine
from sanca.python_runtime.broker.journal_reader import JournalReader
from sanca.python_runtime.engine import LOCAL
from sanca.python_runtime.models import ScriptedModel
from sanca.python_runtime.service import engine_pb2 as pb
from sanca.python_runtime.service.door import EngineDoor
from watching import to_the_end

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine may take its time."""
    monkeypatch.setenv("SANCA_TYPE_CHECK_SECONDS", "60")


def action(code: str) -> str:
    return f"I look first.\n\n```python\n{code}\n```"


def rounds_of(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    check_order(events)
    return list(activities(events, "sanca-round").values())


async def story(engine: Engine, message: str = "hum a tune for the tulips", **more: Any) -> list[dict[str, Any]]:
    return await to_the_end(await engine.start(engine.request("ses_a", LOCAL, message=message, **more)))


async def test_a_wrong_tool_name_is_caught_before_any_call_and_mended_in_the_next_round(
    home: Path, ledger: Callable[[], list[str]]
) -> None:
    model = ScriptedModel([
        action("garden.dig('north')\nwatered = garden.beads()\nlen(watered)"),
        action("garden.dig('south')\nlen(garden.beds())"),
        "There are **2** beds.",
    ])  # fmt: skip
    async with Engine(home, model=model) as engine:
        events = await story(engine)
        run_id = events[-1]["result"]["run_id"]
    facts = JournalReader(home).rows(run_id)

    first, second, _ = rounds_of(events)
    assert (first["status"], second["status"], second["value"]) == ("error", "ok", "2")
    assert [call["tool"] for call in first["calls"]] == ["services"]  # perception's own
    assert ledger() == ["dig south"]
    told = str(model.requests[1].messages[-1].content)
    assert "line 2:\n    watered = garden.beads()\n              ^^^^^^^^^^^^\n" in told
    assert "garden has no tool 'beads'. Did you mean 'beds'?" in told
    assert first["check"]["outcome"] == "stopped"
    assert second["check"]["outcome"] == "ok"
    assert second["check"]["seconds"] > 0
    assert 0 < second["check"]["share"] <= 1
    calls = [row.data["tool"] for row in facts if row.kind == "call_requested" and row.data["round"] == 1]
    assert set(calls) <= {"services"}
    assert [row.data["round"] for row in facts if row.kind == "action"] == [2]
    assert [row.data["round"] for row in facts if row.kind == "action_refused"] == [1]


async def test_names_of_earlier_rounds_and_runs_are_no_mistakes(home: Path) -> None:
    model = ScriptedModel([
        action("beds = garden.beds()\ndef first(of): return of[0]\nglobals()['made'] = _one = __two = 1\n1 / 0"),
        action("first(beds), made"), "One.", action("beds[1], made, _one, __two"), action("bedds"), "Two.",
    ])  # fmt: skip
    async with Engine(home, model=model) as engine:
        one = rounds_of(await story(engine))
        two = rounds_of(await story(engine, "hum another tune for the tulips"))

    assert [round_["status"] for round_ in (*one, *two)] == ["error", "ok", "ok", "ok", "error", "ok"]
    assert "NameError: name 'bedds' is not defined. Did you mean 'beds'?" in two[1]["observation"]


async def test_names_that_a_sleeping_session_kept_are_known(home: Path) -> None:
    async with Engine(home) as engine:
        await engine.execute("import math\nbeds = garden.beds()", session_id="ses_a")
    async with Engine(home) as engine:
        found = await engine.execute("beds, math.pi", session_id="ses_a")
        lost = await engine.execute("bads", session_id="ses_a")

    assert found.status == "ok"
    assert lost.error_type == "NameError"
    assert "Did you mean 'beds'?" in (lost.error or "")


async def test_a_persons_own_action_is_told_the_same(home: Path) -> None:
    async with Engine(home) as engine:
        result = await engine.execute("garden.water(bad='north')")

    assert (result.status, result.error_type) == ("error", "ToolArgumentError")
    assert "garden.water has no argument 'bad'. Did you mean 'bed'?" in (result.error or "")


async def test_without_the_checker_an_action_runs_and_health_says_so(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sanca.python_runtime.action_check.ty_checker._find_ty", lambda: str(home / "absent"))
    async with Engine(home, model=ScriptedModel([action("garden.beads()"), "Sorry."])) as engine:
        events = await story(engine)
        health = await EngineDoor(engine).health(pb.HealthRequest())

    first, _ = rounds_of(events)
    assert first["check"]["outcome"] == "skipped"
    assert "ToolNotFoundError" in first["observation"]
    assert "absent" in health.type_check_detail


async def test_what_was_only_remarked_is_told_when_the_action_failed(home: Path) -> None:
    code = "import math\nif garden.beds():\n    math.sqroot(4)"
    model = ScriptedModel([action(code), "Sorry."])
    async with Engine(home, model=model) as engine:
        first, _ = rounds_of(await story(engine))

    assert first["status"] == "error"
    assert "The check before the run also remarked:\n- line 3:" in first["observation"]
