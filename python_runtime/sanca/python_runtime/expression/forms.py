"""What a run asks a person for by itself: one thing as a question, several things as one form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sanca.python_runtime.asks import Answer, Ask, question


@dataclass(frozen=True)
class Wanted:
    """A value that is needed."""

    name: str
    question: str
    choices: Sequence[str] = ()
    """What may be answered; empty when anything may."""


def ask_for(wanted: Sequence[Wanted], run_id: str, title: str) -> Ask:
    """Return what to ask: a question, or a form with a field for each value."""
    if len(wanted) == 1:
        only = wanted[0]
        return question(f"{run_id}/question-{only.name}", run_id, only.question, choices=only.choices)
    card = {"title": title, "fields": [_field(one) for one in wanted]}
    return Ask(
        id=f"{run_id}/form-{'-'.join(one.name for one in wanted)}",
        run_id=run_id,
        kind="form",
        message=title,
        arguments=card,
        response_schema=form_schema(card),
    )


def answers_to(wanted: Sequence[Wanted], answer: Answer) -> dict[str, str] | None:
    """Return the answered texts by name; None when the person does not want to, or left one out."""
    value = answer.value
    given = value if isinstance(value, Mapping) else {"value": value}
    names = ["value"] if len(wanted) == 1 else [one.name for one in wanted]
    texts = [given.get(name) for name in names]
    if not answer.approved or any(text in (None, "") for text in texts):
        return None
    return {one.name: str(text) for one, text in zip(wanted, texts, strict=True)}


def _field(wanted: Wanted) -> dict[str, Any]:
    kind: dict[str, Any] = {"type": "choice", "choices": list(wanted.choices)} if wanted.choices else {"type": "text"}
    return {"name": wanted.name, "label": wanted.question, "required": True, **kind}


def form_schema(card: Mapping[str, Any]) -> dict[str, Any]:
    """Return the JSON Schema of a form's answer: one property a field."""
    properties: dict[str, Any] = {}
    for field in card.get("fields", ()):
        kinds = {"number": "number", "boolean": "boolean"}
        schema: dict[str, Any] = {"type": kinds.get(field.get("type"), "string")}
        schema["title"] = field.get("label") or field["name"]
        if field.get("choices"):
            schema["enum"] = list(field["choices"])
        if field.get("default") is not None:
            schema["default"] = field["default"]
        properties[field["name"]] = schema
    required = [field["name"] for field in card.get("fields", ()) if field.get("required")]
    return {"type": "object", "properties": properties, "required": required}
