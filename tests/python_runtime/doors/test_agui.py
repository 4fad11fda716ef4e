"""The AG-UI door over a real port and a real engine: runs, answers, refusals, and connections that break anywhere."""

from __future__ import annotations

import json
import uuid
from collections.abc import AsyncIterator, Callable
from typing import Any

import anyio
import httpx
import pytest
from agui_door import DoorUnderTest, Event, Told, message, open_door, resume
from agui_story import check_order, text
from sanca.core.access import ASK, DoorSettings, Identity
from sanca.core.messages import Caller
from sanca.python_runtime.doors import agui
from sanca.python_runtime.doors.access import DoorAccess
from sanca.python_runtime.doors.runner import EngineRunner
from sanca.python_runtime.doors.settings import DoorsSettings

pytestmark = pytest.mark.anyio

WATER = "say('before')\ndone = garden.water({bed!r}, litres=2)\nsay('after')\ndone"
Ledger = Callable[[], list[str]]


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
async def door(anyio_backend: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[DoorUnderTest]:
    """The open door of one engine for all: each test has a thread of its own, and beds that only it waters."""
    home = tmp_path_factory.mktemp("home") / "state"
    with pytest.MonkeyPatch.context() as patch:
        for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "DASHSCOPE_API_KEY", "ANTHROPIC_API_KEY"):
            patch.delenv(name, raising=False)
        patch.setenv("SANCA_HOME", str(home))
        async with open_door(home) as opened:
            yield opened


@pytest.fixture
def thread() -> str:
    """A thread that no other test has."""
    return f"t-{uuid.uuid4().hex[:12]}"


@pytest.fixture
def ledger(door: DoorUnderTest, thread: str) -> Ledger:
    """What the garden's tools wrote of this test's bed, which is named like its thread."""

    def read() -> list[str]:
        path = door.engine.home / "ledger.txt"
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        return [line.replace(thread, "bed") for line in lines if thread in line]

    return read


def events_of(told: list[Told]) -> list[Event]:
    return [one.event for one in told]


def state_after(told: list[Told]) -> Event:
    """Return the state that a client holds after these events, patched as RFC 6902 has it."""
    state: Event = {}
    for one in events_of(told):
        if one["type"] == "STATE_SNAPSHOT":
            state = json.loads(json.dumps(one["snapshot"]))
        for change in one.get("delta", []) if one["type"] == "STATE_DELTA" else []:
            *path, last = change["path"].split("/")[1:]
            holder: Any = state
            for part in path:
                holder = holder[int(part)] if isinstance(holder, list) else holder[part]
            if last == "-":
                holder.append(change["value"])
            elif isinstance(holder, list):
                holder[int(last)] = change["value"]
            else:
                assert last in holder, f"{change['path']} is not there to be replaced"
                holder[last] = change["value"]
    return state


async def test_a_conversation_with_an_approval_is_told_in_the_protocols_own_events(
    door: DoorUnderTest, thread: str, ledger: Ledger
) -> None:
    asked = await door.act(WATER.format(bed=thread), thread)
    before = ledger()
    answered = await door.run(resume(asked, {"approved": True}, thread))

    check_order(events_of([*asked, *answered]))
    (interrupt,) = asked[-1].event["outcome"]["interrupts"]
    assert before == []
    assert ledger() == ["water bed 2"]
    assert state_after(asked)["run"]["status"] == "needs_input"
    assert state_after(asked)["waiting"][0]["id"] == interrupt["id"]
    assert state_after(answered)["run"]["status"] == "done"
    assert state_after(answered)["waiting"] == []
    calls = [one for one in events_of([*asked, *answered]) if one["type"].startswith("TOOL_CALL_")]
    waters = [one["type"] for one in calls if one["toolCallId"] == interrupt["toolCallId"]]
    assert waters == ["TOOL_CALL_START", "TOOL_CALL_ARGS", "TOOL_CALL_END", "TOOL_CALL_RESULT"]
    assert answered[0].event["runId"] == "r2"


async def test_a_connection_that_breaks_after_any_event_goes_on_without_loss_or_doubling(
    door: DoorUnderTest, thread: str
) -> None:
    asked = await door.act(WATER.format(bed=thread), thread)
    answered = await door.run(resume(asked, {"approved": True}, thread))
    await door.act("say('and again')", thread, run="r3")
    whole = await door.connect(thread)

    assert [one.id for one in whole[: len(asked) + len(answered)]] == [one.id for one in [*asked, *answered]]
    assert len({one.id for one in whole}) == len(whole)
    for number, told in enumerate(whole, 1):
        seen = {"after": told.id} if number % 2 else {"Last-Event-ID": told.id}
        rest = await door.connect(thread, **seen)
        assert [one.id for one in rest] == [one.id for one in whole[number:]]
        assert [one.event for one in rest] == [one.event for one in whole[number:]]


async def test_a_live_run_cut_after_each_event_is_followed_to_its_end_once(door: DoorUnderTest, thread: str) -> None:
    code = "import time\nfor i in range(5):\n    say(f'line {i}')\n    time.sleep(0.1)\n'end'"
    body = {"threadId": thread, "runId": "r1", "messages": [], "forwardedProps": {"actionCode": code}}
    seen: list[Told] = []
    async for told in door.stream("POST", "/agui", json=body):
        seen.append(told)
        break
    while seen[-1].type not in ("RUN_FINISHED", "RUN_ERROR"):
        async for told in door.stream("GET", f"/agui/connect?threadId={thread}&after={seen[-1].id}"):
            seen.append(told)
            break  # the connection is gone after every single event
    whole = await door.connect(thread)

    assert [one.id for one in seen] == [one.id for one in whole]
    assert "".join(f"line {i}" for i in range(5)) in text(events_of(seen)).replace("\n", "")
    check_order(events_of(seen))


async def test_the_same_run_sent_again_is_not_run_again(door: DoorUnderTest, thread: str, ledger: Ledger) -> None:
    body = {**message("", thread), "forwardedProps": {"actionCode": f"garden.dig('{thread}')"}}
    first = await door.run(body)
    again = await door.run(body)
    rest = await door.run(body, **{"Last-Event-ID": first[3].id})
    other = await door.run({**body, "forwardedProps": {"actionCode": f"garden.dig('{thread}-2')"}})

    assert [one.id for one in again] == [one.id for one in first]
    assert [one.id for one in rest] == [one.id for one in first[4:]]
    assert other[-1].event["outcome"] == {"type": "success"}
    assert ledger() == ["dig bed", "dig bed-2"]


async def test_a_held_message_is_shown_again_once_it_begins(door: DoorUnderTest, thread: str) -> None:
    async with anyio.create_task_group() as tasks:
        asked = await door.act(WATER.format(bed=thread), thread)
        tasks.start_soon(door.act, "say('held')", thread, "r-held")
        with anyio.fail_after(10):
            while True:
                replay = await door.connect(thread)
                if len(replay) > len(asked):
                    break
        held = replay[len(asked) :]
        cut = await door.connect(thread, after=asked[-1].id)
        await door.run(resume(asked, {"approved": True}, thread))
        rest = await door.connect(thread, after=asked[-1].id)

    assert [one.id for one in held] == [""] * len(held)
    assert held[0].event["runId"] == "r-held"
    assert cut == []
    assert all(one.id for one in rest)
    assert [one.event["runId"] for one in rest if one.type == "RUN_STARTED"] == ["r2", "r-held"]
    check_order(events_of([*asked, *rest]))


@pytest.mark.parametrize(
    ("payload", "status", "code"),
    [
        (None, "resolved", 400),
        ({}, "resolved", 400),
        ({"approved": "yes"}, "resolved", 400),
        ({"value": True}, "resolved", 400),
        (False, "resolved", 200),
        ({"approved": False, "reason": "it rains"}, "resolved", 200),
        (None, "cancelled", 200),
    ],
)
async def test_an_answer_that_does_not_agree_lets_nothing_through(
    door: DoorUnderTest, thread: str, ledger: Ledger, payload: Any, status: str, code: int
) -> None:
    asked = await door.act(WATER.format(bed=thread), thread)
    answer = await door.client.post("/agui", json=resume(asked, payload, thread, status=status))

    assert answer.status_code == code
    assert ledger() == []
    if code == 400:
        assert '"approved": true' in answer.json()["error"]["message"]


async def test_a_form_may_be_answered_by_its_fields_alone(door: DoorUnderTest, thread: str) -> None:
    code = "v = card.form('Which', [{'name': 'bed', 'type': 'choice', 'choices': ['north', 'south']}])\nv['bed']"
    asked = await door.act(code, thread)
    answered = await door.run(resume(asked, {"bed": "south"}, thread))

    assert text(events_of(answered)) == "south"


async def test_an_answer_counts_once_and_only_in_its_thread(door: DoorUnderTest, thread: str, ledger: Ledger) -> None:
    asked = await door.act(WATER.format(bed=thread), thread)
    agreed = resume(asked, {"approved": True}, thread)
    elsewhere = await door.client.post("/agui", json={**agreed, "threadId": "t2"})
    stranger = await door.client.post("/agui", json=agreed, headers=door.as_user("eve"))
    assert ledger() == []
    await door.run(agreed)
    twice = await door.client.post("/agui", json=resume(asked, {"approved": True}, thread, run="r9"))

    assert (elsewhere.status_code, stranger.status_code, twice.status_code) == (404, 404, 409)
    assert ledger() == ["water bed 2"]


async def test_anothers_session_is_not_there(door: DoorUnderTest, thread: str) -> None:
    mine = await door.act("say('mine')", thread)
    shown = await door.connect(thread, **door.as_user("eve"))
    jumped = await door.client.get(f"/agui/connect?threadId={thread}&after={mine[0].id}", headers=door.as_user("eve"))
    written = await door.client.post("/agui", json=message("hello", thread, run="r9"), headers=door.as_user("eve"))

    assert shown == []
    assert (jumped.status_code, written.status_code) == (404, 404)


@pytest.mark.parametrize(
    ("body", "status", "says"),
    [
        (b"no json", 400, "not JSON"),
        (b"[]", 400, "RunAgentInput"),
        (b"{}", 400, "threadId"),
        (b'{"threadId":"../x"}', 400, "threadId"),
        (b'{"threadId":"t"}', 400, "There is no message"),
        (b'{"threadId":"t","messages":[{"role":"assistant","content":"x"}]}', 400, "There is no message"),
        (b'{"threadId":"t","messages":[{"role":"user","content":[{"type":"image","source":{"type":"url"}}]}]}', 400,
         "as its bytes"),
        (b'{"threadId":"t","resume":[{"interruptId":"a/1","status":"resolved"},{"interruptId":"a/2","status":"resolved"}]}',
         400, "one entry"),
        (b'{"threadId":"t","resume":[{"interruptId":"run_x/1","status":"resolved"}]}', 404, "There is no run"),
    ],
)  # fmt: skip
async def test_wrong_input_is_said_in_a_sentence(door: DoorUnderTest, body: bytes, status: int, says: str) -> None:
    answer = await door.client.post("/agui", content=body)

    assert answer.status_code == status
    assert says in answer.json()["error"]["message"]


async def test_who_may_not_talk_to_the_agent_is_told_which_right_is_missing(door: DoorUnderTest) -> None:
    said = await door.client.post("/agui", json=message("hello"), headers=door.as_user("nobody"))
    shown = await door.client.get("/agui/connect?threadId=t1", headers=door.as_user("nobody"))

    assert (said.status_code, shown.status_code) == (403, 403)
    assert "sanca:ask" in said.json()["error"]["message"]


@pytest.mark.parametrize("event_id", ["nonsense", ":1", "run_1:", "run_1:x", "run_1:٣", "run_1:-1"])
async def test_an_event_id_that_is_none_is_refused(door: DoorUnderTest, event_id: str) -> None:
    answer = await door.client.get("/agui/connect", params={"threadId": "t1", "after": event_id})

    assert answer.status_code == 400
    assert "<run>:<number>" in answer.json()["error"]["message"]


async def test_a_file_in_a_message_lies_in_the_session(door: DoorUnderTest) -> None:
    part = {"type": "document", "source": {"type": "data", "value": "YSxiCjEsMgo=", "mimeType": "text/csv"}}
    named = {**part, "metadata": {"filename": "beds.csv"}}
    body = message("look", "t-files", "r1", actionCode="open('/input/beds.csv').read()")
    body["messages"][0]["content"] = [{"type": "text", "text": "look"}, named]
    told = await door.run(body)

    assert "a,b\n1,2" in text(events_of(told))


async def test_a_client_that_spells_in_snake_case_and_sends_its_whole_history_is_understood(
    door: DoorUnderTest,
) -> None:
    history = [
        {"id": "1", "role": "user", "content": "hello"},
        {"id": "2", "role": "assistant", "content": "Hello."},
        {"id": "3", "role": "user", "content": [{"type": "text", "text": "thanks"}]},
    ]
    told = await door.run({"thread_id": "t-snake", "run_id": "r1", "messages": history, "state": {"x": 1}})

    assert [one["content"] for one in told[0].event["input"]["messages"]] == ["thanks"]
    assert told[-1].type == "RUN_FINISHED"


async def test_what_is_under_way_can_be_stopped_by_its_owner_alone(door: DoorUnderTest, thread: str) -> None:
    code = "import time\nsay('begun')\nwhile True:\n    time.sleep(0.05)"
    body = {**message("", thread), "forwardedProps": {"actionCode": code}}
    told: list[Told] = []
    async with anyio.create_task_group() as tasks:
        begun = anyio.Event()

        async def follow() -> None:
            async for one in door.stream("POST", "/agui", json=body):
                told.append(one)
                if one.type == "TEXT_MESSAGE_CONTENT":
                    begun.set()

        tasks.start_soon(follow)
        with anyio.fail_after(30):
            await begun.wait()
        stop = {"threadId": thread}
        stranger = await door.client.post("/agui/cancel", json=stop, headers=door.as_user("eve"))
        elsewhere = await door.client.post("/agui/cancel", json={"threadId": "t2", "runId": told[0].id.split(":")[0]})
        stopped = await door.client.post("/agui/cancel", json=stop)

    assert (stranger.status_code, elsewhere.status_code, stopped.status_code) == (404, 404, 200)
    assert [run["status"] for run in stopped.json()["runs"]] == ["cancelled"]
    assert told[-1].event["outcome"] == {"type": "cancelled"}
    assert state_after(told)["run"]["status"] == "cancelled"


async def test_without_a_key_there_is_nothing(door: DoorUnderTest) -> None:
    for method, path in (("POST", "/agui"), ("GET", "/agui/connect?threadId=t1"), ("POST", "/agui/cancel")):
        async with httpx.AsyncClient(base_url=door.url) as stranger:
            answer = await stranger.request(method, path)
        assert answer.status_code == 401
        assert "www-authenticate" in answer.headers


async def test_a_reader_that_takes_nothing_is_let_go_and_its_run_goes_on(
    door: DoorUnderTest, thread: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(agui, "_SEND_SECONDS", 0.05)
    settings = DoorSettings(home=door.engine.home, url=door.url, version="0")
    alone = agui.make_door(EngineRunner(door.engine), DoorAccess(door.engine.home, DoorsSettings()), settings)
    caller = Caller(user="olga", rights=(ASK,), channel="api")
    body = json.dumps({**message("", thread), "forwardedProps": {"actionCode": "say('said')"}}).encode()
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/agui",
        "headers": [],
        "query_string": b"",
        "state": {"identity": Identity(caller=caller, name="olga", kind="key")},
    }
    came: list[Any] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Any:
        return came.pop() if came else await anyio.sleep_forever()

    async def send(part: Any) -> None:
        if part["type"] == "http.response.body":
            await anyio.sleep_forever()

    with anyio.fail_after(20):
        await alone(scope, receive, send)
        told = await door.connect(thread)

    assert told[-1].type == "RUN_FINISHED"
    assert "said" in text(events_of(told))
