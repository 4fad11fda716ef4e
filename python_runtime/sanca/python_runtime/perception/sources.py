"""What came in, in words: a message, a click, a form, an agent's late reply, a schedule that came due."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sanca.core.untrusted import plain_text
from sanca.python_runtime.language import sentence
from sanca.python_runtime.run_record import Click, RunRequest, Source

_VALUE_CHARS = 500
_VALUES = 40

NOBODY_THERE: frozenset[Source] = frozenset({"schedule", "agent_reply"})
"""Sources behind which no person waits: nobody could answer a question."""


def words_of(request: RunRequest, language: str) -> str:
    """Return what came in as words that can be understood like a message."""
    source = request.came_by
    if request.click is not None:
        return _click_words(request.click, source, language)
    if source == "agent_reply":
        # A stranger's text: it is told as what it is, and no instruction of the person's.
        return sentence(
            "agent_replied", language, sender=request.sender or "?", text=plain_text(request.message, 8_000)
        )
    return request.message or request.text


def source_facts(request: RunRequest) -> dict[str, str]:
    """Return what is known of where it came from."""
    facts = {"came from": request.sender} if request.sender else {}
    if request.click is not None:
        facts |= {"clicked": request.click.name, **_flat(request.click.context)}
    return facts


def _click_words(click: Click, source: Source, language: str) -> str:
    """Return a button's own words, else its name with the values beside it, or a form's values line by line."""
    said = click.context.get("message")
    if isinstance(said, str) and said.strip():
        return said.strip()
    values = _flat(click.context)
    name = click.name.replace("_", " ").replace("-", " ").strip()
    if source == "form" or len(values) > 2:
        lines = "\n".join(f"{label}: {value}" for label, value in values.items())
        return sentence("form_sent", language, name=name, values=lines)
    return " ".join([name, *values.values()]).strip()


def _flat(context: Mapping[str, Any]) -> dict[str, str]:
    """Return a context's values by name; nested ones by their path."""
    found: dict[str, str] = {}
    pending: list[tuple[str, Any]] = list(context.items())
    while pending and len(found) < _VALUES:
        name, value = pending.pop(0)
        if isinstance(value, Mapping):
            pending = [(f"{name}.{key}", inner) for key, inner in value.items()] + pending
        elif value not in (None, "", [], {}):
            shown = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
            found[plain_text(name, 80)] = plain_text(shown, _VALUE_CHARS)
    return found
