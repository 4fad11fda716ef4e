"""How a goal is gone about, chosen by rules: one tool, several, with data flowing, a known workflow, or one to write.

Looks at the words, the skill that matched and the tools that fit. Asks no model.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from sanca.python_runtime.language import sentence
from sanca.python_runtime.rounds import QueryStrategy, RunState

FITTING_SCORE = 0.45
"""From this score on a found tool fits: those that do have .5 and more, those that only share a word .33 at most."""
_TOOLS_NAMED = 4
_IDLE_INTENTS = frozenset({"talk", "control", "unclear"})
_LONG_CHARS = 600

_ASKS_FOR_TOOL = re.compile(
    r"\b(?:write|make|build|create|code)\b(?: me| us)? (?:a|an|some|your own|the)? ?(?:small |little |new |own )*"
    r"(?:tool|function|script|helper|program)\b|\bas a function\b|写(?:一?个|段)?(?:小)?(?:工具|函数|脚本|程序)|自己写",
    re.IGNORECASE,
)
_ASKS_FOR_ONE = re.compile(
    r"\b(?:only|just|with) one (?:call|tool)\b|\bin one call\b|只(?:用|调用)一(?:次|个工具)", re.I
)
_ASKS_FOR_ORDER = re.compile(
    r"\bstep by step\b|\bone (?:after|by) (?:the other|another|one)\b|\bin this order\b|一步一步|逐步|依次|按顺序", re.I
)
_FLOW = re.compile(
    r"\bfor (?:each|every)\b|\beach of\b|\b(?:of|for|from|in|with) (?:them|those|these)\b|\bbased on\b|\bwhose\b"
    r"|\b(?:slow|fast|high|low|larg|bigg|old|new|bus|bad|great)(?:est|iest)\b.*\b(?:it|its|that one|their|them)\b"
    r"|\b(?:most|least|worst|best)\b.*\b(?:it|its|that one|their|them)\b|\bif\b.+\bthen\b"
    r"|\buse (?:it|that|the result)\b"
    r"|每个|分别|根据|其中|最[慢快高低大小多少].*(?:它|其|该|那个)|如果.+就",
    re.IGNORECASE | re.DOTALL,
)
_THEN = re.compile(
    r"(?:\s*[,;.]\s*|\s+)(?:and (?:then|after that|finally)|after that|afterwards)\b[,:]?\s*"
    r"|\s*[,;.]\s*(?:then|finally)\b[,:]?\s*|\s*[;；]\s*|\s*[，。,]?\s*(?:然后|接着|随后|之后再|最后再?)[，,]?\s*",
    re.IGNORECASE,
)
_CONDITION = re.compile(r"\b(?:if|unless|when|whether|in case)\b|如果|要是|除非|的话", re.IGNORECASE)
"""What is to be done only under a condition cannot be taken apart by rules."""
_ITEM = re.compile(r"^[ \t]*(?:\d{1,2}[.):、]|[-*•])[ \t]+(?P<text>\S.*)$", re.MULTILINE)
_ASKS_FOR_PLAN = re.compile(
    r"\bplan (?:it|this|first)\b|\bmake a plan\b|\bstep by step\b|先(?:做|列|定)?(?:个)?计划|一步一步", re.I
)
_WORDS_OF_GOAL = 2


class ToolSearch(Protocol):
    """Finds tools by what they do."""

    async def search(self, query: str) -> list[dict[str, Any]]:
        """Return the tools that fit a query, best first, each with `name` and `score`."""


@dataclass(frozen=True)
class Way:
    """How a goal is gone about, and why."""

    strategy: QueryStrategy
    reason: str
    """One sentence in the run's language."""
    tools: tuple[str, ...] = ()
    """Names of the tools that fit."""


class QueryStrategies:
    """Chooses once for each goal; later rounds at the same goal keep it."""

    def __init__(self, tools: ToolSearch, *, forced: QueryStrategy = "") -> None:
        """Take the search.

        Args:
            tools: The tools there are.
            forced: Used for every goal that no skill serves; empty: chosen.
        """
        self._tools = tools
        self._forced = forced

    async def choose(self, state: RunState, goal: str) -> Way | None:
        """Set the current round's strategy for a goal in words; None when an earlier round of the goal has set it."""
        round_ = state.round
        if before := _earlier(state):
            round_.query_strategy, round_.query_reason = before
            return None
        if round_.skill is not None:
            way = Way("workflow", sentence("way_workflow", state.language, title=round_.skill.title))
        elif round_.percept is not None and round_.percept.intent in _IDLE_INTENTS:
            return None
        else:
            way = await self._of_words(goal, state.language)
        round_.query_strategy, round_.query_reason = way.strategy, way.reason
        return way

    async def _of_words(self, goal: str, language: str) -> Way:
        found = await self._tools.search(goal)
        fitting = tuple(one["name"] for one in found if one["score"] >= FITTING_SCORE)
        named = fitting[:_TOOLS_NAMED]
        if self._forced:
            return Way(self._forced, sentence("way_setting", language), named)
        if wanted := _wanted(goal):
            return Way(wanted, sentence("way_person", language), named)
        strategy = _by_rules(goal, fitting)
        return Way(strategy, sentence(f"way_{strategy}", language, tools=", ".join(named)), named)


def goals_in(message: str) -> list[str]:
    """Return the goals that a message names one after the other ("… and then …", a list); one when it is one."""
    if _CONDITION.search(message):
        return [message]
    items = [match["text"].strip() for match in _ITEM.finditer(message)]
    parts = items if len(items) > 1 else [part.strip(" ,.，。") for part in _THEN.split(message)]
    parts = [part for part in parts if len(part.split()) >= _WORDS_OF_GOAL or re.search(r"[\u3400-\u9fff]{2}", part)]
    return parts if len(parts) > 1 else [message]


def are_listed(message: str) -> bool:
    """Whether the goals of a message stand in a list, so that none waits for another."""
    return len(_ITEM.findall(message)) > 1


def wants_plan(message: str) -> bool:
    """Whether a message has several goals, or asks for a plan, or is long enough to need one."""
    return len(goals_in(message)) > 1 or bool(_ASKS_FOR_PLAN.search(message)) or len(message) > _LONG_CHARS


def _earlier(state: RunState) -> tuple[QueryStrategy, str] | None:
    same = [one for one in state.rounds[:-1] if one.sub_goal_id == state.round.sub_goal_id and one.query_strategy]
    # A skill that did not reach the goal is followed by a way of its own.
    return (same[-1].query_strategy, same[-1].query_reason) if same and same[-1].skill is None else None


def _wanted(goal: str) -> QueryStrategy:
    if _ASKS_FOR_TOOL.search(goal):
        return "synthesis"
    if _ASKS_FOR_ONE.search(goal):
        return "single_tool"
    return "sequence" if _ASKS_FOR_ORDER.search(goal) else ""


def _by_rules(goal: str, fitting: Sequence[str]) -> QueryStrategy:
    if not fitting:
        return "synthesis"
    if _FLOW.search(goal):
        return "composition"
    return "sequence" if len(fitting) > 1 and _names_several(goal) else "single_tool"


def _names_several(goal: str) -> bool:
    return len(goals_in(goal)) > 1 or bool(re.search(r"\band\b|并|和|以及|同时|再", goal, re.IGNORECASE))
