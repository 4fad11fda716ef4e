"""MCP's tools and results in our words. Everything a server says is treated as a stranger's text."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from sanca.core.errors import ToolFailedError
from sanca.core.toolkits_file import McpServerEntry
from sanca.core.tools import Effect, ToolDefinition
from sanca.core.untrusted import plain_name, plain_schema, plain_text
from sanca.mcp_adapters.suspicion import suspect, texts_of, without_texts

if TYPE_CHECKING:
    from mcp_types import CallToolResult, ContentBlock

TOOLS_LIMIT = 200
DESCRIPTION_CHARS = 1000
_SCHEMA_CHARS = 20_000
_ERROR_CHARS = 1000
_RESULT_BYTES = 8 * 1024 * 1024


@dataclass(frozen=True)
class McpTool:
    """A server's tool and what we make of it."""

    remote_name: str
    """As the server spells it."""
    definition: ToolDefinition
    is_wrapped: bool
    """Its results come as `{"result": …}`, because the schema of a result must be an object; we hand on the value."""
    must_be_task: bool = False
    """The server runs it only as a task (2025-11-25)."""


@dataclass
class MappedTools:
    """A server's tools by our names, and what about them an administrator should know."""

    tools: dict[str, McpTool] = field(default_factory=dict)
    suspects: dict[str, list[str]] = field(default_factory=dict)
    """Tool → why its description was withheld."""
    doubles: list[str] = field(default_factory=list)
    """Tools left out because another one is called alike."""


def map_tools(
    listed: Mapping[str, Mapping[str, Any]], entry: McpServerEntry, strangers: Collection[str] = ()
) -> MappedTools:
    """Return our name → tool; of two that would be called alike the first stays.

    Args:
        listed: Name → the tool as the server lists it.
        entry: Whose hints are believed, and which tools only read.
        strangers: Names of other toolkits, of which a description must not speak.
    """
    mapped = MappedTools()
    for remote, wire in list(listed.items())[:TOOLS_LIMIT]:
        name = plain_name(remote)
        if not name or name in mapped.tools:
            mapped.doubles.append(plain_text(remote, 80))
            continue
        reasons = suspect(texts_of({key: each for key, each in wire.items() if key != "annotations"}), strangers)
        if reasons:
            mapped.suspects[name] = reasons
        mapped.tools[name] = _map_tool(name, wire, entry, reasons)
    return mapped


def _map_tool(name: str, wire: Mapping[str, Any], entry: McpServerEntry, reasons: Sequence[str]) -> McpTool:
    given, output = _schema(wire.get("inputSchema")), _schema(wire.get("outputSchema"))
    described = plain_text(wire.get("description") or wire.get("title"), DESCRIPTION_CHARS)
    if reasons:
        given, output = without_texts(given), without_texts(output)
        described = f"(What the server says of it was withheld: {'; '.join(reasons)}.)"
    is_wrapped = set(output.get("properties", {})) == {"result"}
    if is_wrapped:
        output = {**output["properties"]["result"], "$defs": output.get("$defs", {})}
    effect, idempotent = judge(str(wire.get("name", "")), wire.get("annotations") or {}, entry)
    definition = ToolDefinition(
        name=name,
        description=described,
        effect=effect,
        idempotent=idempotent,
        timeout_seconds=entry.timeout_seconds,
        input_schema=given or {"type": "object", "properties": {}},
        output_schema=output,
    )
    support = (wire.get("execution") or {}).get("taskSupport")
    return McpTool(str(wire.get("name", "")), definition, is_wrapped, support == "required")


def judge(remote_name: str, hints: Mapping[str, Any], entry: McpServerEntry) -> tuple[Effect, bool]:
    """Return what a tool does to the world, and whether it may be repeated.

    A server's hints are its own word. That something is destructive is believed of everyone; that it only reads, or may
    be repeated, only where the operator trusts the hints or names the tool.
    """
    if any(fnmatchcase(remote_name, one) or fnmatchcase(plain_name(remote_name), one) for one in entry.reads):
        return Effect.READ, True
    is_believed = entry.trust == "hints"
    if is_believed and hints.get("readOnlyHint"):
        return Effect.READ, bool(hints.get("idempotentHint"))
    effect = Effect.DESTRUCTIVE if hints.get("destructiveHint") else Effect.WRITE
    return effect, is_believed and bool(hints.get("idempotentHint"))


def _schema(schema: Any) -> dict[str, Any]:
    """Return the schema; without its properties' details when it is huge."""
    if not isinstance(schema, Mapping):
        return {}
    plain: dict[str, Any] = plain_schema(dict(schema))
    if len(json.dumps(plain, ensure_ascii=False, default=str)) <= _SCHEMA_CHARS:
        return plain
    names = list(plain.get("properties", {}))
    return {"type": "object", "properties": {name: {} for name in names}, "required": plain.get("required", [])}


def value_of(result: CallToolResult, tool: McpTool, label: str) -> Any:
    """Return the structured content, else the text, else the blocks.

    Raises:
        ToolFailedError: The server says that the tool failed, or the result is too large.
    """
    if result.is_error:
        said = plain_text(_text(result.content), _ERROR_CHARS) or "it gave no reason"
        raise ToolFailedError(f"{label} failed: {said}", tool_name=label)
    return bounded(_value(result, tool), label)


def bounded(value: Any, label: str) -> Any:
    """Return the value.

    Raises:
        ToolFailedError: It is too large.
    """
    size = len(json.dumps(value, ensure_ascii=False, default=str).encode("utf-8", "surrogatepass"))
    if size > _RESULT_BYTES:
        limit = f"more than {_RESULT_BYTES}"
        raise ToolFailedError(f"{label} returned {size} bytes, {limit}; ask it for less.", tool_name=label)
    return value


def blocks_of(content: Sequence[ContentBlock]) -> Any:
    """Return the text when there is nothing else, else the blocks as they came."""
    if all(block.type == "text" for block in content):
        return _text(content)
    return [block.model_dump(mode="json", by_alias=True, exclude_none=True) for block in content]


def _value(result: CallToolResult, tool: McpTool) -> Any:
    structured = result.structured_content
    if structured is not None:
        return structured["result"] if tool.is_wrapped and isinstance(structured, dict) else structured
    return blocks_of(result.content)


def _text(blocks: Sequence[ContentBlock]) -> str:
    return "\n".join(block.text for block in blocks if block.type == "text")
