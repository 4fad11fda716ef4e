"""Contradictions that no rule sees, told by a fast model over the real wire; the model is a fake one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from model_server import FakeModelServer, Reply
from sanca.core.memory import Scope
from sanca.memory.knowledge import check
from sanca.python_runtime import Engine
from sanca.python_runtime.contradiction_judge import contradiction_judge
from sanca.python_runtime.models import ModelEntry, ModelRegistry

pytestmark = pytest.mark.anyio
SHOP = Scope(tenant="shop", user="")
FIRST = b"# Rolling back payment\n\nStop the consumers of the payment queue first, then deploy the release before.\n"
SECOND = b"# Rolling back payment\n\nDeploy the release before, then stop the consumers of the payment queue.\n"
YES = {"contradiction": True, "about": "order of steps", "first": "deploy first", "second": "stop consumers first"}


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def compared(home: Path, reply: str) -> tuple[tuple[str, ...], int, list[str]]:
    """Add both documents with a fast model that answers so: remarks, how often it was asked, what a check finds."""
    with FakeModelServer([Reply(text=reply, repeat=True)]) as server:
        fast = ModelEntry(role="fast", kind="openai", model="fake-model", base_url=server.openai_url)
        async with Engine(home) as engine:
            engine.parts.models.set_model(fast)
            knowledge = engine.parts.remembering.knowledge
            assert (await knowledge.add_document(SHOP, "old.md", FIRST)).remarks == ()
            assert not server.requests, "there is nothing to compare the first one with"
            added = await knowledge.add_document(SHOP, "new.md", SECOND)
            asked = [one for one in server.requests if "stop the consumers" in str(one.body)]
            return added.remarks, len(asked), (await check(knowledge, SHOP)).contradictions


async def test_a_fast_model_tells_what_rules_do_not_see(tmp_path: Path) -> None:
    remarks, asked, found = await compared(tmp_path / "home", f"Yes. {json.dumps(YES)}")
    assert asked == 1
    said = "order of steps is 'deploy first' in new.md, line 3, but 'stop consumers first' in old.md, line 3."
    assert remarks == (said,)
    assert found == [said]


@pytest.mark.parametrize(
    "reply", ['{"contradiction": false}', "I cannot tell.", '{"contradiction": true}', '["contradiction"]', "{broken"]
)
async def test_a_model_that_sees_none_or_says_something_else_tells_nothing(tmp_path: Path, reply: str) -> None:
    with FakeModelServer([Reply(text=reply)]) as server:
        registry = ModelRegistry(tmp_path, {})
        registry.set_model(ModelEntry(role="fast", kind="openai", model="fake-model", base_url=server.openai_url))
        judge = contradiction_judge(lambda: registry.model("fast"))
        assert await judge(FIRST.decode(), SECOND.decode()) is None
        await registry.close()
        assert len(server.requests) == 1


async def test_a_model_that_cannot_be_reached_tells_nothing(tmp_path: Path) -> None:
    registry = ModelRegistry(tmp_path, {})
    registry.set_model(ModelEntry(role="fast", kind="openai", model="m", base_url="http://127.0.0.1:1/v1"))
    judge = contradiction_judge(lambda: registry.model("fast"))
    assert await judge(FIRST.decode(), SECOND.decode()) is None
    await registry.close()


async def test_without_a_fast_model_rules_alone_compare(tmp_path: Path) -> None:
    async with Engine(tmp_path / "home") as engine:
        knowledge = engine.parts.remembering.knowledge
        await knowledge.add_document(SHOP, "old.md", FIRST)
        assert (await knowledge.add_document(SHOP, "new.md", SECOND)).remarks == ()
