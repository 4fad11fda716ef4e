"""Whether a sub-goal that is said to be done was done, by rules: what is named as evidence must be in the journal.

Asks no model and no tool; what the world says is self-check's.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from sanca.core.syntax import tree_of
from sanca.python_runtime.rounds import CallFact, Round, RunState, SubGoal

_EFFECTS = frozenset({"WRITE", "DESTRUCTIVE"})
_UNDONE = frozenset({"denied", "failed", "cancelled", "unknown"})
_SHOWN_MOST = 5
"""Calls and names of one sub-goal that are kept as evidence when the model named none."""
_NAME = re.compile(r"[^\W\d]\w*")


@dataclass(frozen=True)
class Finding:
    """What the rules found."""

    evidence: tuple[str, ...] = ()
    """Call ids and names that exist."""
    doubt: str = ""
    """Why it is not done, in one sentence; empty when nothing speaks against it."""


def rounds_of(state: RunState, goal_id: str) -> list[Round]:
    """Return the rounds that ran an action for a sub-goal (empty: for the run's one goal), in order."""
    return [one for one in state.rounds if one.sub_goal_id == goal_id and one.result is not None]


def look_for(state: RunState, goal: SubGoal, named: Sequence[str]) -> Finding:
    """Return what shows that a sub-goal is done, and what speaks against it.

    Args:
        state: The run; the current round's action has not run yet.
        goal: The sub-goal.
        named: What the model named as evidence; empty: its own calls and names are taken.
    """
    worked = rounds_of(state, goal.id)
    if worked and worked[-1].status != "ok":
        return Finding(doubt=f"its last action ended with an error ({worked[-1].error_type or worked[-1].status})")
    if undone := _undone_effects(worked):
        return Finding(doubt=f"these calls of it did not succeed: {', '.join(undone)}")
    if named:
        found = tuple(dict.fromkeys(one for token in named for one in _resolve(state, worked, token)))
        return Finding(found) if found else Finding(doubt=_nothing_of(named))
    if not worked:
        return Finding(doubt="nothing was run for it; name the call or the name that shows it")
    return Finding(_own(worked))


def bound_names(code: str) -> list[str]:
    """Return the names that an action binds at its top level, in order, imports and private ones left out."""
    tree = tree_of(code)
    names = _bound(tree.body) if tree else ()
    return list(dict.fromkeys(name for name in names if not name.startswith("_")))


def _bound(body: Iterable[ast.stmt]) -> Iterator[str]:
    for statement in body:
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield statement.name
            continue
        for node in ast.walk(statement):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                yield node.id


def _own(worked: Sequence[Round]) -> tuple[str, ...]:
    calls = [call for round_ in worked for call in round_.calls.values() if call.status == "ok"]
    effects = [call.call_id for call in calls if call.effect in _EFFECTS]
    reads = [call.call_id for call in calls if call.effect not in _EFFECTS]
    held = worked[-1].result.names if worked[-1].result else None
    names = [name for name in sorted(bound_names(worked[-1].code)) if held is None or name in held]
    return (*effects, *reads[-_SHOWN_MOST:], *names[:_SHOWN_MOST])


def _resolve(state: RunState, worked: Sequence[Round], token: str) -> list[str]:
    """Return the call ids or the name that a word of the model stands for; empty when there is no such thing."""
    calls = [call for call in state.calls if call.status == "ok"]
    number = token.lstrip("#")
    wanted = f"{state.request.run_id}/{number}" if number.isdecimal() else token
    if any(call.call_id == wanted for call in calls):
        return [wanted]
    name, tool = _NAME.match(token), token.partition("(")[0].strip()
    held = _held_names(state)
    if token in held:
        return [token]
    own = [call for round_ in worked for call in round_.calls.values() if call.status == "ok"]
    if by_tool := _of_tool(own, tool) or _of_tool(calls, tool):
        return by_tool[-_SHOWN_MOST:]
    if token.rpartition("/")[2] in {file for round_ in state.rounds for file in round_.files}:
        return [token.rpartition("/")[2]]
    return [name[0]] if name and name[0] in held else []


def _of_tool(calls: Sequence[CallFact], tool: str) -> list[str]:
    return [call.call_id for call in calls if tool in {f"{call.toolkit}.{call.tool}", call.tool}]


def _held_names(state: RunState) -> set[str]:
    for round_ in reversed(state.rounds):
        if round_.result is not None and round_.result.names is not None:
            return set(round_.result.names)
    return {name for round_ in state.rounds if round_.status == "ok" for name in bound_names(round_.code)}


def _undone_effects(worked: Sequence[Round]) -> list[str]:
    last = {(call.toolkit, call.tool): call for one in worked for call in one.calls.values() if call.effect in _EFFECTS}
    return [f"{call.toolkit}.{call.tool} ({call.status})" for call in last.values() if call.status in _UNDONE]


def _nothing_of(named: Sequence[str]) -> str:
    words = ", ".join(repr(one) for one in named)
    return f"there is no call and no name {words} that ended well in this run"
