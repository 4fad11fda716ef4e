"""A round as the page gets it: the content of `sanca-round` (contracts page, section 5). Decides nothing."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from sanca.core.messages import SkillMatch
from sanca.python_runtime.action_check import facts_of

if TYPE_CHECKING:
    from sanca.python_runtime.rounds import RunState

_ENDS_SHOWN = 50
"""Of many calls the first and the last are shown, and all that change something."""


def round_content(state: RunState) -> dict[str, Any]:
    """Return the current round as the page gets it (activity `sanca-round`)."""
    round_ = state.round
    calls = list(round_.calls.values())
    last = len(calls) - _ENDS_SHOWN
    shown = [one for number, one in enumerate(calls) if number < _ENDS_SHOWN or number >= last or one.effect != "READ"]
    return {
        "run_id": state.request.run_id,
        "round": round_.number,
        "strategy": round_.strategy,
        "sub_goal": round_.sub_goal,
        "sub_goal_id": round_.sub_goal_id,
        "query_strategy": round_.query_strategy,
        "query_reason": round_.query_reason,
        "skill": _skill_content(round_.skill),
        "code": round_.code,
        "status": round_.status,
        "observation": round_.observation,
        "value": round_.value,
        "error": round_.error,
        "seconds": round(round_.seconds, 3),
        "calls": [vars(call) for call in shown],
        "calls_total": len(calls) + round_.more_calls.total(),
        "usage": round_.usage.model_dump() if round_.usage else None,
        "self_check": round_.checked,
        "recalled": round_.recalled,
        "budget": state.guard.shares(state),
        "check": facts_of(round_.check, time.monotonic() - round_.began_at) if round_.check else None,
    }


def _skill_content(match: SkillMatch | None) -> dict[str, Any] | None:
    if match is None:
        return None
    return {
        "name": match.skill,
        "title": match.title,
        "score": match.score,
        "why": match.why,
        "parameters": match.parameters,
    }
