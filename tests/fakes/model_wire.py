"""The two wire formats of the fake model server, as bytes: what OpenAI-compatible servers and DashScope really send."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol


@dataclass(frozen=True)
class Reply:
    """One scripted reply. Everything but `text` is for what may go wrong or come slowly."""

    text: str = ""
    reasoning: str = ""
    tool_calls: tuple[Mapping[str, Any], ...] = ()
    """Calls by JSON, `{"name": …, "arguments": {…} or text, "id": …}`; streamed in pieces, all at once."""
    contains: str = ""
    """Used only for a request whose messages contain this text."""
    repeat: bool = False
    """Stays in the script after use."""
    status: int = 200
    error_code: str = ""
    error_message: str = ""
    error_param: str | None = None
    headers: dict[str, str] = field(default_factory=dict)
    finish_reason: str = "stop"
    usage: tuple[int, int] | None = (100, 20)
    """Input and output tokens; None: this server never tells."""
    cached_tokens: int = 0
    reasoning_tokens: int = 0
    chunk_chars: int = 12
    first_delay_seconds: float = 0.0
    chunk_delay_seconds: float = 0.0
    break_after_chunks: int | None = None
    """Cut the connection after so many pieces, in mid-reply."""
    error_after_chunks: int | None = None
    """Send an error event in mid-reply."""
    raw_body: str | None = None
    """Answer with exactly this instead, in one piece."""
    raw_content_type: str = "text/html"


class WireFormat(Protocol):
    """How one provider spells replies and errors."""

    def events(self, reply: Reply, body: dict[str, Any]) -> Iterator[bytes]:
        """Yield the events of a streamed reply."""

    def whole(self, reply: Reply, body: dict[str, Any]) -> dict[str, Any]:
        """Return a reply that is not streamed."""

    def error(self, reply: Reply) -> dict[str, Any]:
        """Return the body of an HTTP error."""

    def error_event(self, reply: Reply) -> bytes:
        """Return an error inside a stream."""

    def wants_stream(self, body: dict[str, Any], headers: dict[str, str]) -> bool:
        """Whether the request asks for a stream."""

    def ending(self) -> bytes:
        """Return what ends a stream."""


def calls_of(reply: Reply) -> list[tuple[str, str, str]]:
    """Return id, name and arguments of the scripted calls."""
    found = []
    for number, call in enumerate(reply.tool_calls, start=1):
        given = call.get("arguments", {})
        arguments = given if isinstance(given, str) else json.dumps(given, ensure_ascii=False)
        found.append((str(call.get("id", f"call_{number}")), str(call["name"]), arguments))
    return found


def whole_calls(reply: Reply) -> list[dict[str, Any]]:
    """Return the scripted calls as chat completions and DashScope spell them."""
    return [
        {"index": index, "id": call_id, "type": "function", "function": {"name": name, "arguments": arguments}}
        for index, (call_id, name, arguments) in enumerate(calls_of(reply))
    ]


def call_pieces(reply: Reply) -> Iterator[dict[str, Any]]:
    """Yield the pieces of streamed calls: id and name first, then the arguments, those of all calls mixed."""
    calls = calls_of(reply)
    for index, (call_id, name, _) in enumerate(calls):
        yield {"index": index, "id": call_id, "type": "function", "function": {"name": name, "arguments": ""}}
    parts = [pieces(arguments, reply.chunk_chars) for _, _, arguments in calls]
    for at in range(max((len(part) for part in parts), default=0)):
        for index, part in enumerate(parts):
            if at < len(part):
                yield {"index": index, "function": {"arguments": part[at]}}


def finish_of(reply: Reply) -> str:
    """Return the finish reason: a reply with calls ends for them."""
    return "tool_calls" if reply.tool_calls and reply.finish_reason == "stop" else reply.finish_reason


def pieces(text: str, size: int) -> list[str]:
    """Cut a text into pieces of `size` characters."""
    return [text[at : at + size] for at in range(0, len(text), size)]


class OpenAIFormat:
    """Chat completions: `data: {…}` chunks, a usage chunk without choices when asked for, `data: [DONE]`."""

    def wants_stream(self, body: dict[str, Any], headers: dict[str, str]) -> bool:
        """A field of the body says so."""
        return bool(body.get("stream"))

    def events(self, reply: Reply, body: dict[str, Any]) -> Iterator[bytes]:
        """Role first, then reasoning, text, finish reason, usage."""
        yield self._chunk(body, {"role": "assistant", "content": ""}, None)
        for piece in pieces(reply.reasoning, reply.chunk_chars):
            yield self._chunk(body, {"reasoning_content": piece}, None)
        for piece in pieces(reply.text, reply.chunk_chars):
            yield self._chunk(body, {"content": piece}, None)
        for call in call_pieces(reply):
            yield self._chunk(body, {"tool_calls": [call]}, None)
        yield self._chunk(body, {}, finish_of(reply))
        if reply.usage and (body.get("stream_options") or {}).get("include_usage"):
            yield _data({**_head(body, "chat.completion.chunk"), "choices": [], "usage": _openai_usage(reply)})

    def whole(self, reply: Reply, body: dict[str, Any]) -> dict[str, Any]:
        """A chat.completion object."""
        message: dict[str, Any] = {"role": "assistant", "content": reply.text}
        if reply.reasoning:
            message["reasoning_content"] = reply.reasoning
        if reply.tool_calls:
            message["tool_calls"] = whole_calls(reply)
        choice = {"index": 0, "message": message, "finish_reason": finish_of(reply)}
        return {**_head(body, "chat.completion"), "choices": [choice], "usage": _openai_usage(reply)}

    def error(self, reply: Reply) -> dict[str, Any]:
        """`{"error": {…}}`."""
        return {
            "error": {
                "message": reply.error_message,
                "type": "invalid_request_error",
                "param": reply.error_param,
                "code": reply.error_code or None,
            }
        }

    def error_event(self, reply: Reply) -> bytes:
        """A chunk that holds an error."""
        return _data(self.error(reply))

    def ending(self) -> bytes:
        """The format's last line."""
        return b"data: [DONE]\n\n"

    def _chunk(self, body: dict[str, Any], delta: dict[str, Any], finish_reason: str | None) -> bytes:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
        return _data({**_head(body, "chat.completion.chunk"), "choices": [choice]})


class CompletionFormat(OpenAIFormat):
    """Completions: text instead of a message; for the rest as chat completions."""

    def events(self, reply: Reply, body: dict[str, Any]) -> Iterator[bytes]:
        """Text, then the finish reason, then usage."""
        for piece in pieces(reply.text, reply.chunk_chars):
            yield _data(self._completion(body, piece, None))
        yield _data(self._completion(body, "", reply.finish_reason))
        if reply.usage and (body.get("stream_options") or {}).get("include_usage"):
            yield _data({**_head(body, "text_completion"), "choices": [], "usage": _openai_usage(reply)})

    def whole(self, reply: Reply, body: dict[str, Any]) -> dict[str, Any]:
        """A text_completion object."""
        return {**self._completion(body, reply.text, reply.finish_reason), "usage": _openai_usage(reply)}

    def _completion(self, body: dict[str, Any], text: str, finish_reason: str | None) -> dict[str, Any]:
        choice = {"index": 0, "text": text, "logprobs": None, "finish_reason": finish_reason}
        return {**_head(body, "text_completion"), "choices": [choice]}


class DashScopeFormat:
    """DashScope's own: `id:`, `event:result`, `:HTTP_STATUS/200`, `data:{…}`; usage in each event; no [DONE]."""

    def wants_stream(self, body: dict[str, Any], headers: dict[str, str]) -> bool:
        """A header says so."""
        return headers.get("x-dashscope-sse") == "enable"

    def events(self, reply: Reply, body: dict[str, Any]) -> Iterator[bytes]:
        """Increments when the body asks for them, else what there is so far; "null" until the last."""
        is_incremental = bool((body.get("parameters") or {}).get("incremental_output"))
        parts: list[tuple[str, Any]]
        parts = [("reasoning_content", piece) for piece in pieces(reply.reasoning, reply.chunk_chars)]
        parts += [("content", piece) for piece in pieces(reply.text, reply.chunk_chars)] or [("content", "")]
        parts += [("tool_calls", [piece]) for piece in call_pieces(reply)] if is_incremental else []
        so_far = {"content": "", "reasoning_content": ""}
        for number, (name, piece) in enumerate(parts, start=1):
            message: dict[str, Any] = {"content": "", "reasoning_content": "", name: piece}
            if not is_incremental:
                so_far[name] += piece
                message = {**so_far, "tool_calls": whole_calls(reply)}
            finish_reason = finish_of(reply) if number == len(parts) else "null"
            yield self._event(number, self._body(reply, message, finish_reason))

    def whole(self, reply: Reply, body: dict[str, Any]) -> dict[str, Any]:
        """Output, usage and request id."""
        message: dict[str, Any] = {"content": reply.text, "reasoning_content": reply.reasoning}
        if reply.tool_calls:
            message["tool_calls"] = whole_calls(reply)
        return self._body(reply, message, finish_of(reply))

    def error(self, reply: Reply) -> dict[str, Any]:
        """Code, message and request id, with nothing around them."""
        return {"code": reply.error_code, "message": reply.error_message, "request_id": "req-1"}

    def error_event(self, reply: Reply) -> bytes:
        """An event of the kind error, its status in a line of its own."""
        data = json.dumps(self.error(reply))
        return f"id:9\nevent:error\n:HTTP_STATUS/{reply.status}\nstatus:{reply.status}\ndata:{data}\n\n".encode()

    def ending(self) -> bytes:
        """Nothing: the stream just ends."""
        return b""

    def _body(self, reply: Reply, message: dict[str, Any], finish_reason: str) -> dict[str, Any]:
        output = {"choices": [{"message": {"role": "assistant", **message}, "finish_reason": finish_reason}]}
        body: dict[str, Any] = {"output": output, "request_id": "req-1"}
        if reply.usage:
            body["usage"] = {
                "input_tokens": reply.usage[0],
                "output_tokens": reply.usage[1],
                "total_tokens": sum(reply.usage),
                "output_tokens_details": {"reasoning_tokens": reply.reasoning_tokens},
                "prompt_tokens_details": {"cached_tokens": reply.cached_tokens},
            }
        return body

    def _event(self, number: int, data: dict[str, Any]) -> bytes:
        text = json.dumps(data, ensure_ascii=False)
        return f"id:{number}\nevent:result\n:HTTP_STATUS/200\ndata:{text}\n\n".encode()


def _head(body: dict[str, Any], kind: str) -> dict[str, Any]:
    return {"id": "chatcmpl-1", "object": kind, "created": 1_790_000_000, "model": body.get("model", "")}


def _openai_usage(reply: Reply) -> dict[str, Any] | None:
    if reply.usage is None:
        return None
    return {
        "prompt_tokens": reply.usage[0],
        "completion_tokens": reply.usage[1],
        "total_tokens": sum(reply.usage),
        "prompt_tokens_details": {"cached_tokens": reply.cached_tokens},
        "completion_tokens_details": {"reasoning_tokens": reply.reasoning_tokens},
    }


def _data(data: dict[str, Any]) -> bytes:
    return b"data: " + json.dumps(data, ensure_ascii=False).encode() + b"\n\n"
