"""What is read out of a reply: a list of sub-goals, marks on single ones, and the rest."""

from __future__ import annotations

import pytest
from sanca.prompts import PlannedGoal
from sanca.python_runtime.planning.plan import GoalMark
from sanca.python_runtime.planning.plan_text import read_plan

ACTION = "```python\nx = 1\n```"


@pytest.mark.parametrize(
    ("text", "goals"),
    [
        ("```plan\n1. Read\n2. Sum (after 1)\n```", [("Read", ()), ("Sum", (1,))]),
        ("~~~plan\n- Read\n- Sum (needs 1)\n~~~\n" + ACTION, [("Read", ()), ("Sum", (1,))]),
        ("I start.\n\n```plan\n1. [ ] **Read**\n2) Sum (after goals 1 and 1)\n```\n" + ACTION,
         [("Read", ()), ("Sum", (1,))]),
        ("```plan\n1. 读取数据\n2. 汇总（依赖 1）\n3. 画图（在1、2之后）\n```",
         [("读取数据", ()), ("汇总", (1,)), ("画图", (1, 2))]),
        ("Plan:\n1. Read\n2. Sum\n\nNow the first.\n" + ACTION, [("Read", ()), ("Sum", (1,))]),
        ("**Plan:**\n1. Read\n2. Sum\n3. Draw (after 1)\n" + ACTION, [("Read", ()), ("Sum", ()), ("Draw", (1,))]),
        ("```plan\n1. Take the top (10)\n2. Draw\n```", [("Take the top (10)", ()), ("Draw", ())]),
    ],
)  # fmt: skip
def test_a_list_of_sub_goals_is_read_in_every_form(text: str, goals: list[tuple[str, tuple[int, ...]]]) -> None:
    plan = read_plan(text, finish_reason="stop", has_goals=False)

    assert plan.goals == tuple(PlannedGoal(title, after) for title, after in goals)
    assert plan.code == ("x = 1" if "python" in text else "")
    assert plan.fault == ""


@pytest.mark.parametrize(
    "answer",
    [
        "Plan:\n1. Buy milk\n2. Drink it",
        "Here is the plan:\n\n## Plan\n- Monday\n- Tuesday",
        "Goal 1: done - that was the migration's first goal.",
    ],
)
def test_a_plan_that_was_asked_for_as_a_text_stays_an_answer(answer: str) -> None:
    plan = read_plan(answer, finish_reason="stop", has_goals=False)

    assert (plan.goals, plan.marks, plan.answer) == ((), (), answer)


@pytest.mark.parametrize(
    ("line", "mark"),
    [
        ("Goal 1: done - it answers (evidence: health, system.health)",
         GoalMark("1", "done", "it answers", ("health", "system.health"))),
        ("**Goal 2: done** — totals agree; evidence: `totals`, run_1/3.",
         GoalMark("2", "done", "totals agree", ("totals", "run_1/3"))),
        ("- Sub-goal #3: abandoned: there is no mail tool.", GoalMark("3", "abandon", "there is no mail tool.")),
        ("Goal 4: continue", GoalMark("4", "continue")),
        ("GOAL 5: complete", GoalMark("5", "done")),
        ("目标 6：完成 - 都正常（证据：health、totals）", GoalMark("6", "done", "都正常", ("health", "totals"))),
        ("子目标7：放弃 - 没有权限", GoalMark("7", "abandon", "没有权限")),
    ],
)  # fmt: skip
def test_a_mark_is_read_with_its_reason_and_evidence(line: str, mark: GoalMark) -> None:
    plan = read_plan(f"{line}\nNow the next.\n\n{ACTION}", finish_reason="stop", has_goals=True)

    assert plan.marks == (mark,)
    assert (plan.thought, plan.code) == ("Now the next.", "x = 1")


def test_marks_inside_code_are_code() -> None:
    code = "text = '''\nGoal 1: done - not really\n'''"
    plan = read_plan(f"```python\n{code}\n```", finish_reason="stop", has_goals=True)

    assert plan.marks == ()
    assert plan.code == code


def test_a_reply_of_marks_alone_is_whole() -> None:
    plan = read_plan("Goal 1: done - fine", finish_reason="stop", has_goals=True)

    assert (len(plan.marks), plan.code, plan.answer, plan.fault) == (1, "", "", "")
