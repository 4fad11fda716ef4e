"""What an agent's trust level changes, in one table. Data only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sanca.core.tools import Effect
from sanca.core.untrusted import plain_text

_DEPTH = 32
_ENTRIES = 10_000
_HIDDEN_CUT = "…"


@dataclass(frozen=True)
class TrustRules:
    """What holds for the agents of one level."""

    effect: Effect
    """Of its tools: READ is asked freely, WRITE asks a person each time."""
    masks: bool
    """Whether secrets and personal data are taken out of what it is told."""
    takes_files: bool
    """Whether files go to it and come from it."""
    shows_card: bool
    """Whether its own words describe it to a model, and its skills become tools."""
    watches_card: bool
    """Whether a changed card is told to the administrator."""
    is_outside: bool
    """Whether what it says is marked as outside data and made plain."""
    answer_chars: int
    """A longer answer is refused."""


RULES: Mapping[str, TrustRules] = {
    "untrusted": TrustRules(
        effect=Effect.WRITE,
        masks=True,
        takes_files=False,
        shows_card=False,
        watches_card=True,
        is_outside=True,
        answer_chars=20_000,
    ),
    "known": TrustRules(
        effect=Effect.READ,
        masks=False,
        takes_files=True,
        shows_card=True,
        watches_card=True,
        is_outside=True,
        answer_chars=200_000,
    ),
    "trusted": TrustRules(
        effect=Effect.READ,
        masks=False,
        takes_files=True,
        shows_card=True,
        watches_card=False,
        is_outside=False,
        answer_chars=1_000_000,
    ),
}


def plain_data(value: Any, limit_chars: int, depth: int = 0) -> Any:  # a JSON value of any shape
    """Return a JSON value whose texts have no hidden characters, bounded in depth and breadth."""
    if isinstance(value, str):
        return plain_text(value, limit_chars)
    if depth >= _DEPTH:
        return _HIDDEN_CUT if isinstance(value, dict | list) else value
    if isinstance(value, dict):
        pairs = list(value.items())[:_ENTRIES]
        return {plain_text(key, 500): plain_data(one, limit_chars, depth + 1) for key, one in pairs}
    if isinstance(value, list):
        return [plain_data(one, limit_chars, depth + 1) for one in value[:_ENTRIES]]
    return value
