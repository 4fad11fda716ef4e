"""What the broker says about toolkits, as text and signatures for `help`, `dir` and `inspect`. Asked once a round."""

from __future__ import annotations

import difflib
import inspect
import keyword
from collections.abc import Mapping, Sequence
from typing import Any

from .channel import ToolChannel
from .errors import ToolNotFoundError

_TYPES: dict[str, Any] = {
    "string": str, "integer": int, "number": float, "boolean": bool, "array": list, "object": dict, "null": None,
}  # fmt: skip


class Descriptions:
    """The toolkits' definitions, fetched by the first question of a round."""

    def __init__(self, channel: ToolChannel) -> None:
        self._channel = channel
        self._toolkits: dict[str, Mapping[str, Any]] | None = None

    def forget(self) -> None:
        """Ask again at the next question: toolkits may have changed."""
        self._toolkits = None

    def toolkit_names(self) -> list[str]:
        """Return the names of all toolkits."""
        return list(self._known())

    def toolkit(self, name: str) -> Mapping[str, Any]:
        """Return a toolkit's definition; an empty one for the shared part of dotted names."""
        return self._known().get(name, {})

    def tools(self, toolkit: str) -> list[str]:
        """Return the names of a toolkit's tools."""
        return [str(tool["name"]) for tool in self.toolkit(toolkit).get("tools", ())]

    def tool(self, toolkit: str, name: str) -> Mapping[str, Any]:
        """Return a tool's definition.

        Raises:
            ToolNotFoundError: There is none; `near` holds close names.
        """
        for tool in self.toolkit(toolkit).get("tools", ()):
            if tool["name"] == name:
                found: Mapping[str, Any] = tool
                return found
        known = [f"{kit}.{other}" for kit in self._known() for other in self.tools(kit)]
        near = tuple(difflib.get_close_matches(f"{toolkit}.{name}", known, n=3))
        hint = f" Close: {', '.join(near)}." if near else ""
        raise ToolNotFoundError(f"There is no tool {f'{toolkit}.{name}'!r}.{hint}", kind="not_found", near=near)

    def _known(self) -> dict[str, Mapping[str, Any]]:
        if self._toolkits is None:
            answer = self._channel.call("sanca", "describe")
            self._toolkits = {str(toolkit["name"]): toolkit for toolkit in answer["toolkits"]}
        return self._toolkits


def signature_of(tool: Mapping[str, Any]) -> inspect.Signature:
    """Return a tool's signature: its input schema's properties in order; required after optional ones by name.

    Properties whose name Python cannot write (`some-key`, `class`) are summed up as `**other`.
    """
    schema = tool.get("input_schema") or {}
    properties: Mapping[str, Any] = schema.get("properties") or {}
    required = set(schema.get("required") or ())
    parameters: list[inspect.Parameter] = []
    kind: inspect._ParameterKind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    for name, details in properties.items():
        if not name.isidentifier() or keyword.iskeyword(name):
            continue
        default = inspect.Parameter.empty if name in required else details.get("default")
        if name in required and parameters and parameters[-1].default is not inspect.Parameter.empty:
            kind = inspect.Parameter.KEYWORD_ONLY
        parameters.append(inspect.Parameter(name, kind, default=default, annotation=_annotation(details)))
    if len(parameters) < len(properties):
        other = "other" if "other" not in properties else "other_arguments"
        parameters.append(inspect.Parameter(other, inspect.Parameter.VAR_KEYWORD))
    return inspect.Signature(parameters)


def render_tool(toolkit: str, tool: Mapping[str, Any]) -> str:
    """Return a tool's documentation: signature, description, arguments, effect."""
    lines = [f"{toolkit}.{tool['name']}{signature_of(tool)}", "", str(tool.get("description") or "")]
    properties: Mapping[str, Any] = (tool.get("input_schema") or {}).get("properties") or {}
    described = [f"  {name}: {_details(details)}".rstrip(": ") for name, details in properties.items()]
    if described:
        lines += ["", "Arguments:", *described]
    effect = str(tool.get("effect") or "READ")
    if effect != "READ":
        lines += ["", f"Effect: {effect}. A person may be asked first."]
    if tool.get("streams"):
        lines += ["", "Gives a stream: `for item in …` (or `async for`); leave the loop to end it early."]
    return "\n".join(lines)


def render_toolkit(name: str, toolkit: Mapping[str, Any], below: Sequence[str]) -> str:
    """Return a toolkit's documentation: description, one line a tool, and the toolkits below it."""
    lines = [f"toolkit {name}", "", str(toolkit.get("description") or "")]
    tools = toolkit.get("tools", ())
    for tool in tools:
        first_line = str(tool.get("description") or "").partition("\n")[0]
        lines.append(f"  {name}.{tool['name']}{signature_of(tool)}  {first_line}".rstrip())
    lines += [f"  {other} (a toolkit)" for other in below]
    if tools:
        first = f"{name}.{tools[0]['name']}"
        lines += ["", f"Several at once: `await asyncio.gather({first}.aio(…), …)`, or threads that call `{first}(…)`."]
    return "\n".join(lines)


def _annotation(details: Mapping[str, Any]) -> Any:
    kind = details.get("type")
    if isinstance(kind, list):
        kinds = [_TYPES.get(str(one), Any) for one in kind]
        joined = kinds[0]
        for one in kinds[1:]:
            joined = joined | one
        return joined
    return _TYPES.get(str(kind), Any)


def _details(details: Mapping[str, Any]) -> str:
    text = str(details.get("description") or "")
    if choices := details.get("enum"):
        text += f" One of {', '.join(repr(choice) for choice in choices)}."
    return text.strip()
