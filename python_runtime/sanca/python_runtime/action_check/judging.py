"""What of a checker's findings surely fails at run time, and what is only worth a remark. Starts nothing.

A call is judged by the tool's own signature, with the values that stand in the code and the types that the checker
found for the others: what stops an action here would be refused by the gate. When in doubt it is a remark.
"""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Mapping, Sequence
from typing import Any

from sanca.core.errors import ToolArgumentError
from sanca.core.tools import ToolkitDefinition
from sanca.python_runtime.action_check.language_server import Diagnostic
from sanca.python_runtime.action_check.ports import Finding
from sanca.python_runtime.action_check.source import Source, dotted
from sanca.python_runtime.sandbox.guest.conversion import to_wire
from sanca.python_runtime.sandbox.guest.errors import ConversionError
from sanca.toolkit_bridge import Inferred, ToolSignature, did_you_mean, near_names
from sanca.toolkit_bridge.checker_stubs import CheckerStubs

_TOOL_CALL = re.compile(r"`(T_\w+)\.(?:__call__|aio)`")
_NO_ATTRIBUTE = re.compile(r"^(?:Object of type|Class|Type) `(?:type\[)?(\w+)\]?` has no attribute `(\w+)`")
_UNDEFINED = re.compile(r"^Name `(\w+)` used when not defined")
_FOUND = re.compile(r"found `(.+)`$")
_OURS = re.compile(r"\bT_\w+?_(?=[A-Z])")
_OUR_FUNCTION = re.compile(r"(?:function `(?:say|help)`|method `_Tools\.\w+`)")
_UNDEFINED_RULES = {"unresolved-reference"}
_ATTRIBUTE_RULES = {"missing-attribute", "unresolved-attribute"}
_FORM_RULES = {"unknown-argument", "missing-argument", "too-many-positional-arguments", "parameter-already-assigned"}
_ARGUMENT_RULES = {
    "invalid-argument-type",
    "unknown-argument",
    "too-many-positional-arguments",
    "parameter-already-assigned",
}
_UNTOLD_RULES = {"import-not-found", "unresolved-import", "invalid-syntax"}
"""The guest has libraries the checker does not see, and says itself which it lacks; the parser is Python's own."""


class Judge:
    """Judges the actions that are checked against the same stubs."""

    def __init__(self, toolkits: Sequence[ToolkitDefinition], stubs: CheckerStubs) -> None:
        self._stubs = stubs
        self._tools = {own: f"{toolkit}.{tool.name}" for own, (toolkit, tool) in stubs.tools.items()}
        self._definitions = {f"{toolkit}.{tool.name}": (toolkit, tool) for toolkit, tool in stubs.tools.values()}
        self._toolkits = {toolkit.name: toolkit for toolkit in toolkits}
        self._signatures: dict[str, ToolSignature] = {}

    def judge(
        self,
        source: Source,
        diagnostics: Sequence[Diagnostic],
        names: Mapping[str, str] | None,
        *,
        is_for_now: bool,
    ) -> tuple[list[Finding], list[Finding]]:
        """Return what stops the action, and remarks, both by line.

        Args:
            source: The action.
            diagnostics: What the checker found in it, by the action's own lines (from 0).
            names: Those of earlier rounds, when they are known.
            is_for_now: Whether the action was written for this moment: then no part of it may be wrong.
        """

        def is_certain(node: ast.AST) -> bool:
            return source.is_certain(node, ignores_conditions=is_for_now)

        stops: list[Finding] = []
        remarks: list[Finding] = []
        types: dict[ast.AST, str] = {}
        calls: dict[ast.Call, str] = {}
        for one in diagnostics:
            node = source.at((one.line + 1, one.column, one.end_line + 1, one.end_column))
            if node is None or one.rule in _UNTOLD_RULES:
                continue
            if (call := self._tool_call(source, one, node)) is not None:
                calls[call[0]] = call[1]
                if found := _FOUND.search(one.message):
                    types[node.value if isinstance(node, ast.keyword) else node] = found[1]
                continue
            told, is_sure = self._judge_one(source, one, node, names)
            (stops if is_sure and is_certain(node) else remarks).append(told)
        calls.update(self._written_calls(source, names))
        for call_node, name in calls.items():
            if finding := self._wrong_call(call_node, name, types):
                (stops if is_certain(call_node) else remarks).append(finding)
        return _by_place(stops), _by_place(remarks)

    # -- one finding of the checker's ---------------------------------------------------------------------------------

    def _tool_call(self, source: Source, one: Diagnostic, node: ast.AST) -> tuple[ast.Call, str] | None:
        """Return the call of a tool that a finding is about, and the tool's name."""
        match = _TOOL_CALL.search(one.message)
        if match is None or match[1] not in self._tools:
            return None
        is_whole = isinstance(node, ast.Call) and one.rule not in _ARGUMENT_RULES
        call = node if is_whole and isinstance(node, ast.Call) else source.call_with(node)
        if call is None:
            return None
        return call, self._tools[match[1]]

    def _judge_one(
        self, source: Source, one: Diagnostic, node: ast.AST, names: Mapping[str, str] | None
    ) -> tuple[Finding, bool]:
        """Return a finding, and whether it surely fails when it is reached."""
        if one.rule in _UNDEFINED_RULES and (match := _UNDEFINED.search(one.message)):
            is_known = names is not None and not source.makes_names_unseen
            return self._undefined(source, node, match[1], names or {}), is_known
        if one.rule in _ATTRIBUTE_RULES and (match := _NO_ATTRIBUTE.search(one.message)):
            if match[1] in self._stubs.toolkits:
                is_sure = _is_called(source, node) and not match[2].startswith("_")  # what is ours, not a tool's
                return self._no_tool(node, self._stubs.toolkits[match[1]], match[2]), is_sure
            near = near_names(match[2], self._stubs.records.get(match[1], ()))
            message = f"{_readable(one.message)}.{did_you_mean(near)}"
            return _finding(node, "AttributeError", message, near), False
        if one.rule in _FORM_RULES and _OUR_FUNCTION.search(one.message):
            return _finding(node, "TypeError", _readable(one.message)), True
        return _finding(node, one.rule, _readable(one.message)), False

    def _undefined(self, source: Source, node: ast.AST, name: str, names: Mapping[str, str]) -> Finding:
        known = dict.fromkeys([*self._stubs.names, *names, *source.names_bound])
        near = near_names(name, [each for each in known if each != name]) or near_names(name, dir(builtins))
        return _finding(node, "NameError", f"name {name!r} is not defined.{did_you_mean(near)}", near)

    def _no_tool(self, node: ast.AST, toolkit: str, tool: str) -> Finding:
        definition = self._toolkits.get(toolkit)
        tools = [one.name for one in definition.tools] if definition else []
        below = [name[len(toolkit) + 1 :] for name in self._toolkits if name.startswith(f"{toolkit}.")]
        near = near_names(tool, [*tools, *below])
        if not near:
            near = tuple(name for name in self._definitions if name.endswith(f".{tool}"))[:3]
        there = "" if near else f" It has: {', '.join([*tools, *below][:12])}."
        return _finding(node, "ToolNotFoundError", f"{toolkit} has no tool {tool!r}.{did_you_mean(near)}{there}", near)

    # -- calls of tools -----------------------------------------------------------------------------------------------

    def _written_calls(self, source: Source, names: Mapping[str, str] | None) -> dict[ast.Call, str]:
        """Return the calls that name their tool in full, of toolkits that neither action nor session has renamed."""
        if names is None:
            return {}
        hidden = {*source.names_bound, *names}
        found: dict[ast.Call, str] = {}
        for call in source.calls:
            name = dotted(call.func).removesuffix(".aio")
            if name in self._definitions and name.partition(".")[0] not in hidden:
                found[call] = name
        return found

    def _wrong_call(self, call: ast.Call, name: str, types: Mapping[ast.AST, str]) -> Finding | None:
        """Return what the tool's signature says against a call; None when it says nothing, or not all is known."""
        if any(isinstance(one, ast.Starred) for one in call.args) or any(one.arg is None for one in call.keywords):
            return None
        args = [_value(one, types) for one in call.args]
        kwargs = {one.arg: _value(one.value, types) for one in call.keywords if one.arg is not None}
        try:
            self._signature(name).unify(args, kwargs)
        except ToolArgumentError as error:
            place: ast.AST = next((one for one in call.keywords if one.arg == error.argument), call)
            return _finding(place, "ToolArgumentError", str(error), error.near)
        return None

    def _signature(self, name: str) -> ToolSignature:
        if name not in self._signatures:
            toolkit, tool = self._definitions[name]
            self._signatures[name] = ToolSignature(tool, toolkit=toolkit, is_ahead=True)
        return self._signatures[name]


def _value(node: ast.expr, types: Mapping[ast.AST, str]) -> Any:
    """Return an argument's value where it stands in the code, else what is known of it."""
    try:
        return to_wire(ast.literal_eval(node))
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError, ConversionError):
        return Inferred(types.get(node, ""))


def _is_called(source: Source, node: ast.AST) -> bool:
    """Whether a tool, or one below it, is called where it is named; only naming one fails nowhere."""
    parent = source.parent(node)
    while isinstance(parent, ast.Attribute):
        node, parent = parent, source.parent(parent)
    return isinstance(parent, ast.Call) and parent.func is node


def _finding(node: ast.AST, error_type: str, message: str, near: tuple[str, ...] = ()) -> Finding:
    line, column = getattr(node, "lineno", 1), getattr(node, "col_offset", 0)
    is_one_line = getattr(node, "end_lineno", line) == line
    return Finding(
        line, column, getattr(node, "end_col_offset", column) if is_one_line else column, error_type, message, near
    )


def _readable(message: str) -> str:
    """Return a checker's message with our classes under the names that stubs show."""
    return _OURS.sub("", message).replace("`", "'")


def _by_place(findings: Sequence[Finding]) -> list[Finding]:
    return sorted(dict.fromkeys(findings), key=lambda one: (one.line, one.column))
