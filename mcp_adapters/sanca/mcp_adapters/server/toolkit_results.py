"""What a tool of a toolkit gave, as a result of MCP: the value as data and text, or the error for a model."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import mcp_types as types
from pydantic import ValidationError
from sanca.core.agent_runner import RunView
from sanca.core.tools import CallOutcome, ToolDefinition
from sanca.mcp_adapters.server.reports import sentence_of_run

WRAPPED = "result"
"""A value that is no object travels under this name: until 2025-11-25 structured content must be an object."""


def output_schema_of(tool: ToolDefinition) -> dict[str, Any] | None:
    """Return the schema of what `result_from_outcome` gives; None when the tool tells nothing of its values."""
    schema = dict(tool.output_schema)
    if not schema:
        return None
    if is_object(schema) and not tool.streams:
        return schema
    definitions = schema.pop("$defs", None)
    value = {"type": "array", "items": schema} if tool.streams else schema
    wrapped: dict[str, Any] = {"type": "object", "properties": {WRAPPED: value}, "required": [WRAPPED]}
    return {**wrapped, "$defs": definitions} if definitions else wrapped


def is_object(schema: Mapping[str, Any]) -> bool:
    """Whether every value of a schema is an object."""
    return schema.get("type") == "object"


def result_from_outcome(outcome: CallOutcome) -> types.CallToolResult:
    """Return a call's envelope as a result."""
    if not outcome.ok or outcome.error is not None:
        return _failed(outcome)
    value = outcome.value
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    structured = value if isinstance(value, dict) else {WRAPPED: value}
    return types.CallToolResult(content=[types.TextContent(text=text)], structured_content=structured)


def result_from_answer(view: RunView) -> types.CallToolResult:
    """Return the result of a call that a person had to agree to: its run's answer is the envelope in JSON."""
    if view.answer:
        try:
            return result_from_outcome(CallOutcome.model_validate_json(view.answer))
        except ValidationError:
            return _error(sentence_of_run(view))
    return _error(sentence_of_run(view))


def _failed(outcome: CallOutcome) -> types.CallToolResult:
    error = outcome.error
    if error is None:
        return _error("It failed, and gave no reason.")
    near = f" Close names: {', '.join(error.near)}." if error.near else ""
    return _error(f"{error.message}{near}")


def _error(sentence: str) -> types.CallToolResult:
    return types.CallToolResult(content=[types.TextContent(text=sentence)], is_error=True)
