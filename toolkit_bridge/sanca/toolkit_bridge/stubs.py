"""Type stubs of toolkits: the Python signatures a model reads and the type checker uses. Calls nothing."""

from __future__ import annotations

import keyword
import textwrap
from collections.abc import Iterable, Mapping
from typing import Any

from sanca.core.tools import Effect, ToolDefinition, ToolkitDefinition

_PLAIN = {
    "string": "str",
    "integer": "int",
    "number": "float",
    "boolean": "bool",
    "null": "None",
    "object": "Record",
    "array": "list[Any]",
}
_WIDTH = 110
_INDENT = "    "


def render_stub(toolkit: ToolkitDefinition) -> str:
    """Return the toolkit as a Python class of static methods, with docstrings; dotted names nest.

    The text is valid Python given `from typing import Any, Iterator, Literal` and a class `Record`. Only a tool whose
    name Python cannot write is left out.
    """
    lines: list[str] = []
    parts = toolkit.name.split(".")
    for depth, part in enumerate(parts):
        lines.append(f"{_INDENT * depth}class {part}:")
    inside = _INDENT * len(parts)
    lines.extend(_docstring([toolkit.description or f"Toolkit {toolkit.name}."], inside))
    for tool in toolkit.tools:
        if tool.name.isidentifier() and not keyword.iskeyword(tool.name):
            lines.append("")
            lines.append(f"{inside}@staticmethod")
            lines.extend(inside + line if line else "" for line in render_tool(tool).splitlines())
    return "\n".join(lines) + "\n"


def render_tool(tool: ToolDefinition) -> str:
    """Return one tool as a function with a docstring."""
    text = [tool.description.strip() or tool.name]
    if tool.effect is not Effect.READ:
        text.append(f"Effect: {tool.effect}{' (a person is asked first)' if tool.approval != 'NEVER' else ''}.")
    if tool.undo:
        text.append(f"Undo: {tool.undo}")
    text.extend(_argument_lines(tool.input_schema))
    if fields := _fields(tool.output_schema):
        text.append(f"Returns: {fields}")
    return "\n".join([f"def {signature(tool)}:", *_docstring(text, _INDENT)])


def signature(tool: ToolDefinition) -> str:
    """Return `logs(service: str, level: Literal["DEBUG"] | None = None) -> list[Record]`."""
    schema = tool.input_schema
    properties: Mapping[str, Any] = schema.get("properties") or {}
    required = set(schema.get("required") or ())
    shown: list[str] = []
    starred = False
    for name, each in properties.items():
        if not name.isidentifier() or keyword.iskeyword(name):
            continue
        if name in required and shown and "=" in shown[-1] and not starred:
            shown.append("*")
            starred = True
        shown.append(_parameter(name, each, name in required))
    returns = python_type(tool.output_schema)
    if tool.streams:
        returns = f"Iterator[{returns}]"
    return f"{tool.name}({', '.join(shown)}) -> {returns}"


def python_type(schema: Mapping[str, Any]) -> str:
    """Return the Python annotation of a JSON Schema; `Any` where it says nothing."""
    if not schema:
        return "Any"
    if "const" in schema:
        return f"Literal[{schema['const']!r}]"
    if "enum" in schema:
        return _literal(schema["enum"])
    for key in ("anyOf", "oneOf"):
        if key in schema:
            return _union(python_type(part) for part in schema[key])
    kind = schema.get("type")
    if isinstance(kind, list):
        return _union(python_type({**schema, "type": each}) for each in kind)
    if kind == "array" and schema.get("items"):
        return f"list[{python_type(schema['items'])}]"
    if kind == "object" and not schema.get("properties") and isinstance(schema.get("additionalProperties"), Mapping):
        return f"dict[str, {python_type(schema['additionalProperties'])}]"
    return _PLAIN.get(str(kind), "Record" if "$ref" in schema else "Any")


def _parameter(name: str, schema: Mapping[str, Any], is_required: bool) -> str:
    annotation = python_type(schema)
    if is_required:
        return f"{name}: {annotation}"
    default = schema.get("default")
    if default is None and "None" not in annotation and annotation != "Any":
        annotation = f"{annotation} | None"
    return f"{name}: {annotation} = {default!r}"


def _literal(values: Iterable[Any]) -> str:
    texts = [value for value in values if value is not None]
    named = f"Literal[{', '.join(_quoted(value) for value in texts)}]" if texts else "None"
    return f"{named} | None" if None in list(values) and texts else named


def _quoted(value: Any) -> str:
    return (
        f'"{value}"' if isinstance(value, str) and value.isprintable() and not set(value) & {'"', "\\"} else repr(value)
    )


def _union(parts: Iterable[str]) -> str:
    unique = list(dict.fromkeys(parts))
    return " | ".join(sorted(unique, key=lambda part: part == "None"))


def _argument_lines(schema: Mapping[str, Any]) -> list[str]:
    properties: Mapping[str, Any] = schema.get("properties") or {}
    return [f"{name}: {each['description'].strip()}" for name, each in properties.items() if each.get("description")]


def _fields(schema: Mapping[str, Any]) -> str:
    """Return the keys of the records a tool gives: `{name, status: "up"|"down", depends_on: list[str]}`."""
    record = schema.get("items", schema) if schema.get("type") == "array" else schema
    properties: Mapping[str, Any] = record.get("properties") or {} if isinstance(record, Mapping) else {}
    if not properties:
        return str(record.get("description", "")) if isinstance(record, Mapping) else ""
    shown = [f"{name}: {python_type(each)}" for name, each in properties.items()]
    return ("each " if record is not schema else "") + "{" + ", ".join(shown) + "}"


def _docstring(paragraphs: Iterable[str], indent: str) -> list[str]:
    clean = [text.replace("\\", "\\\\").replace('"""', "'''") for text in paragraphs]
    wrapped = [line for text in clean for raw in text.splitlines() for line in textwrap.wrap(raw, _WIDTH) or [""]]
    if len(wrapped) == 1:
        end = " " if wrapped[0].endswith('"') else ""
        return [f'{indent}"""{wrapped[0]}{end}"""']
    return [f'{indent}"""{wrapped[0]}', *(indent + line if line else "" for line in wrapped[1:]), f'{indent}"""']
