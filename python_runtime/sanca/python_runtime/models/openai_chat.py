"""The chat completions format: how a request is mapped out and a streamed reply mapped in. Opens no connection."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sanca.core.messages import ModelDelta, ModelRequest, PromptMessage, Usage
from sanca.python_runtime.models import failures
from sanca.python_runtime.models.entries import OPENAI_BASE_URL, Endpoint
from sanca.python_runtime.models.streams import Deadline
from sanca.python_runtime.models.tool_calls import CallPieces, WireNames, call_out, function_out

if TYPE_CHECKING:
    from openai import AsyncOpenAI, AsyncStream
    from openai.types.chat import ChatCompletion, ChatCompletionChunk
    from openai.types.completion_usage import CompletionUsage

REASONING = ("reasoning_content", "reasoning")
"""DeepSeek, Qwen and vLLM say reasoning_content; OpenRouter and newer vLLM say reasoning."""
_KEPT = (*REASONING, "reasoning_details")
"""Fields beyond the format that servers give with a reply and want back."""


class ChatWire:
    """`POST /chat/completions`."""

    optional = (
        "temperature",
        "stream_options",
        "stop",
        "reasoning_effort",
        "max_tokens",
        "max_completion_tokens",
        *_KEPT,
    )
    """What some servers refuse by name; it is then left out, or spelled the other way, from then on."""

    def body(self, request: ModelRequest, model: str, endpoint: Endpoint, refused: set[str]) -> dict[str, Any]:
        """Map a request out, without the optional fields that this server refused before."""
        names = WireNames(request.tools)
        body: dict[str, Any] = {
            "model": model,
            "messages": [_message_out(message, names, refused) for message in request.messages],
            "stream": True,
            "stream_options": {"include_usage": True},
            "temperature": request.temperature,
            _limit_name(endpoint, refused): request.max_output_tokens,
        }
        if request.tools:
            body["tools"] = [function_out(tool, names) for tool in request.tools]
        if request.stop:
            body["stop"] = list(request.stop)
        if request.reasoning not in {"", "off"}:
            body["reasoning_effort"] = request.reasoning
        return {name: value for name, value in body.items() if name not in refused}

    def mentions(self, body: dict[str, Any], name: str) -> bool:
        """Whether the request has this field, in itself or in one of its messages."""
        return name in body or any(name in message for message in body["messages"])

    async def send(self, client: AsyncOpenAI, body: dict[str, Any]) -> AsyncStream[ChatCompletionChunk]:
        """Send it."""
        stream: AsyncStream[ChatCompletionChunk] = await client.chat.completions.create(**body)
        return stream

    async def read(
        self, response: Any, deadline: Deadline, request: ModelRequest, endpoint: Endpoint, model: str
    ) -> AsyncIterator[ModelDelta]:
        """Map a streamed reply in; also a whole one, from a server that does not stream."""
        reply = _Reply()
        content_type = response.response.headers.get("content-type", "")
        if "text/event-stream" in content_type:
            async for chunk in deadline.each(aiter(response)):
                reply.pieces += 1
                delta = _read_chunk(chunk, reply, model)
                if delta.text or delta.reasoning:
                    yield delta
        else:
            yield _read_whole(await deadline.wait(response.response.aread()), reply, endpoint, model)
        if not reply.pieces:
            raise failures.not_a_reply_failure(endpoint)
        yield reply.last_delta(model, WireNames(request.tools))


def _limit_name(endpoint: Endpoint, refused: set[str]) -> str:
    name, other = "max_tokens", "max_completion_tokens"
    if endpoint.url == OPENAI_BASE_URL:
        name, other = other, name
    return other if name in refused else name


def _message_out(message: PromptMessage, names: WireNames, refused: set[str]) -> dict[str, Any]:
    kept = message.extra.get("openai", {})
    out: dict[str, Any] = {
        "role": message.role,
        "content": message.content,
        **{name: kept[name] for name in _KEPT if name in kept and name not in refused},
    }
    if message.tool_calls:
        extras = kept.get("tool_calls", {})
        out["tool_calls"] = [{**call_out(call, names), **extras.get(call.id, {})} for call in message.tool_calls]
        out["content"] = message.content or None
    if message.role == "tool":
        out["tool_call_id"] = message.tool_call_id
    return out


@dataclass
class _Reply:
    """What has been read of one reply."""

    finish_reason: str = ""
    usage: Usage | None = None
    reasoning: dict[str, str] = field(default_factory=dict)
    """By the name that the server gives it."""
    details: list[Any] = field(default_factory=list)
    calls: CallPieces = field(default_factory=CallPieces)
    pieces: int = 0

    def last_delta(self, model: str, names: WireNames) -> ModelDelta:
        kept: dict[str, Any] = dict(self.reasoning)
        if self.details:
            kept["reasoning_details"] = self.details
        if extras := self.calls.extras():
            kept["tool_calls"] = extras
        return ModelDelta(
            tool_calls=self.calls.whole(names),
            finish_reason=self.finish_reason or "unknown",
            usage=self.usage or Usage(model=model),
            extra={"openai": kept} if kept else {},
        )


def _read_chunk(chunk: ChatCompletionChunk, reply: _Reply, model: str) -> ModelDelta:
    """Map one chunk in. The usage chunk of the format has no choice."""
    if chunk.usage:
        reply.usage = usage_in(chunk.usage, model)
    if not chunk.choices:
        return ModelDelta()
    choice = chunk.choices[0]
    reply.finish_reason = choice.finish_reason or reply.finish_reason
    if choice.delta is None:  # some servers end with a choice that has none
        return ModelDelta()
    for piece in choice.delta.tool_calls or ():
        function = piece.function
        reply.calls.add(
            piece.index,
            call_id=piece.id or "",
            name=(function.name or "") if function else "",
            arguments=(function.arguments or "") if function else "",
            extra=piece.model_extra,
        )
    return _text_in(choice.delta.content, choice.delta.model_extra or {}, reply)


def _read_whole(body: bytes, reply: _Reply, endpoint: Endpoint, model: str) -> ModelDelta:
    from openai.types.chat import ChatCompletion

    try:
        whole: ChatCompletion = ChatCompletion.model_validate(json.loads(body))
    except ValueError as error:
        raise failures.not_a_reply_failure(endpoint) from error
    reply.pieces = 1
    reply.usage = usage_in(whole.usage, model) if whole.usage else None
    if not whole.choices:
        raise failures.not_a_reply_failure(endpoint, "no choice in it")
    reply.finish_reason = whole.choices[0].finish_reason
    message = whole.choices[0].message
    for index, call in enumerate(message.tool_calls or ()):
        if call.type == "function":
            function = call.function
            reply.calls.add(
                index, call_id=call.id, name=function.name, arguments=function.arguments, extra=call.model_extra
            )
    return _text_in(message.content, message.model_extra or {}, reply)


def _text_in(content: str | None, extra: dict[str, Any], reply: _Reply) -> ModelDelta:
    reasoning = ""
    for name in REASONING:
        piece = extra.get(name)
        if isinstance(piece, str) and piece:
            reply.reasoning[name] = reply.reasoning.get(name, "") + piece
            reasoning = reasoning or piece  # a server that sends both says the same twice
    details = extra.get("reasoning_details")
    reply.details.extend(details if isinstance(details, list) else [])
    return ModelDelta(text=content or "", reasoning=reasoning)


def usage_in(usage: CompletionUsage, model: str) -> Usage:
    """Map the usage in; absent counts are 0."""
    output_details, input_details = usage.completion_tokens_details, usage.prompt_tokens_details
    return Usage(
        model=model,
        input_tokens=usage.prompt_tokens or 0,
        output_tokens=usage.completion_tokens or 0,
        reasoning_tokens=(output_details.reasoning_tokens or 0) if output_details else 0,
        cached_tokens=(input_details.cached_tokens or 0) if input_details else 0,
    )
