"""Stubs of toolkits for a type checker: the names an action finds, as one `__builtins__.pyi`. Not for reading.

A tool is an object of a class of its own, so that what a checker says of a call names the tool. Parameters are as the
schema says. Results are records whose keys are known and whose values may be anything: what a tool says of its results
is no proof, and a call that uses them is not to be held up for it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sanca.core.tools import ToolDefinition, ToolkitDefinition, ToolOverload
from sanca.toolkit_bridge.annotations import Annotations, plain, union
from sanca.toolkit_bridge.stubs import is_name, parameters

CAST = "_sanca_cast"
"""What declares the names of earlier rounds: `services = _sanca_cast(list[Record], 0)`."""
_HEAD = f"""
from typing import Any, Generic, Literal, Mapping, Sequence, TypeVar, overload, cast as _cast
{CAST} = _cast
_Item = TypeVar("_Item")
class Record(dict[str, Any]):
    def __getattr__(self, name: str) -> Any: ...
    def __setattr__(self, name: str, value: Any) -> None: ...
    def __delattr__(self, name: str) -> None: ...
class _KnownRecord(dict[str, Any]):
    def __setattr__(self, name: str, value: Any) -> None: ...
    def __delattr__(self, name: str) -> None: ...
class _ToolStream(Generic[_Item]):
    def __iter__(self) -> _ToolStream[_Item]: ...
    def __next__(self) -> _Item: ...
    def __aiter__(self) -> _ToolStream[_Item]: ...
    async def __anext__(self) -> _Item: ...
    def __enter__(self) -> _ToolStream[_Item]: ...
    def __exit__(self, *_: object) -> None: ...
    def __getattr__(self, name: str) -> Any: ...
class _Tool:
    __name__: str
    __qualname__: str
    __signature__: Any
class ToolError(Exception):
    kind: str
    argument: str | None
    near: tuple[str, ...]
    java_class: str | None
    stack: tuple[str, ...]
    retryable: bool
class ToolNotFoundError(ToolError): ...
class ToolArgumentError(ToolError): ...
class ToolDeniedError(ToolError): ...
class ToolFailedError(ToolError): ...
class ConversionError(ValueError): ...
class _Tools:
    def search(self, query: Any) -> Any: ...
    def describe(self, name: Any) -> str: ...
tools: _Tools
last_value: Any
last_output: Any
def say(text: object, message_id: object = None) -> None: ...
def final_answer(answer: object) -> None: ...
def help(topic: Any = None) -> None: ...
"""
_ARGUMENTS = {
    "string": "str",
    "integer": "int",
    "number": "float",
    "boolean": "bool",
    "null": "None",
    "array": "Sequence[Any]",
    "object": "Mapping[Any, Any]",
}


@dataclass(frozen=True)
class CheckerStubs:
    """The text of the stubs, and what its classes stand for."""

    text: str
    tools: Mapping[str, tuple[str, ToolDefinition]] = field(default_factory=dict)
    """Class → toolkit and tool."""
    toolkits: Mapping[str, str] = field(default_factory=dict)
    """Class → toolkit, or the shared part of dotted names."""
    records: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Class → its keys, of records that tools give."""
    names: frozenset[str] = frozenset()
    """What an action finds besides Python's own names."""


def checker_stubs(toolkits: Sequence[ToolkitDefinition]) -> CheckerStubs:
    """Return the stubs of all toolkits."""
    made = _Made()
    children = _tree(toolkits)
    lines = [made.toolkit(name, definition, children) for name, definition in reversed(children.items())]
    roots = [name for name in children if "." not in name and is_name(name)]
    names = [f"{name}: {_class_of(name)}" for name in roots]
    text = "\n".join([_HEAD, *made.records, *lines, *names, ""])
    ours = {
        "Record",
        "tools",
        "say",
        "final_answer",
        "help",
        "last_value",
        "last_output",
        *re.findall(r"class (\w+Error)", _HEAD),
    }
    return CheckerStubs(text, made.tools, made.toolkits, made.keys, frozenset([*roots, *ours]))


class _Made:
    def __init__(self) -> None:
        self.tools: dict[str, tuple[str, ToolDefinition]] = {}
        self.toolkits: dict[str, str] = {}
        self.records: list[str] = []
        self.keys: dict[str, tuple[str, ...]] = {}

    def toolkit(
        self, name: str, definition: ToolkitDefinition | None, children: Mapping[str, ToolkitDefinition | None]
    ) -> str:
        below = [other for other in children if other.rpartition(".")[0] == name and is_name(other.rpartition(".")[2])]
        own = _class_of(name)
        self.toolkits[own] = name
        lines = [f"    {other.rpartition('.')[2]}: {_class_of(other)}" for other in below]
        classes = []
        for tool in definition.tools if definition else ():
            if is_name(tool.name) and f"{name}.{tool.name}" not in children:
                classes.append(self._tool(name, tool))
                lines.append(f"    {tool.name}: {_class_of(f'{name}.{tool.name}')}")
        return "\n".join([*classes, f"class {own}:", *(lines or ["    ..."])])

    def _tool(self, toolkit: str, tool: ToolDefinition) -> str:
        own = _class_of(f"{toolkit}.{tool.name}")
        self.tools[own] = (toolkit, tool)
        annotations = Annotations(prefix=f"{own}_")
        ways = tool.overloads or (ToolOverload(input_schema=tool.input_schema, output_schema=tool.output_schema),)
        lines = [f"class {own}(_Tool):"]
        for method, head in (("__call__", "def"), ("aio", "async def")):
            for way in ways:
                lines.extend(["    @overload"] if len(ways) > 1 else [])
                taken, given = _parameters(way.input_schema), _result(tool, way, annotations)
                lines.append(f"    {head} {method}(self{taken}) -> {given}: ...")
        for record in annotations.new_records():
            self.keys[record.name] = tuple(one.key for one in record.fields)
            keys = [f"    {one.key}: {_loose(one.annotation)}" for one in record.fields if _is_attribute(one.key)]
            self.records.append("\n".join([f"class {record.name}(_KnownRecord):", *(keys or ["    ..."])]))
        return "\n".join(lines)


def _result(tool: ToolDefinition, way: ToolOverload, annotations: Annotations) -> str:
    schema = way.output_schema
    pieces = schema.get("x-pieces")
    if pieces == "items":
        schema = {"$defs": schema.get("$defs") or {}, **(schema.get("items") or {})}
    annotation = _loose(annotations.of(schema, tool.name))
    if tool.streams or pieces == "items":
        return f"_ToolStream[{annotation}]"
    return "Any" if pieces else annotation


def _loose(annotation: str) -> str:
    """Return of a result's annotation what is a record, or a list or dict of records; else `Any`."""
    found = re.fullmatch(r"(?:list\[|dict\[str, )*(\w+)\]*", annotation)
    return annotation if found and (found[1] == "Record" or found[1].startswith("T_")) else "Any"


def _is_attribute(key: str) -> bool:
    """Whether a record answers to `record.key`; what every dict has is only reached by `record["key"]`."""
    return is_name(key) and not hasattr(dict, key)


def _parameters(schema: Mapping[str, Any]) -> str:
    shown, starred = "", False
    for name, each, is_required, by_name in parameters(schema):
        if by_name and not starred:
            shown, starred = f"{shown}, *", True
        annotation = _accepted(each)
        is_open = not is_required and each.get("default") is None
        shown += f", {name}: {annotation}{' | None' if is_open else ''}{'' if is_required else ' = ...'}"
    properties = schema.get("properties") or {}
    takes_others = schema.get("additionalProperties") or any(not is_name(name) for name in properties)
    return f"{shown}, **others: Any" if takes_others else shown


def _accepted(schema: Mapping[str, Any]) -> str:
    """Return what an argument may be; lists and dicts of anything, for what is in them is judged by their values."""
    for key in ("anyOf", "oneOf"):
        if key in schema:
            parts = [_accepted(part) for part in schema[key]]
            return "Any" if "Any" in parts else union(parts)
    if "enum" in schema:
        return plain(schema) if all(isinstance(each, str | None) for each in schema["enum"]) else "Any"
    kinds = schema.get("type")
    parts = [_ARGUMENTS.get(str(kind), "Any") for kind in (kinds if isinstance(kinds, list) else [kinds])]
    return "Any" if "Any" in parts else union(parts)


def _tree(toolkits: Sequence[ToolkitDefinition]) -> dict[str, ToolkitDefinition | None]:
    """Return every toolkit by name, and the shared parts of dotted names; parents before what is below them."""
    found: dict[str, ToolkitDefinition | None] = {}
    for toolkit in toolkits:
        parts = toolkit.name.split(".")
        for depth in range(1, len(parts)):
            found.setdefault(".".join(parts[:depth]), None)
        if found.get(toolkit.name) is None:
            found[toolkit.name] = toolkit
    return dict(sorted(found.items()))


def _class_of(name: str) -> str:
    """Return the class that stands for a toolkit or tool: no name of Python's or of an action's begins so."""
    return "T_" + re.sub(r"\W", lambda found: "__" if found[0] == "." else f"_{ord(found[0])}_", name)
