"""Everything moves from one store to the other and back, also when the command is killed in the middle."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
import pytest
from elasticsearch_node import ElasticsearchNode, opened_store, settings_for
from sanca.core.errors import StoreError
from sanca.core.memory import MemoryRecord, RecordFilter, Scope
from sanca.core.messages import Message
from sanca.memory import SqliteStore, Store
from sanca.memory.stores.elasticsearch import ElasticsearchStore
from sanca.memory.stores.elasticsearch.portable import ElasticsearchPortable
from sanca.memory.stores.migration import Migration, Side, record_digest
from sanca.memory.stores.sqlite.portable import SqlitePortable
from sanca.python_runtime.lifecycle import EngineLock

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

ACME = Scope(tenant="acme", user="")


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def file_record(file_id: str, session_id: str) -> dict[str, Any]:
    return {
        "file_id": file_id, "session_id": session_id, "name": "数据.csv", "size_bytes": 12, "media_type": "text/csv",
        "direction": "input", "path": f"sessions/{session_id}/input/a.csv",
    }  # fmt: skip


async def fill(store: Store, records: int = 40) -> None:
    """Put something of everything into a store."""
    for user in ("ann", "bob"):
        for session in (f"{user}-1", f"{user}-2", f"{user}-gone"):
            await store.touch_session("acme", user, session, title=f"Talk {session}")
            for number in range(6):
                said = {"id": f"m{number}", "role": "user", "content": f"你好 words {number}", "run_id": f"{session}-r"}
                await store.add_message("acme", user, session, Message.model_validate(said))
        await store.drop_messages_from("acme", user, f"{user}-1", "m4")
        await store.add_file("acme", user, file_record(f"f-{user}", f"{user}-1"))
        await store.add_feedback("acme", user, f"{user}-1-r", "down", "no use")
        await store.delete_session("acme", user, f"{user}-gone")
    await store.touch_session("acme", "ann", "ann-1")
    kept = [
        MemoryRecord(
            tenant=("acme", "globex")[number % 2], user=("ann", "")[number % 3 == 0], layer="knowledge",
            id=f"doc#{number}", text=f"piece {number} 一段", title="Runbook", document="doc", position=number,
            data={"lines": [number, number + 3]}, time="2026-11-20T08:00:00+08:00", valid_until="2027-01-01",
        )
        for number in range(records)
    ]  # fmt: skip
    await store.put(kept)


async def everything(store: Store) -> dict[str, Any]:
    """Return what users see, and a digest of every record in its order."""
    seen: dict[str, Any] = {
        "records": [record_digest(one) async for page, _ in store.scan(None, RecordFilter()) for one in page]
    }
    for user in ("ann", "bob"):
        seen[user] = [
            [(one["session_id"], one["title"], one["created_at"]) for one in await store.list_sessions("acme", user)],
            await store.messages("acme", user, f"{user}-1"),
            await store.files("acme", user, f"{user}-1"),
            await store.owns_session("acme", user, f"{user}-gone"),
            await store.session_exists(f"{user}-gone"),
        ]
    return seen


@asynccontextmanager
async def embedded(path: Path) -> AsyncIterator[SqliteStore]:
    store = SqliteStore(path)
    await store.open()
    try:
        yield store
    finally:
        await store.close()


def side(store: Store) -> Side:
    if isinstance(store, ElasticsearchStore):
        return Side(store, ElasticsearchPortable(store))
    assert isinstance(store, SqliteStore)
    return Side(store, SqlitePortable(store))


async def test_all_of_all_tenants_moves_there_and_back_and_twice_is_as_once(
    elasticsearch_node: ElasticsearchNode, tmp_path: Path
) -> None:
    async with (
        embedded(tmp_path / "first.db") as first,
        opened_store(elasticsearch_node.url) as remote,
        embedded(tmp_path / "second.db") as second,
    ):
        await fill(first)
        there = await Migration(side(first), side(remote), tmp_path / "there.json").run()
        assert await everything(remote) == await everything(first)
        again = await Migration(side(first), side(remote), tmp_path / "there.json").run()
        back = await Migration(side(remote), side(second), tmp_path / "back.json").run()
        assert await everything(second) == await everything(first)
        assert there == again == back
        assert there.counts == {"sessions": 6, "dropped": 4, "files": 2, "feedback": 2, "records": 60}
        await second.add_message("acme", "ann", "ann-1", Message(id="new", role="user", content="after"))
        await remote.add_message("acme", "ann", "ann-1", Message(id="new", role="user", content="after"))
        assert (await second.messages("acme", "ann", "ann-1"))[-1].id == "new"
        assert (await remote.messages("acme", "ann", "ann-1"))[-1].id == "new"
        assert [one["session_id"] for one in await remote.list_sessions("acme", "ann")] == ["ann-1", "ann-2"]


async def test_a_session_that_is_anothers_there_stops_the_move_with_its_name(
    elasticsearch_node: ElasticsearchNode, tmp_path: Path
) -> None:
    async with embedded(tmp_path / "first.db") as first, opened_store(elasticsearch_node.url) as remote:
        await fill(first)
        await remote.touch_session("globex", "eve", "ann-1")
        with pytest.raises(StoreError, match="'ann-1' is another user's"):
            await Migration(side(first), side(remote), tmp_path / "marks.json").run()


async def test_what_changed_on_the_way_is_named_and_the_next_try_mends_it(
    elasticsearch_node: ElasticsearchNode, tmp_path: Path
) -> None:
    async with embedded(tmp_path / "first.db") as first, opened_store(elasticsearch_node.url) as remote:
        await fill(first)
        key = MemoryRecord(tenant="acme", user="", layer="knowledge", id="doc#0", text="x").key

        class Meddled(ElasticsearchPortable):
            """Changes a record behind the move's back, between copying and comparing."""

            async def put_rows(self, kind: Any, given: Any) -> None:
                await super().put_rows(kind, given)
                if kind == "feedback":
                    (kept,) = await remote.get(ACME, [key])
                    await remote.put([kept.model_copy(update={"text": "meddled with"})])

        with pytest.raises(StoreError, match="'knowledge doc#0' did not arrive"):
            await Migration(side(first), Side(remote, Meddled(remote)), tmp_path / "marks.json").run()
        await Migration(side(first), side(remote), tmp_path / "marks.json").run()
        assert await everything(remote) == await everything(first)


def command(home: Path, prefix: str, url: str, *names: str) -> subprocess.Popen[str]:
    environment = os.environ | {
        "SANCA_HOME": str(home),
        "SANCA_MEMORY_ELASTICSEARCH_URL": url,
        "SANCA_MEMORY_ELASTICSEARCH_PREFIX": prefix,
        "SANCA_MEMORY_ELASTICSEARCH_TIMEOUT_SECONDS": "60",
    }
    line = [sys.executable, "-c", "from sanca.python_runtime.cli import main; main()", "memory", "migrate", *names]
    return subprocess.Popen(line, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def moved_records(home: Path, marks: str) -> bool:
    path = home / marks
    return path.exists() and "records" in json.loads(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("way", [("sqlite", "elasticsearch"), ("elasticsearch", "sqlite")], ids="-to-".join)
async def test_a_killed_command_goes_on_and_leaves_nothing_out(
    elasticsearch_node: ElasticsearchNode, tmp_path: Path, way: tuple[str, str]
) -> None:
    prefix = f"t{uuid.uuid4().hex[:8]}"
    remote = ElasticsearchStore(settings_for(elasticsearch_node.url, prefix))
    await remote.open()
    async with embedded(tmp_path / "memory.db") as local:
        source: Store = local if way[0] == "sqlite" else remote
        await fill(source, records=6_000)
        before = await everything(source)
    marks = f"memory-migration-{way[0]}-{way[1]}.json"
    options = ("--from", way[0], "--to", way[1], "--json")
    with anyio.fail_after(150):
        killed = command(tmp_path, prefix, elasticsearch_node.url, *options)
        deadline = time.monotonic() + 90
        while not moved_records(tmp_path, marks):
            assert killed.poll() is None and time.monotonic() < deadline, killed.communicate()[1]
            await anyio.sleep(0.005)
        killed.kill()
        killed.communicate()
        assert moved_records(tmp_path, marks), "it was killed in the middle"
        second = command(tmp_path, prefix, elasticsearch_node.url, *options)
        out, errors = await anyio.to_thread.run_sync(second.communicate)
        assert second.returncode == 0, errors
    assert json.loads(out)["counts"]["records"] == len(before["records"])
    assert not (tmp_path / marks).exists()
    async with embedded(tmp_path / "memory.db") as local:
        arrived = remote if way[1] == "elasticsearch" else local
        assert await everything(arrived) == before
    await remote.close()


async def test_the_command_stays_out_while_an_engine_uses_the_folder(tmp_path: Path) -> None:
    lock = EngineLock(tmp_path)
    lock.acquire()
    refused = command(tmp_path, "none", "http://127.0.0.1:9", "--from", "sqlite", "--to", "elasticsearch")
    out, errors = refused.communicate()
    lock.release()
    assert refused.returncode == 3
    assert "Another engine" in errors and "Traceback" not in errors + out
