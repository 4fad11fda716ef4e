"""A real Elasticsearch killed in the midst of a conversation and started again on its data: nothing lost or doubled."""

from __future__ import annotations

from pathlib import Path

import anyio
import anyio.to_thread
import pytest
from elasticsearch_node import ElasticsearchNode, empty, opened_store, settings_for
from sanca.core.memory import MemoryRecord, RecordFilter, Scope
from sanca.core.messages import Message
from sanca.memory.stores.elasticsearch import ElasticsearchStore
from sanca.memory.stores.outbox.buffered import BufferedStore

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.timeout(300)]

ANN = Scope(tenant="acme", user="ann")
OWN = ("acme", "ann", "s1")
MESSAGES = 120


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def said(number: int) -> Message:
    role = ("user", "assistant")[number % 2]
    return Message.model_validate({"id": f"m{number}", "role": role, "content": f"words {number}"})


async def test_a_killed_node_loses_and_doubles_no_message_of_a_conversation(
    elasticsearch_node: ElasticsearchNode, tmp_path: Path
) -> None:
    async with opened_store(elasticsearch_node.url):
        pass  # so that it is empty
    store = BufferedStore(ElasticsearchStore(settings_for(elasticsearch_node.url)), tmp_path)
    acknowledged: list[str] = []
    with anyio.fail_after(280):
        await store.open()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(store.keep)
            await store.touch_session(*OWN, title="Through the night")

            async def talk() -> None:
                for number in range(MESSAGES):
                    await store.add_message(*OWN, said(number))
                    acknowledged.append(f"m{number}")
                    if number == MESSAGES // 3:
                        halfway.set()
                await store.put([MemoryRecord(tenant="acme", user="ann", layer="preference", id="p1", text="a wish")])

            halfway = anyio.Event()
            async with anyio.create_task_group() as talking:
                talking.start_soon(talk)
                await halfway.wait()
                await anyio.to_thread.run_sync(elasticsearch_node.kill)
            assert store.outage is not None
            assert [one.id for one in await store.messages(*OWN, limit=MESSAGES)] == acknowledged
            assert "writes wait" in await store.detail()
            await anyio.to_thread.run_sync(elasticsearch_node.start)
            await store.settled()
            await store.close()
    bare = ElasticsearchStore(settings_for(elasticsearch_node.url))
    await bare.open()
    try:
        kept = [one.id for one in await bare.messages(*OWN, limit=2 * MESSAGES)]
        assert kept == acknowledged
        positions = [
            one.position async for page, _ in bare.scan(ANN, RecordFilter(layers=("message",))) for one in page
        ]
        assert len(set(positions)) == len(positions) == MESSAGES
        assert [one["title"] for one in await bare.list_sessions("acme", "ann")] == ["Through the night"]
        wishes = RecordFilter(layers=("preference",))
        assert [one.id async for page, _ in bare.scan(ANN, wishes) for one in page] == ["p1"]
        await empty(bare)
    finally:
        await bare.close()
