"""Another agent's late reply: a run of the session that had asked, once, through the deaths of engine and broker."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest
from a2a_agent import FakeAgent
from sanca.python_runtime import Engine
from sanca.python_runtime.engine import LOCAL
from sanca.python_runtime.models import ScriptedModel
from served_engine import ServedEngine, served

SEND = "task = agents.helper.send('late report please')\ntask['state']"


@pytest.fixture
def agent(home: Path) -> Iterator[FakeAgent]:
    """An agent that the state folder names."""
    with FakeAgent() as made:
        (home / "toolkits.json").write_text(json.dumps({"agents": {"helper": {"url": made.url}}}))
        yield made


async def replies(engine: Engine, session_id: str, count: int = 1) -> list[Any]:
    """Wait for the runs that replies began, to their end."""
    with anyio.fail_after(30):
        while True:
            runs = await engine.parts.runs.of_session(LOCAL, session_id)
            found = [one for one in runs if one.request.source == "agent_reply" and not one.is_live]
            if len(found) >= count:
                return found
            await anyio.sleep(0.05)


@pytest.mark.anyio
async def test_a_late_reply_is_a_run_of_its_session_and_is_told_without_a_model(home: Path, agent: FakeAgent) -> None:
    async with Engine(home) as engine:
        sent = await engine.execute(SEND, session_id="ses_a")
        agent.release.set()
        (run,) = await replies(engine, "ses_a")
        history = await engine.parts.sessions.messages("default", "local", "ses_a")

    assert (sent.status, sent.value) == ("ok", "working")
    assert (run.status, run.request.sender) == ("done", "agents.helper")
    assert "“late report please”" in run.answer
    assert "late answer to late report please" in run.answer
    assert [one.role for one in history if "late answer" in one.content] == ["assistant", "assistant"]


@pytest.mark.anyio
async def test_a_model_hears_of_a_late_reply_as_what_an_agent_said(home: Path, agent: FakeAgent) -> None:
    model = ScriptedModel(["The report is there."])
    async with Engine(home, model=model) as engine:
        await engine.execute(SEND, session_id="ses_a")
        agent.release.set()
        (run,) = await replies(engine, "ses_a")
        events = [json.loads(event.json) async for _, event in engine.attach_session(LOCAL, "ses_a")]

    assert run.answer == "The report is there."
    notices = [event["content"] for event in events if event.get("activityType") == "sanca-notice"]
    assert any(one["code"] == "agent_reply" and "late answer" in one["text"] for one in notices)
    asked = "\n".join(one.content for one in model.requests[-1].messages)
    assert "The agent agents.helper has replied to what it was asked" in asked


@pytest.mark.anyio
async def test_replies_that_make_a_model_ask_again_come_to_an_end(home: Path, agent: FakeAgent) -> None:
    agent.release.set()
    model = ScriptedModel([f"I ask.\n\n```python\n{SEND}\n```", "I have asked."] * 10)
    async with Engine(home, model=model) as engine:
        first = await engine.run("Have a report made.", session_id="ses_a")
        runs = await replies(engine, "ses_a", 5)
        events = [json.loads(event.json) async for _, event in engine.attach_session(LOCAL, "ses_a")]

    assert first.status == "done"
    assert [len(one.request.caller.via) for one in runs] == [1, 2, 3, 4, 5]
    assert "come through 5 agents" in json.dumps(events)
    assert len(agent.messages) == 5


@pytest.mark.anyio
async def test_questions_that_are_out_are_shown_and_forgotten_with_their_user(home: Path, agent: FakeAgent) -> None:
    async with Engine(home) as engine:
        await engine.execute(SEND, session_id="ses_a")
        shown = [json.loads(line) async for line in engine.parts.user_data.export(LOCAL.scope)]
        await engine.parts.user_data.forget(LOCAL.scope)
        kept = in_task_book(home, b"late report")
        agent.release.set()

    questions = [one for one in shown if one.get("kind") == "agent_question"]
    assert [(one["agent"], one["asked"]) for one in questions] == [("agents.helper", "late report please")]
    assert kept == []


def in_task_book(home: Path, words: bytes) -> list[str]:
    """Return the files of the record of questions that hold these words."""
    return [path.name for path in home.glob("agent_tasks.db*") if words in path.read_bytes()]


def broker_of(engine: ServedEngine) -> int:
    """Return the process id of an engine's broker."""
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text().rpartition(")")[2].split()
            command = (status.parent / "cmdline").read_bytes()
        except OSError:
            continue
        if int(fields[1]) == engine.process.pid and b"python_runtime.broker" in command:
            return int(status.parent.name)
    raise AssertionError("the engine has no broker")


def answers_of(engine: ServedEngine, session_id: str) -> list[str]:
    """Return the answers of the session's runs that replies began."""
    events = engine.session_events(session_id)
    runs = [event["runId"] for event in events if event["type"] == "RUN_STARTED"]
    ended = {event["runId"]: event["result"]["answer"] for event in events if event["type"] == "RUN_FINISHED"}
    return [ended[one] for one in runs if one.startswith("run_reply_") and one in ended]


def wait_for_answers(engine: ServedEngine, session_id: str) -> list[str]:
    """Wait until a reply was told."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if found := answers_of(engine, session_id):
            return found
        time.sleep(0.1)  # nothing tells of a run that another began, but its session's events
    raise AssertionError("no reply came")


def test_a_reply_outlives_the_deaths_of_engine_and_broker_and_comes_once(
    home: Path, agent: FakeAgent, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SANCA_HOME", str(home))
    log = tmp_path / "engine.log"
    with served(home, log) as first:
        list(first.start("ses_a", action_code=SEND))
        broker = broker_of(first)
        first.kill()
        os.kill(broker, signal.SIGKILL)
    agent.release.set()
    with served(home, log) as second:
        told = wait_for_answers(second, "ses_a")
        second.kill()
    with served(home, log) as third:
        later = wait_for_answers(third, "ses_a")

    assert len(told) == 1
    assert "late answer to late report please" in told[0]
    assert later == told
