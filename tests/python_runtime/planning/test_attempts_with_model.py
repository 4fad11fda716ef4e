"""Write, run, observe, revise: a messy file, a repair in the middle of an action, and a run of thirty rounds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from agui_story import activities, check_order
from model_script import Serve, act, asked, last
from model_server import Reply
from sanca.python_runtime import Engine
from sanca.python_runtime.engine import LOCAL
from watching import to_the_end

pytestmark = pytest.mark.anyio

BY_REGION = "Total the revenue of sales.csv by region, highest first"
FIRST = """import csv

with open("/input/sales.csv", newline="") as file:
    rows = list(csv.DictReader(file))
amounts = [(row["region"], row["Revenue"]) for row in rows]
totals = {}
for region, amount in amounts:
    totals[region] = totals.get(region, 0) + amount
sorted(totals.items(), key=lambda one: -one[1])"""
MENDED = """def dollars(text):
    return float(text.strip().lstrip("$").replace(",", ""))

totals = {}
for row in rows:
    totals[row["region"]] = totals.get(row["region"], 0) + dollars(row["Revenue "])
sorted(totals.items(), key=lambda one: -one[1])"""
ANSWER = "South leads with $1,300, then north with $800 and west with $50."


async def story(home: Path, message: str) -> list[dict[str, Any]]:
    async with Engine(home) as engine:
        events = await to_the_end(await engine.start(engine.request("ses_a", LOCAL, message=message)), seconds=120)
    check_order(events)
    return events


def rounds(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return list(activities(events, "sanca-round").values())


@pytest.mark.usefixtures("messy_csv")
async def test_a_messy_file_fails_with_a_key_error_and_the_repair_works(home: Path, serve: Serve) -> None:
    server = serve([act(FIRST), act(MENDED, "The column ends in a space, and the amounts are texts."), ANSWER])
    events = await story(home, BY_REGION)

    failed, mended, _ = rounds(events)
    assert failed["status"] == "error"
    assert "KeyError: 'Revenue'" in failed["observation"]
    assert "KeyError: 'Revenue'" in last(server.requests[1].body)
    assert "rows" in last(server.requests[1].body)  # what was read before lives on
    assert mended["status"] == "ok"
    assert mended["value"] == "[('south', 1300.0), ('north', 800.0), ('west', 50.0)]"
    assert events[-1]["result"]["answer"].startswith(ANSWER)


@pytest.mark.usefixtures("messy_csv")
async def test_a_completion_model_mends_only_the_statement_that_failed(home: Path, serve: Serve) -> None:
    middle = 'amounts = [(row["region"], float(row["Revenue "].strip("$").replace(",", ""))) for row in rows]\n'

    def reply(body: dict[str, Any]) -> Reply | str:
        if "prompt" in body:
            return middle
        return ANSWER if "Value:" in last(body) else act(FIRST)

    server = serve(reply, model="fake-coder")
    events = await story(home, BY_REGION)

    assert [request.path.rpartition("/v1")[2] for request in server.requests] == [
        "/chat/completions", "/completions", "/chat/completions",
    ]  # fmt: skip
    prompt = server.requests[1].body["prompt"]
    assert prompt.startswith(("<|fim_prefix|>", "#"))
    assert "KeyError: 'Revenue'" in prompt
    assert "totals = {}" in prompt.partition("<|fim_suffix|>")[2]
    failed, mended, _ = rounds(events)
    assert "csv.DictReader" not in mended["code"]  # what ran before is not run again
    assert mended["code"].startswith(middle)
    assert (failed["status"], mended["status"]) == ("error", "ok")
    assert mended["value"].startswith("[('south', 1300.0)")
    assert events[-1]["result"]["answer"].startswith(ANSWER)


@pytest.mark.usefixtures("messy_csv")
async def test_a_completion_that_cannot_be_used_leaves_it_to_the_usual_way(home: Path, serve: Serve) -> None:
    def reply(body: dict[str, Any]) -> Reply | str:
        if "prompt" in body:
            return Reply(status=404, error_message="no such path")
        if "Value:" in last(body):
            return ANSWER
        return act(MENDED) if "KeyError" in asked(body) else act(FIRST)

    server = serve(reply, model="fake-coder")
    events = await story(home, BY_REGION)

    assert [round_["status"] for round_ in rounds(events)] == ["error", "ok", "ok"]
    assert events[-1]["result"]["answer"].startswith(ANSWER)
    assert sum("prompt" in request.body for request in server.requests) == 1


async def test_an_action_that_changed_something_before_it_failed_is_not_mended_by_halves(
    home: Path, serve: Serve
) -> None:
    code = "dug = garden.dig('north')\nprint(dug)\nlitres = int(dug)\nlitres"
    server = serve([act(code), "It is dug; that was all."], model="fake-coder")
    events = await story(home, "dig the north bed and hum a tune for the tulips")

    assert all("prompt" not in request.body for request in server.requests)
    assert events[-1]["result"]["answer"].startswith("It is dug; that was all.")


async def test_an_action_that_the_limit_of_length_cut_off_is_completed(home: Path, serve: Serve) -> None:
    cut = "I count.\n\n```python\nbeds = garden.beds()\nnames = [bed.upper() for bed in be"

    def reply(body: dict[str, Any]) -> Reply | str:
        if "prompt" in body:
            return "ds]\nnames"
        return "Both." if "Value:" in last(body) else Reply(text=cut, finish_reason="length")

    serve(reply, model="fake-coder")
    events = await story(home, "hum a tune for the tulips")

    first = rounds(events)[0]
    assert first["code"].endswith("for bed in beds]\nnames")
    assert first["value"] == "['NORTH', 'SOUTH']"


async def test_thirty_rounds_reach_a_goal_with_every_name_alive(
    home: Path, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SANCA_ROUNDS_MAX", "40")
    steps = [act("seen = [0]\nseen")]
    steps += [act(f"seen.append({number} + seen[-1])\nseen[-1]", f"Step {number}.") for number in range(1, 30)]
    server = serve([*steps, "The sum is **435**."])
    events = await story(home, "hum a tune for the tulips, thirty times")

    assert events[-1]["result"]["answer"].startswith("The sum is **435**.")
    assert (events[-1]["result"]["status"], events[-1]["result"]["rounds"]) == ("done", 31)
    assert rounds(events)[29]["value"] == "435"
    assert {round_["status"] for round_ in rounds(events)} == {"ok"}
    sizes = [len(asked(request.body)) for request in server.requests]
    assert max(sizes) < 4 * sizes[0]


async def test_a_call_that_the_check_refuses_is_mended_in_its_place(home: Path, serve: Serve) -> None:
    code = "beds = garden.beds()\nfirst = garden.dig(beds[0], deep=True)\nprint(first)\nfirst"

    def reply(body: dict[str, Any]) -> Reply | str:
        if "prompt" in body:
            return "first = garden.dig(beds[0])\n"
        return "Dug." if "Value:" in last(body) else act(code)

    server = serve(reply, model="fake-coder")
    events = await story(home, "hum a tune for the tulips")

    refused, mended, _ = rounds(events)
    assert (refused["check"]["outcome"], mended["status"]) == ("stopped", "ok")
    assert mended["code"].rstrip() == code.replace(", deep=True", "")
    assert sum("prompt" in request.body for request in server.requests) == 1
