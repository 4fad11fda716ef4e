"""Rounds with a model: only the model is scripted; sandbox, broker, prompts and self-check are the real ones."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio
import pytest
from agui_story import activities, check_order, text
from sanca.core.errors import ModelUnavailableError
from sanca.core.messages import ModelDelta, ModelRequest
from sanca.python_runtime import Engine
from sanca.python_runtime.engine import LOCAL
from sanca.python_runtime.models import ScriptedModel
from watching import to_the_end

pytestmark = pytest.mark.anyio

ASK = "hum a tune for the tulips"


def action(code: str, thought: str = "I look first.") -> str:
    return f"{thought}\n\n```python\n{code}\n```"


async def story(home: Path, model: ScriptedModel, message: str = ASK) -> list[dict[str, Any]]:
    async with Engine(home, model=model) as engine:
        events = await to_the_end(await engine.start(engine.request("ses_a", LOCAL, message=message)))
    check_order(events)
    return events


async def test_an_error_goes_back_to_the_model_which_mends_it_in_the_next_round(home: Path) -> None:
    model = ScriptedModel(
        [action("beds = garden.beds()\nbeds[7]"), action("len(beds)", "Again."), "There are **2** beds."]
    )
    events = await story(home, model)

    rounds = list(activities(events, "sanca-round").values())
    assert [round_["status"] for round_ in rounds] == ["error", "ok", "ok"]
    assert {round_["strategy"] for round_ in rounds} == {"model"}
    assert rounds[1]["value"] == "2"
    assert "IndexError" in str(model.requests[1].messages[-1].content)
    assert "Value:\n2" in str(model.requests[2].messages[-1].content)
    assert events[-1]["result"]["answer"] == "There are **2** beds."
    assert events[-1]["result"]["rounds"] == 3
    assert text(events) == "I look first.\n\nAgain.\n\nThere are **2** beds."


async def test_the_model_sees_the_toolkits_the_names_and_the_history(home: Path) -> None:
    model = ScriptedModel(["Fine."] * 2)
    async with Engine(home, model=model) as engine:
        await engine.run("please paint the storefront green", session_id="ses_a")
        await engine.run("and now varnish it", session_id="ses_a")

    system, *rest = model.requests[1].messages
    asked = "\n".join(message.content for message in rest)
    assert "def water(bed: str, litres: int = 1)" in system.content
    assert "paint the storefront" in asked
    assert "'it' means" in asked
    assert "checkout" in asked


async def test_text_streams_up_to_the_code_and_usage_is_told(home: Path) -> None:
    model = ScriptedModel([action("1 + 1"), "Two."], chunk_chars=3)
    events = await story(home, model)

    assert "```" not in text(events)
    usage = [event["value"] for event in events if event.get("name") == "sanca.usage"]
    assert [one["round"] for one in usage] == [1, 2]
    assert all(one["model"] == "scripted" and one["output_tokens"] for one in usage)
    assert len(events[-1]["usage"]) == 2


async def test_a_reply_that_cannot_be_used_goes_back_with_the_reason_twice(home: Path) -> None:
    broken = "```python\nprint(1"
    mended = await story(home, ScriptedModel([broken, broken, "At last."]))
    model = ScriptedModel([broken] * 3)
    given_up = await story(home, model)

    assert mended[-1]["result"]["answer"] == "At last."
    assert given_up[-1]["type"] == "RUN_ERROR"
    assert "not closed" in given_up[-1]["message"]
    assert len(model.requests) == 3
    assert "not closed" in model.requests[1].messages[-1].content


async def test_an_action_that_words_the_answer_itself_ends_the_run_in_one_round(home: Path) -> None:
    model = ScriptedModel(
        [action("count = len(garden.beds())\nif count:\n    final_answer(f'There are **{count}** beds.')")]
    )
    events = await story(home, model)

    assert len(model.requests) == 1
    assert (events[-1]["result"]["status"], events[-1]["result"]["answer"]) == ("done", "There are **2** beds.")
    assert text(events) == "I look first.\n\nThere are **2** beds."


async def test_an_answer_of_an_action_that_broke_after_it_does_not_count(home: Path) -> None:
    model = ScriptedModel([action("final_answer('There are 9 beds.')\ngarden.beds()[9]"), "There are some beds."])
    events = await story(home, model)

    assert events[-1]["result"]["answer"] == "There are some beds."
    assert "9 beds" not in text(events)


async def test_a_slip_of_the_pen_costs_no_sandbox_round(home: Path) -> None:
    events = await story(home, ScriptedModel([action("garden.beds("), "Sorry."]))

    first = next(iter(activities(events, "sanca-round").values()))
    assert first["status"] == "error"
    assert "SyntaxError" in first["observation"]
    assert [call["tool"] for call in first["calls"]] == ["services"]  # perception's own


async def test_the_budget_of_rounds_ends_the_run(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SANCA_ROUNDS_MAX", "3")
    model = ScriptedModel([action(str(number)) for number in range(9)])
    events = await story(home, model)

    assert (events[-1]["type"], events[-1]["code"]) == ("RUN_ERROR", "budget")
    assert len(model.requests) == 4  # the last is for the summary only: an action that comes is not run
    assert "All 3 rounds" in events[-1]["message"]
    assert "**Found so far**" in text(events)


async def test_a_claim_against_the_evidence_is_sent_back_once(home: Path, ledger: Callable[[], list[str]]) -> None:
    model = ScriptedModel([
        "I have restarted the fountain.", action("garden.dig('north')"), "I have changed the north bed.",
    ])  # fmt: skip
    events = await story(home, model)

    assert "no call that changes anything" in model.requests[1].messages[-1].content
    assert events[-1]["result"]["status"] == "done"
    assert ledger() == ["dig north"]


async def test_a_claim_that_stays_against_the_evidence_is_a_failed_run(home: Path) -> None:
    events = await story(home, ScriptedModel(["I have repaired it."] * 2))

    assert events[-1]["result"]["status"] == "failed"


async def test_experience_is_the_fast_path_with_a_model_too(home: Path) -> None:
    model = ScriptedModel([])
    events = await story(home, model, "what is 12% of 85?")

    assert events[-1]["result"]["skill"] == "calculate"
    assert model.requests == []


async def test_a_skill_that_fails_is_followed_by_the_model(home: Path) -> None:
    model = ScriptedModel(["No releases here."])
    events = await story(home, model, "what changed between v1.0.0 and v1.2.0 of checkout?")

    first, second = activities(events, "sanca-round").values()
    assert (first["strategy"], first["status"], second["strategy"]) == ("experience", "error", "model")
    assert "releases" in model.requests[0].messages[-1].content
    assert events[-1]["result"]["answer"] == "No releases here."


async def test_a_model_that_fails_ends_the_run_in_one_sentence(home: Path) -> None:
    events = await story(home, ScriptedModel([ModelUnavailableError("The endpoint did not answer.")]))

    assert events[-1]["type"] == "RUN_ERROR"
    assert "The endpoint did not answer." in events[-1]["message"]


async def test_cancel_while_the_model_speaks_closes_its_stream(home: Path) -> None:
    closed = anyio.Event()

    class Talker:
        name = "talker"

        async def stream(self, request: ModelRequest) -> Any:
            try:
                while True:
                    yield ModelDelta(text="and on ")
                    await anyio.lowlevel.checkpoint()
            finally:
                closed.set()

    async with Engine(home, model=Talker()) as engine:
        log = await engine.start(engine.request("ses_a", LOCAL, message=ASK))
        async for event in log.follow():
            if "TEXT_MESSAGE_CONTENT" in event.json:
                break
        with anyio.fail_after(5):
            await engine.cancel(log.run_id)
            await closed.wait()
        events = await to_the_end(log)

    check_order(events)
    assert events[-1]["outcome"] == {"type": "cancelled"}
