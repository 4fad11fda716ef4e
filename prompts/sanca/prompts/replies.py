"""Reads what models answer to `thought` and `judge` prompts. Forgiving in form; what cannot be read comes out empty."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

_PART = re.compile(
    r"^[#*\s]*(known|missing|goals?|plan|question|verdict|reason|已知|缺少|目标|问题)\**[ \t]*[:：]\**[ \t]*(.*)$",
    re.IGNORECASE,
)
_NAMES = {"goals": "goal", "plan": "goal", "已知": "known", "缺少": "missing", "目标": "goal", "问题": "question"}
_ITEM = re.compile(r"^\s*(?:[-*]\s*)?\**(\d{1,2})[.)、]\**\s*(.+)$")
_AFTER = re.compile(r"\s*[(（\[]\s*(?:after|needs|在)\s*([\d,，、 and和]+?)\s*(?:之?后)?\s*[)）\]]", re.IGNORECASE)
_DONE_WHEN = re.compile(r"\s*[—–|-]*\s*(?:done when|完成条件)\s*[:：]\s*(.+)$", re.IGNORECASE)
_THINKING = re.compile(r"\A\s*<think(?:ing)?>.*?(?:</think(?:ing)?>|\Z)", re.DOTALL)
_VERDICTS: dict[str, Literal["done", "missing", "failed"]] = {"done": "done", "missing": "missing", "failed": "failed"}
_GOALS_MAX = 12


@dataclass(frozen=True)
class PlannedGoal:
    """A sub-goal that a model proposed."""

    title: str
    after: tuple[int, ...] = ()
    """Numbers, from 1, of those that must be done before."""
    done_when: str = ""
    """What will show that it is reached."""


@dataclass(frozen=True)
class ThoughtReply:
    """A plan in words."""

    known: str = ""
    missing: str = ""
    goals: tuple[PlannedGoal, ...] = ()
    question: str = ""
    """The one question, when the task is not clear."""


@dataclass(frozen=True)
class VerdictReply:
    """What a judge says of a claim."""

    verdict: Literal["done", "missing", "failed", ""]
    """Empty: the reply could not be read."""
    reason: str = ""
    missing: str = ""
    """What is still to be done or shown."""


def read_thought(text: str) -> ThoughtReply:
    """Return the plan; goals that wait for one that is not there, or for a later one, wait for nothing."""
    parts = _parts(text)
    items = [found for line in parts.get("goal", []) if (found := _ITEM.match(line))][:_GOALS_MAX]
    goals = tuple(_goal(found[2], at) for at, found in enumerate(items, 1))
    return ThoughtReply(
        known=_text(parts, "known"), missing=_text(parts, "missing"), goals=goals, question=_text(parts, "question")
    )


def read_verdict(text: str) -> VerdictReply:
    """Return the verdict; its last one, when a model thinks aloud before."""
    parts = _parts(text)
    said = re.findall(r"\b(done|missing|failed)\b", " ".join(parts.get("verdict", [])).lower())
    missing = _text(parts, "missing")
    nothing = missing.strip(" .-").lower() in {"", "none", "nothing", "n/a", "无"}
    verdict = _VERDICTS[said[0]] if len(set(said)) == 1 else ""
    return VerdictReply(verdict, _text(parts, "reason"), "" if nothing else missing)


def _parts(text: str) -> dict[str, list[str]]:
    parts: dict[str, list[str]] = {}
    current: list[str] = []
    for line in _THINKING.sub("", text).splitlines():
        if found := _PART.match(line):
            name = found[1].lower()
            current = parts[_NAMES.get(name, name)] = [found[2]] if found[2] else []
        else:
            current.append(line)
    return parts


def _text(parts: dict[str, list[str]], name: str) -> str:
    return "\n".join(parts.get(name, [])).strip().strip("*").strip()


def _goal(text: str, number: int) -> PlannedGoal:
    done_when = _DONE_WHEN.search(text)
    text = text[: done_when.start()] if done_when else text
    after = _AFTER.search(text)
    numbers = {int(one) for one in re.findall(r"\d+", after[1])} if after else set()
    title = _AFTER.sub("", text).strip().strip("*").rstrip(".。").strip()
    waits_for = tuple(sorted(one for one in numbers if 0 < one < number))
    return PlannedGoal(title, waits_for, done_when[1].strip() if done_when else "")
