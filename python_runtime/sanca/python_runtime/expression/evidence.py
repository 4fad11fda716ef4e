"""What a run's answer rests on: the calls that gave it, as the gate wrote them down. The engine says it, no model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sanca.python_runtime.rounds import CallFact, RunState

_SHOWN = 6
_ABOUT_CHARS = 60
_NO_EVIDENCE = {"card", "page", "sanca"}
"""Toolkits that show or lead and tell nothing about the world."""


def evidence_of(state: RunState) -> dict[str, Any]:
    """Return `{"calls": [{call_id, name, about, effect}], "more": n}`, changes first; empty without calls."""
    found: dict[tuple[str, str], CallFact] = {}
    for call in _of_actions(state):
        if call.status == "ok" and call.toolkit not in _NO_EVIDENCE:
            found[f"{call.toolkit}.{call.tool}", _about(call.arguments)] = call
    named = _named_by_sub_goals(state)
    best = sorted(found.values(), key=lambda call: (call.effect == "READ", call.call_id not in named))
    if not best:
        return {}
    shown = [_told(call) for call in best[:_SHOWN]]
    more = len(best) - len(shown) + sum(count for name, count in state.more_calls.items() if _tells(name))
    return {"calls": shown, "more": more}


def _of_actions(state: RunState) -> Sequence[CallFact]:
    """The calls that actions made: what perception asked by itself is not what the answer rests on."""
    return [call for round_ in state.rounds for call in round_.calls.values() if call.tool in round_.code]


def _named_by_sub_goals(state: RunState) -> set[str]:
    return {name for goal in state.sub_goals for name in goal.evidence}


def _tells(name: str) -> bool:
    return name.partition(".")[0] not in _NO_EVIDENCE


def _told(call: CallFact) -> dict[str, Any]:
    return {
        "call_id": call.call_id,
        "name": f"{call.toolkit}.{call.tool}",
        "about": _about(call.arguments),
        "effect": call.effect,
    }


def _about(arguments: Mapping[str, Any]) -> str:
    """Return what a call was about in few words: its short texts and numbers."""
    words = [str(value) for value in arguments.values() if isinstance(value, str | int | float) and str(value)]
    text = ", ".join(words)
    return text if len(text) <= _ABOUT_CHARS else f"{text[: _ABOUT_CHARS - 1]}…"
