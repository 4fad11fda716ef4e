"""How a goal is gone about: chosen by rules, shown on the round, told to the model, forced by a person or a setting."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import anyio
import pytest
from agui_story import activities
from model_script import Serve, last
from sanca.python_runtime import Engine
from sanca.python_runtime.planning.strategy import goals_in, wants_plan

pytestmark = pytest.mark.anyio

GREENHOUSE = '''
"""A greenhouse: plants, their soil, and what is sown."""

from typing import Any

from sanca.toolkit_bridge import tool


@tool
def moisture(plant: str) -> float:
    """Measure how moist or dry the soil of a plant is."""
    return 0.4


@tool
def pests(plant: str) -> list[str]:
    """Look for insects and other pests on the leaves of a plant."""
    return []


@tool
def height(plant: str) -> float:
    """Tell how tall a plant has grown, its height."""
    return 12.5


@tool
def sow(seed: str) -> str:
    """Sow a seed."""
    return "sown"
'''

MESSAGES = {
    "how moist is the soil of the ficus": "single_tool",
    "are there insects on the leaves of the monstera": "single_tool",
    "tell me the height of the cactus": "single_tool",
    "please sow a seed of basil": "single_tool",
    "how moist is the soil of the ficus, and are there insects on its leaves, in one call": "single_tool",
    "measure the soil of the ficus and look for insects on its leaves": "sequence",
    "sow a seed of basil and tell the height of the cactus": "sequence",
    "look for pests on the orchid, sow a seed, one after the other": "sequence",
    "量一下 ficus 的 soil moisture，并查看叶子上的 insects pests": "sequence",
    "for each plant measure how moist the soil is": "composition",
    "find the driest soil and look for insects on the leaves of those plants": "composition",
    "tell the height of all plants and look for pests on the leaves of the tallest, based on that": "composition",
    "量每个 plant 的 soil moisture": "composition",
    "hum a tune for the tulips": "synthesis",
    "hum a lullaby for the moon over the pond": "synthesis",
    "write a tool that measures the soil of a plant": "synthesis",
    "给我写一个函数，测量 soil moisture": "synthesis",
    "what is 12% of 85?": "workflow",
}


@pytest.fixture
def greenhouse(home: Path) -> None:
    """A toolkit with several tools that no skill knows."""
    (home / "toolkits" / "greenhouse.py").write_text(GREENHOUSE, encoding="utf-8")


def shown(events: list[dict[str, Any]]) -> dict[str, Any]:
    return next(iter(activities(events, "sanca-round").values()))


@pytest.mark.usefixtures("greenhouse")
async def test_every_round_shows_how_it_goes_about_its_goal_and_why(home: Path, serve: Serve) -> None:
    serve(lambda _body: "Fine.")
    found, reasons = {}, set()
    async with Engine(home) as engine:
        for message in MESSAGES:
            with anyio.fail_after(30):
                round_ = shown([event async for event in engine.stream(message)])
            found[message] = round_["query_strategy"]
            reasons.add(round_["query_reason"])

    assert found == MESSAGES
    assert "" not in reasons


@pytest.mark.usefixtures("greenhouse")
async def test_the_model_is_told_in_one_line_and_only_in_the_first_prompt(home: Path, serve: Serve) -> None:
    server = serve(["```python\n1 + 1\n```", "Fine."])
    async with Engine(home) as engine:
        events = [event async for event in engine.stream("tell me the height of the cactus")]

    first, second = (last(request.body) for request in server.requests)
    assert "One tool seems to do it (`greenhouse.height`): call it, look, and answer." in first
    assert "One tool seems" not in second
    assert [one["query_strategy"] for one in activities(events, "sanca-round").values()] == ["single_tool"] * 2


@pytest.mark.usefixtures("greenhouse")
async def test_a_setting_forces_the_strategy(home: Path, serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SANCA_QUERY_STRATEGY", "synthesis")
    server = serve(["Fine."])
    async with Engine(home) as engine:
        events = [event async for event in engine.stream("tell me the height of the cactus")]

    assert shown(events)["query_strategy"] == "synthesis"
    assert "write a function for it" in last(server.requests[0].body)


@pytest.mark.parametrize(
    ("message", "count"),
    [
        ("restart checkout and then roll back payments", 2),
        ("1. check checkout\n2. check payments\n3. write a report", 3),
        ("重启 checkout，然后检查 payments", 2),
        ("read the file; group it by region; draw a chart", 3),
        ("check checkout, then tell me its release", 2),
        ("if checkout is down, then restart it", 1),
        ("如果 checkout 挂了，然后重启它", 1),
        ("restart checkout and payments", 1),
        ("what happened then?", 1),
        ("compare v1.0.0 and v1.2.0 of orders", 1),
    ],
)
def test_goals_of_a_message_are_counted_where_they_follow_each_other(message: str, count: int) -> None:
    assert len(goals_in(message)) == count
    assert wants_plan(message) == (count > 1)
