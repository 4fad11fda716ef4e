"""A form's fields from a JSON Schema of plain fields, and the schema's values from a person's. Asks nobody.

The schema is a stranger's (MCP's elicitation): texts, numbers, yes or no, a choice, or several of some choices.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sanca.core.untrusted import plain_text

_FIELDS = 50
_CHOICES = 100
_LABEL_CHARS = 300
_MANY = "/"
"""Between the name of a field that takes several choices and the choice's number."""


def fields_of(schema: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the card's fields, at most fifty; a field that takes several choices is one yes or no a choice."""
    required = schema.get("required", ())
    made: list[dict[str, Any]] = []
    for name, field in _properties(schema):
        label = plain_text(_said(field, name), _LABEL_CHARS)
        choices = _choices(field)
        if field.get("type") == "array":
            taken = field.get("default") or ()
            made += [
                {
                    "name": f"{name}{_MANY}{number}",
                    "label": f"{label}: {title}",
                    "type": "boolean",
                    "default": value in taken,
                }
                for number, (value, title) in enumerate(choices)
            ]
            continue
        made.append(
            {
                "name": name,
                "label": label,
                "type": _type(field, bool(choices)),
                "choices": [title for _, title in choices],
                "required": name in required,
                "default": _shown(field.get("default"), choices),
            }
        )
    return made[:_FIELDS]


def values_of(schema: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a person entered in the schema's own names and kinds; what they left empty is left out."""
    values: dict[str, Any] = {}
    for name, field in _properties(schema):
        choices = _choices(field)
        if field.get("type") == "array":
            values[name] = [value for number, (value, _) in enumerate(choices) if given.get(f"{name}{_MANY}{number}")]
        elif (entered := given.get(name)) not in (None, ""):
            values[name] = _value(field, entered, choices)
    return values


def _properties(schema: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    properties = schema.get("properties")
    for name, field in list(properties.items() if isinstance(properties, Mapping) else ())[:_FIELDS]:
        if isinstance(field, Mapping):
            yield str(name), field


def _said(field: Mapping[str, Any], name: str) -> str:
    title, described = field.get("title") or name, field.get("description")
    return f"{title} ({described})" if described and described != title else str(title)


def _choices(field: Mapping[str, Any]) -> list[tuple[Any, str]]:
    """Return value and shown text of each choice."""
    items = field.get("items")
    source: Mapping[str, Any] = items if field.get("type") == "array" and isinstance(items, Mapping) else field
    titled = source.get("oneOf") or source.get("anyOf")
    if isinstance(titled, list):
        pairs = [(one["const"], one.get("title") or one["const"]) for one in titled if _is_choice(one)]
    else:
        values = source.get("enum")
        values = values if isinstance(values, list) else []
        names = source.get("enumNames")
        shown = names if isinstance(names, list) and len(names) == len(values) else values
        pairs = list(zip(values, shown, strict=True))
    return [(value, plain_text(title, _LABEL_CHARS)) for value, title in pairs[:_CHOICES]]


def _is_choice(one: Any) -> bool:
    return isinstance(one, Mapping) and "const" in one


def _type(field: Mapping[str, Any], has_choices: bool) -> str:
    if has_choices:
        return "choice"
    if field.get("type") in {"number", "integer"}:
        return "number"
    if field.get("type") == "boolean":
        return "boolean"
    return "date" if field.get("format") == "date" else "text"


def _shown(default: Any, choices: list[tuple[Any, str]]) -> Any:
    return next((title for value, title in choices if value == default), default)


def _value(field: Mapping[str, Any], entered: Any, choices: list[tuple[Any, str]]) -> Any:
    if choices:
        return next((value for value, title in choices if entered in (title, value)), entered)
    if field.get("type") == "integer" and isinstance(entered, float) and entered.is_integer():
        return int(entered)
    if field.get("type") in {"number", "integer"} and isinstance(entered, str):
        return _number(entered, field["type"] == "integer")
    return entered


def _number(text: str, is_whole: bool) -> Any:
    try:
        return int(text) if is_whole else float(text)
    except ValueError:
        return text  # the server says what it wants
