"""Anthropic's messages format: how a request is mapped out and its events mapped in. Opens no connection.

Thinking comes with a signature; a reply's blocks are kept and go back untouched.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from typing import Any

from sanca.core.messages import ModelDelta, ModelRequest, PromptMessage, Usage
from sanca.python_runtime.models.entries import Endpoint
from sanca.python_runtime.models.tool_calls import CallPieces, WireNames, arguments_object, parameters_out

KEPT_AS = "anthropic"
OPTIONAL = ("output_config", "stop_sequences", "cache_control")
"""What some servers refuse by name; it is then left out from then on. `thinking` has two forms (below)."""
_REASONS = {"end_turn": "stop", "stop_sequence": "stop", "max_tokens": "length", "tool_use": "tool_calls"}
_REASONS |= {"refusal": "content_filter", "model_context_window_exceeded": "length"}
_MARK = {"cache_control": {"type": "ephemeral"}}
_THINKING_TOKENS = {"low": 1_024, "medium": 4_096, "high": 12_288}


def request_body(request: ModelRequest, endpoint: Endpoint, refused: set[str]) -> dict[str, Any]:
    """Map a request out, without the optional fields that this server refused before. The format has no temperature.

    Two marks let the provider keep what will come again: at the end of the system text (tools stand before it) and
    at the end of the last message, up to which the next round's request is the same.
    """
    names = WireNames(request.tools)
    system = [message.content for message in request.messages if message.role == "system" and message.content]
    body: dict[str, Any] = {
        "model": endpoint.model,
        "messages": _messages_out(request.messages, names, endpoint),
        "max_tokens": request.max_output_tokens,
        "stream": True,
    }
    if system:
        body["system"] = [{"type": "text", "text": text} for text in system]
    if request.tools:
        body["tools"] = [
            {"name": names.out(tool.name), "description": tool.description, "input_schema": parameters_out(tool)}
            for tool in request.tools
        ]
    if request.stop:
        body["stop_sequences"] = list(request.stop)
    _add_thinking(body, request, refused)
    if "cache_control" not in refused:
        _mark(body)
    return {name: value for name, value in body.items() if name not in refused}


def _add_thinking(body: dict[str, Any], request: ModelRequest, refused: set[str]) -> None:
    """Newer models take an effort, older ones a number of tokens; both count into `max_tokens`."""
    if request.reasoning in {"", "off"} or "thinking" in refused:
        return
    tokens = _THINKING_TOKENS[request.reasoning]
    body["max_tokens"] += tokens
    if "adaptive" in refused:
        body["thinking"] = {"type": "enabled", "budget_tokens": tokens}
    else:
        body["thinking"] = {"type": "adaptive"}
        body["output_config"] = {"effort": request.reasoning}


def _mark(body: dict[str, Any]) -> None:
    if body.get("system"):
        body["system"][-1] |= _MARK
    last = body["messages"][-1]["content"][-1] if body["messages"] and body["messages"][-1]["content"] else {}
    if last.get("type") in {"text", "tool_result"}:
        last |= _MARK


def _messages_out(messages: tuple[PromptMessage, ...], names: WireNames, endpoint: Endpoint) -> list[dict[str, Any]]:
    """Map the messages out. All results of one reply's calls must stand in one message; neighbours are joined."""
    out: list[dict[str, Any]] = []
    for message in messages:
        if message.role == "system":
            continue
        role = "assistant" if message.role == "assistant" else "user"
        blocks = _blocks_out(message, names, endpoint)
        if out and out[-1]["role"] == role:
            out[-1]["content"] += blocks
        elif blocks:
            out.append({"role": role, "content": blocks})
    return out


def _blocks_out(message: PromptMessage, names: WireNames, endpoint: Endpoint) -> list[dict[str, Any]]:
    if message.role == "tool":
        return [{"type": "tool_result", "tool_use_id": message.tool_call_id, "content": message.content}]
    kept = message.extra.get(KEPT_AS, {})
    is_ours = kept.get("of") == endpoint.written  # a signature means nothing to anybody else
    if is_ours and kept.get("text") == message.content:
        return copy.deepcopy(kept["content"])
    blocks = [block for block in kept.get("content", ()) if is_ours and "thinking" in block["type"]]
    if message.content.strip():  # an empty text is refused
        blocks.append({"type": "text", "text": message.content})
    for call in message.tool_calls:
        given = arguments_object(call.arguments_json)
        blocks.append({"type": "tool_use", "id": call.id, "name": names.out(call.name), "input": given})
    return blocks


@dataclass
class Reply:
    """What has been read of one reply."""

    content: dict[int, dict[str, Any]] = field(default_factory=dict)
    """The blocks as they will go back, by their index."""
    calls: CallPieces = field(default_factory=CallPieces)
    arguments: dict[int, str] = field(default_factory=dict)
    usage: dict[str, Any] = field(default_factory=dict)
    finish_reason: str = ""
    pieces: int = 0
    is_ended: bool = False

    def read(self, event: dict[str, Any]) -> ModelDelta:
        """Map one event in."""
        self.pieces += 1
        kind = event.get("type")
        if kind == "message_start":
            self.usage |= event["message"].get("usage") or {}
        elif kind == "content_block_start":
            return self._begin(event["index"], event["content_block"])
        elif kind == "content_block_delta":
            return self._add(event["index"], event["delta"])
        elif kind == "message_delta":
            self.usage |= {name: count for name, count in (event.get("usage") or {}).items() if count is not None}
            why = (event.get("delta") or {}).get("stop_reason") or ""
            self.finish_reason = _REASONS.get(why, why)
        elif kind == "message_stop":
            self.is_ended = True
        return ModelDelta()

    def _begin(self, index: int, block: dict[str, Any]) -> ModelDelta:
        self.content[index] = dict(block)
        if block.get("type") == "tool_use":
            self.calls.add(index, call_id=block["id"], name=block["name"])
            self.arguments[index] = ""
        if block.get("type") == "thinking":
            return ModelDelta(reasoning=block.get("thinking") or "")
        return ModelDelta(text=block.get("text") or "") if block.get("type") == "text" else ModelDelta()

    def _add(self, index: int, delta: dict[str, Any]) -> ModelDelta:
        block = self.content.setdefault(index, {"type": "text", "text": ""})
        kind = delta.get("type")
        if kind == "text_delta":
            block["text"] = block.get("text", "") + delta["text"]
            return ModelDelta(text=delta["text"])
        if kind == "thinking_delta":
            block["thinking"] = block.get("thinking", "") + delta["thinking"]
            return ModelDelta(reasoning=delta["thinking"])
        if kind == "signature_delta":
            block["signature"] = block.get("signature", "") + delta["signature"]
        if kind == "input_json_delta":
            self.calls.add(index, arguments=delta["partial_json"])
            self.arguments[index] = self.arguments.get(index, "") + delta["partial_json"]
        return ModelDelta()

    def last_delta(self, names: WireNames, endpoint: Endpoint) -> ModelDelta:
        """Return the last piece: calls, finish reason, usage, and the blocks to be kept."""
        blocks = [self._whole(index) for index in sorted(self.content)]
        text = "".join(block["text"] for block in blocks if block["type"] == "text")
        kept = {"content": blocks, "text": text, "of": endpoint.written}
        return ModelDelta(
            tool_calls=self.calls.whole(names),
            finish_reason=self.finish_reason or "unknown",
            usage=self._usage(endpoint.model),
            extra={KEPT_AS: kept} if any(block["type"] != "text" for block in blocks) else {},
        )

    def _whole(self, index: int) -> dict[str, Any]:
        block = self.content[index]
        if index in self.arguments:
            block = {**block, "input": arguments_object(self.arguments[index])}
        return block

    def _usage(self, model: str) -> Usage:
        cached = self.usage.get("cache_read_input_tokens") or 0
        written = self.usage.get("cache_creation_input_tokens") or 0
        details = self.usage.get("output_tokens_details") or {}
        return Usage(
            model=model,
            input_tokens=(self.usage.get("input_tokens") or 0) + cached + written,  # the format counts them apart
            output_tokens=self.usage.get("output_tokens") or 0,
            reasoning_tokens=details.get("thinking_tokens") or 0,
            cached_tokens=cached,
        )
