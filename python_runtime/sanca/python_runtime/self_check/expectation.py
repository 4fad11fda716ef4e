"""What a tool says verifies it: reads `verified_by`, fetches what it needs, and tells whether the world agrees.

The words are Python's, and few: comparisons joined by and, or, not; reads of the same toolkit (or `toolkit.tool`);
the call's arguments by name, `result`, fields and keys of them; `count(list, field=value, not_field=value)`, in which
values may be globs. Nothing of it is run as Python, and nothing else is understood.
"""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from sanca.core.errors import ConfigurationError
from sanca.core.syntax import parse_expression

Read = Callable[[str, Sequence[Any], Mapping[str, Any]], Awaitable[Any]]
"""Reads the world: a tool's name, positional and named arguments → its value."""

_ORDER: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
_CONSTANTS = {"true": True, "false": False, "null": None}
_VALUE_CHARS = 120


class UnknownValueError(Exception):
    """Something that the expectation names is not there; nothing can be told."""


class Expectation:
    """One `verified_by`, parsed."""

    def __init__(self, text: str) -> None:
        """Parse it.

        Raises:
            ConfigurationError: It is no such expression; says what is not understood.
        """
        self.text = text
        try:
            self._tree = parse_expression(text.strip())
        except (SyntaxError, ValueError) as error:
            raise ConfigurationError(f"verified_by {text!r} cannot be read: {error}.") from None
        for node in ast.walk(self._tree):
            if not isinstance(node, _UNDERSTOOD):
                raise ConfigurationError(f"verified_by {text!r}: {type(node).__name__} is not understood here.")

    async def disagreement(self, arguments: Mapping[str, Any], result: Any, read: Read) -> str:
        """Return what the world says against it; empty when it agrees.

        Args:
            arguments: The call's, with defaults.
            result: What it gave.
            read: Reads the world.

        Raises:
            UnknownValueError: It cannot be told.
        """
        evaluation = _Evaluation({**_CONSTANTS, **arguments, "result": result}, read)
        try:
            holds = await evaluation.value(self._tree)
        except (TypeError, KeyError, IndexError, AttributeError) as error:
            raise UnknownValueError(f"{self.text}: {error}") from error
        if holds and not evaluation.reads:
            raise UnknownValueError(f"{self.text}: nothing was read")
        return "" if holds else evaluation.found or f"{self.text} does not hold"


class _Evaluation:
    def __init__(self, names: Mapping[str, Any], read: Read) -> None:
        self._names = names
        self._read = read
        self.found = ""
        self.reads = 0

    async def value(self, node: ast.expr) -> Any:
        match node:
            case ast.Constant():
                return node.value
            case ast.Name():
                return self._named(node.id)
            case ast.List() | ast.Tuple():
                return [await self.value(each) for each in node.elts]
            case ast.Attribute():
                return _part(await self.value(node.value), node.attr)
            case ast.Subscript():
                return _part(await self.value(node.value), await self.value(node.slice))
            case ast.Call():
                return await self._called(node)
            case ast.UnaryOp():
                found = await self.value(node.operand)
                return not found if isinstance(node.op, ast.Not) else -found
            case ast.BoolOp():
                return await self._joined(node)
            case ast.Compare():
                return await self._compared(node)
        raise UnknownValueError(ast.unparse(node))

    def _named(self, name: str) -> Any:
        if name not in self._names:
            raise UnknownValueError(f"there is no {name!r}")
        return self._names[name]

    async def _joined(self, node: ast.BoolOp) -> bool:
        stops_at = isinstance(node.op, ast.Or)
        for each in node.values:
            if bool(await self.value(each)) is stops_at:
                return stops_at
        return not stops_at

    async def _compared(self, node: ast.Compare) -> bool:
        left = await self.value(node.left)
        for comparison, comparator in zip(node.ops, node.comparators, strict=True):
            right = await self.value(comparator)
            if not _holds(comparison, left, right):
                self.found = f"{ast.unparse(node.left)} is {_in_short(left)}"
                return False
            left = right
        return True

    async def _called(self, node: ast.Call) -> Any:
        positional = [await self.value(each) for each in node.args]
        named = {each.arg: await self.value(each.value) for each in node.keywords if each.arg}
        name = ast.unparse(node.func)
        if name == "count":
            return _count(positional[0], named)
        self.reads += 1
        return await self._read(name, positional, named)


def _part(value: Any, key: Any) -> Any:
    if isinstance(value, Mapping):
        if key not in value:
            raise UnknownValueError(f"there is no {key!r}")
        return value[key]
    if isinstance(value, list) and isinstance(key, int):
        return value[key]
    raise UnknownValueError(f"there is no {key!r} in {_in_short(value)}")


def _holds(comparison: ast.cmpop, left: Any, right: Any) -> bool:
    if isinstance(comparison, ast.Eq | ast.Is):
        return same(left, right)
    if isinstance(comparison, ast.NotEq | ast.IsNot):
        return not same(left, right)
    if isinstance(comparison, ast.In | ast.NotIn):
        among = right.values() if isinstance(right, Mapping) else right
        found = left in right if isinstance(right, str) else any(same(left, each) for each in among)
        return bool(found) is isinstance(comparison, ast.In)
    return bool(_ORDER[type(comparison)](_number(left), _number(right)))


def same(left: Any, right: Any) -> bool:
    """Whether two values mean the same: 20 and "20" do, and 20.0; texts whatever their case."""
    if left == right:
        return True
    if left is None or right is None or isinstance(left, bool) is not isinstance(right, bool):
        return f"{left}".casefold() == f"{right}".casefold()
    try:
        return float(left) == float(right)
    except (TypeError, ValueError):
        return f"{left}".casefold() == f"{right}".casefold()


def _number(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        raise UnknownValueError(f"{_in_short(value)} is no number") from None


def _count(rows: Any, wanted: Mapping[str, Any]) -> int:
    if not isinstance(rows, list):
        raise UnknownValueError(f"{_in_short(rows)} is no list")
    return sum(all(_fits(row, name, value) for name, value in wanted.items()) for row in rows)


def _fits(row: Any, name: str, value: Any) -> bool:
    is_not = name.startswith("not_")
    found = _part(row, name.removeprefix("not_"))
    fits = same(found, value) or (isinstance(value, str) and re.fullmatch(_glob(value), f"{found}") is not None)
    return fits is not is_not


def _glob(pattern: str) -> str:
    """Return a glob as a regular expression; a star stays within a folder, two do not."""
    parts = re.split(r"(\*\*|\*|\?)", pattern)
    return "".join({"**": ".*", "*": "[^/]*", "?": "[^/]"}.get(part, re.escape(part)) for part in parts)


def _in_short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= _VALUE_CHARS else f"{text[:_VALUE_CHARS]}…"


_UNDERSTOOD = (
    ast.Constant, ast.Name, ast.List, ast.Tuple, ast.Attribute, ast.Subscript, ast.Call, ast.keyword, ast.UnaryOp,
    ast.Not, ast.USub, ast.BoolOp, ast.And, ast.Or, ast.Compare, ast.cmpop, ast.expr_context,
)  # fmt: skip
