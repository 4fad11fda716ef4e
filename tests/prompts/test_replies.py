"""What is read from plans and verdicts, however a model spells them."""

from __future__ import annotations

import pytest
from sanca.prompts import PlannedGoal, read_thought, read_verdict


def test_a_plan_has_goals_with_what_they_wait_for() -> None:
    plan = read_thought(
        "Known: the shop is slow.\nMissing: which service.\nGoals:\n"
        "1. Find the service — done when: it is named\n2. Find the change (after 1) — done when: its time is known\n"
        "3. Tell both (after 1, 2)\n"
    )
    assert plan.known == "the shop is slow."
    assert plan.goals == (
        PlannedGoal("Find the service", (), "it is named"),
        PlannedGoal("Find the change", (1,), "its time is known"),
        PlannedGoal("Tell both", (1, 2)),
    )
    assert plan.question == ""


@pytest.mark.parametrize(
    "text",
    [
        "<think>Goals: 1. none</think>**Goals:**\n1. **Find it** (after 2)\n2. Tell it (after 1)",
        "## Goals:\n1) Find it\n2) Tell it (after 1)",
        "目标：\n1、Find it\n2、Tell it（after 1）",
        "Plan:\n- 1. Find it.\n- 2. Tell it (needs 1).",
    ],
)
def test_other_spellings_are_the_same_plan(text: str) -> None:
    assert read_thought(text).goals == (PlannedGoal("Find it"), PlannedGoal("Tell it", (1,)))


def test_goals_wait_for_earlier_ones_only() -> None:
    goals = read_thought("Goals:\n1. a (after 1)\n2. b (after 3, 9)\n3. c (after 2)").goals
    assert [goal.after for goal in goals] == [(), (), (2,)]


def test_an_unclear_task_gives_one_question() -> None:
    plan = read_thought("Question: 要重启哪个服务：orders 还是 payments？")
    assert plan.question == "要重启哪个服务：orders 还是 payments？"
    assert plan.goals == ()


@pytest.mark.parametrize("text", ["", "I would look first.", "Goals:\n- look", "<think>Goals:\n1. a"])
def test_a_reply_without_a_plan_has_no_goals(text: str) -> None:
    assert read_thought(text).goals == ()


@pytest.mark.parametrize(
    ("text", "verdict", "missing"),
    [
        ("Verdict: done\nReason: it is up.\nMissing: nothing", "done", ""),
        (
            "**Verdict:** `missing`\n**Reason:** wrong target\n**Missing:** restart payments",
            "missing",
            "restart payments",
        ),
        ("<think>Verdict: done</think>Verdict: failed\nReason: refused\nMissing: none", "failed", ""),
        ("Verdict: done or missing\nReason: ?", "", ""),
        ("It is done.", "", ""),
        ("", "", ""),
    ],
)
def test_verdicts_are_read(text: str, verdict: str, missing: str) -> None:
    read = read_verdict(text)
    assert (read.verdict, read.missing) == (verdict, missing)
