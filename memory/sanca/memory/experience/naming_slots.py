"""Puts parameters in place of what a message named: in the message, which becomes a phrase, and in an action's code."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sanca.core.syntax import parse_expression
from sanca.memory.experience.joining import free_name
from sanca.memory.matching.slots import Reading, Slot

_KINDS = {
    "service": "service", "release": "release", "setting": "setting", "number": "number", "minutes": "minutes",
    "quoted": "text", "payload": "text", "file": "text", "table": "text",
}  # fmt: skip
"""Kinds of slots → kinds of parameters; a slot of another kind cannot be one."""
_TAKES = {"quoted": "quoted", "payload": "payload", "file": "file", "table": "file"}
_PLACEHOLDERS = {"quoted": "text", "payload": "json"}
_NAMES = {"quoted": "text", "payload": "payload", "table": "file"}
_VERSION = re.compile(r"v?(\d+(?:\.\d+)*)$")
_LEAST_NUMBER = 2
"""0 and 1 stand in every program for themselves."""


@dataclass(frozen=True)
class Parameter:
    """What a message says each time anew."""

    name: str
    kind: str
    slot: str
    """The kind of the slot."""
    value: Any
    """What the first message said."""

    @property
    def take(self) -> str:
        """Of a text, which part of the message it is."""
        return _TAKES.get(self.slot, "quoted")


def parameters_in(reading: Reading, taken: Collection[str]) -> tuple[list[Parameter], str]:
    """Return the parameters that a message's slots would be, and why they cannot all be told apart (or nothing)."""
    found: list[Parameter] = []
    why_not = ""
    for slot in reading.slots:
        kind = _KINDS.get(slot.kind)
        if kind is None:
            why_not = why_not or f"what the message says as {slot.kind} cannot be told again"
        elif not any(one.value == slot.value for one in found):
            name = free_name(_NAMES.get(slot.kind, slot.kind), {*taken, *(one.name for one in found)})
            found.append(Parameter(name, kind, slot.kind, slot.value))
    said = Counter(_KINDS.get(slot.kind, "") for slot in reading.slots)
    for kind, count in Counter(one.kind for one in found).items():
        is_clear = kind != "text" and (kind != "release" or _older_first(found))
        if count > 1 and (said[kind] != count or not is_clear):
            why_not = why_not or f"the message names several things as {kind}"
    return found, why_not


def _older_first(parameters: Sequence[Parameter]) -> bool:
    """Whether two releases are said from the older to the newer: that is how a message's are given to a skill."""
    hits = [_VERSION.fullmatch(str(one.value)) for one in parameters if one.kind == "release"]
    numbers = [[int(part) for part in hit[1].split(".")] for hit in hits if hit]
    return len(numbers) == len(hits) == 2 and numbers[0] <= numbers[1]


def phrase_of(reading: Reading) -> str:
    """Return the message with placeholders in place of what it names."""
    text = reading.text
    for slot in reversed(reading.slots):
        text = f"{text[: slot.start]}{{{_PLACEHOLDERS.get(slot.kind, slot.kind)}}}{text[slot.end :]}"
    return " ".join(text.split())


def words_of_slots(slots: Sequence[Slot], text: str) -> set[str]:
    """Return what slots name, as it is meant and as it is said, in small letters."""
    return {str(slot.value).casefold() for slot in slots} | {text[one.start : one.end].casefold() for one in slots}


class PutParameters(ast.NodeTransformer):
    """Replaces constants by the parameters that they are; `used` says which were found."""

    def __init__(self, parameters: Sequence[Parameter]) -> None:
        self._parameters = sorted(parameters, key=lambda one: -len(str(one.value)))
        self.used: set[str] = set()

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        """Leave places in lists alone: `rows[3]`."""
        node.value = self.visit(node.value)
        is_place = isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, int)
        if not is_place:
            node.slice = self.visit(node.slice)
        return node

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        """Replace a text or number that the message said."""
        if isinstance(node.value, str):
            return self._of_text(node, node.value)
        if isinstance(node.value, int | float) and not isinstance(node.value, bool):
            return self._of_number(node)
        return node

    def visit_JoinedStr(self, node: ast.JoinedStr) -> ast.AST:
        """Replace what a text with values in it says, and its values; formats stay."""
        values: list[ast.expr] = []
        for part in node.values:
            if isinstance(part, ast.Constant):
                values += self._parts(str(part.value))
            elif isinstance(part, ast.FormattedValue):
                part.value = self.visit(part.value)
                values.append(part)
            else:
                values.append(part)
        return ast.JoinedStr(values)

    def _of_number(self, node: ast.Constant) -> ast.AST:
        for one in self._parameters:
            if one.kind in {"number", "minutes"} and one.value == node.value and abs(one.value) >= _LEAST_NUMBER:
                self.used.add(one.name)
                return parse_expression(f"int({one.name})" if isinstance(node.value, int) else one.name)
        return node

    def _of_text(self, node: ast.Constant, text: str) -> ast.AST:
        for one in self._parameters:
            if str(one.value).casefold() == text.casefold():
                self.used.add(one.name)
                return parse_expression(one.name if one.kind not in {"number", "minutes"} else f"str({one.name})")
        parts = self._parts(text)
        return node if all(isinstance(one, ast.Constant) for one in parts) else ast.JoinedStr(parts)

    def _parts(self, text: str) -> list[ast.expr]:
        """Return a text in pieces: constants, and parameters where it names what they are."""
        for one in self._parameters:
            said = str(one.value)
            if len(said) < 2 and not said.isdigit():
                continue
            hit = re.search(rf"(?<![\w.-]){re.escape(said)}(?![\w-]|\.\w)", text, re.IGNORECASE)
            if hit is not None and not (said.isdigit() and int(said) < _LEAST_NUMBER):
                self.used.add(one.name)
                put = ast.FormattedValue(parse_expression(one.name), -1)
                return [*self._parts(text[: hit.start()]), put, *self._parts(text[hit.end() :])]
        return [ast.Constant(text)] if text else []
