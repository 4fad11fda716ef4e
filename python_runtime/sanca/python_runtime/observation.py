"""Formats what an action gave into an observation: value, output, error; too long ones cut in the middle, and said."""

from __future__ import annotations

from sanca.python_runtime.sandbox.ports import ActionResult


def format_observation(result: ActionResult, limit_chars: int) -> str:
    """Return the observation of an action, at most about `limit_chars` characters."""
    parts: list[str] = []
    if result.stdout:
        parts.append(f"Output:\n{result.stdout.rstrip()}")
    if result.dropped_chars:
        parts.append(f"({result.dropped_chars} characters of output were dropped.)")
    if result.value is not None and result.status == "ok":
        parts.append(f"Value:\n{result.value}")
    if result.status != "ok":
        parts.append(f"Error ({result.status}):\n{(result.error or result.status).rstrip()}")
    if result.names_lost:
        parts.append("The sandbox was renewed: names bound in earlier rounds are gone.")
    return cut_middle("\n\n".join(parts) or "The action ran and gave no value and no output.", limit_chars)


def cut_middle(text: str, limit_chars: int) -> str:
    """Return the text, or its beginning and end with a line between that says how much is missing."""
    if len(text) <= limit_chars:
        return text
    head, tail = limit_chars * 2 // 3, limit_chars // 3
    missing = text[head : len(text) - tail]
    said = f"\n… {len(missing)} characters ({missing.count(chr(10)) + 1} lines) cut here …\n"
    return text[:head] + said + text[len(text) - tail :]
