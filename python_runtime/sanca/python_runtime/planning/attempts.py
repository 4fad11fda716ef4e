"""Counts failed attempts at a goal: when another approach is due, and when it is given up. Rules only."""

from __future__ import annotations

from dataclasses import dataclass

from sanca.python_runtime.rounds import RunState

_FAILED = frozenset({"error", "timeout", "limit", "killed"})


@dataclass(frozen=True)
class Attempts:
    """What became of the latest rounds at a goal."""

    failed: int
    """In a row, up to now."""
    error: str
    """Of the last one, in a line."""
    wants_other_approach: bool = False
    is_over: bool = False
    """No approach has worked."""


def attempts_at(state: RunState, goal_id: str, *, attempts_max: int, approaches_max: int) -> Attempts:
    """Return how the latest rounds at a sub-goal went (empty id: at the run's one goal); the current one is not meant.

    Args:
        state: The run.
        goal_id: The sub-goal.
        attempts_max: Failed attempts after which another approach is wanted.
        approaches_max: Approaches after which it is given up.
    """
    failed, error = 0, ""
    for round_ in reversed([one for one in state.rounds[:-1] if one.sub_goal_id == goal_id]):
        if round_.status not in _FAILED or round_.strategy != "model":
            break
        failed += 1
        error = error or _last_line(round_.error or round_.observation)
    return Attempts(
        failed,
        error,
        wants_other_approach=failed > 0 and failed % attempts_max == 0 and failed < attempts_max * approaches_max,
        is_over=failed >= attempts_max * approaches_max,
    )


def _last_line(text: str) -> str:
    return text.strip().rpartition("\n")[2][:200]
