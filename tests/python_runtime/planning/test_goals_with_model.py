"""Runs with sub-goals: only the model is scripted, and it is asked over real HTTP."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
import pytest
from agui_story import activities, check_order, text
from model_script import Serve, act, last
from model_server import Reply
from sanca.python_runtime import Engine
from sanca.python_runtime.engine import LOCAL
from watching import to_the_end

pytestmark = pytest.mark.anyio

ASK = "hum a tune for the tulips, and then dig the north bed, and then sing about both"
LIST = "```plan\n1. Count the beds\n2. Dig the north bed (after 1)\n3. Sing about both (after 1, 2)\n```\n\n"


async def story(home: Path, message: str = ASK, **more: Any) -> list[dict[str, Any]]:
    async with Engine(home) as engine:
        events = await to_the_end(
            await engine.start(engine.request("ses_a", LOCAL, message=message, **more)), seconds=120
        )
    check_order(events)
    return events


def goals(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    (content,) = activities(events, "sanca-goals").values()
    return list(content["sub_goals"])


def rounds(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return list(activities(events, "sanca-round").values())


async def test_a_list_is_worked_off_with_evidence_and_no_round_more_than_actions(home: Path, serve: Serve) -> None:
    server = serve([
        f"First a list.\n\n{LIST}```python\nbeds = garden.beds()\nlen(beds)\n```",
        "Goal 1: done - there are 2 beds (evidence: beds, garden.beds)\n\n```python\ngarden.dig('north')\n```",
        "Goal 2: done - it is dug (evidence: garden.dig)\n\n```python\nsong = 'la ' * len(beds)\nsong\n```",
        "Goal 3: done - sung (evidence: song)\n\nTwo beds, the north one is dug: *la la*.",
    ])  # fmt: skip
    events = await story(home)

    assert events[-1]["result"]["answer"].startswith("Two beds, the north one is dug: *la la*.")
    assert (events[-1]["result"]["status"], events[-1]["result"]["rounds"]) == ("done", 4)
    first, second, third = goals(events)
    assert [one["status"] for one in (first, second, third)] == ["done"] * 3
    assert first["reason"] == "there are 2 beds"
    assert first["evidence"][0] == "beds"
    assert first["evidence"][1].startswith(events[-1]["result"]["run_id"])
    assert third["depends_on"] == ["1", "2"]
    assert [round_["sub_goal_id"] for round_ in rounds(events)] == ["1", "2", "3", ""]
    assert "plan" not in text(events)
    assert "Goal 1" not in text(events)
    assert len(server.requests) == 4


async def test_a_sub_goals_prompt_holds_only_its_own_rounds_and_what_was_handed_over(home: Path, serve: Serve) -> None:
    server = serve([
        f"{LIST}```python\nbeds = garden.beds()\nprint('only for goal one')\n```",
        "Goal 1: done - two beds (evidence: beds)\n\n```python\ngarden.dig('north')\n```",
        "Goal 2: done - dug\n\n```python\nbeds\n```",
        "Goal 3: done - sung\n\nDone.",
    ])  # fmt: skip
    await story(home)

    of_second, of_third = (server.requests[number].messages for number in (2, 3))
    said = "\n".join(str(message["content"]) for message in of_second[1:])
    assert "only for goal one" not in said
    assert "Sub-goal 1 is done: two beds" in said
    assert "Names that hold its data: beds" in said
    assert "Behind that line write the ```python block for goal 3" in str(of_second[-1]["content"])
    assert "It is the last open goal" in str(of_third[-1]["content"])


async def test_a_sub_goal_that_was_not_reached_is_not_taken_as_done(home: Path, serve: Serve) -> None:
    server = serve([
        f"{LIST}```python\ngarden.break_spade()\n```",
        "Goal 1: done - all counted\n\n```python\ngarden.dig('north')\n```",
        act("beds = garden.beds()"),
        "Goal 1: done - counted (evidence: sheds)\n\n```python\ngarden.dig('north')\n```",
        "Goal 1: done - counted (evidence: beds)\n\n```python\ngarden.dig('north')\n```",
        "Goal 2: done - dug\n\n```python\n'la'\n```",
        "Goal 3: done - sung\n\nDone.",
    ])  # fmt: skip
    events = await story(home)

    assert "its last action ended with an error" in last(server.requests[2].body)
    assert "no name 'sheds'" in last(server.requests[4].body)
    assert [round_["status"] for round_ in rounds(events)][:5] == ["error", "error", "ok", "error", "ok"]
    assert [one["status"] for one in goals(events)] == ["done"] * 3


async def test_an_abandoned_sub_goal_takes_those_that_need_it_along_and_is_told(home: Path, serve: Serve) -> None:
    serve([
        f"{LIST}```python\nbeds = garden.beds()\n```",
        "Goal 1: done - two\n\n```python\ngarden.break_spade()\n```",
        "Goal 2: abandon - the spade is broken.",
        "There are two beds.",
    ])  # fmt: skip
    events = await story(home)

    assert [one["status"] for one in goals(events)] == ["done", "abandoned", "abandoned"]
    assert goals(events)[2]["reason"] == "It needs 'Dig the north bed', which was given up."
    answer = events[-1]["result"]["answer"]
    assert answer.startswith("There are two beds.\n\nNot done:")
    assert "- Dig the north bed: the spade is broken." in answer
    assert text(events).endswith(answer.partition("\n\n")[2])


async def test_an_answer_that_an_action_words_is_only_a_part_in_a_sub_goal(home: Path, serve: Serve) -> None:
    server = serve([
        f"{LIST}```python\nfinal_answer(f'There are {{len(garden.beds())}} beds.')\n```",
        "Goal 1: done - counted (evidence: garden.beds)\n\n```python\nfinal_answer(garden.dig('north'))\n```",
        "It is dug.",  # without its line
        act("song = 'la'\nfinal_answer(song)"),
        "Goal 3: done - sung (evidence: song)\n\nTwo beds, the north one is dug: *la*.",
    ])  # fmt: skip
    events = await story(home)

    assert (events[-1]["result"]["status"], len(server.requests)) == ("done", 5)
    assert events[-1]["result"]["answer"].startswith("Two beds, the north one is dug: *la*.")
    assert "There are 2 beds." not in text(events)
    assert rounds(events)[0]["observation"] == "Final answer:\nThere are 2 beds."
    of_second, of_third = (
        "\n".join(str(message["content"]) for message in server.requests[number].messages) for number in (2, 3)
    )
    assert "Final answer:\ndug north" in of_second
    assert "Its last value: There are 2 beds." in of_third
    assert "Its last value: dug north" in of_third
    assert [(one["status"], one["reason"]) for one in goals(events)] == [
        ("done", "counted"), ("done", "It is dug."), ("done", "sung"),
    ]  # fmt: skip


async def test_an_answer_that_an_action_words_at_the_end_tells_what_was_given_up(home: Path, serve: Serve) -> None:
    serve([
        f"{LIST}```python\nbeds = garden.beds()\n```",
        "Goal 1: done - two\n\n```python\ngarden.break_spade()\n```",
        "Goal 2: abandon - the spade is broken.",
        act("final_answer('There are two beds.')"),
    ])  # fmt: skip
    events = await story(home)

    answer = events[-1]["result"]["answer"]
    assert answer.startswith("There are two beds.\n\nNot done:")
    assert "- Dig the north bed: the spade is broken." in answer


async def test_after_so_many_attempts_another_approach_is_asked_for_and_then_it_is_given_up(
    home: Path, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SANCA_ATTEMPTS_MAX", "2")
    failing = [act("int(garden.beds()[0])"), act("1 / (len(garden.beds()) - 2)"), act("dict(a=1)[garden.beds()[0]]")]
    server = serve([
        f"{LIST}```python\ngarden.beds()[6]\n```", *failing, "It could not be counted.",
    ])  # fmt: skip
    events = await story(home)

    assert "2 attempts in a row have failed" in last(server.requests[2].body)
    assert "another approach" in last(server.requests[2].body)
    assert "another approach" not in last(server.requests[1].body)
    assert {one["status"] for one in goals(events)} == {"abandoned"}
    assert "KeyError" in goals(events)[0]["reason"]
    assert "All goals are closed" in last(server.requests[4].body)
    assert "Count the beds: 4 attempts failed" in events[-1]["result"]["answer"]


async def test_independent_sub_goals_are_asked_about_at_the_same_time(home: Path, serve: Serve) -> None:
    listed = "1. Look at the beds\n2. Dig the north bed\n3. Dig the south bed\n4. Tell (after 1, 2, 3)"

    def reply(body: dict[str, Any]) -> Any:
        end = last(body)
        if "```plan" in end:
            return f"```plan\n{listed}\n```\n\n```python\nbeds = garden.beds()\n```"
        if "You work at goal 1" in end:
            return "Goal 1: done - seen (evidence: beds)"
        if "You work at goal 4" in end:
            return "Goal 4: done - told (evidence: north, south)\n\nBoth are dug."
        number, name = ("2", "north") if "You work at goal 2" in end else ("3", "south")
        if "Value:" in end:
            return f"Goal {number}: done - dug (evidence: {name})"
        return act(f"{name} = garden.dig('{name}')\n{name}")

    server = serve(reply)
    events = await story(home)

    assert events[-1]["result"]["answer"].startswith("Both are dug.")
    first, *beside, last_one = [round_["sub_goal_id"] for round_ in rounds(events)]
    assert (first, sorted(beside), last_one) == ("1", ["2", "3"], "")  # whose reply is there first acts first
    ends = [last(request.body) for request in server.requests]
    wave = ends[1:4]
    assert {number for number in "123" if any(f"You work at goal {number}" in end for end in wave)} == {"1", "2", "3"}
    assert "Goals 2, 3 are worked at beside it" in next(end for end in wave if "You work at goal 1" in end)
    assert {one["status"] for one in goals(events)} == {"done"}


async def test_an_action_must_leave_the_names_of_other_open_sub_goals_alone(home: Path, serve: Serve) -> None:
    looked: list[str] = []

    def reply(body: dict[str, Any]) -> Any:
        end = last(body)
        if "```plan" in end:
            return "```plan\n1. Look at the beds\n2. Dig the north bed\n```\n\n```python\nrows = garden.beds()\n```"
        if "You work at goal 1" in end:
            looked.append(end)
            return act("rows[0]") if len(looked) == 1 else "Goal 1: done - seen (evidence: rows)\n\nSeen and dug."
        if "take other names" in end:
            return act("dug = garden.dig('north')\ndug")
        if "Value:" in end:
            return "Goal 2: done - dug (evidence: dug)\n\nDug."
        return act("rows = garden.dig('north')")

    serve(reply)
    events = await story(home)

    refused = [round_ for round_ in rounds(events) if "take other names" in round_["observation"]]
    assert [round_["sub_goal_id"] for round_ in refused] == ["2"]
    assert [call["tool"] for round_ in rounds(events) for call in round_["calls"]].count("dig") == 1
    assert {one["status"] for one in goals(events)} == {"done"}


async def test_planning_apart_asks_for_the_list_first(
    home: Path, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SANCA_PLANNING", "apart")
    server = serve([
        "Known: nothing.\nMissing: the beds.\nPlan:\n1. Count the beds\n2. Dig the north bed (after 1)",
        act("beds = garden.beds()"),
        "Goal 1: done - two (evidence: beds)\n\n```python\ngarden.dig('north')\n```",
        "Goal 2: done - dug\n\nTwo beds, the north one is dug.",
    ])  # fmt: skip
    events = await story(home)

    assert events[-1]["result"]["answer"].startswith("Two beds, the north one is dug.")
    assert [one["status"] for one in goals(events)] == ["done", "done"]
    (content,) = activities(events, "sanca-goals").values()
    assert content["planned"] == "thought"
    assert len(server.requests) == 4
    assert "Known:" not in text(events)


async def test_cancel_closes_the_replies_of_all_sub_goals_under_way(home: Path, serve: Serve) -> None:
    def reply(body: dict[str, Any]) -> Any:
        if "```plan" in last(body):
            return "```plan\n1. Look\n2. Dig\n3. Sing\n```\n\n```python\nbeds = garden.beds()\n```"
        return Reply(text="word " * 5_000, chunk_chars=5, chunk_delay_seconds=0.05)

    server = serve(reply)
    async with Engine(home) as engine:
        log = await engine.start(engine.request("ses_a", LOCAL, message=ASK))
        with anyio.fail_after(60):
            async for event in log.follow():
                if "TEXT_MESSAGE_CONTENT" in event.json and len(server.requests) == 4:
                    break
            await engine.cancel(log.run_id)
            events = await to_the_end(log)
            await anyio.to_thread.run_sync(server.disconnected.wait)

    check_order(events)
    assert events[-1]["outcome"] == {"type": "cancelled"}
    assert len(server.requests) == 4
    assert [one["status"] for one in goals(events)] == ["active", "open", "open"]
