"""MCP's tools and results in our words. Everything a server says is treated as a stranger's text."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sanca.core.errors import ToolFailedError
from sanca.core.tools import Effect, ToolDefinition
from sanca.core.untrusted import plain_name, plain_schema, plain_text

if TYPE_CHECKING:
    from mcp_types import CallToolResult, ContentBlock, Tool

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


def map_tools(tools: Sequence[Tool], timeout_seconds: float) -> dict[str, McpTool]:
    """Return our name → tool; of two that would be called alike the first stays."""
    found: dict[str, McpTool] = {}
    for tool in tools[:TOOLS_LIMIT]:
        name = plain_name(tool.name)
        if name and name not in found:
            found[name] = _map_tool(name, tool, timeout_seconds)
    return found


def _map_tool(name: str, tool: Tool, timeout_seconds: float) -> McpTool:
    hints, output = tool.annotations, _schema(tool.output_schema or {})
    is_wrapped = set(output.get("properties", {})) == {"result"}
    if is_wrapped:
        output = {**output["properties"]["result"], "$defs": output.get("$defs", {})}
    definition = ToolDefinition(
        name=name,
        description=plain_text(tool.description, DESCRIPTION_CHARS),
        effect=Effect.READ if hints and hints.read_only_hint else Effect.WRITE,
        idempotent=bool(hints and hints.idempotent_hint),
        timeout_seconds=timeout_seconds,
        input_schema=_schema(tool.input_schema) or {"type": "object", "properties": {}},
        output_schema=output,
    )
    return McpTool(tool.name, definition, is_wrapped)


def _schema(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return the schema; without its properties' details when it is huge."""
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
    value = _value(result, tool)
    size = len(json.dumps(value, ensure_ascii=False, default=str).encode())
    if size > _RESULT_BYTES:
        limit = f"more than {_RESULT_BYTES}"
        raise ToolFailedError(f"{label} returned {size} bytes, {limit}; ask it for less.", tool_name=label)
    return value


def _value(result: CallToolResult, tool: McpTool) -> Any:
    structured = result.structured_content
    if structured is not None:
        return structured["result"] if tool.is_wrapped and isinstance(structured, dict) else structured
    if all(block.type == "text" for block in result.content):
        return _text(result.content)
    return [block.model_dump(mode="json", by_alias=True, exclude_none=True) for block in result.content]


def _text(blocks: Sequence[ContentBlock]) -> str:
    return "\n".join(block.text for block in blocks if block.type == "text")
