"""Two more wire formats of the fake model server, as bytes: OpenAI's responses and Anthropic's messages."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from model_wire import Reply, calls_of, pieces


class ResponsesFormat:
    """Responses: numbered events with a name, whole items when they are done, everything again at the end."""

    def wants_stream(self, body: dict[str, Any], headers: dict[str, str]) -> bool:
        """A field of the body says so."""
        return bool(body.get("stream"))

    def events(self, reply: Reply, body: dict[str, Any]) -> Iterator[bytes]:
        """Created, the pieces and the item of each output, completed or incomplete."""
        begun = {**self._response(reply, body), "status": "in_progress", "output": [], "usage": None}
        events: list[dict[str, Any]] = [{"type": "response.created", "response": begun}]
        for index, item in enumerate(self._items(reply)):
            events.append(
                {"type": "response.output_item.added", "output_index": index, "item": {**item, "content": []}}
            )
            where = {"output_index": index, "item_id": item["id"], "content_index": 0}
            if item["type"] == "reasoning":
                kind = {"type": "response.reasoning_summary_text.delta", "summary_index": 0}
                events += [{**kind, **where, "delta": piece} for piece in pieces(reply.reasoning, reply.chunk_chars)]
            elif item["type"] == "message":
                kind = {"type": "response.output_text.delta", "logprobs": []}
                events += [{**kind, **where, "delta": piece} for piece in pieces(reply.text, reply.chunk_chars)]
            else:
                kind = {"type": "response.function_call_arguments.delta"}
                events += [{**kind, **where, "delta": piece} for piece in pieces(item["arguments"], reply.chunk_chars)]
            events.append({"type": "response.output_item.done", "output_index": index, "item": item})
        whole = self._response(reply, body)
        events.append({"type": f"response.{whole['status']}", "response": whole})
        for number, event in enumerate(events):
            yield _event({**event, "sequence_number": number})

    def whole(self, reply: Reply, body: dict[str, Any]) -> dict[str, Any]:
        """A response object."""
        return self._response(reply, body)

    def error(self, reply: Reply) -> dict[str, Any]:
        """`{"error": {…}}`."""
        fields = {"message": reply.error_message, "param": reply.error_param, "code": reply.error_code or None}
        return {"error": {**fields, "type": "invalid_request_error"}}

    def error_event(self, reply: Reply) -> bytes:
        """A response that failed."""
        error = {"code": reply.error_code or "server_error", "message": reply.error_message}
        failed = {**self._response(reply, {}), "status": "failed", "error": error}
        return _event({"type": "response.failed", "response": failed, "sequence_number": 99})

    def ending(self) -> bytes:
        """Nothing: the last event is the end."""
        return b""

    def _items(self, reply: Reply) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = []
        if reply.reasoning:
            summary = [{"type": "summary_text", "text": reply.reasoning}]
            items.append({"id": "rs_1", "type": "reasoning", "summary": summary, "encrypted_content": "ZW5jcnlwdGVk"})
        if reply.text or not reply.tool_calls:
            content = [{"type": "output_text", "text": reply.text, "annotations": []}]
            items.append(
                {"id": "msg_1", "type": "message", "role": "assistant", "status": "completed", "content": content}
            )
        for number, (call_id, name, arguments) in enumerate(calls_of(reply), start=1):
            call = {"id": f"fc_{number}", "type": "function_call", "status": "completed"}
            items.append({**call, "call_id": call_id, "name": name, "arguments": arguments})
        return items

    def _response(self, reply: Reply, body: dict[str, Any]) -> dict[str, Any]:
        is_cut = reply.finish_reason == "length"
        response = {
            "id": "resp_1",
            "object": "response",
            "created_at": 1_790_000_000,
            "model": body.get("model", ""),
            "status": "incomplete" if is_cut else "completed",
            "incomplete_details": {"reason": "max_output_tokens"} if is_cut else None,
            "error": None,
            "output": self._items(reply),
            "parallel_tool_calls": True,
            "tool_choice": "auto",
            "tools": [],
        }
        if reply.usage:
            response["usage"] = {
                "input_tokens": reply.usage[0],
                "output_tokens": reply.usage[1],
                "total_tokens": sum(reply.usage),
                "input_tokens_details": {"cached_tokens": reply.cached_tokens},
                "output_tokens_details": {"reasoning_tokens": reply.reasoning_tokens},
            }
        return response


class AnthropicFormat:
    """Messages: blocks that begin, grow and stop; usage at the start and at the end; thinking has a signature."""

    def wants_stream(self, body: dict[str, Any], headers: dict[str, str]) -> bool:
        """A field of the body says so."""
        return bool(body.get("stream"))

    def events(self, reply: Reply, body: dict[str, Any]) -> Iterator[bytes]:
        """The message's start, its blocks, its end."""
        started = {**self._message(reply, body), "content": [], "stop_reason": None}
        yield _event({"type": "message_start", "message": started})
        yield _event({"type": "ping"})
        for index, block in enumerate(self._blocks(reply)):
            yield from self._block(index, block, reply.chunk_chars)
        usage = {"output_tokens": reply.usage[1] if reply.usage else 0}
        delta = {"stop_reason": self._stop_reason(reply), "stop_sequence": None}
        yield _event({"type": "message_delta", "delta": delta, "usage": usage})
        yield _event({"type": "message_stop"})

    def whole(self, reply: Reply, body: dict[str, Any]) -> dict[str, Any]:
        """A message object."""
        return self._message(reply, body)

    def error(self, reply: Reply) -> dict[str, Any]:
        """`{"type": "error", "error": {…}}`."""
        error = {"type": reply.error_code or "invalid_request_error", "message": reply.error_message}
        return {"type": "error", "error": error, "request_id": "req-1"}

    def error_event(self, reply: Reply) -> bytes:
        """An event of the kind error."""
        error = {"type": reply.error_code or "overloaded_error", "message": reply.error_message}
        return _event({"type": "error", "error": error})

    def ending(self) -> bytes:
        """Nothing: `message_stop` is the end."""
        return b""

    def _block(self, index: int, block: dict[str, Any], size: int) -> Iterator[bytes]:
        grown, empty = dict(block), {"thinking": "", "text": "", "input": {}, "signature": ""}
        begun = {name: empty.get(name, value) for name, value in grown.items()}
        yield _event({"type": "content_block_start", "index": index, "content_block": begun})
        deltas: list[dict[str, Any]] = [
            {"type": "thinking_delta", "thinking": piece} for piece in pieces(block.get("thinking", ""), size)
        ]
        if "signature" in block:
            deltas.append({"type": "signature_delta", "signature": block["signature"]})
        deltas += [{"type": "text_delta", "text": piece} for piece in pieces(block.get("text", ""), size)]
        if "input" in block:
            arguments = json.dumps(block["input"], ensure_ascii=False)
            deltas += [{"type": "input_json_delta", "partial_json": piece} for piece in pieces(arguments, size)]
        for delta in deltas:
            yield _event({"type": "content_block_delta", "index": index, "delta": delta})
        yield _event({"type": "content_block_stop", "index": index})

    def _blocks(self, reply: Reply) -> list[dict[str, Any]]:
        blocks: list[dict[str, Any]] = []
        if reply.reasoning:
            blocks.append({"type": "thinking", "thinking": reply.reasoning, "signature": "c2lnbmVk"})
        if reply.text or not reply.tool_calls:
            blocks.append({"type": "text", "text": reply.text})
        for call_id, name, arguments in calls_of(reply):
            blocks.append({"type": "tool_use", "id": call_id, "name": name, "input": json.loads(arguments)})
        return blocks

    def _message(self, reply: Reply, body: dict[str, Any]) -> dict[str, Any]:
        asked, answered = reply.usage or (0, 0)
        return {
            "id": "msg_1",
            "type": "message",
            "role": "assistant",
            "model": body.get("model", ""),
            "content": self._blocks(reply),
            "stop_reason": self._stop_reason(reply),
            "stop_sequence": None,
            "usage": {
                "input_tokens": asked - reply.cached_tokens,
                "cache_read_input_tokens": reply.cached_tokens,
                "cache_creation_input_tokens": 0,
                "output_tokens": answered,
                "output_tokens_details": {"thinking_tokens": reply.reasoning_tokens},
            },
        }

    def _stop_reason(self, reply: Reply) -> str:
        if reply.tool_calls:
            return "tool_use"
        return {"stop": "end_turn", "length": "max_tokens"}.get(reply.finish_reason, reply.finish_reason)


def _event(data: dict[str, Any]) -> bytes:
    return f"event: {data['type']}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n".encode()
