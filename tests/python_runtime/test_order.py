"""The queue of runs: order inside a session, sessions beside each other, idempotent intake, edit and resend."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import anyio
import pytest
from agui_story import check_order
from sanca.python_runtime import Engine
from sanca.python_runtime.engine import LOCAL
from watching import all_events, to_the_end, until_call

pytestmark = pytest.mark.anyio

Ledger = Callable[[], list[str]]


async def test_twenty_fast_messages_of_a_session_run_in_their_order(home: Path, ledger: Ledger) -> None:
    async with Engine(home) as engine:
        logs = [
            await engine.start(engine.request("ses_a", LOCAL, action_code=f"garden.dig('{n:02}')")) for n in range(20)
        ]
        for log in logs:
            await to_the_end(log)
        events = await all_events(engine, "ses_a", LOCAL)

    assert ledger() == [f"dig {n:02}" for n in range(20)]
    check_order(events)


async def test_two_sessions_work_at_the_same_time(home: Path, ledger: Ledger) -> None:
    async with Engine(home) as engine:
        slow = await engine.start(engine.request("ses_a", LOCAL, action_code="garden.slow_dig('slow', 20)"))
        await until_call(slow, "slow_dig")
        with anyio.fail_after(10):
            quick = await engine.execute("garden.dig('quick')", session_id="ses_b")
        await engine.cancel(slow.run_id)

    assert quick.status == "ok"
    assert ledger() == ["begin slow", "dig quick"]


async def test_a_repeated_run_id_attaches_to_the_run_that_exists(home: Path, ledger: Ledger) -> None:
    async with Engine(home) as engine:
        request = engine.request("ses_a", LOCAL, action_code="garden.dig('once')", run_id="run_x")
        first = await to_the_end(await engine.start(request))
        again = await to_the_end(await engine.start(request))

    assert again == first
    assert ledger() == ["dig once"]


async def test_edit_and_resend_leaves_out_what_came_after(home: Path) -> None:
    async with Engine(home) as engine:
        for number in (1, 2):
            request = engine.request("ses_a", LOCAL, action_code=f"'answer {number}'", message_id=f"m{number}")
            await to_the_end(await engine.start(request))
        request = engine.request("ses_a", LOCAL, action_code="'answer 3'", message_id="m3", replaces_message_id="m2")
        await to_the_end(await engine.start(request))
        runs = await engine.parts.runs.of_session(LOCAL, "ses_a")
        messages = await engine.parts.sessions.messages(LOCAL.tenant, LOCAL.user, "ses_a")

    assert [run.answer for run in runs] == ["answer 1", "answer 3"]
    assert [message.content for message in messages if message.role == "assistant"] == ["answer 1", "answer 3"]


async def test_a_late_listener_and_a_second_one_see_everything_once(home: Path) -> None:
    code = "for n in range(5):\n    say(str(n))\ngarden.slow_dig('x', 0.3)\n'end'"
    seen: dict[str, list[int]] = {"early": [], "late": [], "resumed": []}
    async with Engine(home) as engine:
        log = await engine.start(engine.request("ses_a", LOCAL, action_code=code))

        async def listen(name: str, after: int) -> None:
            async for event in engine.attach_run(LOCAL, log.run_id, after):
                seen[name].append(event.seq)

        with anyio.fail_after(20):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(listen, "early", 0)
                await until_call(log, "slow_dig")
                tasks.start_soon(listen, "late", 0)
                tasks.start_soon(listen, "resumed", 10)
        stored = [event.seq async for event in engine.attach_run(LOCAL, log.run_id, 0)]

    everything = list(range(1, len(seen["early"]) + 1))
    assert seen["early"] == seen["late"] == stored == everything
    assert seen["resumed"] == everything[10:]


async def test_messages_queued_at_a_polite_stop_run_at_the_next_start(home: Path, ledger: Ledger) -> None:
    async with Engine(home) as engine:
        first = await engine.start(engine.request("ses_a", LOCAL, action_code="garden.slow_dig('first', 60)"))
        for bed in ("one", "two"):
            await engine.start(engine.request("ses_a", LOCAL, action_code=f"garden.dig('{bed}')"))
        await until_call(first, "slow_dig")
    async with Engine(home) as engine:
        events = await all_events(engine, "ses_a", LOCAL)
        statuses = [run.status for run in await engine.parts.runs.of_session(LOCAL, "ses_a")]

    check_order(events)
    assert statuses == ["interrupted", "done", "done"]
    assert ledger() == ["begin first", "dig one", "dig two"]
