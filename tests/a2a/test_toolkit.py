"""Other agents as toolkits, over real A2A."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
import pytest
from a2a_agent import FakeAgent
from sanca.a2a import load_toolkits
from sanca.core.errors import ToolArgumentError, ToolFailedError, ToolNotFoundError
from sanca.core.ports import Toolkit
from sanca.core.tools import CallContext, Effect

pytestmark = pytest.mark.anyio


def context(session_id: str = "ses", timeout_seconds: float = 30.0) -> CallContext:
    return CallContext(
        call_id="run/1", run_id="run", session_id=session_id, tenant="t", user="u", timeout_seconds=timeout_seconds
    )


@asynccontextmanager
async def toolkit(home: Path, url: str, **entry: Any) -> AsyncIterator[Toolkit]:
    (home / "toolkits.json").write_text(json.dumps({"agents": {"helper": {"url": url, **entry}}}))
    (made,) = load_toolkits(home)
    try:
        yield made
    finally:
        await made.close()


both = pytest.mark.parametrize("streaming", [True, False])


async def test_card_describes_the_toolkit_in_plain_text(tmp_path: Path) -> None:
    with FakeAgent(description="Helps.\u202e\x1b[2J " + "x" * 5000) as agent:
        async with toolkit(tmp_path, agent.url) as made:
            await made.open()
            definition = made.definition
    assert (definition.name, definition.source) == ("agents.helper", "agent")
    assert definition.description.startswith("fake. Helps.[2J xxx")
    assert len(definition.description) == 1500
    ask, *others = definition.tools
    assert (ask.name, ask.effect) == ("ask", Effect.READ)
    assert list(ask.input_schema["properties"]) == ["message", "data", "data_schema", "files"]
    assert [tool.name for tool in others] == ["ask_stream", "send", "status", "cancel", "echo"]


@both
async def test_answer_is_put_together_from_artifacts(tmp_path: Path, streaming: bool) -> None:
    with FakeAgent(streaming=streaming) as agent:
        async with toolkit(tmp_path, agent.url) as made:
            value = await made.call("ask", {"message": "hello 你好", "data": {"n": 5, "x": [1.5, True]}}, context())
    assert value == {
        "text": "hello 你好",
        "data": {"got": [{"n": 5, "x": [1.5, True]}], "count": 1},
        "schema": "",
        "files": [],
        "state": "completed",
        "task_id": "",
        "outside": True,
    }


@both
async def test_direct_message_is_an_answer_too(tmp_path: Path, streaming: bool) -> None:
    with FakeAgent(streaming=streaming) as agent:
        async with toolkit(tmp_path, agent.url) as made:
            value = await made.call("ask", {"message": "message please"}, context())
    assert (value["text"], value["data"], value["state"]) == ("direct answer", None, "completed")


async def test_session_continues_its_conversation_and_others_begin_their_own(tmp_path: Path) -> None:
    with FakeAgent() as agent:
        async with toolkit(tmp_path, agent.url) as made:
            await made.call("ask", {"message": "one"}, context("a"))
            await made.call("ask", {"message": "two"}, context("a"))
            await made.call("ask", {"message": "three"}, context("b"))
    (first, _), (second, _), (third, _) = agent.seen
    assert first == second != third


async def test_question_of_the_agent_is_answered_in_the_same_task(tmp_path: Path) -> None:
    with FakeAgent() as agent:
        async with toolkit(tmp_path, agent.url) as made:
            asked = await made.call("ask", {"message": "ask me"}, context())
            done = await made.call("ask", {"message": "here"}, context())
    assert (asked["state"], asked["text"]) == ("input_required", "because ask me[0m")
    assert (done["state"], done["text"]) == ("completed", "here")
    assert agent.seen[0] == agent.seen[1]


@both
@pytest.mark.parametrize(
    ("word", "said"), [("fail", "failed: because fail"), ("refuse", "refused: because"), ("sign-in", "wants a sign-in")]
)
async def test_failure_is_told_in_the_agent_s_words(tmp_path: Path, streaming: bool, word: str, said: str) -> None:
    with FakeAgent(streaming=streaming) as agent:
        async with toolkit(tmp_path, agent.url) as made:
            with pytest.raises(ToolFailedError, match=said) as caught:
                await made.call("ask", {"message": word}, context())
    assert "\x1b" not in str(caught.value)


@both
async def test_late_answer_is_given_up_and_its_task_cancelled(tmp_path: Path, streaming: bool) -> None:
    with FakeAgent(streaming=streaming) as agent:
        async with toolkit(tmp_path, agent.url) as made:
            await made.open()
            with pytest.raises(ToolFailedError, match=r"did not answer within 0\.5 seconds") as caught:
                await made.call("ask", {"message": "wait"}, context(timeout_seconds=0.5))
            assert await anyio.to_thread.run_sync(agent.cancelled.wait, 5)
    assert caught.value.kind == "timeout"


async def test_cancelled_call_cancels_the_agent_s_task(tmp_path: Path) -> None:
    with FakeAgent() as agent:
        async with toolkit(tmp_path, agent.url) as made:
            await made.open()
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(made.call, "ask", {"message": "wait"}, context())
                assert await anyio.to_thread.run_sync(agent.waiting.wait, 10)
                tasks.cancel_scope.cancel()
            assert await anyio.to_thread.run_sync(agent.cancelled.wait, 5)


async def test_card_that_points_to_another_server_is_not_followed(tmp_path: Path) -> None:
    with FakeAgent() as other, FakeAgent(card_url=other.url) as agent:
        async with toolkit(tmp_path, agent.url, headers={"Authorization": "Bearer t"}) as made:
            with pytest.raises(ToolFailedError, match="names no address on the configured server"):
                await made.open()
    assert other.seen == []


async def test_agent_that_is_not_there_is_named_and_reached_once_it_is(tmp_path: Path) -> None:
    with FakeAgent() as agent:
        pass
    async with toolkit(tmp_path, agent.url) as made:
        with pytest.raises(ToolFailedError, match="The agent 'helper' cannot be reached") as caught:
            await made.open()
    assert (caught.value.kind, caught.value.retryable) == ("unavailable", True)


async def test_agent_that_went_away_is_named(tmp_path: Path) -> None:
    with FakeAgent() as agent:
        made = toolkit(tmp_path, agent.url)
        opened = await made.__aenter__()
        await opened.open()
    with pytest.raises(ToolFailedError, match="cannot be reached") as caught:
        await opened.call("ask", {"message": "hello"}, context())
    await made.__aexit__(None, None, None)
    assert caught.value.kind == "unavailable"


async def test_wrong_calls_say_what_is_wrong(tmp_path: Path) -> None:
    async with toolkit(tmp_path, "http://127.0.0.1:9") as made:
        with pytest.raises(ToolNotFoundError, match="has no tool 'tell'"):
            await made.call("tell", {}, context())
        with pytest.raises(ToolArgumentError, match="needs a message"):
            await made.call("ask", {"message": " "}, context())


def test_no_file_means_no_toolkits_and_loads_no_sdk(tmp_path: Path) -> None:
    assert load_toolkits(tmp_path) == []
    code = "import sys, sanca.a2a; print('a2a' in sys.modules, 'httpx' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False False"
