"""Type stubs of toolkits: the Python signatures a model reads. Calls nothing; the checker's own are `checker_stubs`."""

from __future__ import annotations

import json
import keyword
import textwrap
from collections.abc import Iterable, Mapping
from typing import Any

from sanca.core.tools import Effect, ToolDefinition, ToolkitDefinition, ToolOverload
from sanca.toolkit_bridge.annotations import Annotations, RecordType, plain
from sanca.toolkit_bridge.observed import Observed
from sanca.toolkit_bridge.pages import gives_bytes

_WIDTH = 110
_INDENT = "    "
_EXAMPLE_CHARS = 60
_FILES = {"bytes": "BinaryIO", "text": "TextIO"}


def render_stub(toolkit: ToolkitDefinition, observed: Mapping[str, Observed] | None = None) -> str:
    """Return the toolkit as a Python class of static methods, with docstrings; dotted names nest.

    The text is valid Python given `Record` and `from typing import Any, BinaryIO, Iterator, Literal, NotRequired,
    TextIO, TypedDict, overload`. Records stand before the first tool that needs them. A tool whose name Python cannot
    write is left out.

    Args:
        toolkit: What to render.
        observed: What calls of its tools gave, by the tool's name, for those that do not say it themselves.
    """
    lines: list[str] = []
    parts = toolkit.name.split(".")
    for depth, part in enumerate(parts):
        lines.append(f"{_INDENT * depth}class {part}:")
    inside = _INDENT * len(parts)
    lines.extend(_docstring([toolkit.description or f"Toolkit {toolkit.name}."], inside))
    annotations = Annotations()
    for tool in toolkit.tools:
        if is_name(tool.name):
            text = render_tool(
                tool, toolkit=toolkit.name, annotations=annotations, seen=(observed or {}).get(tool.name)
            )
            lines.append("")
            lines.extend(inside + line if line else "" for line in text.splitlines())
    return "\n".join(lines) + "\n"


def render_tool(
    tool: ToolDefinition,
    *,
    toolkit: str = "",
    annotations: Annotations | None = None,
    seen: Observed | None = None,
) -> str:
    """Return one tool as static methods with docstrings, one for each of its overloads, below the records it needs.

    Args:
        tool: What to render.
        toolkit: Its toolkit's name, for the example.
        annotations: Those of the toolkit, so that a record is written once.
        seen: What earlier calls gave.
    """
    kept = annotations or Annotations()
    returns = {} if declares_result(tool) or seen is None else seen.shape
    blocks: list[str] = []
    ways = tool.overloads or (
        ToolOverload(input_schema=tool.input_schema, output_schema=tool.output_schema or returns),
    )
    for number, way in enumerate(ways):
        head = f"def {_signature(tool, way, kept)}:"
        blocks.extend(_record_lines(kept.new_records()))
        blocks.extend(["@overload"] if tool.overloads else [])
        text = _paragraphs(tool, way, f"{toolkit}.{tool.name}" if toolkit else tool.name, is_first=number == 0)
        if number == 0 and seen is not None and not declares_result(tool):
            text.append(f"Result as seen in earlier calls{f', for instance: {seen.sample}' if seen.sample else '.'}")
        blocks.extend(["@staticmethod", head, *_docstring(text, _INDENT)])
    return "\n".join(blocks)


def signature(tool: ToolDefinition) -> str:
    """Return `logs(service: str, level: Literal["DEBUG"] | None = None) -> list[Record]`."""
    return _signature(tool, ToolOverload(input_schema=tool.input_schema, output_schema=tool.output_schema), None)


def parameters(schema: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any], bool, bool]]:
    """Return name, schema, whether it is required and whether it goes by name only, of those Python can write."""
    properties: Mapping[str, Any] = schema.get("properties") or {}
    required = set(schema.get("required") or ())
    found: list[tuple[str, Mapping[str, Any], bool, bool]] = []
    by_name = False
    for name, each in properties.items():
        if is_name(name):
            by_name = by_name or (name in required and bool(found) and not found[-1][2])
            found.append((name, each if isinstance(each, Mapping) else {}, name in required, by_name))
    return found


def declares_result(tool: ToolDefinition) -> bool:
    """Whether a tool says what it gives."""
    return bool(tool.output_schema) or bool(tool.overloads)


def is_name(text: str) -> bool:
    """Whether Python can write it as a name."""
    return text.isidentifier() and not keyword.iskeyword(text)


def returned(annotation: str, tool: ToolDefinition, schema: Mapping[str, Any]) -> str:
    """Return the annotation of what a call gives: an iterator or a file where it comes piece by piece.

    Bytes inside a value are in base64; a value that is bytes is `bytes`.
    """
    if tool.streams:
        return f"Iterator[{annotation}]"
    pieces = schema.get("x-pieces")
    if pieces == "items":
        return f"Iterator[{annotation.removeprefix('list[').removesuffix(']')}]"
    if pieces in _FILES:
        return _FILES[pieces]
    if gives_bytes(schema):
        return "bytes | None" if annotation.endswith("| None") else "bytes"
    return annotation


def _signature(tool: ToolDefinition, way: ToolOverload, annotations: Annotations | None) -> str:
    definitions = way.input_schema.get("$defs") or {}

    def annotation(schema: Mapping[str, Any], hint: str, defs: Mapping[str, Any]) -> str:
        return plain(schema) if annotations is None else annotations.of(schema, hint, defs)

    shown: list[str] = []
    for name, each, is_required, by_name in parameters(way.input_schema):
        if by_name and "*" not in shown:
            shown.append("*")
        shown.append(_parameter(name, each, annotation(each, f"{tool.name} {name}", definitions), is_required))
    result = annotation(way.output_schema, tool.name, way.output_schema.get("$defs") or {})
    return f"{tool.name}({', '.join(shown)}) -> {returned(result, tool, way.output_schema)}"


def _parameter(name: str, schema: Mapping[str, Any], annotation: str, is_required: bool) -> str:
    if is_required:
        return f"{name}: {annotation}"
    default = schema.get("default")
    if default is None and "None" not in annotation and annotation != "Any":
        annotation = f"{annotation} | None"
    return f"{name}: {annotation} = {default!r}"


def _record_lines(records: Iterable[RecordType]) -> list[str]:
    lines: list[str] = []
    for record in records:
        if all(is_name(one.key) for one in record.fields):
            lines.append(f"class {record.name}(TypedDict):")
            lines.extend(f"{_INDENT}{one.key}: {_field(one.annotation, one.is_required)}" for one in record.fields)
        else:
            shown = ", ".join(f"{one.key!r}: {_field(one.annotation, one.is_required)}" for one in record.fields)
            lines.append(f'{record.name} = TypedDict("{record.name}", {{{shown}}})')
        lines.append("")
    return lines


def _field(annotation: str, is_required: bool) -> str:
    return annotation if is_required else f"NotRequired[{annotation}]"


def _paragraphs(tool: ToolDefinition, way: ToolOverload, name: str, *, is_first: bool) -> list[str]:
    text = [way.description.strip() or tool.description.strip() or tool.name]
    if tool.effect is not Effect.READ and is_first:
        text.append(f"Effect: {tool.effect}{' (a person is asked first)' if tool.approval != 'NEVER' else ''}.")
    if tool.undo and is_first:
        text.append(f"Undo: {tool.undo}")
    if tool.alternative and is_first:
        text.append(f"If it keeps failing: {tool.alternative}")
    text.extend(_argument_lines(way.input_schema))
    if example := _example(way.input_schema, name):
        text.append(f"Example: {example}")
    if described := str(way.output_schema.get("description") or ""):
        text.append(f"Returns: {described}")
    return text


def _argument_lines(schema: Mapping[str, Any]) -> list[str]:
    lines = []
    for name, each, _, _ in parameters(schema):
        kind = "base64" if each.get("contentEncoding") == "base64" else str(each.get("format") or "")
        told = [str(each.get("description") or "").strip(), f"({kind})" if kind else ""]
        if any(told):
            lines.append(f"{name}: {' '.join(filter(None, told))}")
    return lines


def _example(schema: Mapping[str, Any], name: str) -> str:
    """Return a call made of the examples that the arguments' schemas give, when they are enough for a call."""
    shown = []
    for each, details, is_required, by_name in parameters(schema):
        examples = details.get("examples")
        if isinstance(examples, list) and examples and len(value := _said(examples[0])) <= _EXAMPLE_CHARS:
            shown.append(value if is_required and not by_name else f"{each}={value}")
        elif is_required:
            return ""
    return f"{name}({', '.join(shown)})" if shown else ""


def _said(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value)


def _docstring(paragraphs: Iterable[str], indent: str) -> list[str]:
    clean = [text.replace("\\", "\\\\").replace('"""', "'''") for text in paragraphs]
    wrapped = [line for text in clean for raw in text.splitlines() for line in textwrap.wrap(raw, _WIDTH) or [""]]
    if len(wrapped) == 1:
        end = " " if wrapped[0].endswith('"') else ""
        return [f'{indent}"""{wrapped[0]}{end}"""']
    return [f'{indent}"""{wrapped[0]}', *(indent + line if line else "" for line in wrapped[1:]), f'{indent}"""']
