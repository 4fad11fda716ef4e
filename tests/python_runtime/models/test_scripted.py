"""The scripted model that we ship for tests."""

from __future__ import annotations

import pytest
from model_asking import ask, read
from sanca.core.errors import ModelError, ModelUnavailableError
from sanca.core.ports import Model
from sanca.python_runtime.models import ScriptedModel
from sanca.python_runtime.models.retry import RetryingModel

pytestmark = pytest.mark.anyio


async def test_list_of_replies_is_given_in_order_and_requests_are_kept() -> None:
    model = ScriptedModel(["first reply, a longer one", "second"])
    first, _, last = await read(model, ask("one"))
    second, _, _ = await read(model, ask("two"))
    assert (first, second) == ("first reply, a longer one", "second")
    assert [request.messages[-1].content for request in model.requests] == ["one", "two"]
    assert last.usage is not None
    assert (last.finish_reason, last.usage.model, last.usage.output_tokens) == ("stop", "scripted", 6)


async def test_function_makes_the_reply_from_the_request() -> None:
    model = ScriptedModel(lambda request: request.messages[-1].content.upper())
    assert (await read(model, ask("loud")))[0] == "LOUD"


async def test_script_that_is_over_says_so() -> None:
    with pytest.raises(ModelError, match="has 0 replies and was asked once more"):
        await read(ScriptedModel([]))


async def test_exception_of_the_script_is_raised_and_retried_when_it_may_be() -> None:
    scripted = ScriptedModel([ModelUnavailableError("busy", retry_after_seconds=0), "ok"])
    model: Model = RetryingModel(scripted)
    assert (await read(model))[0] == "ok"
    assert len(scripted.requests) == 2
