"""Sees when a run goes round in circles and asks for another approach, a stronger model, the end. Asks no model."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

from sanca.core.syntax import tree_of
from sanca.python_runtime.guard import Closing
from sanca.python_runtime.language import sentence

if TYPE_CHECKING:
    from sanca.python_runtime.rounds import Round, RunState

_SHOWN = 4
_LINE_CHARS = 160
_CALM_ROUNDS = 2
"""After so many rounds with something new the earlier strikes are forgotten."""
_VOLATILE = re.compile(r"0x[0-9a-f]+|\bline \d+\b|\d+(?:\.\d+)? ?(?:ms|s|seconds)\b|\d\d:\d\d(?::\d\d(?:\.\d+)?)?")
"""What differs between two texts that say the same: addresses, lines, durations, times."""


@dataclass
class StuckMarks:
    """How often a run was seen to be stuck."""

    strikes: int = 0
    calm: int = 0
    last: str = ""
    """What was seen last, one of `Sign`; empty when nothing was."""
    by_goal: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Strikes and calm of each sub-goal: they take turns."""
    hopeless: str = ""
    """Id of the sub-goal that is to be given up; the others go on."""


Sign = Literal["same_action", "same_error", "nothing_new", "back_and_forth"]

_SAID: dict[Sign, str] = {
    "same_action": "the same action has ended in the same way again",
    "same_error": "the same error has come twice in a row",
    "nothing_new": "the last {rounds} rounds have shown nothing that was not known before",
    "back_and_forth": "two actions take turns, and neither leads on",
}


def look(state: RunState, *, rounds: int) -> str:
    """Return a note for the next prompt when the run is stuck; empty when it moves.

    The first time it asks for another approach, the second time it also marks the run as hard, so that a stronger model
    takes over, and the third time it closes the run, or lets the planner give the sub-goal up that is stuck.

    Args:
        state: The run, after a round.
        rounds: So many rounds without anything new count as stuck.
    """
    marks, goal_id = state.stuck, state.round.sub_goal_id
    own = [one for one in state.rounds if one.sub_goal_id == goal_id]
    sign = tell_sign(own, rounds=rounds)
    marks.last = sign or ""
    marks.strikes, marks.calm = marks.by_goal.get(goal_id, (0, 0))
    if sign is None:
        marks.calm += 1
        if marks.calm >= _CALM_ROUNDS:
            marks.strikes = 0
    else:
        marks.strikes, marks.calm = marks.strikes + 1, 0
    marks.by_goal[goal_id] = marks.strikes, marks.calm
    if sign is None:
        return ""
    if marks.strikes == 2:
        state.difficulty = "hard"
    elif marks.strikes > 2 and goal_id:
        marks.hopeless = goal_id
        return ""
    elif marks.strikes > 2:
        state.closing = Closing("stuck", sentence("stuck", state.language, rounds=len(_acted(own))))
    return _note(sign, own, rounds)


def tell_sign(all_rounds: Sequence[Round], *, rounds: int) -> Sign | None:
    """Return by which sign the last round shows that nothing moves; None when it is not stuck."""
    acted = _acted(all_rounds)
    if len(acted) < 2 or acted[-1] is not all_rounds[-1]:
        return None
    actions = [normal_action(one.code) for one in acted]
    seen = [_normal_text(one.observation) for one in acted]
    if actions[-1] == actions[-2] and seen[-1] == seen[-2]:
        return "same_action"
    if (error := _error(acted[-1])) and error == _error(acted[-2]):
        return "same_error"
    if len(acted) >= 4 and actions[-4:-2] == actions[-2:] and seen[-4:-2] == seen[-2:]:
        return "back_and_forth"
    known = [text in seen[: len(seen) - back] for back, text in enumerate(reversed(seen), 1)]
    return "nothing_new" if len(acted) > rounds and all(known[:rounds]) else None


@lru_cache(maxsize=512)
def normal_action(code: str) -> str:
    """Return the action without what makes no difference: comments, blanks, quotes, docstrings."""
    tree = tree_of(code)
    if tree is None:
        return " ".join(code.split())
    body = [one for one in tree.body if not (isinstance(one, ast.Expr) and _is_text(one.value))]
    return ast.unparse(ast.Module(body or tree.body, tree.type_ignores))


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _acted(rounds: Sequence[Round]) -> list[Round]:
    """The rounds in which a model's action was tried."""
    return [one for one in rounds if one.strategy == "model" and one.code and one.claim is None]


def _error(round_: Round) -> str:
    return f"{round_.error_type}: {_normal_text(round_.error)}" if round_.error_type else ""


def _normal_text(text: str) -> str:
    return " ".join(_VOLATILE.sub("#", text).split())


def _note(sign: Sign, all_rounds: Sequence[Round], rounds: int) -> str:
    tried: dict[str, str] = {}
    for one in _acted(all_rounds):
        tried[normal_action(one.code)] = one.error or one.observation
    listed = "\n".join(
        f"- {_in_short(action)} → {_in_short(outcome)}" for action, outcome in list(tried.items())[-_SHOWN:]
    )
    return (
        f"You are going round in circles: {_SAID[sign].format(rounds=rounds)}. Tried so far:\n{listed}\n"
        "None of these again, nor a small change of them. Take another approach: look at what the data really is "
        "before using it, use another tool (tools.search finds one), go a smaller step, or ask the person. "
        "If it cannot be done, say so, with what you found."
    )


def _in_short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LINE_CHARS else f"{line[:_LINE_CHARS]}…"
