"""JSON Schemas as Python annotations, for `help` and `inspect`: choices as `Literal`, records by name."""

from __future__ import annotations

import functools
import operator
import re
import types
import typing
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal

_TYPES: dict[str, Any] = {
    "string": str, "integer": int, "number": float, "boolean": bool, "array": list, "object": dict, "null": None,
}  # fmt: skip
_WORD = re.compile(r"[A-Za-z0-9]+")
_RECORDS_MAX = 12
_FIELDS_MAX = 40


class Annotations:
    """Makes annotations of one tool's schemas, and notes the records that they name."""

    def __init__(self, definitions: Mapping[str, Any]) -> None:
        self._definitions = definitions
        self._classes: dict[str, type] = {}
        self.records: dict[str, list[str]] = {}
        """Record → its fields, as `name: str`."""

    def of(self, schema: Any, hint: str) -> Any:
        """Return the annotation of a schema; `Any` where it says nothing.

        Args:
            schema: JSON Schema, whatever a server outside put there.
            hint: What a record without a title is called after.
        """
        if not isinstance(schema, Mapping) or not schema:
            return Any
        name = str(schema.get("$ref") or "").rpartition("/")[2]
        if name and isinstance(target := self._definitions.get(name), Mapping):
            return self._named(name) if name in self._classes else self.of({"title": name, **target}, name)
        if choices := _plain_choices(schema):
            return _union([Literal[choices]] + ([None] if None in schema["enum"] else []))
        for key in ("anyOf", "oneOf"):
            if isinstance(parts := schema.get(key), list) and parts:
                return _union(self.of(part, hint) for part in parts)
        kind = schema.get("type")
        if isinstance(kind, list):
            return _union(self.of({**schema, "type": one}, hint) for one in kind)
        return self._of_kind(schema, str(kind), hint)

    def _of_kind(self, schema: Mapping[str, Any], kind: str, hint: str) -> Any:
        if kind == "array" and schema.get("items"):
            return list[self.of(schema["items"], f"{hint} item")]  # type: ignore[misc] # made while it runs
        if kind in ("object", "None") and isinstance(properties := schema.get("properties"), Mapping) and properties:
            return self._record(str(schema.get("title") or hint), properties)
        if kind == "object" and isinstance(values := schema.get("additionalProperties"), Mapping) and values:
            return dict[str, self.of(values, f"{hint} value")]  # type: ignore[misc] # the same
        return _TYPES.get(kind, Any)

    def _record(self, title: str, properties: Mapping[str, Any]) -> Any:
        name = "".join(word[:1].upper() + word[1:] for word in _WORD.findall(title)) or "Record"
        if name in self._classes:
            return self._named(name)
        if len(self._classes) >= _RECORDS_MAX:
            return dict
        self._named(name)  # before its fields: a record may hold records of its own kind
        shown = list(properties.items())[:_FIELDS_MAX]
        self.records[name] = [f"{key}: {shown_as(self.of(each, f'{name} {key}'))}" for key, each in shown]
        return self._named(name)

    def _named(self, name: str) -> type:
        if name not in self._classes:
            self._classes[name] = type(name, (), {"__module__": "builtins"})  # so that it is shown by its name alone
        return self._classes[name]


def iterator_of(annotation: Any) -> Any:
    """Return the annotation of what gives such items one by one."""
    return Iterator[annotation]


def shown_as(annotation: Any) -> str:
    """Return an annotation as a stub would write it."""
    origin, parts = typing.get_origin(annotation), typing.get_args(annotation)
    if origin in (typing.Union, types.UnionType):
        shown = [shown_as(part) for part in parts]
        return " | ".join(sorted(shown, key=lambda part: part == "None"))
    if origin is Literal:
        return f"Literal[{', '.join(map(repr, parts))}]"
    if origin is not None:
        return f"{origin.__name__}[{', '.join(map(shown_as, parts))}]"
    return "None" if annotation in (None, type(None)) else getattr(annotation, "__name__", str(annotation))


def _plain_choices(schema: Mapping[str, Any]) -> tuple[Any, ...]:
    choices = [schema["const"]] if "const" in schema else schema.get("enum")
    if not isinstance(choices, list):
        return ()
    return tuple(one for one in choices if isinstance(one, str | int | bool))


def _union(parts: Iterable[Any]) -> Any:
    unique = list(dict.fromkeys(parts))
    if Any in unique:
        return Any
    return functools.reduce(operator.or_, sorted(unique, key=lambda one: one is None)) if unique != [None] else None
