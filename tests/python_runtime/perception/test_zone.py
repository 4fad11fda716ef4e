"""Perception inside real runs: real engine, sandbox and broker; only models are scripted."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from agui_story import text
from model_server import FakeModelServer
from sanca.python_runtime import Engine
from sanca.python_runtime.engine import LOCAL
from sanca.python_runtime.models import ScriptedModel
from sanca.python_runtime.run_record import Click, PageContext
from watching import to_the_end

pytestmark = pytest.mark.anyio

TUNE = "hum a tune for the tulips"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def percepts(home: Path) -> list[dict[str, Any]]:
    """The percepts that the journal holds."""
    with sqlite3.connect(home / "journal.db") as journal:
        rows = journal.execute("SELECT data FROM journal WHERE kind = 'percept' ORDER BY id").fetchall()
    return [json.loads(row[0]) for row in rows]


async def test_no_goal_is_asked_about_once_and_the_answer_goes_on_in_the_same_run(home: Path) -> None:
    async with Engine(home) as engine:
        asked = await engine.run("do the usual", session_id="ses_a")
        (interrupt,) = asked.interrupts
        answered = await engine.answer(
            interrupt["id"], approved=True, value={"value": "show the configuration of checkout"}
        )

    assert asked.status == "needs_input"
    assert (interrupt["id"], interrupt["reason"]) == (f"{asked.run_id}/question-goal", "question")
    assert "Check all services" in interrupt["responseSchema"]["properties"]["value"]["examples"]
    assert (answered.run_id, answered.status, answered.skill) == (asked.run_id, "done", "service_config")
    assert "pool.size" in answered.answer
    (percept,) = percepts(home)
    assert (percept["text"], percept["clarification"]) == ("show the configuration of checkout", None)


async def test_who_dismisses_the_question_is_left_in_peace(home: Path) -> None:
    async with Engine(home) as engine:
        asked = await engine.run("老样子", session_id="ses_a")
        ended = await engine.answer(asked.interrupts[0]["id"], approved=False)

    assert asked.interrupts[0]["message"] == "您想让我做什么？"
    assert (ended.status, ended.answer, ended.calls) == ("done", "好的，那就先不做了。", 1)


async def test_a_skill_that_fits_asks_for_what_it_lacks_itself(home: Path) -> None:
    async with Engine(home) as engine:
        asked = await engine.run("show the configuration", session_id="ses_a")

    assert asked.interrupts[0]["id"] == f"{asked.run_id}/question-service"


async def test_questions_can_be_turned_off(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SANCA_CLARIFYING_QUESTIONS", "false")
    async with Engine(home, model=ScriptedModel(["What do you mean?"])) as engine:
        result = await engine.run("do the usual", session_id="ses_a")

    assert result.answer == "What do you mean?"


async def test_a_language_that_was_asked_for_holds_for_the_session(home: Path) -> None:
    async with Engine(home) as engine:
        noted = await engine.run("answer in Chinese please", session_id="ses_a")
        answer = await engine.run("show the configuration of checkout", session_id="ses_a")
    async with Engine(home) as engine:  # a restart forgets nothing
        later = await engine.run("show the configuration of checkout", session_id="ses_a")
        other = await engine.run("show the configuration of checkout", session_id="ses_b")

    assert (noted.status, noted.answer) == ("done", "好的，之后我用中文回答。")
    assert "配置" in answer.answer
    assert "配置" in later.answer
    assert "配置" not in other.answer


async def test_a_click_is_understood_by_its_name_and_values(home: Path) -> None:
    click = Click(surface_id="s1", name="show_configuration", context={"service": "checkout"})
    async with Engine(home) as engine:
        request = engine.request("ses_a", LOCAL, message='[show_configuration] {"service": "checkout"}', click=click)
        events = await to_the_end(await engine.start(request))

    (percept,) = percepts(home)
    assert (percept["source"], percept["text"]) == ("click", "show configuration checkout")
    assert (percept["facts"]["clicked"], percept["facts"]["service"]) == ("show_configuration", "checkout")
    assert "pool.size" in text(events)


@pytest.mark.parametrize("source", ["form", "agent_reply", "schedule"])
async def test_what_began_a_run_is_told_and_nobody_is_asked_where_nobody_is(home: Path, source: str) -> None:
    async with Engine(home, model=ScriptedModel(["Noted."])) as engine:
        rest: dict[str, Any] = {"source": source, "sender": "nightly"}
        if source == "form":
            rest["click"] = Click(surface_id="s1", name="order", context={"bed": "north", "litres": 3})
        request = engine.request("ses_a", LOCAL, message="hgjkd", **rest)
        events = await to_the_end(await engine.start(request))

    assert events[-1]["result"]["answer"] == "Noted."
    (percept,) = percepts(home)
    assert (percept["source"], percept["facts"]["came from"]) == (source, "nightly")
    if source == "form":
        assert "litres: 3" in percept["text"]
    elif source == "agent_reply":
        assert percept["text"].startswith("The agent nightly has replied")


async def test_from_the_second_round_on_the_percept_is_the_observation(home: Path) -> None:
    model = ScriptedModel(["I look.\n\n```python\nbeds = garden.beds()\nlen(beds)\n```", "There are two."])
    async with Engine(home, model=model) as engine:
        await engine.run(TUNE, session_id="ses_a")
        page = PageContext(url="/services/checkout", title="checkout", time_zone="Asia/Shanghai")
        again = engine.request("ses_a", LOCAL, message="group gone.csv by month", page=page)
        events = await to_the_end(await engine.start(again))

    first, second, third, *_ = percepts(home)
    assert (first["source"], second["source"]) == ("message", "observation")
    assert (second["text"], second["intent"]) == (TUNE, first["intent"])
    assert "Value:\n2" in second["observation"]
    assert third["facts"]["page shows service"] == "checkout"
    assert third["data_references"] == [{"words": "gone.csv", "name": "gone.csv", "kind": "file", "exists": False}]
    notices = [event["content"] for event in events if event.get("activityType") == "sanca-notice"]
    assert "gone.csv" in next(one["text"] for one in notices if one["code"] == "data_missing")


@pytest.mark.parametrize(
    ("reply", "intent"),
    [('{"intent": "write", "unclear": false}', "write"), ("I cannot say.", ""), ('{"intent": "sing"}', "")],
)
async def test_the_fast_model_is_asked_where_the_rules_are_unsure(
    home: Path, monkeypatch: pytest.MonkeyPatch, reply: str, intent: str
) -> None:
    monkeypatch.setenv("SANCA_PERCEPTION_SURE_AT", "1")
    monkeypatch.setenv("SANCA_PERCEPTION_SECONDS", "30")  # a busy machine is no reason to fail
    with FakeModelServer(lambda body: reply if body["model"] == "quick" else "La la la.") as server:
        monkeypatch.setenv("OPENAI_BASE_URL", f"{server.url}/v1")
        monkeypatch.setenv("OPENAI_API_KEY", "k")
        monkeypatch.setenv("OPENAI_MODEL", "thorough")
        monkeypatch.setenv("SANCA_MODEL_FAST", "openai:quick")
        async with Engine(home) as engine:
            result = await engine.run(TUNE, session_id="ses_a")
        asked = [request.body["model"] for request in server.requests]

    assert result.answer == "La la la."
    assert asked[0] == "quick"
    (percept,) = percepts(home)
    assert percept["intent"] == intent or not intent
    assert percept["intent"]
