"""What a type checker knows of an argument whose value is not known yet, and whether a parameter can take it."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sanca.core.syntax import parse_expression
from sanca.toolkit_bridge.checks import WORDS

_KINDS = {
    "str": {"string"}, "LiteralString": {"string"}, "int": {"integer", "number", "boolean"}, "bool": {"boolean"},
    "float": {"number", "integer"}, "None": {"null"}, "list": {"array"}, "tuple": {"array"}, "dict": {"object"},
}  # fmt: skip
"""Kinds of JSON that a Python type may be. What is not here may be converted on its way: dates, decimals, enums …"""
_HEAD = re.compile(r"^(\w+)(?:\[.*\])?$")


@dataclass(frozen=True, slots=True)
class Inferred:
    """An argument of which at most the type is known."""

    type: str = ""
    """As a type checker shows it: `int`, `list[str]`, `Literal["a"]`, `str | None`; empty: not known."""

    def wrong_for(self, schema: Mapping[str, Any]) -> str:
        """Return what is wrong with it for a parameter, as the end of a sentence; empty when it may fit."""
        accepted = _accepted(schema)
        if accepted is None or not self.type:
            return ""
        for part in _parts(self.type):
            kinds = _kinds(part)
            if kinds is None or kinds & accepted:
                return ""
        words = " or ".join(WORDS[kind] for kind in WORDS if kind in accepted)
        return f"must be {words}, and this is {self.type}"

    def __repr__(self) -> str:
        return self.type or "?"


def literal_values(shown: str) -> list[Any] | None:
    """Return the values of a `Literal[…]`; None when it is none."""
    try:
        tree = parse_expression(shown)
        if isinstance(tree, ast.Subscript) and isinstance(tree.value, ast.Name) and tree.value.id == "Literal":
            inner = tree.slice.elts if isinstance(tree.slice, ast.Tuple) else [tree.slice]
            return [ast.literal_eval(one) for one in inner]
    except (SyntaxError, ValueError):
        return None
    return None


def _accepted(schema: Mapping[str, Any]) -> set[str] | None:
    """Return the kinds of JSON a parameter takes; None when it is not simple to say."""
    found: set[str] = {"null"} if "default" in schema and schema["default"] is None else set()
    for key in ("anyOf", "oneOf"):
        if key in schema:
            parts = [_accepted(part) if isinstance(part, Mapping) else None for part in schema[key]]
            return None if None in parts else found.union(*(part for part in parts if part))
    if "enum" in schema:
        return found | {_kind_of(value) for value in schema["enum"]}
    kinds = schema.get("type")
    listed = kinds if isinstance(kinds, list) else [kinds]
    if not listed or not all(isinstance(kind, str) for kind in listed):
        return None
    return found | set(listed) | ({"integer"} if "number" in listed else set())


def _parts(shown: str) -> list[str]:
    """Return the members of a union; one that holds unions inside of brackets is taken as a whole."""
    return shown.split(" | ") if "[" not in shown.replace("Literal[", "") else [shown]


def _kinds(shown: str) -> set[str] | None:
    if (values := literal_values(shown)) is not None:
        return {_kind_of(value) for value in values}
    head = _HEAD.match(shown)
    return _KINDS.get(head[1]) if head else None


def _kind_of(value: Any) -> str:
    for kind, name in ((bool, "boolean"), (int, "integer"), (float, "number"), (str, "string")):
        if isinstance(value, kind):
            return name
    return "null" if value is None else "array" if isinstance(value, list | tuple) else "object"
