"""What the official suite expects to find: resources, prompts and completions, in the words its scenarios ask for."""

from __future__ import annotations

import json
import re
from typing import Any

import mcp_types as types
from mcp.shared.exceptions import MCPError
from sanca.mcp_adapters.server.who import Context

PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGP4z8DwHwAFAAH/iZk9HQAAAABJRU5ErkJggg=="
WAV = "UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAIA+AAACABAAZGF0YQAAAAA="
_TEMPLATE = re.compile(r"test://template/([^/]+)/data")


def text(value: str) -> types.TextContent:
    """Return a block of text."""
    return types.TextContent(text=value)


def image() -> types.ImageContent:
    """Return a picture of one pixel."""
    return types.ImageContent(data=PNG, mime_type="image/png")


def embedded(uri: str, value: str, mime_type: str = "text/plain") -> types.EmbeddedResource:
    """Return a resource inside a message."""
    return types.EmbeddedResource(resource=types.TextResourceContents(uri=uri, mime_type=mime_type, text=value))


async def list_resources(ctx: Context, params: types.PaginatedRequestParams | None) -> types.ListResourcesResult:
    """Answer `resources/list`."""
    known = (("static-text", "text/plain"), ("static-binary", "image/png"), ("watched-resource", "text/plain"))
    return types.ListResourcesResult(
        resources=[
            types.Resource(uri=f"test://{name}", name=name, description=f"The resource {name}", mime_type=mime_type)
            for name, mime_type in known
        ]
    )


async def list_templates(
    ctx: Context, params: types.PaginatedRequestParams | None
) -> types.ListResourceTemplatesResult:
    """Answer `resources/templates/list`."""
    template = types.ResourceTemplate(
        uri_template="test://template/{id}/data",
        name="template",
        description="Data by id",
        mime_type="application/json",
    )
    return types.ListResourceTemplatesResult(resource_templates=[template])


async def read_resource(ctx: Context, params: types.ReadResourceRequestParams) -> types.ReadResourceResult:
    """Answer `resources/read`."""
    uri = params.uri
    found: types.TextResourceContents | types.BlobResourceContents
    if uri == "test://static-binary":
        found = types.BlobResourceContents(uri=uri, mime_type="image/png", blob=PNG)
    elif uri in ("test://static-text", "test://watched-resource"):
        said = "This is the content of the static text resource."
        found = types.TextResourceContents(uri=uri, mime_type="text/plain", text=said)
    elif match := _TEMPLATE.fullmatch(uri):
        data = {"id": match[1], "templateTest": True, "data": f"Data for ID: {match[1]}"}
        found = types.TextResourceContents(uri=uri, mime_type="application/json", text=json.dumps(data))
    else:
        raise MCPError(types.INVALID_PARAMS, "Resource not found", {"uri": uri})
    return types.ReadResourceResult(contents=[found], ttl_ms=0, cache_scope="private")


def _prompt(name: str, description: str, *arguments: str) -> types.Prompt:
    wanted = [types.PromptArgument(name=one, description=f"The argument {one}", required=True) for one in arguments]
    return types.Prompt(name=name, description=description, arguments=wanted)


PROMPTS = (
    _prompt("test_simple_prompt", "A prompt without arguments"),
    _prompt("test_prompt_with_arguments", "A prompt with two arguments", "arg1", "arg2"),
    _prompt("test_prompt_with_embedded_resource", "A prompt with a resource inside", "resourceUri"),
    _prompt("test_prompt_with_image", "A prompt with a picture"),
    _prompt("test_input_required_result_prompt", "A prompt that asks back"),
)


async def list_prompts(ctx: Context, params: types.PaginatedRequestParams | None) -> types.ListPromptsResult:
    """Answer `prompts/list`."""
    return types.ListPromptsResult(prompts=list(PROMPTS))


async def get_prompt(
    ctx: Context, params: types.GetPromptRequestParams
) -> types.GetPromptResult | types.InputRequiredResult:
    """Answer `prompts/get`."""
    given = params.arguments or {}
    if params.name == "test_input_required_result_prompt":
        return _asking_prompt(params)
    blocks: dict[str, list[Any]] = {
        "test_simple_prompt": [text("This is a simple prompt for testing.")],
        "test_prompt_with_arguments": [
            text(f"Prompt with arguments: arg1='{given.get('arg1', '')}', arg2='{given.get('arg2', '')}'")
        ],
        "test_prompt_with_embedded_resource": [
            embedded(given.get("resourceUri", ""), "Embedded resource content for testing."),
            text("Please process the embedded resource above."),
        ],
        "test_prompt_with_image": [image(), text("Please analyze the image above.")],
    }
    if params.name not in blocks:
        raise MCPError(types.INVALID_PARAMS, f"There is no prompt {params.name!r}.")
    return _said(blocks[params.name])


def _asking_prompt(params: types.GetPromptRequestParams) -> types.GetPromptResult | types.InputRequiredResult:
    answer = (params.input_responses or {}).get("user_context")
    if isinstance(answer, types.ElicitResult) and answer.action == "accept":
        return _said([text(f"Use this context: {(answer.content or {}).get('context', '')}")])
    return types.InputRequiredResult(
        input_requests={"user_context": form("What context should the prompt use?", context={"type": "string"})}
    )


def form(message: str, **properties: dict[str, Any]) -> types.ElicitRequest:
    """Return a request for a form in which every field must be filled in."""
    schema = {"type": "object", "properties": properties, "required": list(properties)}
    return types.ElicitRequest(params=types.ElicitRequestFormParams(message=message, requested_schema=schema))


def _said(blocks: list[Any]) -> types.GetPromptResult:
    return types.GetPromptResult(messages=[types.PromptMessage(role="user", content=block) for block in blocks])


async def complete(ctx: Context, params: types.CompleteRequestParams) -> types.CompleteResult:
    """Answer `completion/complete`."""
    words = [word for word in ("paris", "park", "party") if word.startswith(params.argument.value)]
    return types.CompleteResult(completion=types.Completion(values=words, total=len(words), has_more=False))
