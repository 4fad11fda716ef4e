"""The eleven operations by the official client: in three bindings of 1.0, and in those of 0.3 what it has."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from a2a.types.a2a_pb2 import (
    CancelTaskRequest,
    DeleteTaskPushNotificationConfigRequest,
    GetExtendedAgentCardRequest,
    GetTaskPushNotificationConfigRequest,
    GetTaskRequest,
    ListTaskPushNotificationConfigsRequest,
    ListTasksRequest,
    SubscribeToTaskRequest,
    Task,
    TaskPushNotificationConfig,
    TaskState,
)
from a2a.utils.errors import TaskNotCancelableError, TaskNotFoundError, UnsupportedOperationError
from a2a_stack import BINDINGS, A2aStack, a2a_stack, request, shown
from fixture_runner import Script
from sanca.a2a.server.door import A2aDoor
from sanca.core.outside import OutsideAddresses, OutsideSettings

pytestmark = pytest.mark.anyio
bindings = pytest.mark.parametrize("binding", BINDINGS)
versions = pytest.mark.parametrize("version", ["1.0", "0.3"])
COMPLETED, INPUT_REQUIRED, CANCELED = (
    TaskState.TASK_STATE_COMPLETED,
    TaskState.TASK_STATE_INPUT_REQUIRED,
    TaskState.TASK_STATE_CANCELED,
)


class HookDoor(A2aDoor):
    """Takes addresses of this machine for notifications."""

    outside = OutsideAddresses(OutsideSettings(addresses=("127.0.0.1:9",)))


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[A2aStack]:
    home = tmp_path_factory.mktemp("a2a")
    async with a2a_stack(home, {"two": Script(says=("one ", "two"))}, door=HookDoor) as opened:
        yield opened


def lister(binding: str) -> str:
    """Return somebody who has no other tasks."""
    return f"lister-{BINDINGS.index(binding)}"


async def first_task(stack: A2aStack, binding: str, version: str, message_id: str, **more: Any) -> Task:
    """Send a message without streaming; the answer is one task."""
    client = await stack.client(binding, version)
    client._config.streaming = False  # type: ignore[attr-defined] # it has no other way to say so after it is made
    answers = [one async for one in client.send_message(request(message_id, **more), context=stack.context())]
    assert len(answers) == 1
    return answers[0].task


@versions
@bindings
async def test_a_message_becomes_a_task_that_is_waited_for(stack: A2aStack, binding: str, version: str) -> None:
    task = await first_task(stack, binding, version, "m-1", text="how are you?")

    assert task.status.state == COMPLETED
    assert task.status.timestamp.seconds > 0
    (answer,) = task.artifacts
    assert (answer.artifact_id, answer.parts[0].text) == ("answer", "how are you?")
    assert [one.parts[0].text for one in task.history] == ["how are you?"]
    assert task.context_id.startswith("ses_")


@versions
@bindings
async def test_a_stream_begins_with_the_task_and_ends_with_its_state(
    stack: A2aStack, binding: str, version: str
) -> None:
    client = await stack.client(binding, version)

    events = [shown(one) async for one in client.send_message(request("two"), context=stack.context())]

    assert list(events[0]) == ["task"]
    pieces = [one["artifactUpdate"] for one in events if "artifactUpdate" in one]
    assert [one["artifact"]["parts"][0]["text"] for one in pieces] == ["one ", "two"]
    assert [one.get("append", False) for one in pieces] == [False, True]
    assert [one.get("lastChunk", False) for one in pieces] == [False, True]
    assert events[-1]["statusUpdate"]["status"]["state"] == "TASK_STATE_COMPLETED"


@versions
@bindings
async def test_a_task_is_got_with_as_much_history_as_asked_for(stack: A2aStack, binding: str, version: str) -> None:
    task = await first_task(stack, binding, version, "tck-input-required")
    await first_task(stack, binding, version, "m-2", text="checkout", taskId=task.id)
    client = await stack.client(binding, version)

    whole = await client.get_task(GetTaskRequest(id=task.id), context=stack.context())
    newest = await client.get_task(GetTaskRequest(id=task.id, history_length=1), context=stack.context())

    assert [one.parts[0].text for one in whole.history] == ["hello", "Which service?", "checkout"]
    assert [one.parts[0].text for one in newest.history] == ["checkout"]
    assert whole.status.state == COMPLETED


@versions
@bindings
async def test_a_task_that_waits_is_cancelled_once(stack: A2aStack, binding: str, version: str) -> None:
    task = await first_task(stack, binding, version, "tck-input-required")
    assert task.status.state == INPUT_REQUIRED
    client = await stack.client(binding, version)

    cancelled = await client.cancel_task(CancelTaskRequest(id=task.id), context=stack.context())

    assert cancelled.status.state == CANCELED
    with pytest.raises(TaskNotCancelableError):
        await client.cancel_task(CancelTaskRequest(id=task.id), context=stack.context())


@versions
@bindings
async def test_a_subscription_shows_the_task_and_goes_on_to_its_end(
    stack: A2aStack, binding: str, version: str
) -> None:
    task = await first_task(stack, binding, version, "tck-input-required")
    client = await stack.client(binding, version)
    events = client.subscribe(SubscribeToTaskRequest(id=task.id), context=stack.context())

    first = await anext(events)
    await stack.send("m-2", "checkout", taskId=task.id)
    rest = [shown(one) async for one in events]

    assert first.task.id == task.id
    assert first.task.status.state == INPUT_REQUIRED
    assert [one["statusUpdate"]["status"]["state"] for one in rest if "statusUpdate" in one] == [
        "TASK_STATE_WORKING",
        "TASK_STATE_COMPLETED",
    ]


@bindings
async def test_tasks_are_listed_by_pages_that_miss_none_and_double_none(stack: A2aStack, binding: str) -> None:
    who = lister(binding)
    sent = [(await stack.send(f"m-{number}", who=who))["id"] for number in range(7)]
    client = await stack.client(binding)
    found: list[str] = []
    token, pages = "", 0
    while pages == 0 or token:
        page = await client.list_tasks(ListTasksRequest(page_size=3, page_token=token), context=stack.context(who))
        assert (page.page_size, page.total_size) == (3, 7 + pages)  # one more came with each page
        found += [task.id for task in page.tasks]
        token, pages = page.next_page_token, pages + 1
        await stack.send("meanwhile", who=who)

    assert found == sent[::-1]
    assert pages == 3


@bindings
async def test_tasks_are_listed_by_context_state_and_time(stack: A2aStack, binding: str) -> None:
    who = f"{lister(binding)}-too"
    done = await stack.send("m-1", who=who)
    waiting = await stack.send("tck-input-required", who=who)
    client = await stack.client(binding)

    async def listed(**filters: object) -> list[Task]:
        page = await client.list_tasks(ListTasksRequest(**filters), context=stack.context(who))  # type: ignore[arg-type] # any field
        return list(page.tasks)

    assert [task.id for task in await listed(context_id=done["contextId"])] == [done["id"]]
    assert [task.id for task in await listed(status=INPUT_REQUIRED)] == [waiting["id"]]
    assert await listed(status=TaskState.TASK_STATE_REJECTED) == []
    (newest,) = await listed(context_id=waiting["contextId"])
    later = [task.id for task in await listed(status_timestamp_after=newest.status.timestamp)]
    assert later == [waiting["id"]]
    (bare,) = await listed(context_id=done["contextId"])
    (whole,) = await listed(context_id=done["contextId"], include_artifacts=True, history_length=0)
    assert (len(bare.artifacts), len(bare.history)) == (0, 1)
    assert (len(whole.artifacts), len(whole.history)) == (1, 0)


@versions
@bindings
async def test_push_addresses_are_kept_shown_and_deleted_twice(stack: A2aStack, binding: str, version: str) -> None:
    task = await first_task(stack, binding, version, "tck-input-required")
    client, context = await stack.client(binding, version), stack.context()
    given = TaskPushNotificationConfig(task_id=task.id, id="a", url="http://127.0.0.1:9/hook", token="word")

    made = await client.create_task_push_notification_config(given, context=context)
    got = await client.get_task_push_notification_config(
        GetTaskPushNotificationConfigRequest(task_id=task.id, id="a"), context=context
    )

    assert (made.id, made.url) == ("a", given.url)
    assert (got.id, got.task_id, got.token) == ("a", task.id, "word")
    if (binding, version) != ("HTTP+JSON", "0.3"):  # which cannot delete in the SDK's server
        listed = await client.list_task_push_notification_configs(
            ListTaskPushNotificationConfigsRequest(task_id=task.id), context=context
        )
        assert [one.id for one in listed.configs] == ["a"]
        for _ in range(2):
            await client.delete_task_push_notification_config(
                DeleteTaskPushNotificationConfigRequest(task_id=task.id, id="a"), context=context
            )
        with pytest.raises(TaskNotFoundError):
            await client.get_task_push_notification_config(
                GetTaskPushNotificationConfigRequest(task_id=task.id, id="a"), context=context
            )


@versions
@bindings
async def test_the_extended_card_shows_what_the_agent_may_use_for_somebody(
    stack: A2aStack, binding: str, version: str
) -> None:
    client = await stack.client(binding, version)

    card = await client.get_extended_agent_card(GetExtendedAgentCardRequest(), context=stack.context())

    assert "toolkit-system" in [skill.id for skill in card.skills]
    assert "toolkit-system" not in [skill.id for skill in (await stack.card()).skills]


@versions
@bindings
async def test_what_is_over_takes_no_message_and_no_subscriber(stack: A2aStack, binding: str, version: str) -> None:
    task = await first_task(stack, binding, version, "m-1")
    client = await stack.client(binding, version)

    with pytest.raises(UnsupportedOperationError):
        _ = [one async for one in client.send_message(request("m-2", taskId=task.id), context=stack.context())]
    with pytest.raises(UnsupportedOperationError):
        _ = [one async for one in client.subscribe(SubscribeToTaskRequest(id=task.id), context=stack.context())]


@versions
@bindings
async def test_what_is_not_there_or_anothers_is_not_found(stack: A2aStack, binding: str, version: str) -> None:
    task = await first_task(stack, binding, version, "tck-input-required")
    client, paul = await stack.client(binding, version), stack.context("paul")

    for task_id in ("run_0", task.id):
        with pytest.raises(TaskNotFoundError):
            await client.get_task(GetTaskRequest(id=task_id), context=paul)
        with pytest.raises(TaskNotFoundError):
            await client.cancel_task(CancelTaskRequest(id=task_id), context=paul)
        with pytest.raises(TaskNotFoundError):
            _ = [one async for one in client.subscribe(SubscribeToTaskRequest(id=task_id), context=paul)]
        with pytest.raises(TaskNotFoundError):
            _ = [one async for one in client.send_message(request("m", taskId=task_id), context=paul)]
        with pytest.raises(TaskNotFoundError):
            await client.create_task_push_notification_config(
                TaskPushNotificationConfig(task_id=task_id, url="http://127.0.0.1:9/"), context=paul
            )
