"""The suite's plain tools: content, errors, progress, logging, and requests to the client of 2025-11-25."""

from __future__ import annotations

import warnings
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import anyio
import mcp_types as types
from mcp.server.subscriptions import PromptsListChanged, ToolsListChanged
from mcp.shared.exceptions import MCPDeprecationWarning, MCPError
from mcp_fixture_content import WAV, embedded, image, text
from sanca.mcp_adapters.server.changes import Changes
from sanca.mcp_adapters.server.who import Context

Params = types.CallToolRequestParams
Answer = types.CallToolResult | types.InputRequiredResult | dict[str, Any]
Handler = Callable[[Context, Params], Awaitable[Answer]]
_PAUSE_SECONDS = 0.05


@dataclass
class FixtureTools:
    """The tools by name."""

    handlers: dict[str, Handler] = field(default_factory=dict)
    definitions: dict[str, types.Tool] = field(default_factory=dict)

    def add(self, name: str, handler: Handler, schema: Mapping[str, Any] | None = None, /, **properties: Any) -> None:
        """Add a tool whose arguments are `properties`, all of them required, or as `schema` has them."""
        made = dict(schema) if schema else {"type": "object", "properties": properties, "required": list(properties)}
        self.handlers[name] = handler
        self.definitions[name] = types.Tool(name=name, description=f"Fixture {name}", input_schema=made)

    async def list(self, ctx: Context, params: types.PaginatedRequestParams | None) -> types.ListToolsResult:
        """Answer `tools/list`."""
        return types.ListToolsResult(tools=list(self.definitions.values()))

    async def call(self, ctx: Context, params: Params) -> Answer:
        """Answer `tools/call`."""
        handler = self.handlers.get(params.name)
        if handler is None:
            raise MCPError(types.INVALID_PARAMS, f"There is no tool {params.name!r}.")
        return await handler(ctx, params)

    def schema_of(self, name: str) -> Mapping[str, Any] | None:
        """Return the schema that headers are compared with."""
        found = self.definitions.get(name)
        return found.input_schema if found else None


def said(*blocks: Any) -> types.CallToolResult:
    """Return a result of texts and blocks."""
    return types.CallToolResult(content=[text(one) if isinstance(one, str) else one for one in blocks])


def _fixed(*blocks: Any) -> Handler:
    async def answer(ctx: Context, params: Params) -> Answer:
        return said(*blocks)

    return answer


async def _fail(ctx: Context, params: Params) -> Answer:
    return types.CallToolResult(content=[text("This tool intentionally returns an error for testing")], is_error=True)


async def _progress(ctx: Context, params: Params) -> Answer:
    for done in (0, 50, 100):
        await ctx.session.report_progress(done, 100)
        await anyio.sleep(_PAUSE_SECONDS)
    return said("Progress was reported.")


async def _log(ctx: Context, params: Params) -> Answer:
    for message in ("Tool execution started", "Tool processing data", "Tool execution completed"):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", MCPDeprecationWarning)  # deprecated, and asked for by the suite
            await ctx.session.send_log_message("info", message, related_request_id=ctx.request_id)
        await anyio.sleep(_PAUSE_SECONDS)
    return said("Three lines were logged.")


async def _sample(ctx: Context, params: Params) -> Answer:
    asked = types.SamplingMessage(role="user", content=text(str((params.arguments or {}).get("prompt", ""))))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", MCPDeprecationWarning)
        result = await ctx.session.create_message([asked], max_tokens=100, related_request_id=ctx.request_id)
    reply = result.content
    return said(f"LLM response: {reply.text if isinstance(reply, types.TextContent) else reply}")


def _eliciting(before: str, properties: Mapping[str, Any], message: str = "Please fill in", **more: Any) -> Handler:
    async def ask(ctx: Context, params: Params) -> Answer:
        schema = {"type": "object", "properties": dict(properties), **more}
        shown = str((params.arguments or {}).get("message", message))
        result = await ctx.session.elicit_form(shown, schema, ctx.request_id)
        return said(f"{before}: action={result.action}, content={result.content}")

    return ask


async def _needs_sampling(ctx: Context, params: Params) -> Answer:
    capabilities = ctx.session.client_capabilities
    if capabilities is None or capabilities.sampling is None:
        needed: dict[str, Any] = {"requiredCapabilities": {"sampling": {}}}
        raise MCPError(types.MISSING_REQUIRED_CLIENT_CAPABILITY, "Sampling is needed.", needed)
    return said("Sampling is there.")


_DEFAULTS = {
    "name": {"type": "string", "default": "John Doe"},
    "age": {"type": "integer", "default": 30},
    "score": {"type": "number", "default": 95.5},
    "status": {"type": "string", "enum": ["active", "inactive", "pending"], "default": "active"},
    "verified": {"type": "boolean", "default": True},
}
_OPTIONS = ["option1", "option2", "option3"]
_TITLED = [{"const": f"value{n}", "title": f"{word} Option"} for n, word in ((1, "First"), (2, "Second"), (3, "Third"))]
_CHOICES = [
    {"const": f"value{n}", "title": f"{word} Choice"} for n, word in ((1, "First"), (2, "Second"), (3, "Third"))
]
_ENUMS = {
    "untitledSingle": {"type": "string", "enum": _OPTIONS},
    "titledSingle": {"type": "string", "oneOf": _TITLED},
    "legacyEnum": {
        "type": "string",
        "enum": ["opt1", "opt2", "opt3"],
        "enumNames": ["Option One", "Option Two", "Option Three"],
    },
    "untitledMulti": {"type": "array", "items": {"type": "string", "enum": _OPTIONS}},
    "titledMulti": {"type": "array", "items": {"anyOf": _CHOICES}},
}
_USER = {
    "username": {"type": "string", "description": "User's response"},
    "email": {"type": "string", "description": "User's email address"},
}
_RICH_SCHEMA = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "$defs": {
        "address": {
            "$anchor": "addressDef",
            "type": "object",
            "properties": {"street": {"type": "string"}, "city": {"type": "string"}},
        }
    },
    "properties": {
        "name": {"type": "string"},
        "address": {"$ref": "#/$defs/address"},
        "contactMethod": {"type": "string", "enum": ["phone", "email"]},
        "phone": {"type": "string"},
        "email": {"type": "string"},
    },
    "allOf": [{"anyOf": [{"required": ["phone"]}, {"required": ["email"]}]}],
    "if": {"properties": {"contactMethod": {"const": "phone"}}, "required": ["contactMethod"]},
    "then": {"required": ["phone"]},
    "else": {"required": ["email"]},
    "additionalProperties": False,
}
_MIRRORED = {
    "type": "object",
    "properties": {
        "region": {"type": "string", "x-mcp-header": "Region"},
        "query": {"type": "string"},
    },
    "required": ["region"],
}


def add_plain_tools(tools: FixtureTools, changes: Changes) -> None:
    """Add the tools of this module."""
    tools.add("test_simple_text", _fixed("This is a simple text response for testing."))
    tools.add("test_image_content", _fixed(image()))
    tools.add("test_audio_content", _fixed(types.AudioContent(data=WAV, mime_type="audio/wav")))
    one = embedded("test://embedded-resource", "This is an embedded resource content.")
    tools.add("test_embedded_resource", _fixed(one))
    mixed = embedded("test://mixed-content-resource", '{"test":"data","value":123}', "application/json")
    tools.add("test_multiple_content_types", _fixed("Multiple content types test:", image(), mixed))
    tools.add("test_error_handling", _fail)
    tools.add("test_tool_with_progress", _progress)
    tools.add("test_tool_with_logging", _log)
    tools.add("test_logging_tool", _log)
    tools.add("test_sampling", _sample, prompt={"type": "string"})
    user = _eliciting("User response", _USER, required=list(_USER))
    tools.add("test_elicitation", user, message={"type": "string"})
    tools.add("test_elicitation_sep1034_defaults", _eliciting("Elicitation completed", _DEFAULTS))
    tools.add("test_elicitation_sep1330_enums", _eliciting("Elicitation completed", _ENUMS))
    tools.add("test_missing_capability", _needs_sampling)
    tools.add("json_schema_2020_12_tool", _fixed("The schema is what counts."), _RICH_SCHEMA)
    tools.add("test_header_mirroring", _fixed("The headers match."), _MIRRORED)
    _add_changing_tools(tools, changes)


def _add_changing_tools(tools: FixtureTools, changes: Changes) -> None:
    async def change_tools(ctx: Context, params: Params) -> Answer:
        await changes.tell(ToolsListChanged())
        return said("The tools changed.")

    async def change_prompts(ctx: Context, params: Params) -> Answer:
        await changes.tell(PromptsListChanged())
        return said("The prompts changed.")

    tools.add("test_trigger_tool_change", change_tools)
    tools.add("test_trigger_prompt_change", change_prompts)
