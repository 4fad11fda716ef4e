"""The engine as doors see it: start, follow, answer, cancel, list by pages, files, and direct calls of tools."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import anyio
import pytest
from sanca.core.agent_runner import NewRun, RunStatusWord, RunView
from sanca.core.messages import Caller
from sanca.core.tools import CallOutcome
from sanca.python_runtime import Engine
from sanca.python_runtime.doors.runner import EngineRunner
from sanca.python_runtime.refusals import BadRequestError, NotAllowedError, NotFoundError, NotWaitingError

pytestmark = pytest.mark.anyio

MIRA = Caller(user="mira", channel="a2a", rights=("*",))
NOAH = Caller(user="noah", channel="a2a", rights=("*",))
DONE: tuple[RunStatusWord, ...] = ("done",)
Ledger = Callable[[], list[str]]


@pytest.fixture
async def runner(home: Path) -> AsyncIterator[EngineRunner]:
    async with Engine(home) as engine:
        made = EngineRunner(engine)
        yield made
        await made.close()


async def over(runner: EngineRunner, caller: Caller, view: RunView, after: int = 0) -> RunView:
    """Follow a run until it is over or asks."""
    with anyio.fail_after(30):
        async for _ in runner.follow(caller, view.run_id, after):
            pass
    return await runner.get(caller, view.run_id)


def acting(code: str, session_id: str = "") -> NewRun:
    return NewRun("", session_id=session_id, rest={"action_code": code})


async def test_a_run_is_started_followed_and_told_with_its_files(runner: EngineRunner) -> None:
    code = "open('/output/made.txt', 'w').write('42')\nprint(open('/input/data.json').read())\n6 * 7"
    begun = await runner.start(MIRA, NewRun("", data={"bed": "north"}, rest={"action_code": code}))
    events = [event async for event in runner.follow(MIRA, begun.run_id)]
    done = await runner.get(MIRA, begun.run_id)

    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    assert [event.last for event in events] == [False] * (len(events) - 1) + [True]
    assert (done.status, done.is_over, done.channel, done.last_seq) == ("done", True, "a2a", len(events))
    assert done.updated_at > done.started_at
    assert [(one.name, one.direction) for one in done.files] == [("data.json", "input"), ("made.txt", "output")]
    record, content = await runner.read_file(MIRA, done.files[1].file_id)
    assert (record.media_type, content) == ("text/plain", b"42")
    assert any('"bed": "north"' in json.loads(event.json).get("content", {}).get("observation", "") for event in events
               if json.loads(event.json).get("activityType") == "sanca-round")  # fmt: skip


async def test_a_run_of_another_is_not_there(runner: EngineRunner) -> None:
    begun = await over(runner, MIRA, await runner.start(MIRA, acting("open('/output/a.txt', 'w').write('1')")))

    for ask in (
        lambda: runner.get(NOAH, begun.run_id),
        lambda: runner.cancel(NOAH, begun.run_id),
        lambda: runner.answer(NOAH, begun.run_id, "x", approved=True),
        lambda: anext(runner.follow(NOAH, begun.run_id)),
        lambda: runner.read_file(NOAH, begun.files[0].file_id),
        lambda: runner.start(NOAH, acting("1", begun.session_id)),
    ):
        with pytest.raises(NotFoundError):
            await ask()
    assert (await runner.list(NOAH)).total == 0


async def test_an_approval_is_what_a_run_waits_for_and_the_answer_lets_it_go_on(
    runner: EngineRunner, ledger: Ledger
) -> None:
    asked = await over(runner, MIRA, await runner.start(MIRA, acting("garden.water('north', litres=2)")))
    assert asked.ask is not None
    before = ledger()
    after = await runner.answer(MIRA, asked.run_id, asked.ask.id, approved=True)
    done = await over(runner, MIRA, asked, after)

    assert (asked.status, asked.ask.kind, before) == ("needs_input", "approval", [])
    assert asked.ask.metadata["argumentsJson"] == '{"bed":"north","litres":2}'
    assert asked.ask.response_schema["required"] == ["approved"]
    assert (done.status, done.ask, ledger()) == ("done", None, ["water north 2"])
    with pytest.raises(NotWaitingError):
        await runner.answer(MIRA, asked.run_id, asked.ask.id, approved=True)


async def test_a_cancelled_run_is_over_and_did_nothing(runner: EngineRunner, ledger: Ledger) -> None:
    asked = await over(runner, MIRA, await runner.start(MIRA, acting("garden.water('north')")))
    cancelled = await runner.cancel(MIRA, asked.run_id)

    assert (cancelled.status, cancelled.ask, ledger()) == ("cancelled", None, [])
    assert (await runner.cancel(MIRA, asked.run_id)).status == "cancelled"


async def test_pages_name_every_run_once_though_others_begin_meanwhile(runner: EngineRunner) -> None:
    ids = [(await over(runner, MIRA, await runner.start(MIRA, acting(str(n), "ses_list")))).run_id for n in range(5)]
    first = await runner.list(MIRA, limit=2)
    await over(runner, MIRA, await runner.start(MIRA, acting("99", "ses_other")))
    second = await runner.list(MIRA, limit=2, after=first.next)
    third = await runner.list(MIRA, limit=2, after=second.next)

    shown = [view.run_id for page in (first, second, third) for view in page.runs]
    assert shown == list(reversed(ids))
    assert (first.total, second.total, third.next) == (5, 6, "")
    assert (await runner.list(MIRA, session_id="ses_list")).total == 5
    assert (await runner.list(MIRA, statuses=DONE, channel="a2a")).total == 6
    assert (await runner.list(MIRA, channel="mcp")).total == 0
    changed = (await runner.get(MIRA, ids[3])).updated_at
    assert (await runner.list(MIRA, since=changed)).total == 3
    outside: list[dict[str, Any]] = [{"after": "no page"}, {"limit": 0}, {"limit": 101}, {"since": "yesterday"}]
    for wrong in outside:
        with pytest.raises(BadRequestError):
            await runner.list(MIRA, **wrong)


async def test_a_direct_call_gives_its_value_and_is_a_run_of_its_own(runner: EngineRunner) -> None:
    outcome = await runner.call_tool(MIRA, "ses_mcp", "garden", "beds", {})
    failed = await runner.call_tool(MIRA, "ses_mcp", "garden", "break_spade", {})
    await runner.close()
    page = await runner.list(MIRA, session_id="ses_mcp")

    assert isinstance(outcome, CallOutcome)
    assert isinstance(failed, CallOutcome)
    assert (outcome.ok, outcome.value) == (True, ["north", "south"])
    assert failed.error is not None
    assert [(view.status, view.message) for view in page.runs] == [
        ("failed", "garden.break_spade"),
        ("done", "garden.beds"),
    ]
    assert json.loads(page.runs[1].answer)["value"] == ["north", "south"]
    events = [json.loads(event.json)["type"] async for event in runner.follow(MIRA, page.runs[1].run_id)]
    assert (events[0], events[-1]) == ("RUN_STARTED", "RUN_FINISHED")


async def test_a_direct_call_that_changes_something_waits_for_a_person(runner: EngineRunner, ledger: Ledger) -> None:
    waiting = await runner.call_tool(MIRA, "", "garden", "water", {"bed": "south"})
    assert isinstance(waiting, RunView)
    assert waiting.ask is not None
    written_before = ledger()
    after = await runner.answer(MIRA, waiting.run_id, waiting.ask.id, approved=True)
    done = await over(runner, MIRA, waiting, after)

    assert (waiting.status, written_before, ledger()) == ("needs_input", [], ["water south 1"])
    assert (done.status, json.loads(done.answer)) == ("done", {"ok": True, "value": "watered south"})


async def test_a_direct_call_that_nobody_waits_for_any_more_is_stopped(runner: EngineRunner, ledger: Ledger) -> None:
    with anyio.move_on_after(0.5):
        await runner.call_tool(MIRA, "ses_mcp", "garden", "slow_dig", {"bed": "north", "seconds": 30})
    (view,) = (await runner.list(MIRA, session_id="ses_mcp")).runs

    assert (view.status, ledger()) == ("cancelled", ["begin north"])


async def test_a_direct_call_needs_its_own_right_and_the_tools(runner: EngineRunner) -> None:
    with pytest.raises(NotAllowedError, match="sanca:tools"):
        await runner.call_tool(Caller(user="mira", rights=("sanca:ask",)), "", "garden", "beds", {})


async def test_what_is_wrong_with_a_request_is_said_in_one_sentence(runner: EngineRunner) -> None:
    for new, said in (
        (NewRun(""), "empty"),
        (NewRun("x" * 40_000), "longer"),
        (NewRun("hi", session_id="../up"), "session id"),
        (NewRun("hi", run_id="a\nb"), "run_id"),
        (NewRun("hi", rest={"caller": {}}), "no field"),
        (NewRun("hi", rest={"file_ids": ["file_x"]}), "no field"),
        (NewRun("hi", rest={"click": "here"}), "click"),
        (NewRun("hi", data=object()), "JSON"),
    ):
        with pytest.raises(BadRequestError, match=said):
            await runner.start(MIRA, new)


async def test_a_file_without_an_ending_gets_that_of_its_type(runner: EngineRunner) -> None:
    kept = await runner.put_file(MIRA, "ses_files", "report", "application/json; charset=utf-8", b"{}")
    assert (kept.name, kept.media_type) == ("report.json", "application/json")
    with pytest.raises(BadRequestError, match="not taken"):
        await runner.put_file(MIRA, "ses_files", "run", "application/x-sharedlib", b"\x7fELF")
