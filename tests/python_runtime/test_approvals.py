"""A run that asks a person: approve, deny, forms, messages that arrive meanwhile, and cancel."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import anyio
import pytest
from agui_story import activities, check_order, text
from sanca.python_runtime import Engine
from sanca.python_runtime.asks import Answer
from sanca.python_runtime.engine import LOCAL
from sanca.python_runtime.refusals import NotWaitingError
from sanca.python_runtime.run_record import RunStatus
from watching import all_events, to_the_end, until_call

pytestmark = pytest.mark.anyio

WATER = "garden.water('north', litres=2)"
Ledger = Callable[[], list[str]]


async def test_an_effect_waits_for_approval_and_the_page_sees_the_exact_call(home: Path, ledger: Ledger) -> None:
    async with Engine(home) as engine:
        log = await engine.start(engine.request("ses_a", LOCAL, action_code=WATER))
        asked = await to_the_end(log)
        (interrupt,) = asked[-1]["outcome"]["interrupts"]
        written_before = ledger()
        _, after = await engine.answer_interrupt(LOCAL, "", interrupt["id"], Answer(True, by="olga"), "agui-2")
        answered = await to_the_end(log, after)

    check_order([*asked, *answered])
    assert written_before == []
    assert ledger() == ["water north 2"]
    assert interrupt["reason"] == "approval"
    assert interrupt["metadata"]["argumentsJson"] == '{"bed":"north","litres":2}'
    assert (interrupt["metadata"]["effect"], interrupt["metadata"]["undo"]) == ("WRITE", "let it dry")
    (before,), (approval,) = (activities(part, "sanca-approval").values() for part in (asked, answered))
    assert (before["state"], before["arguments"]) == ("asked", {"bed": "north", "litres": 2})
    assert (approval["state"], approval["answered_by"]) == ("approved", "olga")
    assert (answered[0]["type"], answered[0]["runId"]) == ("RUN_STARTED", "agui-2")
    assert answered[-1]["result"]["status"] == "done"
    assert text(answered) == "watered north"


async def test_a_denied_call_is_an_error_of_the_action_and_has_no_effect(home: Path, ledger: Ledger) -> None:
    code = f"try:\n    {WATER}\nexcept ToolDeniedError as error:\n    said = f'not allowed: {{error}}'\nsaid"
    async with Engine(home) as engine:
        log = await engine.start(engine.request("ses_a", LOCAL, action_code=code))
        asked = await to_the_end(log)
        answer = Answer(approved=False, reason="it rains", by="olga")
        _, after = await engine.answer_interrupt(LOCAL, "", _interrupt(asked), answer)
        answered = await to_the_end(log, after)

    assert ledger() == []
    assert "it rains" in text(answered)
    (approval,) = activities(answered, "sanca-approval").values()
    assert (approval["state"], approval["reason"]) == ("denied", "it rains")


async def test_a_form_gives_the_persons_values_to_the_action(home: Path) -> None:
    code = "v = card.form('Which bed', [{'name': 'bed', 'type': 'choice', 'choices': ['north', 'south']}])\nv['bed']"
    async with Engine(home) as engine:
        log = await engine.start(engine.request("ses_a", LOCAL, action_code=code))
        asked = await to_the_end(log)
        answer = Answer(approved=True, value={"bed": "south"}, by="olga")
        _, after = await engine.answer_interrupt(LOCAL, "", _interrupt(asked), answer)
        answered = await to_the_end(log, after)

    interrupt = asked[-1]["outcome"]["interrupts"][0]
    assert interrupt["responseSchema"]["properties"]["bed"]["enum"] == ["north", "south"]
    (approval,) = activities(asked, "sanca-approval").values()
    assert approval["kind"] == "form"
    components = approval["card"][1]["updateComponents"]["components"]
    assert "ChoicePicker" in {component["component"] for component in components}
    assert text(answered) == "south"


async def test_an_answer_counts_once_and_only_from_its_owner(home: Path, ledger: Ledger) -> None:
    stranger = LOCAL.model_copy(update={"user": "mallory"})
    async with Engine(home) as engine:
        log = await engine.start(engine.request("ses_a", LOCAL, action_code=WATER))
        interrupt = _interrupt(await to_the_end(log))
        with pytest.raises(NotWaitingError):
            await engine.parts.runs.answer(stranger, "", interrupt, Answer(True, by="mallory"), "")
        _, after = await engine.answer_interrupt(LOCAL, "", interrupt, Answer(True, by="olga"))
        with pytest.raises(NotWaitingError):
            await engine.parts.runs.answer(LOCAL, "", interrupt, Answer(True, by="olga"), "")
        await to_the_end(log, after)

    assert ledger() == ["water north 2"]


async def test_messages_that_arrive_while_a_run_waits_are_held_and_run_in_order(home: Path, ledger: Ledger) -> None:
    async with Engine(home) as engine:
        first = await engine.start(engine.request("ses_a", LOCAL, action_code=WATER))
        asked = await to_the_end(first)
        held = [
            await engine.start(engine.request("ses_a", LOCAL, action_code=f"garden.dig('{bed}')"))
            for bed in ("one", "two", "three")
        ]
        statuses = [(await engine.parts.runs.get(LOCAL, log.run_id)).status for log in held]
        other = await engine.execute("garden.dig('other session')")
        await engine.answer_interrupt(LOCAL, "", _interrupt(asked), Answer(True, by="olga"))
        ends = [(await to_the_end(log))[-1] for log in held]
        everything = await all_events(engine, "ses_a", LOCAL)

    assert statuses == [RunStatus.HELD] * 3
    assert other.status == "ok"
    assert [end["result"]["status"] for end in ends] == ["done"] * 3
    assert ledger() == ["dig other session", "water north 2", "dig one", "dig two", "dig three"]
    check_order(everything)


async def test_a_message_queued_before_the_ask_is_held_too(home: Path, ledger: Ledger) -> None:
    async with Engine(home) as engine:
        first = await engine.start(engine.request("ses_a", LOCAL, action_code=WATER))
        second = await engine.start(engine.request("ses_a", LOCAL, action_code="garden.dig('second')"))
        asked = await to_the_end(first)
        with anyio.fail_after(10):
            while (await engine.parts.runs.get(LOCAL, second.run_id)).status is not RunStatus.HELD:
                await anyio.lowlevel.checkpoint()
        await engine.answer_interrupt(LOCAL, "", _interrupt(asked), Answer(True, by="olga"))
        await to_the_end(second)

    assert ledger() == ["water north 2", "dig second"]


async def test_two_asks_at_once_are_asked_one_after_the_other(home: Path, ledger: Ledger) -> None:
    code = """
from threading import Thread
threads = [Thread(target=garden.water, args=(bed,)) for bed in ("north", "south")]
for thread in threads: thread.start()
for thread in threads: thread.join()
"both"
"""
    async with Engine(home) as engine:
        log = await engine.start(engine.request("ses_a", LOCAL, action_code=code))
        asked = await to_the_end(log)
        _, after = await engine.answer_interrupt(LOCAL, "", _interrupt(asked), Answer(True, by="olga"))
        again = await to_the_end(log, after)
        _, after = await engine.answer_interrupt(LOCAL, "", _interrupt(again), Answer(True, by="olga"))
        end = await to_the_end(log, after)

    check_order([*asked, *again, *end])
    assert sorted(ledger()) == ["water north 1", "water south 1"]
    assert end[-1]["result"]["status"] == "done"


async def test_cancel_in_mid_call_ends_at_once_and_nothing_leaves_after(home: Path, ledger: Ledger) -> None:
    code = "garden.slow_dig('north', 30)\ngarden.dig('after')"
    async with Engine(home) as engine:
        log = await engine.start(engine.request("ses_a", LOCAL, action_code=code))
        await until_call(log, "slow_dig")
        with anyio.fail_after(5):
            record = await engine.cancel(log.run_id)
        events = await to_the_end(log)
        repeated = await engine.cancel(log.run_id)
        next_one = await engine.execute("garden.dig('next')", session_id="ses_a")

    check_order(events)
    assert record.status is RunStatus.CANCELLED
    assert repeated.status is RunStatus.CANCELLED
    assert events[-1]["outcome"] == {"type": "cancelled"}
    (round_,) = activities(events, "sanca-round").values()
    assert round_["status"] == "cancelled"
    assert round_["calls"][0]["status"] in {"cancelled", "unknown"}
    assert next_one.status == "ok"
    assert ledger() == ["begin north", "dig next"]


async def test_cancel_while_waiting_withdraws_the_question_and_lets_held_messages_run(
    home: Path, ledger: Ledger
) -> None:
    async with Engine(home) as engine:
        first = await engine.start(engine.request("ses_a", LOCAL, action_code=WATER))
        await to_the_end(first)
        held = await engine.start(engine.request("ses_a", LOCAL, action_code="garden.dig('held')"))
        await engine.cancel(first.run_id)
        await to_the_end(held)
        events = await all_events(engine, "ses_a", LOCAL)

    check_order(events)
    (approval,) = activities(events, "sanca-approval").values()
    assert approval["state"] == "cancelled"
    assert ledger() == ["dig held"]


async def test_a_queued_message_can_be_cancelled_before_it_begins(home: Path, ledger: Ledger) -> None:
    async with Engine(home) as engine:
        first = await engine.start(engine.request("ses_a", LOCAL, action_code="garden.slow_dig('north', 0.5)"))
        second = await engine.start(engine.request("ses_a", LOCAL, action_code="garden.dig('second')"))
        await engine.cancel(second.run_id)
        events = await to_the_end(second)
        await to_the_end(first)
        third = await engine.execute("garden.dig('third')", session_id="ses_a")

    assert [event["type"] for event in events] == ["RUN_STARTED", "STATE_SNAPSHOT", "STATE_DELTA", "RUN_FINISHED"]
    assert events[-1]["outcome"] == {"type": "cancelled"}
    assert third.status == "ok"
    assert ledger() == ["begin north", "dug north", "dig third"]


def _interrupt(events: list[dict[str, object]]) -> str:
    outcome = events[-1]["outcome"]
    assert isinstance(outcome, dict)
    return str(outcome["interrupts"][0]["id"])
