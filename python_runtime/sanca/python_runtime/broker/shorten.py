"""Short forms of arguments and results for people to look at. The journal has them whole."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sanca.core.tools import CallOutcome

_TEXT_CHARS = 400
_ITEMS = 20
_DEPTH = 4
_SUMMARY_CHARS = 160


def shorten(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return arguments with long texts and lists cut; what is cut is told in its place."""
    return {str(name): _short(value, _DEPTH) for name, value in arguments.items()}


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


def _short(value: Any, depth: int) -> Any:
    if isinstance(value, str):
        return value if len(value) <= _TEXT_CHARS else f"{value[:_TEXT_CHARS]}… ({len(value):,} characters)"
    if isinstance(value, list | tuple | dict) and depth == 0:
        return f"… ({len(value)} items)"
    if isinstance(value, list | tuple):
        cut = [_short(each, depth - 1) for each in value[:_ITEMS]]
        return cut if len(value) <= _ITEMS else [*cut, f"… ({len(value):,} items)"]
    if isinstance(value, dict):
        cut_items = {str(name): _short(each, depth - 1) for name, each in list(value.items())[:_ITEMS]}
        return cut_items if len(value) <= _ITEMS else {**cut_items, "…": f"{len(value):,} items"}
    return value
