"""What the broker says about toolkits, as text and signatures for `help`, `dir` and `inspect`. Asked once a round."""

from __future__ import annotations

import difflib
import inspect
import keyword
from collections.abc import Mapping, Sequence
from typing import Any, BinaryIO, TextIO

from .annotations import Annotations, iterator_of, shown_as
from .channel import ToolChannel
from .errors import ToolNotFoundError

_FILES: dict[Any, Any] = {"bytes": BinaryIO, "text": TextIO}


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

    Properties whose name Python cannot write (`some-key`, `class`) are summed up as `**other`. Of a tool with overloads
    it is what takes them all; `render_tool` shows each.
    """
    return _signature(tool, tool, _annotations(tool))


def render_tool(toolkit: str, tool: Mapping[str, Any]) -> str:
    """Return a tool's documentation: signature, description, arguments, example, result, effect."""
    annotations = _annotations(tool)
    ways = tool.get("overloads") or [tool]
    lines = [f"{toolkit}.{tool['name']}{_text_of(_signature(tool, way, annotations))}" for way in ways]
    lines += ["", str(tool.get("description") or "")]
    for way in ways:
        lines += _arguments(toolkit, tool, way)
    if annotations.records:
        lines += ["", 'Records (`record.key` and `record["key"]` are the same):']
        lines += [f"  {name}: {{{', '.join(fields)}}}" for name, fields in annotations.records.items()]
    effect = str(tool.get("effect") or "READ")
    if effect != "READ":
        lines += ["", f"Effect: {effect}. A person may be asked first."]
    lines += [f"Undo: {tool['undo']}"] if tool.get("undo") else []
    lines += ["", f"When it keeps failing: {tool['alternative']}"] if tool.get("alternative") else []
    pieces = {(way.get("output_schema") or {}).get("x-pieces") for way in ways}
    if tool.get("streams") or "items" in pieces:
        lines += ["", "Gives a stream: `for item in …` (or `async for`); leave the loop to end it early."]
    if pieces & _FILES.keys():
        lines += ["", "Gives an open file: `with … as file: file.read()`, or line by line; closing it ends it early."]
    return "\n".join(lines)


def render_toolkit(name: str, toolkit: Mapping[str, Any], below: Sequence[str]) -> str:
    """Return a toolkit's documentation: description, one line a tool, and the toolkits below it."""
    lines = [f"toolkit {name}", "", str(toolkit.get("description") or "")]
    tools = toolkit.get("tools", ())
    for tool in tools:
        first_line = str(tool.get("description") or "").partition("\n")[0]
        lines.append(f"  {name}.{tool['name']}{_text_of(signature_of(tool))}  {first_line}".rstrip())
    lines += [f"  {other} (a toolkit)" for other in below]
    if tools:
        first = f"{name}.{tools[0]['name']}"
        lines += ["", f"Several at once: `await asyncio.gather({first}.aio(…), …)`, or threads that call `{first}(…)`."]
    return "\n".join(lines)


def _signature(tool: Mapping[str, Any], way: Mapping[str, Any], annotations: Annotations) -> inspect.Signature:
    properties, required = _properties(way)
    parameters: list[inspect.Parameter] = []
    kind: inspect._ParameterKind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    for name, details in properties.items():
        if not name.isidentifier() or keyword.iskeyword(name):
            continue
        is_required = name in required
        default = inspect.Parameter.empty if is_required else details.get("default")
        if is_required and parameters and parameters[-1].default is not inspect.Parameter.empty:
            kind = inspect.Parameter.KEYWORD_ONLY
        annotation = annotations.of(details, f"{tool['name']} {name}")
        if default is None and annotation is not Any and annotation is not None:
            annotation = annotation | None
        parameters.append(inspect.Parameter(name, kind, default=default, annotation=annotation))
    if len(parameters) < len(properties):
        other = "other" if "other" not in properties else "other_arguments"
        parameters.append(inspect.Parameter(other, inspect.Parameter.VAR_KEYWORD))
    return inspect.Signature(parameters, return_annotation=_returned(tool, way, annotations))


def _returned(tool: Mapping[str, Any], way: Mapping[str, Any], annotations: Annotations) -> Any:
    schema = way.get("output_schema") or {}
    if not schema and not tool.get("streams"):
        return inspect.Signature.empty
    if schema.get("x-pieces") == "items":
        return iterator_of(annotations.of(schema.get("items"), str(tool["name"])))
    if schema.get("x-pieces") in _FILES:
        return _FILES[schema["x-pieces"]]
    if (of_bytes := _bytes_of(schema)) is not None:
        return of_bytes
    found = annotations.of(schema, str(tool["name"]))
    return iterator_of(found) if tool.get("streams") else found


def _bytes_of(schema: Mapping[str, Any]) -> Any:
    """Return the annotation of a result that is bytes, which its schema says to be in base64; None for any other."""
    if schema.get("contentEncoding") == "base64":
        return bytes
    ways = schema.get("anyOf")
    parts = [part for part in ways if isinstance(part, Mapping)] if isinstance(ways, list) else []
    return bytes | None if any(part.get("contentEncoding") == "base64" for part in parts) else None


def _arguments(toolkit: str, tool: Mapping[str, Any], way: Mapping[str, Any]) -> list[str]:
    """Return the lines of a way's arguments, with an example call when their examples are enough for one."""
    properties, required = _properties(way)
    lines = [f"  {name}: {_details(details)}".rstrip(": ") for name, details in properties.items()]
    told = ["", "Arguments:", *lines] if lines else []
    given: list[str] = []
    for name, details in properties.items():
        examples = details.get("examples")
        if isinstance(examples, list) and examples:
            given.append(f"{name}={examples[0]!r}")
        elif name in required:
            return told
    return [*told, "", f"Example: {toolkit}.{tool['name']}({', '.join(given)})"] if given else told


def _properties(way: Mapping[str, Any]) -> tuple[dict[str, Mapping[str, Any]], set[str]]:
    schema = way.get("input_schema") or {}
    properties = schema.get("properties") or {}
    known = {name: details if isinstance(details, Mapping) else {} for name, details in properties.items()}
    return known, set(schema.get("required") or ())


def _annotations(tool: Mapping[str, Any]) -> Annotations:
    """Return an empty collection that knows what all of a tool's schemas define."""
    definitions: dict[str, Any] = {}
    for way in [tool, *(tool.get("overloads") or ())]:
        for key in ("input_schema", "output_schema"):
            definitions.update((way.get(key) or {}).get("$defs") or {})
    return Annotations(definitions)


def _text_of(signature: inspect.Signature) -> str:
    """Return a signature as a stub would write it."""
    shown: list[str] = []
    for one in signature.parameters.values():
        if one.kind is inspect.Parameter.KEYWORD_ONLY and "*" not in shown:
            shown.append("*")
        text = f"**{one.name}" if one.kind is inspect.Parameter.VAR_KEYWORD else one.name
        text += "" if one.annotation is inspect.Parameter.empty else f": {shown_as(one.annotation)}"
        shown.append(text if one.default is inspect.Parameter.empty else f"{text} = {one.default!r}")
    returned = signature.return_annotation
    arrow = "" if returned is inspect.Signature.empty else f" -> {shown_as(returned)}"
    return f"({', '.join(shown)}){arrow}"


def _details(details: Mapping[str, Any]) -> str:
    text = str(details.get("description") or "")
    if form := details.get("format") or details.get("contentEncoding"):
        text += f" ({form})"
    if choices := details.get("enum"):
        text += f" One of {', '.join(repr(choice) for choice in choices)}."
    return text.strip()
