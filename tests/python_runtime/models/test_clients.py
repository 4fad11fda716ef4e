"""All model clients, with the real SDKs, against a server that speaks their real wire formats."""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable, Iterator
from contextlib import aclosing
from typing import Any, cast

import anyio
import anyio.lowlevel
import anyio.to_thread
import pytest
from model_asking import ask, read
from model_server import FakeModelServer, Reply
from sanca.core.errors import ModelError, ModelUnavailableError
from sanca.core.messages import ModelRequest, PromptMessage
from sanca.python_runtime.models import ModelRegistry

pytestmark = pytest.mark.anyio
Registries = Callable[..., ModelRegistry]
KINDS = ["openai", "openai-responses", "dashscope", "anthropic"]
every = pytest.mark.parametrize("kind", KINDS)


@every
async def test_reply_is_streamed_in_pieces_with_usage_at_the_end(registry_for: Registries, kind: str) -> None:
    reply = Reply(text="服务 checkout is slow. " * 5, usage=(321, 45), cached_tokens=300, reasoning_tokens=7)
    with FakeModelServer([reply]) as server:
        model = registry_for(server, kind).model()
        assert model is not None
        deltas = [delta async for delta in model.stream(ask())]
    assert "".join(delta.text for delta in deltas) == reply.text
    assert len(deltas) > 5
    assert [delta.finish_reason for delta in deltas if delta.finish_reason] == ["stop"]
    usage = deltas[-1].usage
    assert usage is not None
    assert (usage.input_tokens, usage.output_tokens, usage.cached_tokens, usage.reasoning_tokens) == (321, 45, 300, 7)


@every
async def test_reasoning_is_kept_apart_and_goes_back_with_the_next_request(registry_for: Registries, kind: str) -> None:
    with FakeModelServer([Reply(text="ok", reasoning="let me think"), "done"]) as server:
        model = registry_for(server, kind).model()
        text, reasoning, last = await read(model)
        earlier = PromptMessage(role="assistant", content=text, extra=last.extra)
        await read(
            model, ModelRequest(messages=(*ask().messages, earlier, PromptMessage(role="user", content="go on")))
        )
    assert (text, reasoning) == ("ok", "let me think")
    sent = [message for message in server.requests[1].messages if "let me think" in str(message)]
    assert sent == [SENT_BACK[kind]]


SENT_BACK: dict[str, Any] = {
    "openai": {"role": "assistant", "content": "ok", "reasoning_content": "let me think"},
    "dashscope": {"role": "assistant", "content": "ok", "reasoning_content": "let me think"},
    "openai-responses": {
        "id": "rs_1",
        "type": "reasoning",
        "summary": [{"type": "summary_text", "text": "let me think"}],
        "encrypted_content": "ZW5jcnlwdGVk",
    },
    "anthropic": {
        "role": "assistant",
        "content": [
            {"type": "thinking", "thinking": "let me think", "signature": "c2lnbmVk"},
            {"type": "text", "text": "ok"},
        ],
    },
}


async def test_what_one_provider_kept_is_not_sent_to_another(registry_for: Registries) -> None:
    extra = {"dashscope": {"reasoning_content": "secret thoughts"}}
    with FakeModelServer(["ok"]) as server:
        message = PromptMessage(role="assistant", content="x", extra=extra)
        await read(registry_for(server).model(), ModelRequest(messages=(message,)))
    assert server.requests[0].messages == [{"role": "assistant", "content": "x"}]


async def test_dashscope_request_has_its_native_form(registry_for: Registries) -> None:
    with FakeModelServer(["ok"]) as server:
        await read(registry_for(server, "dashscope").model())
    request = server.requests[0]
    assert request.path == "/api/v1/services/aigc/text-generation/generation"
    assert request.headers["authorization"] == "Bearer key-1"
    assert request.headers["x-dashscope-sse"] == "enable"
    assert request.body["parameters"]["incremental_output"] is True
    assert request.body["parameters"]["result_format"] == "message"
    assert request.body["input"]["messages"][1] == {"role": "user", "content": "hello"}


async def test_openai_request_asks_for_usage(registry_for: Registries) -> None:
    with FakeModelServer(["ok"]) as server:
        await read(registry_for(server).model())
    body = server.requests[0].body
    assert body["stream_options"] == {"include_usage": True}
    assert (body["model"], body["max_tokens"], body["temperature"]) == ("fake-model", 99, 0.0)


@every
async def test_server_that_never_tells_usage_still_works(registry_for: Registries, kind: str) -> None:
    with FakeModelServer([Reply(text="fine", usage=None)]) as server:
        text, _, last = await read(registry_for(server, kind).model())
    assert text == "fine"
    assert last.usage is not None
    assert last.usage.input_tokens == 0


async def test_server_that_does_not_stream_still_works(registry_for: Registries) -> None:
    whole = (
        '{"id":"1","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"finish_reason":"length",'
        '"message":{"role":"assistant","content":"all at once","reasoning_content":"hm"}}],'
        '"usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}}'
    )
    with FakeModelServer([Reply(raw_body=whole, raw_content_type="application/json")]) as server:
        text, reasoning, last = await read(registry_for(server).model())
    assert (text, reasoning, last.finish_reason) == ("all at once", "hm", "length")


@pytest.mark.parametrize("field", ["temperature", "stream_options", "max_tokens"])
async def test_field_the_server_refuses_by_name_is_left_out_from_then_on(registry_for: Registries, field: str) -> None:
    def answer(body: dict[str, Any]) -> str | Reply:
        if field in body:
            return Reply(status=400, error_message=f"Unsupported parameter: '{field}'", error_param=field)
        return "ok"

    with FakeModelServer(answer) as server:
        model = registry_for(server).model()
        assert (await read(model))[0] == "ok"
        assert (await read(model))[0] == "ok"
    assert len(server.requests) == 3
    assert field not in server.requests[2].body
    if field == "max_tokens":
        assert server.requests[2].body["max_completion_tokens"] == 99


async def test_local_server_without_a_name_or_key_uses_its_first_model(registry_for: Registries) -> None:
    with FakeModelServer(["hi"], models=["qwen3:8b", "other"]) as server:
        registry = registry_for(server, OPENAI_API_KEY="", OPENAI_MODEL="")
        _, _, last = await read(registry.model())
    assert last.usage is not None
    assert last.usage.model == "qwen3:8b"
    assert server.requests[0].body["model"] == "qwen3:8b"


@every
@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (Reply(status=401, error_message="no such key: key-1"), ["refused the key", "HTTP 401", "***"]),
        (Reply(status=403, error_message="not yours"), ["refused the key", "HTTP 403"]),
        (Reply(raw_body="", raw_content_type="application/json"), ["not in the form"]),
        (Reply(raw_body="", raw_content_type="text/event-stream"), ["not in the form"]),
        (Reply(status=404, error_message="no such model"), ["knows no model", "base URL"]),
        (Reply(status=429, error_code="insufficient_quota", error_message="pay"), ["no quota left"]),
        (Reply(status=400, error_message="maximum context length is 8192 tokens"), ["too long"]),
        (Reply(status=400, error_message="bad\nthing"), ["refused the request", "bad thing"]),
        (Reply(raw_body="<html>hello</html>"), ["not in the form", "base URL"]),
        (Reply(raw_body="{}", raw_content_type="application/json"), ["not in the form"]),
        (Reply(raw_body="data: {no json\n\n", raw_content_type="text/event-stream"), ["not in the form"]),
    ],
)
async def test_refusal_is_one_sentence_and_is_not_repeated(
    registry_for: Registries, kind: str, reply: Reply, words: list[str]
) -> None:
    with FakeModelServer([reply]) as server, pytest.raises(ModelError) as caught:
        await read(registry_for(server, kind).model())
    said = str(caught.value)
    assert not caught.value.retryable
    assert all(word in said for word in words), said
    assert "key-1" not in said
    assert "\n" not in said
    assert len(server.requests) == 1


@every
async def test_server_that_asks_to_wait_is_asked_again(registry_for: Registries, kind: str) -> None:
    busy = Reply(status=429, error_message="slow down", headers={"retry-after": "0"})
    with FakeModelServer([busy, Reply(status=503, headers={"Retry-After": "0"}), "at last"]) as server:
        text, _, _ = await read(registry_for(server, kind).model())
    assert text == "at last"
    assert len(server.requests) == 3


@every
@pytest.mark.parametrize("status", [500, 502, 503, 529])
async def test_server_that_is_not_able_now_is_asked_again(registry_for: Registries, kind: str, status: int) -> None:
    broken = Reply(status=status, error_message="oops", headers={"retry-after": "0"})
    with FakeModelServer([broken, "again"]) as server:
        text, _, _ = await read(registry_for(server, kind).model())
    assert (text, len(server.requests)) == ("again", 2)


@every
async def test_third_refusal_in_a_row_is_final(registry_for: Registries, kind: str) -> None:
    busy = Reply(status=503, error_message="maintenance", headers={"retry-after": "0"}, repeat=True)
    with FakeModelServer([busy]) as server, pytest.raises(ModelUnavailableError, match="HTTP 503"):
        await read(registry_for(server, kind).model())
    assert len(server.requests) == 3


@every
async def test_long_wait_asked_for_is_told_at_once(registry_for: Registries, kind: str) -> None:
    script = [Reply(status=429, headers={"retry-after": "3600"})]
    with (
        FakeModelServer(script) as server,
        anyio.fail_after(5),
        pytest.raises(ModelUnavailableError, match="too many requests"),
    ):
        await read(registry_for(server, kind).model())
    assert len(server.requests) == 1


@every
@pytest.mark.parametrize("fault", [{"break_after_chunks": 8}, {"error_after_chunks": 8, "status": 500}])
async def test_reply_that_breaks_off_is_not_begun_again(
    registry_for: Registries, kind: str, fault: dict[str, int]
) -> None:
    with FakeModelServer([Reply(text="word " * 50, error_message="boom", **cast(Any, fault)), "again"]) as server:
        model = registry_for(server, kind).model()
        assert model is not None
        deltas = model.stream(ask())
        assert (await anext(deltas)).text
        with pytest.raises(ModelUnavailableError):
            [delta async for delta in deltas]
    assert len(server.requests) == 1


@every
async def test_slow_reply_ends_with_the_request_s_time_out(registry_for: Registries, kind: str) -> None:
    script = [Reply(text="x" * 999, chunk_delay_seconds=0.2, repeat=True)]
    late = pytest.raises(ModelUnavailableError, match=r"within 0\.5 seconds")
    with FakeModelServer(script) as server, anyio.fail_after(10), late:
        await read(registry_for(server, kind).model(), ask(timeout_seconds=0.5))
    assert len(server.requests) == 1  # a server that hangs is not waited for thrice


@every
async def test_reply_that_does_not_begin_is_given_up(registry_for: Registries, kind: str) -> None:
    script = [Reply(text="x", first_delay_seconds=30, repeat=True)]
    late = pytest.raises(ModelUnavailableError, match=r"did not begin its reply within 0\.3 seconds")
    with FakeModelServer(script) as server, anyio.fail_after(10), late:
        registry = registry_for(server, kind, SANCA_MODEL_FIRST_TOKEN_SECONDS="0.3", SANCA_MODEL_TRIES="1")
        await read(registry.model())


@every
async def test_reply_that_pauses_for_too_long_is_given_up(registry_for: Registries, kind: str) -> None:
    script = [Reply(text="x" * 99, chunk_delay_seconds=30, repeat=True)]
    late = pytest.raises(ModelUnavailableError, match=r"sent nothing for 0\.3 seconds in the middle")
    with FakeModelServer(script) as server, anyio.fail_after(10), late:
        registry = registry_for(server, kind, SANCA_MODEL_BETWEEN_TOKENS_SECONDS="0.3", SANCA_MODEL_TRIES="1")
        await read(registry.model())


@every
async def test_leaving_the_stream_closes_the_connection(registry_for: Registries, kind: str) -> None:
    with FakeModelServer([Reply(text="x" * 5000, chunk_delay_seconds=0.02)]) as server:
        model = registry_for(server, kind).model()
        assert model is not None
        async with aclosing(cast(Any, model.stream(ask()))) as deltas:
            await anext(deltas)
        assert await anyio.to_thread.run_sync(server.disconnected.wait, 5)


@every
async def test_cancelling_the_task_closes_the_connection(registry_for: Registries, kind: str) -> None:
    with FakeModelServer([Reply(text="x" * 5000, chunk_delay_seconds=0.02)]) as server:
        model = registry_for(server, kind).model()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(read, model)
            with anyio.fail_after(10):
                while not server.requests:
                    await anyio.lowlevel.checkpoint()
            tasks.cancel_scope.cancel()
        assert await anyio.to_thread.run_sync(server.disconnected.wait, 5)


@pytest.fixture
def free_port() -> Iterator[int]:
    """Return a port nobody listens on."""
    with socket.socket() as taken:  # bound and not listening: connections are refused, and nobody else gets it
        taken.bind(("127.0.0.1", 0))
        yield int(taken.getsockname()[1])


@every
async def test_server_that_is_not_there_is_named_without_a_traceback(
    registry_for: Registries, kind: str, free_port: int, caplog: pytest.LogCaptureFixture
) -> None:
    prefix = "OPENAI" if kind.startswith("openai") else kind.upper()
    name = "DASHSCOPE_HTTP_BASE_URL" if kind == "dashscope" else f"{prefix}_BASE_URL"
    with FakeModelServer([]) as server, caplog.at_level(logging.ERROR):
        registry = registry_for(server, kind, **{name: f"http://127.0.0.1:{free_port}/v1"})
        with pytest.raises(ModelUnavailableError, match=f"127.0.0.1:{free_port} cannot be reached"):
            await read(registry.model())
    assert "Traceback" not in caplog.text


@every
async def test_many_runs_share_one_client(registry_for: Registries, kind: str) -> None:
    with FakeModelServer(lambda body: str(body).count("hello") * "hi") as server:
        registry = registry_for(server, kind)
        replies: list[str] = []

        async def one() -> None:
            replies.append((await read(registry.model()))[0])

        async with anyio.create_task_group() as tasks:
            for _ in range(8):
                tasks.start_soon(one)
    assert replies == ["hi"] * 8
