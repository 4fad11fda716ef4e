"""A node that asks who it is: the rights that the guide lists suffice, and what is refused is told with its setting."""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from elasticsearch_node import PASSWORD, ROOT, USER, ElasticsearchNode, settings_for
from sanca.core.errors import StoreError
from sanca.core.memory import MemoryRecord, RecordFilter, Scope
from sanca.core.messages import Message
from sanca.memory.stores.elasticsearch import ElasticsearchStore

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

GUIDE = ROOT / "docs" / "guides" / "elasticsearch.md"
OWN = ("acme", "ann", "s1")


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
def guarded() -> Iterator[ElasticsearchNode]:
    """A node whose only user has the rights of the guide."""
    found = re.search(r"## Rights.*?```json\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    assert found, "the guide lists the rights as JSON"
    folder = Path(tempfile.mkdtemp(prefix="sanca-elasticsearch-"))
    node = ElasticsearchNode(folder, role=json.loads(found[1]))
    try:
        node.start()
        yield node
    finally:
        node.kill()
        shutil.rmtree(folder, ignore_errors=True)


async def test_the_rights_of_the_guide_suffice_for_everything(guarded: ElasticsearchNode) -> None:
    store = ElasticsearchStore(settings_for(guarded.url, "sanca", user=USER, password=PASSWORD))
    await store.open()
    await store.touch_session(*OWN, title="Rights")
    await store.add_message(*OWN, Message(id="m1", role="user", content="hello"))
    wish = MemoryRecord(tenant="acme", user="ann", layer="preference", id="p1", text="short answers")
    await store.put([wish], np.eye(1, 4, dtype=np.float32), "four")
    scope = Scope(tenant="acme", user="ann")
    assert [hit.record.id for hit in await store.lexical(scope, [("short", 1.0)], RecordFilter(), 5)] == ["p1"]
    assert await store.delete(scope, RecordFilter(layers=("preference",))) == 1
    await store.delete_session(*OWN)
    await store.close()
    await store.open()  # the indices are there now
    await store.close()


@pytest.mark.parametrize(
    ("given", "prefix", "told"),
    [
        ({"user": USER, "password": PASSWORD}, "other", r"forbids it .* rights on 'other-\*'"),
        (
            {"user": USER, "password": "wrong"},
            "sanca",
            "does not know who asks; set SANCA_MEMORY_ELASTICSEARCH_API_KEY",
        ),
        ({"api_key": "bm9ib2R5Om5vdGhpbmc="}, "sanca", "does not know who asks"),
        ({}, "sanca", "does not know who asks"),
    ],
    ids=["rights on another prefix", "wrong password", "unknown key", "nothing"],
)
async def test_who_may_not_is_told_what_to_set(
    guarded: ElasticsearchNode, given: dict[str, Any], prefix: str, told: str
) -> None:
    with pytest.raises(StoreError, match=told) as refused:
        await ElasticsearchStore(settings_for(guarded.url, prefix, **given)).open()
    assert not refused.value.retryable
    assert "wrong" not in str(refused.value) and "bm9ib2R5" not in str(refused.value)
