"""Tool calls by JSON, out and in, with the real SDKs over real HTTP; and the joining of their pieces."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from model_asking import ask, read
from model_server import FakeModelServer, Reply
from sanca.core.messages import ModelRequest, PromptMessage, ToolCall, ToolSpec
from sanca.python_runtime.models import ModelRegistry
from sanca.python_runtime.models.tool_calls import CallPieces, WireNames

Registries = Callable[..., ModelRegistry]
every = pytest.mark.parametrize("kind", ["openai", "openai-responses", "dashscope", "anthropic"])
chat_kinds = pytest.mark.parametrize("kind", ["openai", "dashscope"])
LOGS = ToolSpec(
    name="system.logs",
    description="Logs of a service.",
    parameters={"type": "object", "properties": {"service": {"type": "string"}}, "required": ["service"]},
)
SERVICES = ToolSpec(name="system.services")
TWO_CALLS = Reply(
    text="I look.",
    tool_calls=(
        {"id": "a", "name": "system_logs", "arguments": {"service": "结账 checkout"}},
        {"id": "b", "name": "system_services", "arguments": {}},
    ),
)


def with_tools(*messages: PromptMessage) -> ModelRequest:
    return ModelRequest(messages=(*ask().messages, *messages), tools=(LOGS, SERVICES), timeout_seconds=20)


@pytest.mark.anyio
@every
async def test_parallel_calls_come_whole_with_the_last_piece(registry_for: Registries, kind: str) -> None:
    with FakeModelServer([TWO_CALLS]) as server:
        text, _, last = await read(registry_for(server, kind).model(), with_tools())
    assert text == "I look."
    assert last.finish_reason == "tool_calls"
    assert last.tool_calls == (
        ToolCall(id="a", name="system.logs", arguments_json='{"service": "结账 checkout"}'),
        ToolCall(id="b", name="system.services", arguments_json="{}"),
    )


@pytest.mark.anyio
@chat_kinds
async def test_tools_calls_and_results_go_out_in_the_provider_s_form(registry_for: Registries, kind: str) -> None:
    called = PromptMessage(role="assistant", content="", tool_calls=(ToolCall(id="a", name="system.logs"),))
    result = PromptMessage(role="tool", content="3 errors", tool_call_id="a")
    with FakeModelServer(["Three errors."]) as server:
        await read(registry_for(server, kind).model(), with_tools(called, result))
    (request,) = server.requests
    tools = request.body.get("tools") or request.body["parameters"]["tools"]
    assert [tool["function"]["name"] for tool in tools] == ["system_logs", "system_services"]
    assert tools[0]["function"]["parameters"] == LOGS.parameters
    assert tools[1]["function"]["parameters"] == {"type": "object", "properties": {}}
    assert request.messages[2]["tool_calls"] == [
        {"id": "a", "type": "function", "function": {"name": "system_logs", "arguments": "{}"}}
    ]
    assert request.messages[3] == {"role": "tool", "content": "3 errors", "tool_call_id": "a"}


@pytest.mark.anyio
async def test_signature_of_a_call_goes_back_with_it(registry_for: Registries) -> None:
    call = (
        '{"index":0,"id":"c","type":"function","function":{"name":"system_logs","arguments":"{}"},'
        '"extra_content":{"google":{"thought_signature":"c2ln"}}}'
    )
    chunk = f'data: {{"id":"1","choices":[{{"index":0,"delta":{{"tool_calls":[{call}]}}}}]}}\n\ndata: [DONE]\n\n'
    with FakeModelServer([Reply(raw_body=chunk, raw_content_type="text/event-stream"), "done"]) as server:
        model = registry_for(server).model()
        _, _, last = await read(model, with_tools())
        called = PromptMessage(role="assistant", content="", tool_calls=last.tool_calls, extra=last.extra)
        await read(model, with_tools(called, PromptMessage(role="tool", content="ok", tool_call_id="c")))
    sent = server.requests[1].messages[2]["tool_calls"][0]
    assert sent["extra_content"] == {"google": {"thought_signature": "c2ln"}}


def test_whole_calls_that_all_say_index_0_are_told_apart_by_their_ids() -> None:
    for index in (0, None):
        pieces = CallPieces()
        pieces.add(index, call_id="a", name="f", arguments='{"x":')
        pieces.add(index, arguments="1}")
        pieces.add(index, call_id="b", name="g")
        calls = pieces.whole(WireNames(()))
        assert [(call.id, call.name, call.arguments_json) for call in calls] == [
            ("a", "f", '{"x":1}'),
            ("b", "g", "{}"),
        ]


def test_repeated_and_missing_names_and_ids_are_mended() -> None:
    pieces = CallPieces()
    for argument in ("{", "}"):
        pieces.add(0, name="f", arguments=argument)
    assert pieces.whole(WireNames(())) == (ToolCall(id="call_1", name="f", arguments_json="{}"),)


def test_every_name_has_a_form_of_its_own_that_providers_take() -> None:
    names = ["a.b", "a_b", "a-b", "日志.查询", "日志.搜索", "x" * 90, "x" * 91, ""]
    wire = WireNames([ToolSpec(name=name) for name in names])
    out = [wire.out(name) for name in names]
    assert len(set(out)) == len(names)
    assert all(re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", one) for one in out)
    assert [wire.back(one) for one in out] == names
