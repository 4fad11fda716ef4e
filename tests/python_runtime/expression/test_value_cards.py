"""Cards and evidence of real runs: the sandbox's value, the card on the page, and the calls an answer names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from agui_story import activities, text
from sanca.python_runtime import Engine
from sanca.python_runtime.engine import LOCAL
from sanca.python_runtime.models import ScriptedModel
from watching import to_the_end

pytestmark = pytest.mark.anyio

ROWS = "rows = [{'region': name, 'sum': number} for name, number in (('N', 1), ('S', 2), ('W', 3))]\nrows"
FRAME = "import pandas\nsums = pandas.DataFrame({'region': ['N', 'S', 'W'], 'sum': [1, 2, 3]})\nsums"


def action(code: str) -> str:
    return f"I look.\n\n```python\n{code}\n```"


async def story(home: Path, *, code: str = "", model: ScriptedModel | None = None) -> list[dict[str, Any]]:
    async with Engine(home, model=model) as engine:
        request = engine.request("ses_a", LOCAL, message="" if code else "hum a tune", action_code=code)
        return await to_the_end(await engine.start(request))


def components(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    shown = activities(events, "a2ui-surface").values()
    return [card["a2ui_operations"][1]["updateComponents"]["components"][0] for card in shown]


@pytest.mark.parametrize(("code", "title"), [(ROWS, "Rows"), (FRAME, "Sums")])
async def test_a_table_is_shown_as_a_card_and_not_said_once_more(home: Path, code: str, title: str) -> None:
    events = await story(home, code=code)

    (table,) = components(events)
    assert (table["component"], table["title"]) == ("Table", title)
    assert table["rows"] == [["N", 1], ["S", 2], ["W", 3]]
    assert text(events) == ""
    assert "region" in events[-1]["result"]["answer"]


async def test_an_action_that_shows_a_card_itself_is_not_doubled(home: Path) -> None:
    events = await story(home, code="card.text('mine')\n" + ROWS)

    assert [one["component"] for one in components(events)] == ["Column"]


async def test_none_is_chosen_where_the_setting_says_so(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SANCA_CARDS_BY_DATA", "0")
    events = await story(home, code=ROWS)

    assert components(events) == []
    assert "region" in text(events)


async def test_a_models_answer_gets_the_table_it_rests_on_beside_it(home: Path) -> None:
    events = await story(home, model=ScriptedModel([action(ROWS), "West sold the most."]))

    assert [one["component"] for one in components(events)] == ["Table"]
    assert text(events).endswith("West sold the most.")


@pytest.mark.parametrize("claim", ["| region | sum |\n| --- | --- |\n| W | 3 |", "```csv\nW,3\n```"])
async def test_a_models_answer_that_shows_the_table_itself_gets_no_card(home: Path, claim: str) -> None:
    events = await story(home, model=ScriptedModel([action(ROWS), claim]))

    assert components(events) == []


async def test_the_answer_names_the_calls_it_rests_on_and_only_those_that_were_made(home: Path) -> None:
    code = "garden.dig('north')\ngarden.beds()\ncard.text('x')\ntry:\n    garden.break_spade()\nexcept ToolError: pass"
    events = await story(home, model=ScriptedModel([action(code), "I have dug the north bed."]))

    evidence = events[-1]["result"]["evidence"]
    told = [(call["name"], call["about"], call["effect"]) for call in evidence["calls"]]
    assert told == [("garden.dig", "north", "WRITE"), ("garden.beds", "", "READ")]
    assert evidence["more"] == 0
    ids = {call["call_id"] for round_ in activities(events, "sanca-round").values() for call in round_["calls"]}
    assert {call["call_id"] for call in evidence["calls"]} <= ids


async def test_an_answer_without_calls_names_none(home: Path) -> None:
    events = await story(home, model=ScriptedModel(["Hello!"]))

    assert events[-1]["result"]["evidence"] == {}
