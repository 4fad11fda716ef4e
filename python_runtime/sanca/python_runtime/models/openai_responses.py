"""The Responses format: how a request is mapped out and its events mapped in. Opens no connection.

Nothing is stored at the server: reasoning comes encrypted with the reply, is kept, and goes back untouched.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sanca.core.messages import ModelDelta, ModelRequest, PromptMessage, Usage
from sanca.python_runtime.models import failures
from sanca.python_runtime.models.entries import Endpoint
from sanca.python_runtime.models.streams import Deadline
from sanca.python_runtime.models.tool_calls import CallPieces, WireNames, parameters_out

if TYPE_CHECKING:
    from openai import AsyncOpenAI

KEPT_AS = "openai-responses"
_REASONS = {"max_output_tokens": "length", "content_filter": "content_filter"}
_TEXT_EVENTS = frozenset({"response.output_text.delta", "response.refusal.delta"})
_REASONING_EVENTS = frozenset({"response.reasoning_summary_text.delta", "response.reasoning_text.delta"})


class ResponsesWire:
    """`POST /responses`."""

    optional = ("temperature", "include", "reasoning", "store", "max_output_tokens")

    def body(self, request: ModelRequest, model: str, endpoint: Endpoint, refused: set[str]) -> dict[str, Any]:
        """Map a request out. The format has no stop texts."""
        names = WireNames(request.tools)
        body: dict[str, Any] = {
            "model": model,
            "input": [item for message in request.messages for item in _items_out(message, names, endpoint)],
            "stream": True,
            "store": False,
            "include": ["reasoning.encrypted_content"],
            "temperature": request.temperature,
            "max_output_tokens": request.max_output_tokens,
        }
        if request.tools:
            body["tools"] = [
                {
                    "type": "function",
                    "name": names.out(tool.name),
                    "description": tool.description,
                    "parameters": parameters_out(tool),
                    "strict": False,
                }
                for tool in request.tools
            ]
        if request.reasoning not in {"", "off"}:
            body["reasoning"] = {"effort": request.reasoning, "summary": "auto"}
        return {name: value for name, value in body.items() if name not in refused}

    def mentions(self, body: dict[str, Any], name: str) -> bool:
        """Whether the request has this field."""
        return name in body

    async def send(self, client: AsyncOpenAI, body: dict[str, Any]) -> Any:
        """Send it."""
        return await client.responses.create(**body)

    async def read(
        self, response: Any, deadline: Deadline, request: ModelRequest, endpoint: Endpoint, model: str
    ) -> AsyncIterator[ModelDelta]:
        """Map the events in; also a whole reply, from a server that does not stream."""
        reply = _Reply()
        async for event in _events(response, deadline, endpoint):
            delta = _read_event(event, reply, endpoint, model)
            if delta.text or delta.reasoning:
                yield delta
        if not reply.is_ended:
            raise failures.broken_stream_failure(endpoint) if reply.pieces else failures.not_a_reply_failure(endpoint)
        yield reply.last_delta(model, WireNames(request.tools), endpoint)


def _items_out(message: PromptMessage, names: WireNames, endpoint: Endpoint) -> list[dict[str, Any]]:
    if message.role == "tool":
        return [{"type": "function_call_output", "call_id": message.tool_call_id, "output": message.content}]
    kept = message.extra.get(KEPT_AS, {})
    is_ours = kept.get("of") == endpoint.written  # encrypted content means nothing to anybody else
    if is_ours and kept.get("text") == message.content:
        return list(kept["output"])
    items = [item for item in kept.get("output", ()) if is_ours and item.get("type") == "reasoning"]
    if message.content or not message.tool_calls:
        items.append({"role": message.role, "content": message.content})
    for call in message.tool_calls:
        name = names.out(call.name)
        items.append({"type": "function_call", "call_id": call.id, "name": name, "arguments": call.arguments_json})
    return items


@dataclass
class _Reply:
    """What has been read of one reply."""

    text: list[str] = field(default_factory=list)
    output: list[dict[str, Any]] = field(default_factory=list)
    calls: CallPieces = field(default_factory=CallPieces)
    finish_reason: str = ""
    usage: Usage | None = None
    pieces: int = 0
    is_ended: bool = False

    def last_delta(self, model: str, names: WireNames, endpoint: Endpoint) -> ModelDelta:
        calls = self.calls.whole(names)
        kept = {"output": self.output, "text": "".join(self.text), "of": endpoint.written}
        return ModelDelta(
            tool_calls=calls,
            finish_reason="tool_calls" if calls and self.finish_reason == "stop" else self.finish_reason,
            usage=self.usage or Usage(model=model),
            extra={KEPT_AS: kept} if self.output else {},
        )


async def _events(response: Any, deadline: Deadline, endpoint: Endpoint) -> AsyncIterator[dict[str, Any]]:
    """Yield events as plain data: what comes is kept as it came, also what this SDK does not know yet."""
    if "text/event-stream" in response.response.headers.get("content-type", ""):
        async for event in deadline.each(aiter(response)):
            yield event.model_dump(mode="json", exclude_unset=True)
        return
    body = await deadline.wait(response.response.aread())
    try:
        whole = json.loads(body)
    except ValueError as error:
        raise failures.not_a_reply_failure(endpoint) from error
    if not isinstance(whole, dict) or not isinstance(whole.get("output"), list):
        raise failures.not_a_reply_failure(endpoint)
    for item in whole["output"]:
        for part in item.get("content") or ():
            kind = "response.reasoning_text.delta" if item.get("type") == "reasoning" else "response.output_text.delta"
            yield {"type": kind, "delta": part.get("text") or part.get("refusal") or ""}
        yield {"type": "response.output_item.done", "item": item}
    yield {"type": f"response.{whole.get('status', 'completed')}", "response": whole}


def _read_event(event: dict[str, Any], reply: _Reply, endpoint: Endpoint, model: str) -> ModelDelta:
    kind = event.get("type", "")
    reply.pieces += 1
    if kind in _TEXT_EVENTS:
        reply.text.append(event["delta"])
        return ModelDelta(text=event["delta"])
    if kind in _REASONING_EVENTS:
        return ModelDelta(reasoning=event["delta"])
    if kind == "response.output_item.done":
        _take_item(event["item"], reply)
    elif kind in {"response.completed", "response.incomplete"}:
        _end(event["response"], reply, model)
    elif kind in {"response.failed", "error"}:
        error = (event.get("response") or {}).get("error") or event
        code = str(error.get("code") or "")
        status = 429 if "rate_limit" in code else 500
        raise failures.status_failure(status, error.get("message"), endpoint, code=code)
    return ModelDelta()


def _take_item(item: dict[str, Any], reply: _Reply) -> None:
    reply.output.append(item)
    if item.get("type") == "function_call":
        reply.calls.add(
            len(reply.output), call_id=item["call_id"], name=item["name"], arguments=item.get("arguments") or ""
        )


def _end(response: dict[str, Any], reply: _Reply, model: str) -> None:
    reply.is_ended = True
    why = (response.get("incomplete_details") or {}).get("reason", "")
    reply.finish_reason = _REASONS.get(why, why or "stop")
    usage = response.get("usage") or {}
    reply.usage = Usage(
        model=model,
        input_tokens=usage.get("input_tokens") or 0,
        output_tokens=usage.get("output_tokens") or 0,
        reasoning_tokens=(usage.get("output_tokens_details") or {}).get("reasoning_tokens") or 0,
        cached_tokens=(usage.get("input_tokens_details") or {}).get("cached_tokens") or 0,
    )
