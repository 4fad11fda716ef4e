"""Runs as tasks of the tasks extension: found again, answered, cancelled, and nobody else's."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import anyio
import pytest
from mcp_clients import TASKS, RawMcp, message_of
from mcp_stack import Stack

pytestmark = pytest.mark.anyio
Order = Callable[[str], str]


@pytest.fixture
async def raw(stack: Stack) -> AsyncIterator[RawMcp]:
    """Olga, request by request."""
    made = RawMcp(stack.url, stack.keys["olga"])
    yield made
    await made.close()


async def call(raw: RawMcp, tool: str, **arguments: Any) -> dict[str, Any]:
    """Call a tool as a client that knows tasks."""
    answer = await raw.modern("tools/call", {"name": tool, "arguments": arguments}, name=tool, extensions=(TASKS,))
    return dict(message_of(answer)["result"])


async def settled(raw: RawMcp, task_id: str, *statuses: str) -> dict[str, Any]:
    """Wait until a task has one of the statuses."""
    task: dict[str, Any] = {}
    with anyio.move_on_after(60):
        while task.get("status") not in statuses:
            await anyio.sleep(0.05)
            task = (await raw.task("tasks/get", task_id))["result"]
    assert task.get("status") in statuses, task
    return task


async def test_a_quick_answer_is_no_task_and_a_slow_one_is_found_again(raw: RawMcp, order: Order) -> None:
    slow = await call(raw, "ask", message=order("garden.slow_dig('as a task', 1)"))
    early = (await raw.task("tasks/get", slow["taskId"]))["result"]
    done = await settled(raw, slow["taskId"], "completed", "failed")

    assert (slow["resultType"], slow["status"], slow["ttlMs"]) == ("task", "working", None)
    assert "result" not in slow
    assert early["status"] in ("working", "completed")
    assert (done["status"], done["result"]["isError"]) == ("completed", False)
    assert done["result"]["structuredContent"]["run_id"] == slow["taskId"]


async def test_an_approval_is_asked_in_the_task_and_answered_by_update(stack: Stack, raw: RawMcp, order: Order) -> None:
    created = await call(raw, "ask", message=order("garden.water('by task', 3)"))
    waiting = await settled(raw, created["taskId"], "input_required")
    ((key, request),) = waiting["inputRequests"].items()
    ignored = await raw.task(
        "tasks/update", created["taskId"], inputResponses={"nonsense": 1, key: {"action": "maybe"}}
    )
    still = await settled(raw, created["taskId"], "input_required")
    answer = {key: {"action": "accept", "content": {"approved": True}}}
    taken = await raw.task("tasks/update", created["taskId"], inputResponses=answer)
    done = await settled(raw, created["taskId"], "completed")

    assert request["method"] == "elicitation/create"
    assert 'garden.water({"bed":"by task","litres":3})' in request["params"]["message"]
    assert ignored["result"]["resultType"] == taken["result"]["resultType"] == "complete"
    assert still["status"] == "input_required"
    assert done["result"]["structuredContent"]["status"] == "done"
    assert stack.ledger().count("water by task 3") == 1


async def test_a_direct_call_that_needs_consent_is_a_task_with_the_tools_own_result(stack: Stack, raw: RawMcp) -> None:
    created = await call(raw, "garden_water", bed="direct", litres=4)
    waiting = await settled(raw, created["taskId"], "input_required")
    (key,) = waiting["inputRequests"]
    answer = {key: {"action": "accept", "content": {"approved": True}}}
    await raw.task("tasks/update", created["taskId"], inputResponses=answer)
    done = await settled(raw, created["taskId"], "completed")

    assert done["result"]["structuredContent"] == {"result": "watered direct"}
    assert stack.ledger().count("water direct 4") == 1


async def test_a_cancelled_task_stays_cancelled_and_its_work_stops(stack: Stack, raw: RawMcp, order: Order) -> None:
    created = await call(raw, "ask", message=order("garden.slow_dig('cancelled task', 30)"))
    first = await raw.task("tasks/cancel", created["taskId"])
    over = await settled(raw, created["taskId"], "cancelled")
    again = await raw.task("tasks/cancel", created["taskId"])

    assert first["result"]["resultType"] == again["result"]["resultType"] == "complete"
    assert over["status"] == "cancelled"
    assert "dug cancelled task" not in stack.ledger()


async def test_a_task_is_nobody_elses_and_an_unknown_one_looks_the_same(
    stack: Stack, raw: RawMcp, order: Order
) -> None:
    created = await call(raw, "ask", message=order("garden.slow_dig('private', 0.5)"))
    petra = RawMcp(stack.url, stack.keys["petra"])
    answers = [await petra.task(method, created["taskId"]) for method in ("tasks/get", "tasks/cancel")]
    unknown = await petra.task("tasks/get", "run_none")
    await petra.close()

    assert [one["error"]["code"] for one in (*answers, unknown)] == [-32602] * 3
    assert (await settled(raw, created["taskId"], "completed"))["status"] == "completed"


async def test_the_extension_has_to_be_declared_and_the_header_to_match(raw: RawMcp) -> None:
    undeclared = await raw.modern("tasks/get", {"taskId": "x"}, name="x")
    mismatched = await raw.modern("tasks/get", {"taskId": "x"}, name="y", extensions=(TASKS,))
    session = await raw.open_session()
    legacy = message_of(await raw.legacy("tasks/get", {"taskId": "x"}, session=session))

    assert (undeclared.status_code, undeclared.json()["error"]["code"]) == (400, -32021)
    assert TASKS in undeclared.json()["error"]["data"]["requiredCapabilities"]["extensions"]
    assert (mismatched.status_code, mismatched.json()["error"]["code"]) == (400, -32020)
    assert legacy["error"]["code"] == -32601
