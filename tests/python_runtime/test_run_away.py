"""Runs that do not end by themselves: budgets, circles and long ones, with a scripted model server over HTTP.

Engine, broker, gate, prompts and sandbox are the real ones.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from agui_story import activities, check_order, text
from model_server import FakeModelServer, Reply
from sanca.python_runtime import Engine
from sanca.python_runtime.asks import Answer
from sanca.python_runtime.broker.journal_reader import JournalReader
from sanca.python_runtime.engine import LOCAL
from watching import to_the_end

pytestmark = pytest.mark.anyio

ASK = "hum a tune for the tulips"
Script = Callable[[int, str], str]
"""From the number of the request and its last message to the reply."""


def action(code: str, thought: str = "I look.") -> str:
    return f"{thought}\n\n```python\n{code}\n```"


class Server:
    """A model server that is told what to say by the number of the request."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.asked: list[list[dict[str, Any]]] = []

    def reply(self, body: dict[str, Any]) -> Reply:
        self.asked.append(body["messages"])
        return Reply(text=self.script(len(self.asked), str(body["messages"][-1]["content"])))

    def last(self, number: int) -> str:
        """Return the last message of a request, counted from 1."""
        return str(self.asked[number - 1][-1]["content"])


@asynccontextmanager
async def engine_with(
    home: Path, script: Script, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[tuple[Engine, Server]]:
    server = Server(script)
    with FakeModelServer(server.reply) as http:
        monkeypatch.setenv("OPENAI_API_KEY", "test")
        monkeypatch.setenv("OPENAI_BASE_URL", http.openai_url)
        monkeypatch.setenv("SANCA_MODEL", "fake-model")
        async with Engine(home) as engine:
            yield engine, server


async def play(home: Path, script: Script, monkeypatch: pytest.MonkeyPatch) -> tuple[list[dict[str, Any]], Server]:
    """Return the events of one run, and the server."""
    async with engine_with(home, script, monkeypatch) as (engine, server):
        events = await to_the_end(await engine.start(engine.request("ses_a", LOCAL, message=ASK)), seconds=90)
    check_order(events)
    return events, server


def rounds_of(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return list(activities(events, "sanca-round").values())


# -- budgets ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("setting", "value", "budget", "code"),
    [
        ("SANCA_ROUNDS_MAX", "3", "rounds", "'{n}'"),
        ("SANCA_CALLS_MAX", "4", "calls", "[garden.beds() for _ in range(2)], {n}"),
        ("SANCA_TOKENS_MAX", "500", "tokens", "'{n}'"),
        ("SANCA_COST_MAX", "0.0008", "money", "'{n}'"),
        ("SANCA_QUIET_SECONDS_MAX", "1.5", "seconds", "import time; time.sleep(0.7); {n}"),
    ],
)
async def test_a_spent_budget_ends_the_run_with_a_summary_and_without_tools(
    home: Path, monkeypatch: pytest.MonkeyPatch, setting: str, value: str, budget: str, code: str
) -> None:
    monkeypatch.setenv(setting, value)
    monkeypatch.setenv("SANCA_MODEL_PRICES", '{"fake-model":{"input":1.0,"output":4.0,"currency":"EUR"}}')

    def script(number: int, last: str) -> str:
        is_summary = "Why it ends" in last or "no tools" in last.casefold()
        return "I looked at the beds; the tune is open." if is_summary else action(code.replace("{n}", str(number)))

    events, server = await play(home, script, monkeypatch)
    *acted, closing = rounds_of(events)

    assert (events[-1]["type"], events[-1]["code"]) == ("RUN_ERROR", "budget")
    assert closing["strategy"] == "summary"
    assert closing["calls"] == [] and not closing["code"]
    assert acted[-1]["budget"][budget] >= 1 or closing["budget"][budget] >= 1
    assert "I looked at the beds; the tune is open." in text(events) or "**Found so far**" in text(events)
    assert events[-1]["message"] in text(events)
    assert len(acted) < 40
    assert len(server.asked) <= len(acted) + 1


async def test_a_call_beyond_the_budget_is_refused_in_mid_action(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SANCA_CALLS_MAX", "3")
    events, _ = await play(
        home, lambda number, _: action("[garden.beds() for _ in range(9)]") if number < 3 else "Enough.", monkeypatch
    )

    assert "budget of 3 tool calls" in rounds_of(events)[0]["observation"]


async def test_four_fifths_of_a_budget_are_told_to_the_person_and_the_model(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SANCA_ROUNDS_MAX", "5")
    events, server = await play(
        home, lambda number, _: action(f"'{number}'") if number < 5 else "It is sung.", monkeypatch
    )

    notices = [one for one in activities(events, "sanca-notice").values() if one["code"] == "budget_near"]
    assert [one["text"] for one in notices] == ["Four fifths of this run's 5 rounds are used."]
    assert "Four fifths of this run's 5 rounds are used." in server.last(5)
    assert events[-1]["result"]["status"] == "done"


async def test_a_tenant_may_have_other_budgets(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SANCA_TENANT_BUDGETS", '{"acme":{"rounds_max":2}}')
    acme = LOCAL.model_copy(update={"tenant": "acme"})
    async with engine_with(home, lambda number, _: action(f"'{number}'"), monkeypatch) as (engine, _):
        events = await to_the_end(await engine.start(engine.request("ses_a", acme, message=ASK)), seconds=90)

    assert events[-1]["message"] == "All 2 rounds of this run are used."


async def test_a_persons_answer_begins_the_rounds_anew(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SANCA_ROUNDS_MAX", "2")

    def script(number: int, _: str) -> str:
        return action("garden.water('north')") if number == 2 else action(f"'{number}'") if number == 1 else "Watered."

    async with engine_with(home, script, monkeypatch) as (engine, _):
        log = await engine.start(engine.request("ses_a", LOCAL, message=ASK))
        asked = await to_the_end(log, seconds=90)
        ask = asked[-1]["outcome"]["interrupts"][0]["id"]
        _, after = await engine.answer_interrupt(LOCAL, "", ask, Answer(True, by="olga"))
        events = await to_the_end(log, after, seconds=90)

    assert events[-1]["result"]["status"] == "done"  # the third round, of two that there are without an answer


# -- circles ----------------------------------------------------------------------------------------------------------


async def test_the_same_action_with_the_same_end_is_told_and_another_approach_goes_on(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def script(number: int, last: str) -> str:
        if "going round in circles" in last:
            return action("len(garden.beds())", "Another way.")
        return action(f"x = {{'a': 1}}  # try {number}\nx['b']") if number < 5 else "There are 2 beds."

    events, server = await play(home, script, monkeypatch)

    assert [one["status"] for one in rounds_of(events)[:3]] == ["error", "error", "ok"]
    assert "x['b']" in server.last(3)
    assert "KeyError" in server.last(3)
    assert "Another approach" in server.last(3) or "another approach" in server.last(3)


async def test_who_stays_in_the_circle_gets_a_stronger_model_and_then_an_end_with_a_reason(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SANCA_ATTEMPTS_MAX", "9")

    def script(_: int, last: str) -> str:
        return action("{}['b']") if "Why it ends" not in last else "Nothing came of it; the tune is open."

    async with engine_with(home, script, monkeypatch) as (engine, _):
        log = await engine.start(engine.request("ses_a", LOCAL, message=ASK))
        events = await to_the_end(log, seconds=90)
    stuck = [row.data for row in JournalReader(home).rows(log.run_id, kinds=("stuck",))]

    assert events[-1]["result"]["status"] == "failed"
    assert [one["difficulty"] for one in stuck] == ["normal", "hard", "hard"]
    assert {one["sign"] for one in stuck} == {"same_action"}
    assert "Nothing new came of the last" in text(events)
    assert len(rounds_of(events)) == 5  # two, a note, a stronger model, and the last words


async def test_two_actions_that_take_turns_are_a_circle(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def script(number: int, last: str) -> str:
        if "take turns" in last:
            return "I stop turning: there are two beds."
        return action("'a'") if number % 2 else action("garden.beds()")

    events, server = await play(home, script, monkeypatch)

    assert events[-1]["result"]["status"] == "done"
    assert len(server.asked) == 5


async def test_rounds_that_show_nothing_new_are_a_circle(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def script(number: int, last: str) -> str:
        if "nothing that was not known" in last:
            return "There are two beds."
        return action(f"y = {number}\ngarden.beds()")

    events, server = await play(home, script, monkeypatch)

    assert events[-1]["result"]["status"] == "done"
    assert 4 <= len(server.asked) <= 6


# -- long runs --------------------------------------------------------------------------------------------------------


@pytest.mark.timeout(300)
async def test_forty_rounds_are_folded_in_steps_and_the_prompt_keeps_its_size(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SANCA_ROUNDS_MAX", "60")
    monkeypatch.setenv("SANCA_FOLD_CHARS", "9000")

    def script(number: int, _: str) -> str:
        if number > 40:
            return "Forty steps are done."
        if number == 3:
            return action("garden.dig('north')", "I dig the north bed, because it is dry.")
        return action(f"found_{number} = {number} * 7\nprint('leaf ' * 180)\nfound_{number}", f"Step {number}.")

    async with engine_with(home, script, monkeypatch) as (engine, server):
        log = await engine.start(engine.request("ses_a", LOCAL, message=ASK))
        events = await to_the_end(log, seconds=200)
    folds = [row.data for row in JournalReader(home).rows(log.run_id, kinds=("rounds_folded",))]
    sizes = [sum(len(str(one["content"])) for one in messages) for messages in server.asked]
    stable = [
        _common(one, other) / min(map(_size, (one, other)))
        for one, other in zip(server.asked, server.asked[1:], strict=False)
    ]

    assert events[-1]["result"]["status"] == "done"
    assert len(server.asked) == 41
    assert 2 <= len(folds) <= 12  # in steps, not each round
    assert max(sizes[20:]) < sizes[0] + 9_000 * 2.5
    assert sum(share > 0.8 for share in stable) >= len(stable) - 2 * len(folds) - 1
    past = "\n".join(str(one["content"]) for one in server.asked[-1])
    assert "garden.dig" in past and "north" in past  # the effect is not forgotten
    assert "found_9" in past  # nor the names that hold data


def _size(messages: list[dict[str, Any]]) -> int:
    return sum(len(str(one["content"])) for one in messages)


def _common(one: list[dict[str, Any]], other: list[dict[str, Any]]) -> int:
    """Return how many characters two requests have in common at their beginning."""
    first, second = ("\0".join(str(message["content"]) for message in messages) for messages in (one, other))
    return next(
        (place for place, (a, b) in enumerate(zip(first, second, strict=False)) if a != b), min(len(first), len(second))
    )
