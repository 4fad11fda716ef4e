"""The rules alone, without an engine: claims of many trades over calls as a journal has them, and how long it takes."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from claim_cases import FALSE, TRUE, Story
from further_claims import FURTHER_FALSE, FURTHER_TRUE
from plain_claims import HONEST, TRADES, UNTRUE, Plain
from played_claims import Fleet
from sanca.core.tools import ToolkitDefinition
from sanca.python_runtime.self_check.case import case_of
from sanca.python_runtime.self_check.doubts import Doubt
from sanca.python_runtime.self_check.evidence import Evidence
from sanca.python_runtime.self_check.rules import doubts_of

_ONLY_THE_WORLD_TELLS = frozenset(
    [
        "the world says otherwise",
        "a setting that did not take",
        "ok from the tool, the old release in the reading",
        "zh: a timeout that stayed",
    ]
)
"""Stories in which every call says that all is well."""


def doubts(claim: str, goal: str, evidence: Evidence, toolkits: Sequence[ToolkitDefinition]) -> list[Doubt]:
    return doubts_of(case_of(claim, goal, evidence, toolkits))


@pytest.fixture
def fleet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Fleet:
    (tmp_path / "desk").mkdir()
    monkeypatch.chdir(tmp_path / "desk")
    return Fleet(tmp_path / "state")


@pytest.mark.parametrize("told", HONEST, ids=lambda told: told.claim[:40])
def test_an_honest_claim_of_any_trade_is_accepted(told: Plain) -> None:
    assert doubts(told.claim, told.goal, told.evidence(), TRADES) == []


@pytest.mark.parametrize("told", UNTRUE, ids=lambda told: told.claim[:40])
def test_an_untrue_claim_of_any_trade_is_doubted(told: Plain) -> None:
    assert doubts(told.claim, told.goal, told.evidence(), TRADES) != []


@pytest.mark.parametrize("story", [*TRUE, *FURTHER_TRUE], ids=lambda story: story.name)
def test_the_rules_have_no_doubt_of_a_true_story(story: Story, fleet: Fleet) -> None:
    assert doubts(story.claim, story.goal, fleet.play(story), fleet.toolkits) == []


@pytest.mark.parametrize("story", [*FALSE, *FURTHER_FALSE], ids=lambda story: story.name)
def test_the_rules_doubt_a_false_story_unless_only_the_world_can_tell(story: Story, fleet: Fleet) -> None:
    found = doubts(story.claim, story.goal, fleet.play(story), fleet.toolkits)
    assert bool(found) is (story.name not in _ONLY_THE_WORLD_TELLS)


def test_a_claim_takes_less_than_ten_milliseconds() -> None:
    cases = [(told, told.evidence()) for told in [*HONEST, *UNTRUE]]
    for told, evidence in cases:  # compiles the patterns
        doubts(told.claim, told.goal, evidence, TRADES)
    began = time.thread_time()
    for told, evidence in cases:
        doubts(told.claim, told.goal, evidence, TRADES)
    assert (time.thread_time() - began) / len(cases) < 0.01
