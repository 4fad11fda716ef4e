"""Completions: the prompt goes out as it is, through both kinds of server."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from model_asking import ask, read
from model_server import FakeModelServer, Reply
from sanca.core.errors import ModelError
from sanca.core.messages import ModelRequest, PromptMessage, ToolSpec
from sanca.python_runtime.models import ModelRegistry

pytestmark = pytest.mark.anyio
Registries = Callable[..., ModelRegistry]
FIM = "<|fim_prefix|>def 你好():\n    <|fim_suffix|>\n\nx = 1\n<|fim_middle|>"
kinds = pytest.mark.parametrize("kind", ["openai", "dashscope"])


def complete(prompt: str = FIM) -> ModelRequest:
    return ModelRequest(
        messages=(PromptMessage(role="user", content=prompt),),
        form="completion",
        stop=("<|endoftext|>",),
        timeout_seconds=20,
        max_output_tokens=64,
    )


@kinds
async def test_prompt_goes_out_untouched_and_text_comes_streamed(registry_for: Registries, kind: str) -> None:
    reply = Reply(text="return 42  # as asked for", usage=(30, 7), finish_reason="length")
    with FakeModelServer([reply]) as server:
        text, _, last = await read(registry_for(server, kind).model(), complete())
    (request,) = server.requests
    assert text == reply.text
    assert request.path.endswith("/completions") and "chat" not in request.path
    assert request.body["prompt"] == FIM
    assert (request.body["stop"], request.body["max_tokens"]) == (["<|endoftext|>"], 64)
    assert "messages" not in request.body
    assert last.finish_reason == "length"
    assert last.usage is not None
    assert (last.usage.input_tokens, last.usage.output_tokens) == (30, 7)


async def test_completion_of_a_server_that_does_not_stream(registry_for: Registries) -> None:
    whole = (
        '{"id":"1","object":"text_completion","created":1,"model":"m",'
        '"choices":[{"index":0,"text":"x","finish_reason":"stop"}]}'
    )
    with FakeModelServer([Reply(raw_body=whole, raw_content_type="application/json")]) as server:
        text, _, last = await read(registry_for(server).model(), complete())
    assert (text, last.finish_reason) == ("x", "stop")


@kinds
@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (Reply(status=404, error_message="no route"), "HTTP 404"),
        (Reply(raw_body="<html>", raw_content_type="text/html"), "not in the form"),
        (Reply(raw_body="{]", raw_content_type="application/json"), "not in the form"),
    ],
)
async def test_refused_completion_is_one_sentence(
    registry_for: Registries, kind: str, reply: Reply, words: str
) -> None:
    with FakeModelServer([reply]) as server, pytest.raises(ModelError, match=words):
        await read(registry_for(server, kind).model(), complete())


async def test_completion_with_several_messages_or_tools_is_refused_before_it_is_sent(registry_for: Registries) -> None:
    with FakeModelServer([]) as server:
        model = registry_for(server).model()
        for change in ({"messages": ask().messages}, {"tools": (ToolSpec(name="x"),)}):
            with pytest.raises(ModelError, match="one prompt and no tools"):
                await read(model, complete().model_copy(update=change))
    assert server.requests == []


async def test_dashscope_behind_another_path_says_that_it_has_no_completions(registry_for: Registries) -> None:
    with FakeModelServer([]) as server:
        registry = registry_for(server, "dashscope", DASHSCOPE_HTTP_BASE_URL=server.url + "/proxy")
        with pytest.raises(ModelError, match="ask it in the chat form"):
            await read(registry.model(), complete())
