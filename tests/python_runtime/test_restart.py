"""What an engine's death leaves behind: kill -9 of a real process, then a new one on the same state folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from agui_story import activities, check_order, text
from sanca.python_runtime.service import engine_pb2 as pb
from served_engine import CALLER, ServedEngine, served
from watching import calls_of

Ledger = Callable[[], list[str]]

WORK = "garden.dig('first')\ngarden.slow_dig('second', 60)\ngarden.dig('third')"


def until_running(events: Any, tool: str) -> None:
    """Read on until a call of the tool is shown as running."""
    for event in events:
        for call in calls_of(event):
            if (call["tool"], call["status"]) == (tool, "running"):
                return
    raise AssertionError(f"{tool} was never called")


def run_status(engine: ServedEngine, run_id: str) -> str:
    return str(engine.GetRun(pb.GetRunRequest(caller=CALLER, run_id=run_id)).status)


def test_a_killed_engine_leaves_an_interrupted_run_no_second_effect_and_no_lost_message(
    home: Path, tmp_path: Path, ledger: Ledger
) -> None:
    log = tmp_path / "engine.log"
    with served(home, log) as engine:
        events = engine.start("s1", action_code=WORK, run_id="r1")
        until_running(events, "slow_dig")
        queued = engine.start("s1", action_code="garden.dig('queued')", run_id="r2")
        assert next(queued)["type"] == "RUN_STARTED"
        engine.kill()
    with served(home, log) as engine:
        story = engine.session_events("s1")
        statuses = [run_status(engine, run_id) for run_id in ("r1", "r2")]
        again = engine.session_events("s1")

    check_order(story)
    assert again == story
    assert statuses == ["interrupted", "done"]
    assert ledger() == ["dig first", "begin second", "dig queued"]
    (error,) = [event for event in story if event["type"] == "RUN_ERROR"]
    assert error["code"] == "interrupted"
    assert "garden.dig (ok)" in error["message"]
    assert "garden.slow_dig (unknown)" in error["message"]
    (notice,) = activities(story, "sanca-notice").values()
    assert notice["text"] == error["message"]
    first, second = activities(story, "sanca-round").values()
    assert (first["status"], second["status"]) == ("interrupted", "ok")
    assert [call["status"] for call in first["calls"]] == ["ok", "unknown"]


def test_a_run_that_waited_for_a_person_is_interrupted_too_and_can_be_continued(
    home: Path, tmp_path: Path, ledger: Ledger
) -> None:
    log = tmp_path / "engine.log"
    with served(home, log) as engine:
        list(engine.start("s1", action_code="garden.water('north')", run_id="r1"))
        held = engine.start("s1", action_code="garden.dig('held')", run_id="r2")
        assert next(held)["type"] == "RUN_STARTED"
        engine.kill()
    with served(home, log) as engine:
        story = engine.session_events("s1")
        asked = list(engine.start("s1", continue_run_id="r1", run_id="r3"))
        interrupt = asked[-1]["outcome"]["interrupts"][0]["id"]
        request = pb.AnswerRequest(caller=CALLER, interrupt_id=interrupt, approved=True)
        list(engine.Answer(request))

    check_order(story)
    (approval,) = activities(story, "sanca-approval").values()
    assert approval["state"] == "cancelled"
    assert ledger() == ["dig held", "water north 1"]
    (notice,) = activities(asked, "sanca-notice").values()
    assert notice["text"].startswith("Going on with an interrupted run.")
    assert "(ok)" not in notice["text"]


def test_sessions_messages_and_events_outlive_a_polite_stop(home: Path, tmp_path: Path) -> None:
    log = tmp_path / "engine.log"
    with served(home, log) as engine:
        before = list(engine.start("s1", message="what is 12% of 85?"))
        assert engine.stop() == 0
    with served(home, log) as engine:
        after = engine.session_events("s1")

    assert after == before
    assert "10.2" in text(after)
