"""Several things in one message without any model: skills do them one after the other."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from agui_story import activities, check_order, text
from model_script import Serve, act, last
from sanca.python_runtime import Engine
from sanca.python_runtime.engine import LOCAL
from watching import to_the_end

pytestmark = pytest.mark.anyio


async def story(home: Path, message: str) -> list[dict[str, Any]]:
    async with Engine(home) as engine:
        events = await to_the_end(await engine.start(engine.request("ses_a", LOCAL, message=message)), seconds=120)
    check_order(events)
    return events


async def test_two_things_that_skills_do_are_both_done(home: Path) -> None:
    events = await story(home, "what is 12% of 85?; what is 3 times 14?")

    (content,) = activities(events, "sanca-goals").values()
    assert content["planned"] == "rules"
    assert [(one["title"], one["status"]) for one in content["sub_goals"]] == [
        ("what is 12% of 85?", "done"), ("what is 3 times 14?", "done"),
    ]  # fmt: skip
    answer = events[-1]["result"]["answer"]
    assert "10.2" in answer
    assert "42" in answer
    assert text(events) == answer
    rounds = list(activities(events, "sanca-round").values())
    assert [one["strategy"] for one in rounds] == ["experience"] * 3
    assert events[-1]["result"]["status"] == "done"


async def test_one_thing_is_answered_as_before_in_one_round(home: Path) -> None:
    events = await story(home, "what is 12% of 85?")

    assert activities(events, "sanca-goals") == {}
    assert events[-1]["result"]["rounds"] == 1


async def test_a_skill_serves_a_sub_goal_of_a_models_list_without_asking_the_model(home: Path, serve: Serve) -> None:
    def reply(body: dict[str, Any]) -> Any:
        end = last(body)
        if "Begin your reply with a block" in end:
            listed = "1. Count the beds\n2. what is 12% of 85?\n3. Hum a tune (after 1, 2)"
            return f"```plan\n{listed}\n```\n\n```python\nbeds = garden.beds()\n```"
        if "You work at goal 1" in end:
            return "Goal 1: done - two (evidence: beds)"
        if "You work at goal 3" in end and "Value:" not in end:
            return act("'la ' * len(beds)")
        return "Goal 3: done - hummed\n\nTwo beds, 10.2, la la."

    server = serve(reply)
    events = await story(home, "count the beds, and then take 12% of 85, and then hum a tune")

    (content,) = activities(events, "sanca-goals").values()
    assert [one["status"] for one in content["sub_goals"]] == ["done"] * 3
    rounds = list(activities(events, "sanca-round").values())
    (by_skill,) = [one for one in rounds if one["strategy"] == "experience"]
    assert (by_skill["sub_goal_id"], by_skill["skill"]["name"]) == ("2", "calculate")
    assert not any("You work at goal 2" in last(request.body) for request in server.requests)
    assert events[-1]["result"]["answer"].startswith("Two beds, 10.2, la la.")
