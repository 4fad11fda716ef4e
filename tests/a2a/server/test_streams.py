"""Streams: the same for all who follow, and none of the run's business whether anybody does."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import anyio
import anyio.lowlevel
import pytest
from a2a.types.a2a_pb2 import SubscribeToTaskRequest, TaskState
from a2a_stack import BINDINGS, A2aStack, a2a_stack, message, request, shown
from fixture_runner import FixtureRunner, Script

pytestmark = pytest.mark.anyio
bindings = pytest.mark.parametrize("binding", BINDINGS)
SCRIPTS = {"long": Script(says=("x" * 1000,) * 2000), "large-file": Script(file_bytes=300_000)}


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[A2aStack]:
    async with a2a_stack(tmp_path_factory.mktemp("a2a"), SCRIPTS) as opened:
        yield opened


@bindings
async def test_several_subscribers_get_the_same_in_the_same_order(stack: A2aStack, binding: str) -> None:
    task = await stack.send("tck-input-required")
    client = await stack.client(binding)
    told: list[list[object]] = [[], [], []]

    async def subscribe(number: int, task_status: anyio.abc.TaskStatus[None]) -> None:
        events = client.subscribe(SubscribeToTaskRequest(id=task["id"]), context=stack.context())
        told[number].append(shown(await anext(events)))
        task_status.started()
        told[number] += [shown(event) async for event in events]

    with anyio.fail_after(10):
        async with anyio.create_task_group() as group:
            for number in range(3):
                await group.start(subscribe, number)
            await stack.send("tck-stream-artifact-chunked", "checkout", taskId=task["id"])

    assert told[0] == told[1] == told[2]
    assert len(told[0]) == 5


async def test_a_subscriber_in_the_middle_has_what_was_said_before(tmp_path: Path) -> None:
    async with a2a_stack(tmp_path / "home") as stack:
        task = await stack.send("gate", configuration={"returnImmediately": True})
        events = stack.stream(f"/a2a/v1/tasks/{task['id']}:subscribe")
        first = await anext(events)
        stack.runner.open_gate()
        rest = [event async for event in events]

    said = first["task"].get("artifacts", [{"parts": [{"text": ""}]}])[0]["parts"][0]["text"]
    pieces = [event["artifactUpdate"] for event in rest if "artifactUpdate" in event]
    for piece in pieces:
        text = piece["artifact"]["parts"][0]["text"]
        said = said + text if piece.get("append") else text
    assert said == "begun and done"
    assert rest[-1]["statusUpdate"]["status"]["state"] == "TASK_STATE_COMPLETED"


async def test_a_task_asked_to_return_immediately_is_at_work_and_found_later(tmp_path: Path) -> None:
    async with a2a_stack(tmp_path / "home") as stack:
        task = await stack.send("gate", configuration={"returnImmediately": True})
        stack.runner.open_gate()
        states = [state async for state in _until_over(stack, task["id"])]

    assert task["status"]["state"] == "TASK_STATE_WORKING"
    assert states[-1] == "TASK_STATE_COMPLETED"


async def test_a_dropped_stream_does_not_stop_the_run(tmp_path: Path) -> None:
    async with a2a_stack(tmp_path / "home") as stack:
        body = {"message": message("gate")}
        async with stack.http.stream("POST", "/a2a/v1/message:stream", json=body, headers=stack.headers()) as answer:
            lines = answer.aiter_lines()
            await anext(lines)
        stack.runner.open_gate()
        (listed,) = (await stack.rpc("ListTasks"))["result"]["tasks"]
        events = [event async for event in _until_over(stack, listed["id"])]

    assert events[-1] == "TASK_STATE_COMPLETED"


async def test_who_reads_slowly_gets_everything_and_nobody_waits_for_them(stack: A2aStack) -> None:
    body = {"message": message("long")}
    async with stack.http.stream("POST", "/a2a/v1/message:stream", json=body, headers=stack.headers()) as answer:
        others = await stack.send("m-1")  # while nothing of the stream is read
        text = "".join([line async for line in answer.aiter_lines()])

    assert others["status"]["state"] == "TASK_STATE_COMPLETED"
    assert text.count('"artifactUpdate"') == 2000
    assert "TASK_STATE_COMPLETED" in text


async def test_a_large_file_is_named_by_an_address_that_only_its_owner_can_read(stack: A2aStack) -> None:
    task = await stack.send("large-file")
    (artifact,) = task["artifacts"]
    (part,) = artifact["parts"]

    mine = await stack.http.get(part["url"], headers=stack.headers())
    theirs = await stack.http.get(part["url"], headers=stack.headers("paul"))

    assert (part["filename"], part["mediaType"]) == ("output.txt", "text/plain")
    assert len(mine.content) == 300_000
    assert mine.headers["content-disposition"].startswith("attachment")
    assert theirs.status_code == 404


async def test_files_and_data_that_come_with_a_message_reach_the_run(stack: A2aStack) -> None:
    parts = [
        {"text": "look at this"},
        {"data": {"service": "checkout", "count": 2}},
        {"raw": "YSxiCg==", "filename": "table.csv", "mediaType": "text/csv"},
        {"url": "https://files.example/report.pdf", "filename": "report.pdf", "mediaType": "application/pdf"},
    ]
    await stack.rpc("SendMessage", {"message": message("m-1") | {"parts": parts}})

    caller, new = stack.runner.started[-1]
    (file_id,) = new.file_ids
    file, content = await stack.runner.read_file(caller, file_id)
    assert new.data == {"service": "checkout", "count": 2}
    assert (file.name, file.media_type, content) == ("table.csv", "text/csv", b"a,b\n")
    assert new.message == "look at this\n\nFile 'report.pdf': https://files.example/report.pdf"
    assert new.sender.endswith("olga")


async def test_a_subscription_goes_on_after_the_door_was_opened_anew(tmp_path: Path) -> None:
    runner = FixtureRunner()
    async with a2a_stack(tmp_path / "home", runner=runner) as stack:
        task = await stack.send("tck-input-required")
    async with a2a_stack(tmp_path / "home", runner=runner) as stack:
        client = await stack.client("JSONRPC")
        events = client.subscribe(SubscribeToTaskRequest(id=task["id"]), context=stack.context())
        first = await anext(events)
        answered = [one async for one in client.send_message(request("m", taskId=task["id"]), context=stack.context())]
        rest = [shown(event) async for event in events]
        again = (await stack.rpc("GetTask", {"id": task["id"]}))["result"]

    assert first.task.status.state == TaskState.TASK_STATE_INPUT_REQUIRED
    assert answered[0].task.id == task["id"]
    assert rest[-1]["statusUpdate"]["status"]["state"] == "TASK_STATE_COMPLETED"
    assert [one["parts"][0]["text"] for one in again["history"]] == ["hello", "Which service?", "hello"]


async def _until_over(stack: A2aStack, task_id: str) -> AsyncIterator[str]:
    with anyio.fail_after(5):
        state = ""
        while state != "TASK_STATE_COMPLETED":
            await anyio.lowlevel.checkpoint()
            state = (await stack.rpc("GetTask", {"id": task_id}))["result"]["status"]["state"]
            yield state
