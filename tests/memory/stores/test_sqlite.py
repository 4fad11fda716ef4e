"""The SQLite file behind the session store: schema versions, permissions, other processes, cancellation."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import anyio
import pytest
from sanca.core.errors import StoreError, StoreUnavailableError
from sanca.core.messages import Message
from sanca.memory import SqliteStore
from sanca.memory.stores.sqlite.database import Database

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def test_what_was_stored_is_there_after_a_restart(tmp_path: Path) -> None:
    for number in (1, 2):
        store = SqliteStore(tmp_path / "memory.db")
        await store.open()
        await store.touch_session("t", "u", "s")
        await store.add_message("t", "u", "s", Message(id=f"m{number}", role="user", content="hello"))
        assert len(await store.messages("t", "u", "s")) == number
        await store.close()


async def test_file_is_private_and_in_wal_mode(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "deep" / "memory.db")
    await store.open()
    assert (tmp_path / "deep" / "memory.db").stat().st_mode & 0o777 == 0o600
    with closing(sqlite3.connect(tmp_path / "deep" / "memory.db")) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert connection.execute("PRAGMA user_version").fetchone() == (3,)
    await store.close()


async def test_newer_schema_is_refused_with_a_sentence(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "memory.db")) as connection:
        connection.execute("PRAGMA user_version = 99")
    with pytest.raises(StoreError, match="schema 99"):
        await SqliteStore(tmp_path / "memory.db").open()


async def test_older_schema_is_migrated_and_keeps_its_rows(tmp_path: Path) -> None:
    first = Database(tmp_path / "d.db", ["CREATE TABLE t (a TEXT)"])
    await first.open()
    await first.write(lambda connection: connection.execute("INSERT INTO t VALUES ('kept')").close())
    await first.close()
    second = Database(
        tmp_path / "d.db", ["CREATE TABLE t (a TEXT)", "ALTER TABLE t ADD COLUMN b TEXT; CREATE TABLE u (c TEXT)"]
    )
    await second.open()
    found = await second.read(lambda connection: connection.execute("SELECT a, b FROM t").fetchall())
    assert [tuple(row) for row in found] == [("kept", None)]
    await second.close()


async def test_failed_migration_leaves_the_old_schema(tmp_path: Path) -> None:
    broken = Database(tmp_path / "d.db", ["CREATE TABLE t (a TEXT); CREATE TABLE nonsense ("])
    with pytest.raises(StoreError, match="cannot be opened"):
        await broken.open()
    with closing(sqlite3.connect(tmp_path / "d.db")) as connection:
        assert connection.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,)


async def test_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "memory.db").write_text("not a database, and long enough to be looked at" * 20, encoding="utf-8")
    with pytest.raises(StoreError, match="cannot be opened"):
        await SqliteStore(tmp_path / "memory.db").open()


async def test_database_held_by_another_process_is_unavailable_for_now(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "memory.db", busy_timeout_seconds=0.05)
    await store.open()
    with closing(sqlite3.connect(tmp_path / "memory.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreUnavailableError) as caught:
            await store.touch_session("t", "u", "s")
        assert caught.value.retryable
        other.execute("ROLLBACK")
    await store.touch_session("t", "u", "s")
    await store.close()


async def test_closed_store_says_so(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "memory.db")
    await store.open()
    await store.close()
    with pytest.raises(StoreError, match="not open"):
        await store.list_sessions("t", "u")


async def test_second_thumb_replaces_the_first_and_is_the_users_own(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "memory.db")
    await store.open()
    await store.add_feedback("t", "u", "run_1", "up", "good")
    await store.add_feedback("t", "u", "run_1", "down", "no")
    await store.add_feedback("t", "v", "run_1", "up", "mine")
    kept = await store.feedback("t", "u", "run_1")
    assert kept is not None
    assert (kept["thumb"], kept["comment"]) == ("down", "no")
    assert await store.feedback("x", "u", "run_1") is None
    await store.close()


async def test_deleting_a_session_takes_its_runs_feedback(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "memory.db")
    await store.open()
    await store.touch_session("t", "u", "s")
    await store.add_message("t", "u", "s", Message(id="m1", role="user", content="x", run_id="run_1"))
    await store.add_feedback("t", "u", "run_1", "up", "")
    await store.delete_session("t", "u", "s")
    assert await store.feedback("t", "u", "run_1") is None
    await store.close()


async def test_cancelled_write_is_whole_or_absent_and_the_store_goes_on(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "memory.db")
    await store.open()
    async with anyio.create_task_group() as group:
        group.start_soon(store.touch_session, "t", "u", "s")
        await anyio.lowlevel.checkpoint()
        group.cancel_scope.cancel()
    with anyio.fail_after(5):
        await store.touch_session("t", "u", "s2")
        assert await store.owns_session("t", "u", "s2")
    await store.close()
