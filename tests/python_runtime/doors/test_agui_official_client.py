"""The AG-UI door and the protocol's official client, whose verification runs over every stream."""

from __future__ import annotations

import json
import uuid
from collections.abc import AsyncIterator, Callable
from typing import Any

import anyio.to_thread
import pytest
from agui_door import DoorUnderTest, open_door
from official_client import CONNECT, Step, answer, code, say, talk

pytestmark = [pytest.mark.anyio, pytest.mark.peers]

SPEAKS = "for i in range(3):\n    say(f'line {i}')\n'end'"
WATERS = (
    "say('before')\ndone = garden.water('north')\ncard.table('Beds', [{'bed': bed} for bed in garden.beds()])\ndone"
)
Result = dict[str, Any]
Talk = Callable[..., Any]


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
async def door(anyio_backend: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[DoorUnderTest]:
    """The open door of one engine without a model."""
    home = tmp_path_factory.mktemp("home") / "state"
    with pytest.MonkeyPatch.context() as patch:
        for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "DASHSCOPE_API_KEY", "ANTHROPIC_API_KEY"):
            patch.delenv(name, raising=False)
        patch.setenv("SANCA_HOME", str(home))
        async with open_door(home) as opened:
            yield opened


async def results_of(door: DoorUnderTest, *steps: Step) -> list[Result]:
    thread = f"t-{uuid.uuid4().hex[:12]}"
    cancel = {"path": "/agui/cancel", "body": {"threadId": thread}}
    return await anyio.to_thread.run_sync(
        lambda: talk(door.url, door.as_user("olga"), thread, list(steps), cancel=cancel)
    )


def texts(result: Result, role: str = "assistant") -> list[str]:
    return [one["content"] for one in result["messages"] if one["role"] == role and one.get("content")]


def tools(result: Result) -> list[str]:
    calls = [call for one in result["messages"] for call in one.get("toolCalls") or []]
    return [call["function"]["name"] for call in calls]


async def test_a_message_is_answered_and_a_second_window_sees_the_same(door: DoorUnderTest) -> None:
    said, shown = await results_of(door, say("what is 12% of 85?"), CONNECT)

    assert said["outcome"] == "success"
    assert "10.2" in texts(said)[-1]
    assert said["state"]["run"]["status"] == "done"
    assert texts(shown) == texts(said)
    assert texts(shown, "user") == ["what is 12% of 85?"]
    assert shown["state"] == said["state"]


async def test_an_approval_is_an_interrupt_of_a_tool_call_and_its_answer_goes_on(door: DoorUnderTest) -> None:
    asked, answered, shown = await results_of(door, code(WATERS), answer({"approved": True}), CONNECT)

    (interrupt,) = asked["interrupts"]
    call = next(one for one in asked["messages"] if one.get("toolCalls"))["toolCalls"][0]
    assert (interrupt["reason"], interrupt["toolCallId"]) == ("approval", call["id"])
    assert json.loads(call["function"]["arguments"]) == {"bed": "north"}
    assert asked["state"]["waiting"][0]["id"] == interrupt["id"]
    assert answered["outcome"] == "success"
    assert answered["interrupts"] == []
    assert tools(answered) == ["garden.water", "garden.beds", "card.table"]
    assert next(one["toolCallId"] for one in answered["messages"] if one["role"] == "tool") == call["id"]
    assert (tools(shown), shown["state"]) == (tools(answered), answered["state"])


@pytest.mark.parametrize("reply", [answer({"approved": False, "reason": "rain"}), answer(None, status="cancelled")])
async def test_a_refusal_ends_politely(door: DoorUnderTest, reply: Step) -> None:
    asked, answered = await results_of(door, code("garden.water('north')"), reply)

    assert asked["outcome"] == "interrupt"
    assert answered["outcome"] in ("success", "error failed")
    assert answered["state"]["run"]["status"] == "failed"
    assert any(one["content"].startswith("denied") for one in answered["messages"] if one["role"] == "tool")


async def test_what_fails_and_what_is_stopped_ends_in_order(door: DoorUnderTest) -> None:
    endless = {**code("import time\nsay('begun')\nwhile True:\n    time.sleep(0.05)"), "do": "cancel"}
    failed, stopped, shown = await results_of(door, code("1 / 0"), endless, CONNECT)

    assert failed["outcome"] == "error failed"
    assert failed["state"]["run"]["status"] == "failed"
    assert stopped["outcome"] == "cancelled"
    assert shown["state"]["run"]["status"] == "cancelled"
    assert shown["events"].count("RUN_STARTED") == 2


async def test_sub_goals_are_in_the_state(door: DoorUnderTest) -> None:
    (said,) = await results_of(door, say("what is 12% of 85?; what is 3 times 14?"))

    assert [one["status"] for one in said["state"]["sub_goals"]] == ["done", "done"]
    assert said["state"]["round"]["number"] == 3


async def test_an_edited_message_leaves_nothing_of_the_first_behind(door: DoorUnderTest) -> None:
    steps = (say("what is 12% of 85?"), say("what is 3 times 14?", edit=True), CONNECT)
    _, edited, shown = await results_of(door, *steps)

    assert "42" in texts(edited)[-1]
    assert texts(shown, "user") == ["what is 3 times 14?"]


async def test_files_are_in_the_state(door: DoorUnderTest) -> None:
    (written,) = await results_of(door, code("open('/output/beds.csv', 'w').write('a,b')"))

    (file,) = written["state"]["files"]
    assert (file["name"], file["media_type"], file["size_bytes"]) == ("beds.csv", "text/csv", 3)


@pytest.mark.parametrize("events", [1, 2, 5])
async def test_a_connection_cut_in_the_middle_of_every_event_changes_nothing_for_the_client(
    door: DoorUnderTest, events: int
) -> None:
    plain = await results_of(door, code(WATERS), answer({"approved": True}), code(SPEAKS), CONNECT)
    cut: Step = {"cut": events}
    steps = (code(WATERS, **cut), answer({"approved": True}, **cut), code(SPEAKS, **cut), {**CONNECT, **cut})
    torn = await results_of(door, *steps)

    assert all(one["cuts"] >= len(one["events"]) // (2 * events) for one in torn)
    for whole, pieces in zip(plain, torn, strict=True):
        assert texts(pieces) == texts(whole)
        assert tools(pieces) == tools(whole)
        assert pieces["outcome"] == whole["outcome"]
        assert pieces["state"]["run"]["status"] == whole["state"]["run"]["status"]
