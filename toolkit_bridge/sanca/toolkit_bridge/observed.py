"""What calls of a tool gave: its shape, merged over calls, and one short sample. For tools that do not declare it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sanca.toolkit_bridge.masking import HIDDEN, looks_secret, masked

_ITEMS_SEEN = 30
_KEYS_MAX = 40
"""With more keys it is a table by key, not a record."""
_KINDS_MAX = 4
_DEPTH_MAX = 5
_KEY_CHARS = 60
_WORD = re.compile(r"[\w.:/+@%-]{0,40}")
_TEXT = "(text)"
_SAMPLE_KEYS = 8
_SAMPLE_CHARS = 300

Shape = dict[str, Any]
"""A JSON Schema of types and keys: no values."""


@dataclass(frozen=True)
class Observed:
    """What is known of a tool's results."""

    shape: Shape
    sample: str = ""
    """One value, shortened and masked; empty when there is none to show."""


def shape_of(value: Any) -> Shape:
    """Return the shape of one value."""
    return _shape(value, 0)


def merge(one: Shape, other: Shape) -> Shape:
    """Return the shape that both fit."""
    kinds = _by_kind([*_kinds(one), *_kinds(other)])
    if {} in (one, other) or len(kinds) > _KINDS_MAX:
        return {}
    if "integer" in kinds and "number" in kinds:
        del kinds["integer"]
    found = list(kinds.values())
    return found[0] if len(found) == 1 else {"anyOf": found}


def sample_of(value: Any) -> str:
    """Return a value in a line: few items, short words, and nothing that looks like a secret.

    Of sentences it only says that they are texts: what a tool read somewhere is not to speak to a model from a stub.
    """
    text = _short(value, 0)
    return text if len(text) <= _SAMPLE_CHARS else f"{text[: _SAMPLE_CHARS - 1]}…"


def _shape(value: Any, depth: int) -> Shape:
    if value is None:
        return {"type": "null"}
    for kind, name in ((bool, "boolean"), (int, "integer"), (float, "number"), (str, "string")):
        if isinstance(value, kind):
            return {"type": name}
    if depth >= _DEPTH_MAX:
        return {}
    if isinstance(value, Mapping):
        return _mapping({str(key): _shape(each, depth + 1) for key, each in list(value.items())[: _KEYS_MAX + 1]})
    if isinstance(value, Sequence):
        items = _merged(_shape(each, depth + 1) for each in value[:_ITEMS_SEEN])
        return {"type": "array"} if items is None else {"type": "array", "items": items}
    return {}


def _mapping(properties: Mapping[str, Shape]) -> Shape:
    """Return a record, or a table by key when its keys are rather data than names."""
    are_names = all(key.isidentifier() and len(key) <= _KEY_CHARS and not looks_secret(key) for key in properties)
    if are_names and len(properties) <= _KEYS_MAX:
        return {"type": "object", "properties": dict(properties), "required": list(properties)}
    return {"type": "object", "additionalProperties": _merged(properties.values()) or {}}


def _merged(shapes: Iterable[Shape]) -> Shape | None:
    found: Shape | None = None
    for shape in shapes:
        found = shape if found is None else merge(found, shape)
    return found


def _kinds(shape: Shape) -> list[Shape]:
    parts = shape.get("anyOf")
    return list(parts) if parts else [shape]


def _by_kind(shapes: Iterable[Shape]) -> dict[str, Shape]:
    found: dict[str, Shape] = {}
    for shape in shapes:
        kind = str(shape.get("type"))
        found[kind] = _same_kind(found[kind], shape) if kind in found else shape
    return found


def _same_kind(one: Shape, other: Shape) -> Shape:
    if one.get("type") == "array":
        items = _merged(shape["items"] for shape in (one, other) if "items" in shape)
        return {"type": "array"} if items is None else {"type": "array", "items": items}
    if one.get("type") != "object":
        return one
    if "properties" not in one or "properties" not in other:
        values = [each for shape in (one, other) for each in _values(shape)]
        return {"type": "object", "additionalProperties": _merged(values) or {}}
    properties = dict(one["properties"])
    for key, each in other["properties"].items():
        properties[key] = merge(properties[key], each) if key in properties else each
    made = _mapping(properties)
    if "properties" in made:
        made["required"] = [key for key in one["required"] if key in other["required"]]
    return made


def _values(shape: Shape) -> list[Shape]:
    if "properties" in shape:
        return list(shape["properties"].values())
    return [shape["additionalProperties"]] if shape.get("additionalProperties") else []


def _short(value: Any, depth: int, key: str = "") -> str:
    if isinstance(value, str):
        text = masked(value, key)
        return repr(text if text == HIDDEN or _WORD.fullmatch(text) else _TEXT)
    if isinstance(value, bool | int | float) or value is None:
        return repr(masked(value, key)) if key else repr(value)
    if depth >= _DEPTH_MAX - 2:
        return "…"
    if isinstance(value, Mapping):
        keys = [one for one in list(value)[:_SAMPLE_KEYS] if not looks_secret(str(one))]
        shown = [f"{str(one)[:_KEY_CHARS]!r}: {_short(value[one], depth + 1, str(one))}" for one in keys]
        return "{" + ", ".join([*shown, *(["…"] if len(keys) < len(value) else [])]) + "}"
    if isinstance(value, Sequence):
        shown = [_short(each, depth + 1, key) for each in value[:1]]
        return "[" + ", ".join([*shown, *(["…"] if len(value) > 1 else [])]) + "]"
    return "…"
