"""Formats what an action gave into an observation: value, output, error; too long ones cut in the middle, and said."""

from __future__ import annotations

from typing import Protocol


class ActionOutcome(Protocol):
    """What the sandbox says of an action."""

    status: str
    value: str | None
    stdout: str
    error: str | None
    dropped_chars: int


def format_observation(outcome: ActionOutcome, limit_chars: int) -> str:
    """Return the observation of an action, at most about `limit_chars` characters."""
    parts: list[str] = []
    if outcome.stdout:
        parts.append(f"Output:\n{outcome.stdout.rstrip()}")
    if outcome.dropped_chars:
        parts.append(f"({outcome.dropped_chars} characters of output were dropped.)")
    if outcome.value is not None and outcome.status == "ok":
        parts.append(f"Value:\n{outcome.value}")
    if outcome.error:
        parts.append(f"Error ({outcome.status}):\n{outcome.error.rstrip()}")
    if not parts:
        parts.append("The action ran and gave no value and no output." if outcome.status == "ok" else outcome.status)
    return cut_middle("\n\n".join(parts), limit_chars)


def cut_middle(text: str, limit_chars: int) -> str:
    """Return the text, or its beginning and end with a line between that says how much is missing."""
    if len(text) <= limit_chars:
        return text
    head, tail = limit_chars * 2 // 3, limit_chars // 3
    missing = text[head : len(text) - tail]
    said = f"\n… {len(missing)} characters ({missing.count(chr(10)) + 1} lines) cut here …\n"
    return text[:head] + said + text[len(text) - tail :]
