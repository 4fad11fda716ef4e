"""A model that fails does not cost the round: fall-backs, breaker, rate limits and waits, over real HTTP."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, ExitStack
from pathlib import Path
from typing import Any

import anyio
import anyio.lowlevel
import pytest
from model_asking import ask, read
from model_server import FakeModelServer, Reply
from sanca.core.errors import ModelError, ModelUnavailableError
from sanca.python_runtime.models import ModelRegistry
from sanca.python_runtime.models.breaker import Breaker, ModelRestingError
from sanca.python_runtime.models.failures import TooManyRequestsError
from sanca.python_runtime.models.rate import RateLimit, estimated_tokens
from sanca.python_runtime.models.settings import Limits

pytestmark = pytest.mark.anyio
DOWN = Reply(status=503, error_message="maintenance", headers={"retry-after": "0"}, repeat=True)
CAN_RESTART = ask().model_copy(update={"can_restart": True})


class Servers:
    """Fake servers, and registries over them."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._servers = ExitStack()
        self._registries = AsyncExitStack()

    def server(self, *script: str | Reply) -> FakeModelServer:
        return self._servers.enter_context(FakeModelServer(list(script)))

    def registry(self, *servers: FakeModelServer, **environ: str) -> ModelRegistry:
        written = ", ".join(f"openai:model-{number}@{one.openai_url}" for number, one in enumerate(servers, start=1))
        registry = ModelRegistry(self._home, {"SANCA_MODEL_GENERAL": written, **environ})
        self._registries.push_async_callback(registry.close)
        return registry

    async def close(self) -> None:
        await self._registries.aclose()
        self._servers.close()


@pytest.fixture
async def servers(tmp_path: Path) -> AsyncIterator[Servers]:
    made = Servers(tmp_path)
    yield made
    await made.close()


@pytest.mark.parametrize(
    "failure",
    [
        DOWN,
        Reply(status=401, error_message="bad key"),
        Reply(status=404, error_message="no such model"),
        Reply(status=429, error_message="slow down", headers={"retry-after": "3600"}),
        Reply(status=429, error_code="insufficient_quota", error_message="pay"),
        Reply(status=400, error_message="maximum context length is 8192 tokens"),
        Reply(raw_body="<html>not me</html>"),
        Reply(text="x" * 50, break_after_chunks=0),
    ],
    ids=["down", "key", "model", "busy", "quota", "too long", "no model server", "breaks at once"],
)
async def test_next_model_answers_when_one_fails_before_its_first_word(servers: Servers, failure: Reply) -> None:
    first, second = servers.server(failure, failure, failure), servers.server("from the fall-back")
    text, _, last = await read(servers.registry(first, second).model())
    assert text == "from the fall-back"
    assert last.usage is not None and last.usage.model == "model-2"
    assert len(second.requests) == 1


async def test_model_that_is_not_there_is_followed_by_the_next(servers: Servers) -> None:
    gone, second = FakeModelServer([]), servers.server("here")
    with gone:
        address = gone.openai_url
    registry = servers.registry(second, SANCA_MODEL_GENERAL=f"openai:a@{address}, openai:b@{second.openai_url}")
    assert (await read(registry.model()))[0] == "here"


async def test_reply_that_breaks_off_is_voided_and_told_by_the_next_model(servers: Servers) -> None:
    first = servers.server(Reply(text="half of a reply that breaks", break_after_chunks=3))
    registry = servers.registry(first, servers.server("a whole reply"))
    model = registry.model()
    assert model is not None
    deltas = [delta async for delta in model.stream(CAN_RESTART)]
    void = next(number for number, delta in enumerate(deltas) if delta.restart)
    assert "".join(delta.text for delta in deltas[:void]).startswith("half of")
    assert "".join(delta.text for delta in deltas[void:]) == "a whole reply"
    assert "broke off" in deltas[void].restart and "model-2 goes on instead" in deltas[void].restart


async def test_reply_that_breaks_off_is_an_error_for_who_cannot_void_it(servers: Servers) -> None:
    first = servers.server(Reply(text="half of a reply that breaks", break_after_chunks=3))
    second = servers.server("a whole reply")
    with pytest.raises(ModelUnavailableError, match="broke off"):
        await read(servers.registry(first, second).model())
    assert second.requests == []


async def test_when_all_fail_the_first_reason_is_told_with_the_others(servers: Servers) -> None:
    registry = servers.registry(servers.server(DOWN), servers.server(Reply(status=401, error_message="bad key")))
    with pytest.raises(ModelUnavailableError) as caught:
        await read(registry.model())
    assert "maintenance" in str(caught.value)
    assert "The fall-back 'model-2' failed too" in str(caught.value) and "refused the key" in str(caught.value)


async def test_endpoint_that_keeps_failing_is_left_alone_and_told(servers: Servers) -> None:
    first, second = servers.server(DOWN), servers.server(Reply(text="ok", repeat=True))
    registry = servers.registry(first, second, SANCA_MODEL_BREAKER_FAILURES="2")
    for _ in range(5):
        assert (await read(registry.model()))[0] == "ok"
    assert len(first.requests) == 2 * 2  # two requests of two tries; then it was left alone
    (entry,) = registry.entries()
    assert entry.state == "resting"
    assert "failed 2 times in a row and is left alone" in entry.state_detail
    assert entry.fallbacks == (f"openai:model-2@{second.openai_url}",)


async def test_only_endpoint_that_keeps_failing_refuses_at_once_with_the_reason(servers: Servers) -> None:
    server = servers.server(DOWN)
    registry = servers.registry(server, SANCA_MODEL_BREAKER_FAILURES="1", SANCA_MODEL_TRIES="1")
    with pytest.raises(ModelUnavailableError, match="maintenance"):
        await read(registry.model())
    with anyio.fail_after(2), pytest.raises(ModelRestingError, match=r"left alone for another .* maintenance"):
        await read(registry.model())
    assert len(server.requests) == 1


async def test_one_trial_after_the_rest_brings_an_endpoint_back(servers: Servers) -> None:
    server = servers.server(Reply(status=500, headers={"retry-after": "0"}), Reply(text="back", repeat=True))
    registry = servers.registry(
        server, SANCA_MODEL_BREAKER_FAILURES="1", SANCA_MODEL_TRIES="1", SANCA_MODEL_BREAKER_SECONDS="0.05"
    )
    with pytest.raises(ModelUnavailableError):
        await read(registry.model())
    await anyio.sleep(0.06)
    assert (await read(registry.model()))[0] == "back"
    assert registry.entries()[0].state == "ok"


async def test_set_anew_by_a_person_an_endpoint_is_asked_again(servers: Servers) -> None:
    server = servers.server(Reply(status=401, error_message="expired"), "ok now")
    registry = servers.registry(server, SANCA_MODEL_BREAKER_FAILURES="1")
    with pytest.raises(ModelError, match="expired"):
        await read(registry.model())
    with pytest.raises(ModelRestingError):
        await read(registry.model())
    registry.set_model(registry.entries()[0])
    assert (await read(registry.model()))[0] == "ok now"


async def test_pause_that_one_caller_was_asked_for_holds_for_all(servers: Servers) -> None:
    busy = Reply(status=429, error_message="slow down", headers={"retry-after": "0.4"})
    server = servers.server(busy, Reply(text="ok", repeat=True))
    registry = servers.registry(server)
    started, ends = time.monotonic(), []

    async def one(model: Any) -> None:
        await read(model)
        ends.append(time.monotonic() - started)

    with anyio.fail_after(10):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(one, registry.model())
            while not server.requests:
                await anyio.lowlevel.checkpoint()
            await anyio.sleep(0.1)  # its answer is on its way; nothing but time tells when it was read
            for _ in range(3):
                tasks.start_soon(one, registry.model("coder"))
    assert min(ends) >= 0.4
    assert len(server.requests) == 5


async def test_requests_above_the_limit_wait_for_their_turn(servers: Servers) -> None:
    server = servers.server(Reply(text="ok", repeat=True))
    registry = servers.registry(server, SANCA_MODEL_LIMITS='{"model-1": {"requests_per_minute": 120}}')
    model = registry.model()
    limit = RateLimit("x", Limits(requests_per_minute=120))
    for _ in range(120):
        await limit.enter(ask(), longest_wait_seconds=0)
    with pytest.raises(TooManyRequestsError) as caught:
        await limit.enter(ask(), longest_wait_seconds=0.1)
    assert caught.value.retry_after_seconds == pytest.approx(0.5, abs=0.1)
    assert (await read(model))[0] == "ok"


async def test_tokens_of_replies_are_booked_and_make_later_requests_wait() -> None:
    now = [0.0]
    limit = RateLimit("x", Limits(tokens_per_minute=6000), clock=lambda: now[0])
    booked = await limit.enter(ask(), longest_wait_seconds=0)
    assert booked == estimated_tokens(ask())
    limit.settle(booked, 7000)
    with pytest.raises(TooManyRequestsError) as caught:
        await limit.enter(ask(), longest_wait_seconds=1)
    assert caught.value.retry_after_seconds == pytest.approx(10, abs=0.1)
    now[0] = 11
    await limit.enter(ask(), longest_wait_seconds=0)


async def test_request_larger_than_a_minute_s_tokens_is_let_through_when_all_is_quiet() -> None:
    limit = RateLimit("x", Limits(tokens_per_minute=10))
    await limit.enter(ask("long " * 100), longest_wait_seconds=0)


async def test_caller_that_gives_up_waiting_leaves_its_turn_to_others() -> None:
    limit = RateLimit("x", Limits(requests_per_minute=60))
    for _ in range(60):
        await limit.enter(ask(), longest_wait_seconds=0)
    with anyio.move_on_after(0.05):
        await limit.enter(ask(), longest_wait_seconds=30)
    with anyio.fail_after(2):
        await limit.enter(ask(), longest_wait_seconds=1.1)


def test_breaker_lets_one_trial_pass_and_rests_twice_as_long_after_it_failed() -> None:
    now = [0.0]
    breaker = Breaker("x", failures=2, rest_seconds=10, clock=lambda: now[0])
    breaker.failed("a")
    breaker.check()
    breaker.failed("b")
    with pytest.raises(ModelRestingError, match="for another 10 seconds; the last reason: b"):
        breaker.check()
    now[0] = 11
    breaker.check()
    with pytest.raises(ModelRestingError):  # somebody is trying it
        breaker.check()
    breaker.left()
    breaker.check()
    breaker.failed("c")
    now[0] = 30
    assert breaker.is_resting
    now[0] = 32
    breaker.check()
    breaker.succeeded()
    assert not breaker.detail
    for _ in range(3):
        breaker.check()


async def test_caller_that_leaves_during_the_trial_does_not_keep_the_breaker_open(servers: Servers) -> None:
    down, slow = Reply(status=500, headers={"retry-after": "0"}), Reply(text="y" * 500, chunk_delay_seconds=0.02)
    server = servers.server(down, slow, Reply(text="ok", repeat=True))
    settings = {"SANCA_MODEL_BREAKER_FAILURES": "1", "SANCA_MODEL_TRIES": "1", "SANCA_MODEL_BREAKER_SECONDS": "0.01"}
    registry = servers.registry(server, **settings)
    with pytest.raises(ModelUnavailableError):
        await read(registry.model())
    await anyio.sleep(0.02)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(read, registry.model())
        with anyio.fail_after(5):
            while len(server.requests) < 2:
                await anyio.lowlevel.checkpoint()
        tasks.cancel_scope.cancel()
    assert (await read(registry.model()))[0] == "ok"


async def test_fall_back_of_another_wire_format_answers(tmp_path: Path) -> None:
    with FakeModelServer([DOWN]) as first, FakeModelServer(["from qwen"], api_key="k2") as second:
        environ = {
            "OPENAI_BASE_URL": first.openai_url,
            "DASHSCOPE_HTTP_BASE_URL": second.dashscope_url,
            "DASHSCOPE_API_KEY": "k2",
            "SANCA_MODEL_CODER": "openai:m, dashscope:qwen3-coder-plus",
        }
        registry = ModelRegistry(tmp_path, environ)
        text, _, last = await read(registry.model("coder"))
        await registry.close()
    assert text == "from qwen"
    assert last.usage is not None and (last.usage.model, last.usage.role) == ("qwen3-coder-plus", "coder")
