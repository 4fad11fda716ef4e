"""`ask` over both generations: answers, progress, approvals as forms, what is withdrawn and what is not."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import Any

import anyio
import pytest
from mcp_clients import LEGACY, MODERN, Person, RawMcp, connected, message_of, words
from mcp_stack import Stack

pytestmark = pytest.mark.anyio

GENERATIONS = pytest.mark.parametrize("mode", [MODERN, "legacy"])
Order = Callable[[str], str]


@pytest.fixture
async def raw(stack: Stack) -> AsyncIterator[RawMcp]:
    """Olga, request by request."""
    made = RawMcp(stack.url, stack.keys["olga"])
    yield made
    await made.close()


@GENERATIONS
async def test_a_message_is_answered_with_text_data_and_progress(stack: Stack, mode: str) -> None:
    told: list[tuple[float, str | None]] = []

    async def hear(progress: float, total: float | None, message: str | None) -> None:
        told.append((progress, message))

    async with connected(stack.url, stack.keys["petra"], mode) as client:
        result = await client.call_tool("ask", {"message": "what is 12% of 85?"}, progress_callback=hear)

    assert "10.2" in words(result.content)
    report = result.structured_content
    assert (report["status"], report["waits_for"], result.is_error) == ("done", None, False)
    assert "10.2" in report["answer"]
    assert [one for one, _ in told] == sorted({one for one, _ in told})
    assert told[0][1] is not None
    assert told[0][1].startswith("Round 1")


@GENERATIONS
async def test_the_same_session_goes_on(stack: Stack, mode: str) -> None:
    async with connected(stack.url, stack.keys["petra"], mode) as client:
        first = (await client.call_tool("ask", {"message": "what is 3 * 4?"})).structured_content
        again = {"message": "what is 5 * 6?", "session_id": first["session_id"]}
        second = (await client.call_tool("ask", again)).structured_content

    assert second["session_id"] == first["session_id"]
    assert second["run_id"] != first["run_id"]


@GENERATIONS
async def test_an_approval_shows_the_exact_call_and_runs_it_once(stack: Stack, mode: str, order: Order) -> None:
    person, litres = Person(), {MODERN: 21, "legacy": 22}[mode]
    async with connected(stack.url, stack.keys["olga"], mode, person) as client:
        result = await client.call_tool("ask", {"message": order(f"garden.water('north', {litres})")})

    (asked,) = person.asked
    assert f'garden.water({{"bed":"north","litres":{litres}}})' in asked.message
    assert "let it dry" in asked.message
    assert result.structured_content["status"] == "done"
    assert stack.ledger().count(f"water north {litres}") == 1


@GENERATIONS
@pytest.mark.parametrize(
    "person", [Person({"reason": "yes of course"}), Person({"approved": False}), Person(action="decline")]
)
async def test_only_an_explicit_yes_agrees(stack: Stack, mode: str, person: Person) -> None:
    before = stack.ledger()
    async with connected(stack.url, stack.keys["olga"], mode, person) as client:
        result = await client.call_tool("garden_water", {"bed": "south", "litres": 5})

    assert result.is_error
    assert person.asked
    assert stack.ledger() == before


@GENERATIONS
async def test_who_puts_a_form_aside_may_answer_later_elsewhere(stack: Stack, mode: str, order: Order) -> None:
    action = order(f"garden.water('south', {31 if mode == MODERN else 32})")
    async with connected(stack.url, stack.keys["olga"], mode) as client:
        waiting = (await client.call_tool("ask", {"message": action})).structured_content
        given = await client.call_tool("answer_run", {"run_id": waiting["run_id"], "answer": "yes"})
        cancelled = await client.call_tool("cancel_run", {"run_id": waiting["run_id"]})

    assert (waiting["status"], waiting["waits_for"]["kind"]) == ("needs_input", "approval")
    assert given.is_error
    assert "Only a person can agree" in words(given.content)
    assert cancelled.structured_content["status"] == "cancelled"


async def test_a_wrong_argument_is_told_in_one_sentence(stack: Stack) -> None:
    async with connected(stack.url, stack.keys["petra"], MODERN) as client:
        result = await client.call_tool("ask", {"massage": "hello"})
        missing = await client.call_tool("run_status", {"run_id": "run_none"})

    assert result.is_error
    assert words(result.content) == "The argument 'message' is wrong: Field required."
    assert missing.is_error


async def test_closing_the_stream_withdraws_a_request_of_2026(stack: Stack, raw: RawMcp, order: Order) -> None:
    message = order("garden.slow_dig('closed', 30)")
    given = {"name": "ask", "arguments": {"message": message}}
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(partial(raw.modern, name="ask"), "tools/call", given)
        await _until(lambda: "begin closed" in stack.ledger())
        tasks.cancel_scope.cancel()

    assert await _status(raw, message, "cancelled")


async def test_a_cancelled_notification_withdraws_a_request_of_2025(stack: Stack, raw: RawMcp, order: Order) -> None:
    session = await raw.open_session()
    message = order("garden.slow_dig('withdrawn', 30)")
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_ask_in_session, raw, session, message)
        await _until(lambda: "begin withdrawn" in stack.ledger())
        await raw.legacy("notifications/cancelled", {"requestId": 7}, session=session, request_id=None)
        assert await _status(raw, message, "cancelled")
        tasks.cancel_scope.cancel()


async def test_a_lost_connection_of_2025_cancels_nothing(stack: Stack, raw: RawMcp, order: Order) -> None:
    session = await raw.open_session()
    message = order("garden.slow_dig('lost', 1.5)")
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_ask_in_session, raw, session, message)
        await _until(lambda: "begin lost" in stack.ledger())
        tasks.cancel_scope.cancel()

    assert await _status(raw, message, "done")
    assert "dug lost" in stack.ledger()


async def test_ending_a_session_of_2025_leaves_its_runs_at_work(stack: Stack, raw: RawMcp, order: Order) -> None:
    session = await raw.open_session()
    message = order("garden.slow_dig('ended', 1.5)")
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_ask_in_session, raw, session, message)
        await _until(lambda: "begin ended" in stack.ledger())
        ended = await raw.http.delete(raw.url, headers={"mcp-session-id": session, "mcp-protocol-version": LEGACY})
        assert await _status(raw, message, "done")
        tasks.cancel_scope.cancel()

    assert ended.status_code == 200


async def _ask_in_session(raw: RawMcp, session: str, message: str) -> None:
    params = {"name": "ask", "arguments": {"message": message}}
    await raw.legacy("tools/call", params, session=session, request_id=7)


async def _status(raw: RawMcp, message: str, wanted: str) -> bool:
    """Wait until the run of a message has a status."""

    async def reached() -> bool:
        answer = message_of(await raw.modern("tools/call", {"name": "list_runs", "arguments": {}}, name="list_runs"))
        lines = answer["result"]["content"][0]["text"].splitlines()
        return any(f" {wanted}: {message[:60]}" in line for line in lines)

    await _until(reached)
    return True


async def _until(happened: Callable[[], Any]) -> None:
    """Wait for something to become true; what a tool wrote, nothing tells of."""
    with anyio.fail_after(30):
        while True:
            result = happened()
            if await result if hasattr(result, "__await__") else result:
                return
            await anyio.sleep(0.05)
