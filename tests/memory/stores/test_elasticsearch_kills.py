"""Writers killed with SIGKILL at random points: what they acknowledged is in Elasticsearch, once and in order."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import anyio.to_thread
import pytest
from elasticsearch_node import ROOT, ElasticsearchNode, empty, opened_store, settings_for
from killed_writer import OWN
from sanca.core.memory import RecordFilter, Scope
from sanca.memory.stores.elasticsearch import ElasticsearchStore

pytestmark = [pytest.mark.anyio, pytest.mark.slow]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def killed(home: Path, url: str, kills: int) -> list[list[str]]:
    """Return what each killed writer had been told is kept."""
    environment = os.environ | {
        "SANCA_MEMORY_STORE": "elasticsearch",
        "SANCA_MEMORY_ELASTICSEARCH_URL": url,
        "SANCA_MEMORY_ELASTICSEARCH_PREFIX": "test",
        "SANCA_MEMORY_ELASTICSEARCH_TIMEOUT_SECONDS": "60",
    }
    program = [sys.executable, str(ROOT / "tests" / "support" / "killed_writer.py"), str(home), str(kills), "7"]
    done = subprocess.run(program, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


async def nothing_is_lost(node: ElasticsearchNode, home: Path, kills: int) -> None:
    async with opened_store(node.url):
        pass  # so that it is empty
    lives = await anyio.to_thread.run_sync(killed, home, node.url, kills)
    assert len(lives) == kills
    store = ElasticsearchStore(settings_for(node.url))
    await store.open()
    try:
        kept = await positions(store)
        lost = [id for life in lives for id in life if id not in kept]
        assert not lost, f"acknowledged and lost: {lost[:10]}"
        assert len(set(kept.values())) == len(kept), "two messages have the same place"
        assert sum(len(life) for life in lives) > kills, "the writers got to write"
        for life in lives:  # pairs were written at once; a later pair stands behind an earlier one
            places = [kept[id] for id in life]
            assert all(one < two for one, two in zip(places, places[2:], strict=False))
        await empty(store)
    finally:
        await store.close()


async def positions(store: ElasticsearchStore) -> dict[str, int]:
    which = RecordFilter(layers=("message",), session_ids=(OWN[2],))
    scope = Scope(tenant=OWN[0], user=OWN[1])
    found = [record async for page, _ in store.scan(scope, which) for record in page]
    assert len({record.id for record in found}) == len(found)
    return {record.id: record.position for record in found}


@pytest.mark.timeout(400)
async def test_twenty_killed_writers_lose_no_acknowledged_message(
    elasticsearch_node: ElasticsearchNode, tmp_path: Path
) -> None:
    await nothing_is_lost(elasticsearch_node, tmp_path, 20)


@pytest.mark.long
@pytest.mark.timeout(3_000)
async def test_two_hundred_killed_writers_lose_no_acknowledged_message(
    elasticsearch_node: ElasticsearchNode, tmp_path: Path
) -> None:
    await nothing_is_lost(elasticsearch_node, tmp_path, 200)
