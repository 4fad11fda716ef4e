"""What the Responses and Anthropic clients and the reasoning effort put on the wire, field by field."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from model_asking import ask, read
from model_server import FakeModelServer, Reply
from sanca.core.errors import ModelError
from sanca.core.messages import ModelDelta, ModelRequest, PromptMessage, ToolCall, ToolSpec
from sanca.python_runtime.models import ModelRegistry

pytestmark = pytest.mark.anyio
Registries = Callable[..., ModelRegistry]
SIGNED = ["openai-responses", "anthropic"]
LOGS = ToolSpec(name="system.logs", description="Logs.", parameters={"type": "object", "properties": {}})


def after(last: ModelDelta, text: str, *results: PromptMessage) -> ModelRequest:
    """Return the request of the next round: the reply as it was kept, and what came after it."""
    earlier = PromptMessage(role="assistant", content=text, tool_calls=last.tool_calls, extra=last.extra)
    return ModelRequest(messages=(*ask().messages, earlier, *results), tools=(LOGS,), timeout_seconds=20)


async def test_responses_request_stores_nothing_and_asks_for_encrypted_reasoning(registry_for: Registries) -> None:
    with FakeModelServer(["ok"]) as server:
        request = ask().model_copy(update={"tools": (LOGS,), "reasoning": "low"})
        await read(registry_for(server, "openai-responses").model(), request)
    body = server.requests[0].body
    assert server.requests[0].path == "/v1/responses"
    assert (body["store"], body["include"]) == (False, ["reasoning.encrypted_content"])
    assert (body["max_output_tokens"], body["reasoning"]) == (99, {"effort": "low", "summary": "auto"})
    assert body["input"] == [{"role": "system", "content": "be short"}, {"role": "user", "content": "hello"}]
    assert body["tools"][0] == {
        "type": "function", "name": "system_logs", "description": "Logs.", "strict": False,
        "parameters": LOGS.parameters,
    }  # fmt: skip


async def test_responses_items_go_back_as_they_came_with_the_result_behind(registry_for: Registries) -> None:
    call = {"id": "call_x", "name": "system_logs", "arguments": {"service": "a"}}
    with FakeModelServer([Reply(text="I look.", reasoning="hm", tool_calls=(call,)), "done"]) as server:
        model = registry_for(server, "openai-responses").model()
        text, _, last = await read(model, ask().model_copy(update={"tools": (LOGS,)}))
        await read(model, after(last, text, PromptMessage(role="tool", content="3", tool_call_id="call_x")))
    sent = server.requests[1].body["input"][2:]
    assert [item["type"] for item in sent] == ["reasoning", "message", "function_call", "function_call_output"]
    assert sent[0]["encrypted_content"] == "ZW5jcnlwdGVk"
    assert (sent[2]["id"], sent[2]["call_id"], sent[2]["name"]) == ("fc_1", "call_x", "system_logs")
    assert sent[3] == {"type": "function_call_output", "call_id": "call_x", "output": "3"}


async def test_cut_off_response_says_length(registry_for: Registries) -> None:
    with FakeModelServer([Reply(text="x", finish_reason="length")]) as server:
        _, _, last = await read(registry_for(server, "openai-responses").model())
    assert last.finish_reason == "length"


async def test_response_of_a_server_that_does_not_stream(registry_for: Registries) -> None:
    def answer(body: dict[str, Any]) -> Reply:
        import json

        from model_formats import ResponsesFormat

        whole = ResponsesFormat().whole(Reply(text="all at once", reasoning="hm"), body)
        return Reply(raw_body=json.dumps(whole), raw_content_type="application/json")

    with FakeModelServer(answer) as server:
        text, _, last = await read(registry_for(server, "openai-responses").model())
    assert (text, last.finish_reason) == ("all at once", "stop")
    assert last.usage is not None and last.usage.input_tokens == 100


async def test_anthropic_request_marks_what_will_come_again(registry_for: Registries) -> None:
    with FakeModelServer(["ok"]) as server:
        await read(
            registry_for(server, "anthropic").model(), ask().model_copy(update={"tools": (LOGS,), "stop": ("END",)})
        )
    request = server.requests[0]
    mark = {"type": "ephemeral"}
    assert request.headers["authorization"] == "Bearer key-1"
    assert request.body["system"] == [{"type": "text", "text": "be short", "cache_control": mark}]
    assert request.messages == [{"role": "user", "content": [{"type": "text", "text": "hello", "cache_control": mark}]}]
    assert request.body["tools"] == [{"name": "system_logs", "description": "Logs.", "input_schema": LOGS.parameters}]
    assert (request.body["max_tokens"], request.body["stop_sequences"]) == (99, ["END"])


async def test_anthropic_results_of_parallel_calls_stand_in_one_message(registry_for: Registries) -> None:
    calls = ({"id": "a", "name": "system_logs"}, {"id": "b", "name": "system_logs", "arguments": {"x": 1}})
    results = [PromptMessage(role="tool", content=one, tool_call_id=one) for one in ("a", "b")]
    with FakeModelServer([Reply(reasoning="hm", tool_calls=calls), "done"]) as server:
        model = registry_for(server, "anthropic").model()
        text, _, last = await read(model, ask().model_copy(update={"tools": (LOGS,)}))
        await read(model, after(last, text, *results))
    user, assistant, answer = server.requests[1].messages
    assert [block["type"] for block in assistant["content"]] == ["thinking", "tool_use", "tool_use"]
    assert assistant["content"][0]["signature"] == "c2lnbmVk"
    assert assistant["content"][2] == {"type": "tool_use", "id": "b", "name": "system_logs", "input": {"x": 1}}
    assert [(block["type"], block["tool_use_id"]) for block in answer["content"]] == [
        ("tool_result", "a"),
        ("tool_result", "b"),
    ]
    assert user["role"] == answer["role"] == "user"


async def test_anthropic_thinks_by_effort_or_by_tokens_as_the_server_takes_it(registry_for: Registries) -> None:
    def answer(body: dict[str, Any]) -> str | Reply:
        kind = body.get("thinking", {}).get("type")
        if kind == "adaptive":
            return Reply(status=400, error_message="adaptive thinking is not supported by this model")
        return "ok"

    with FakeModelServer(answer) as server:
        model = registry_for(server, "anthropic").model()
        for _ in range(2):
            await read(model, ask().model_copy(update={"reasoning": "medium"}))
    bodies = [request.body for request in server.requests]
    assert bodies[0]["output_config"] == {"effort": "medium"}
    assert [body["thinking"]["type"] for body in bodies] == ["adaptive", "enabled", "enabled"]
    assert bodies[2]["thinking"]["budget_tokens"] == 4096
    assert bodies[2]["max_tokens"] == 99 + 4096


@pytest.mark.parametrize("kind", SIGNED)
async def test_signed_thoughts_of_another_endpoint_stay_here(registry_for: Registries, kind: str) -> None:
    with FakeModelServer([Reply(text="ok", reasoning="secret thought")]) as first, FakeModelServer(["done"]) as second:
        _, _, last = await read(registry_for(first, kind).model())
        await read(registry_for(second, kind).model(), after(last, "ok"))
    assert "secret thought" not in str(second.requests[0].body)
    assert "ok" in str(second.requests[0].body)


@pytest.mark.parametrize("kind", SIGNED)
async def test_thoughts_stay_when_the_words_of_the_reply_were_shortened(registry_for: Registries, kind: str) -> None:
    with FakeModelServer([Reply(text="a long answer", reasoning="thought"), "done"]) as server:
        model = registry_for(server, kind).model()
        _, _, last = await read(model)
        await read(model, after(last, "short"))
    body = str(server.requests[1].body)
    assert "thought" in body and "short" in body and "a long answer" not in body


async def test_anthropic_has_no_completions(registry_for: Registries) -> None:
    request = ModelRequest(messages=(PromptMessage(role="user", content="x"),), form="completion")
    with FakeModelServer([]) as server, pytest.raises(ModelError, match="ask it in the chat form"):
        await read(registry_for(server, "anthropic").model(), request)
    assert server.requests == []


@pytest.mark.parametrize(
    ("kind", "reasoning", "field", "value"),
    [
        ("openai", "high", "reasoning_effort", "high"),
        ("openai", "off", "reasoning_effort", None),
        ("dashscope", "high", "enable_thinking", True),
        ("dashscope", "off", "enable_thinking", False),
        ("dashscope", "", "enable_thinking", None),
        ("openai-responses", "off", "reasoning", None),
        ("anthropic", "off", "thinking", None),
    ],
)
async def test_effort_goes_out_in_the_provider_s_own_field(
    registry_for: Registries, kind: str, reasoning: str, field: str, value: object
) -> None:
    with FakeModelServer(["ok"]) as server:
        await read(registry_for(server, kind).model(), ask().model_copy(update={"reasoning": reasoning}))
    body = server.requests[0].body
    assert body.get("parameters", body).get(field) == value


@pytest.mark.parametrize("name", ["reasoning_content", "reasoning"])
async def test_reasoning_goes_back_under_the_name_it_came_by(registry_for: Registries, name: str) -> None:
    chunk = f'data: {{"id":"1","choices":[{{"index":0,"delta":{{"{name}":"hm","content":"ok"}}}}]}}\n\ndata: [DONE]\n\n'
    with FakeModelServer([Reply(raw_body=chunk, raw_content_type="text/event-stream"), "done"]) as server:
        model = registry_for(server).model()
        _, _, last = await read(model)
        await read(model, after(last, "ok").model_copy(update={"tools": ()}))
    assert server.requests[1].messages[2] == {"role": "assistant", "content": "ok", name: "hm"}


async def test_calls_of_an_earlier_model_are_told_to_each_in_its_form(registry_for: Registries) -> None:
    called = PromptMessage(
        role="assistant", content="", tool_calls=(ToolCall(id="z", name="system.logs", arguments_json="no json"),)
    )
    messages = (*ask().messages, called, PromptMessage(role="tool", content="r", tool_call_id="z"))
    for kind in SIGNED:
        with FakeModelServer(["ok"]) as server:
            await read(
                registry_for(server, kind).model(), ModelRequest(messages=messages, tools=(LOGS,), timeout_seconds=20)
            )
        sent = str(server.requests[0].messages)
        assert "system_logs" in sent and "no json" in sent and "'z'" in sent
