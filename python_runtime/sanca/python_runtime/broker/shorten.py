"""Short forms of arguments and results for people to look at. The journal has them whole."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sanca.core.tools import CallOutcome

_TEXT_CHARS = 400
_ITEMS = 20
_DEPTH = 4
_ALL_CHARS = 4_000
"""Of one call's arguments together: lists in lists of texts are long though each is short."""
_ITEM_CHARS = 8
_SUMMARY_CHARS = 160


def shorten(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return arguments with long texts and lists cut; what is cut is told in its place."""
    room = _Room()
    return {str(name)[:_TEXT_CHARS]: _short(value, _DEPTH, room) for name, value in arguments.items()}


class _Room:
    """How many characters one call's arguments may still take."""

    def __init__(self) -> None:
        self._left = _ALL_CHARS

    def take(self, chars: int) -> bool:
        """Whether there was room for so many; there is less now."""
        self._left -= chars
        return self._left >= 0


def summarize(outcome: CallOutcome | None) -> str:
    """Return one line that says what a call gave."""
    if outcome is None:
        return ""
    if outcome.error is not None:
        return outcome.error.message[:_SUMMARY_CHARS]
    value = outcome.value
    if isinstance(value, list):
        return f"{len(value)} items" if len(value) != 1 else "1 item"
    if isinstance(value, str):
        return value[:_SUMMARY_CHARS]
    if isinstance(value, dict):
        parts = [f"{name}: {_scalar(each)}" for name, each in list(value.items())[:_ITEMS]]
        return ", ".join(parts)[:_SUMMARY_CHARS]
    return "" if value is None else str(value)[:_SUMMARY_CHARS]


def _scalar(value: Any) -> str:
    if isinstance(value, dict | list):
        return f"{len(value)} items"
    return str(value)[:_TEXT_CHARS]


def _short(value: Any, depth: int, room: _Room) -> Any:
    if isinstance(value, str):
        cut = value if len(value) <= _TEXT_CHARS else f"{value[:_TEXT_CHARS]}… ({len(value):,} characters)"
        return cut if room.take(len(cut)) else "…"
    if not room.take(_ITEM_CHARS):
        return "…"
    if isinstance(value, list | tuple | dict) and depth == 0:
        return f"… ({len(value)} items)"
    if isinstance(value, list | tuple):
        items = [_short(each, depth - 1, room) for each in value[:_ITEMS]]
        return items if len(value) <= _ITEMS else [*items, f"… ({len(value):,} items)"]
    if isinstance(value, dict):
        first = ((str(name)[:_TEXT_CHARS], each) for name, each in list(value.items())[:_ITEMS])
        named = {name: _short(each, depth - 1, room) for name, each in first if room.take(len(name))}
        return named if len(value) <= _ITEMS else {**named, "…": f"{len(value):,} items"}
    return value
