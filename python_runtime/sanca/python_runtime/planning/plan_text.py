"""Reads a reply's lines for the planner: its list of sub-goals, and what it says of single ones. Judges nothing.

A list is a block marked `plan`, or the lines under "Plan:" in front of an action. A mark is a line of its own:
`Goal 2: done - the totals agree (evidence: totals, system.metrics)`; likewise `abandon` and `continue`, and in Chinese.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from sanca.prompts import PlannedGoal
from sanca.python_runtime.models.reply import extract_action
from sanca.python_runtime.planning.plan import GoalMark, MarkKind, Plan

PLAN_BLOCK = re.compile(
    r"^[ \t]*(?P<fence>`{3,}|~{3,})[ \t]*plan[ \t]*\n(?P<body>.*?)^[ \t]*(?P=fence)[ \t]*$\n?", re.M | re.S
)
_PLAN_TITLE = re.compile(r"^[ \t]*[#*_ ]*(?:the )?(?:plan|计划)[ \t]*[*_]*[:：]?[*_ ]*$", re.M | re.I)
_CODE = re.compile(r"^[ \t]*(?:`{3,}|~{3,})[ \t]*(?:python3?|py)\b", re.M)
_ITEM = re.compile(r"^[ \t]*(?:(?P<number>\d{1,2})[.):、．]|[-*•])[ \t]*(?:\[[ xX]?\][ \t]*)?(?P<title>\S.*)$")
_NUMBERS = r"[ \t]*(?:(?:sub-?)?goals?|steps?|步骤|目标)?[ \t]*#?\d{1,2}(?:[ \t,，、#]|and|和|与|\d)*"
_AFTER = re.compile(
    rf"[ \t]*[(\[（【][ \t]*(?:(?:after|needs?|depends on|requires|依赖|需要)[ \t]*[:：]?(?P<needed>{_NUMBERS})"
    rf"|在?(?P<before>{_NUMBERS})(?:之后|以后|完成后|后))[ \t]*[)\]）】][ \t]*\.?[ \t]*$",
    re.I,
)
MARK = re.compile(
    r"^[ \t>*_#-]*(?:(?:sub-?)?goal|子?目标)[ \t]*#?(?P<id>\d{1,2})[ \t*_]*[:：—–-]+[ \t*_]*"
    r"(?P<kind>done|complete[d]?|continue|abandon(?:ed)?|已?完成|继续|放弃)(?![a-z])[ \t*_.。]*(?P<rest>.*)$",
    re.M | re.I,
)
_EVIDENCE = re.compile(r"[(（\[|,，;；]?[ \t]*(?:evidence|证据)[ \t]*[:：][ \t]*(?P<names>.*?)[)）\]]?[ \t.。]*$", re.I)
_BETWEEN_NAMES = re.compile(r"[,，、;；]|\band\b")
_TITLE_CHARS = 300


def read_plan(text: str, *, finish_reason: str = "", has_goals: bool) -> Plan:
    """Read a model's reply.

    Args:
        text: The reply.
        finish_reason: Why it ended, as the model's last delta says.
        has_goals: Whether the run has sub-goals, so that lines about them mean something.
    """
    goals, rest = _take_goals(text)
    marks: tuple[GoalMark, ...] = ()
    if has_goals or goals:
        marks, rest = _take_marks(rest)
    if not rest.strip() and (goals or marks):
        return Plan(goals=goals, marks=marks)
    reply = extract_action(rest, finish_reason=finish_reason)
    return Plan(
        goals,
        marks,
        thought=reply.thought,
        code=reply.code,
        answer=reply.answer,
        fault=reply.reason,
        partial=reply.partial,
        repairs=reply.repairs,
    )


def read_list(lines: Sequence[str], *, ordered: bool) -> tuple[PlannedGoal, ...]:
    """Return the sub-goals of a list's lines; others are left out.

    Args:
        lines: One sub-goal a line.
        ordered: Whether each line needs the one before it when no line says what it needs.
    """
    found = [match for match in map(_ITEM.match, lines) if match]
    numbers = {match["number"]: place for place, match in enumerate(found, 1) if match["number"]}
    goals = [_goal(match["title"], numbers) for match in found]
    if ordered and not any(goal.after for goal in goals):
        goals = [PlannedGoal(goal.title, (place,) if place else ()) for place, goal in enumerate(goals)]
    return tuple(goals)


def _take_goals(text: str) -> tuple[tuple[PlannedGoal, ...], str]:
    """Return the sub-goals a reply sets, and the reply without them."""
    if block := PLAN_BLOCK.search(text):
        goals = read_list(block["body"].splitlines(), ordered=False)
        return (goals, text[: block.start()] + text[block.end() :]) if goals else ((), text)
    code, title = _CODE.search(text), _PLAN_TITLE.search(text)
    if code is None or title is None or title.end() > code.start():
        return (), text  # an answer may hold a plan for the person; one in front of an action is the model's own
    end = _end_of_list(text, title.end(), code.start())
    goals = read_list(text[title.end() : end].splitlines(), ordered=True)
    return (goals, text[: title.start()] + text[end:]) if len(goals) > 1 else ((), text)


def _end_of_list(text: str, start: int, limit: int) -> int:
    end = start
    for line in text[start:limit].splitlines(keepends=True):
        if line.strip() and not _ITEM.match(line.rstrip("\n")):
            break
        end += len(line)
    return end


def _goal(title: str, numbers: dict[str, int]) -> PlannedGoal:
    after: tuple[int, ...] = ()
    if match := _AFTER.search(title):
        said = re.findall(r"\d+", match["needed"] or match["before"])
        after = tuple(sorted({numbers.get(one, int(one)) for one in said}))
        title = title[: match.start()]
    return PlannedGoal(" ".join(title.replace("**", "").split())[:_TITLE_CHARS], after)


def _take_marks(text: str) -> tuple[tuple[GoalMark, ...], str]:
    """Return what is said of sub-goals outside of code, and the text without those lines."""
    code = _CODE.search(text)
    head, tail = (text[: code.start()], text[code.start() :]) if code else (text, "")
    marks = tuple(_mark(match) for match in MARK.finditer(head))
    return marks, MARK.sub("", head).strip("\n") + ("\n\n" if tail and marks else "") + tail if marks else text


def _mark(match: re.Match[str]) -> GoalMark:
    rest, names = match["rest"].strip(), ""
    if evidence := _EVIDENCE.search(rest):
        rest, names = rest[: evidence.start()], evidence["names"]
    tokens = tuple(token for one in _BETWEEN_NAMES.split(names) if (token := one.strip(" \t`'\"*.。")))
    return GoalMark(match["id"], _kind(match["kind"].lower()), rest.strip(" \t-–—:：|,，;；*"), tokens)


def _kind(word: str) -> MarkKind:
    if word.startswith(("abandon", "放弃")):
        return "abandon"
    return "continue" if word in {"continue", "继续"} else "done"
