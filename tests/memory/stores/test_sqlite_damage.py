"""Memory files that are old, newer, cut off, damaged, read-only or on a full disk: what is said and what is saved."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import numpy as np
import pytest
from sanca.core.errors import StoreError, StoreUnavailableError
from sanca.core.memory import MemoryRecord, RecordFilter, Scope
from sanca.core.messages import Message
from sanca.memory import SqliteStore
from sanca.memory.stores.sqlite import database as database_module
from sanca.memory.stores.sqlite.schema import MIGRATIONS
from sanca.memory.stores.sqlite.upkeep import check, salvage
from typer.testing import CliRunner

pytestmark = pytest.mark.anyio

SCOPE = Scope(tenant="t", user="u")
PAGE = 4096
OLD_MESSAGES = [
    ("t", "u", "s", "m1", "user", "连接池满了, the pool is full", "r1", "2026-10-01T08:00:00+00:00", None),
    ("t", "u", "s", "m2", "assistant", "I add connections", "r1", "2026-10-01T08:00:05+00:00", None),
    (
        "t",
        "u",
        "s",
        "m3",
        "user",
        "a question sent again",
        "r2",
        "2026-10-01T08:01:00+00:00",
        "2026-10-01T08:02:00+00:00",
    ),
    ("t", "v", "s2", "m1", "user", "of another", "", "2026-10-02T08:00:00+00:00", None),
]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def filled(tmp_path: Path) -> Path:
    """A closed file with 300 messages of one session, each with a vector."""
    store = SqliteStore(tmp_path / "memory.db")
    await store.open()
    await store.touch_session("t", "u", "s", title="the pool")
    texts = [f"pool number {n} " + "filler " * 40 for n in range(300)]
    records = [
        MemoryRecord(tenant="t", user="u", session_id="s", layer="message", id=f"m{n}", text=text)
        for n, text in enumerate(texts)
    ]
    vectors = np.random.default_rng(1).normal(size=(300, 64)).astype(np.float32)
    await store.put(records, vectors / np.linalg.norm(vectors, axis=1, keepdims=True), "model")
    await store.close()
    return tmp_path / "memory.db"


def damage(path: Path, change: Callable[[bytearray], bytes | bytearray]) -> bytes:
    """Change a file's bytes and return what it holds then."""
    path.write_bytes(change(bytearray(path.read_bytes())))
    return path.read_bytes()


def cut_off(share: float) -> Callable[[bytearray], bytearray]:
    """Leave a share of a file, from its beginning."""
    return lambda content: content[: int(len(content) * share)]


def spoil_pages(seed: int) -> Callable[[bytearray], bytearray]:
    """Overwrite three pages; not the first ones, which hold the schema."""

    def spoiled(content: bytearray) -> bytearray:
        random = np.random.default_rng(seed)
        for page in random.integers(12, len(content) // PAGE, 3):
            content[page * PAGE : (page + 1) * PAGE] = random.bytes(PAGE)
        return content

    return spoiled


def content_of(path: Path) -> bytes:
    return path.read_bytes()


def old_file(path: Path) -> Path:
    """A file as the first version made it."""
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(str(MIGRATIONS[0]))
        connection.execute("INSERT INTO sessions VALUES ('s', 't', 'u', 'old', '2026', '2026', 1, NULL)")
        connection.executemany(
            "INSERT INTO messages (tenant, user, session_id, message_id, role, content, run_id, created_at, dropped_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            OLD_MESSAGES,
        )
        connection.execute("INSERT INTO feedback VALUES ('t', 'u', 'r1', 'up', 'good', '2026')")
        connection.execute("PRAGMA user_version = 1")
        connection.commit()
    return path


async def test_file_of_the_first_version_keeps_everything(tmp_path: Path) -> None:
    store = SqliteStore(old_file(tmp_path / "memory.db"))
    await store.open()
    messages = await store.messages("t", "u", "s")
    assert [(one.id, one.role, one.content, one.run_id, one.created_at) for one in messages] == [
        ("m1", "user", OLD_MESSAGES[0][5], "r1", OLD_MESSAGES[0][7]),
        ("m2", "assistant", OLD_MESSAGES[1][5], "r1", OLD_MESSAGES[1][7]),
    ]
    assert [one.content for one in await store.messages("t", "v", "s2")] == ["of another"]
    assert [hit.record.id for hit in await store.lexical(SCOPE, [("连接", 1.0)], RecordFilter(), 5)] == ["m1"]
    assert (await store.feedback("t", "u", "r1") or {})["comment"] == "good"
    await store.add_message("t", "u", "s", Message(id="m3", role="user", content="a dropped id is taken"))
    await store.add_message("t", "u", "s", Message(id="m4", role="user", content="new"))
    assert [one.id for one in await store.messages("t", "u", "s")] == ["m1", "m2", "m4"]
    assert len(await store.without_vectors("model", 10)) == 4
    await store.close()
    assert check(tmp_path / "memory.db").findings == ()


async def test_interrupted_migration_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(connection: sqlite3.Connection) -> None:
        raise sqlite3.OperationalError("killed here")

    path = old_file(tmp_path / "memory.db")
    with pytest.raises(StoreError, match="killed here"):
        await database_module.Database(path, [*MIGRATIONS, broken]).open()
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT count(*) FROM messages").fetchone() == (4,)
        assert connection.execute("PRAGMA user_version").fetchone() == (1,)


async def test_newer_file_is_refused_and_left_alone(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "memory.db")) as connection:
        connection.execute("PRAGMA user_version = 99")
    before = (tmp_path / "memory.db").read_bytes()
    with pytest.raises(StoreError, match=r"schema 99.*use the newer sanca"):
        await SqliteStore(tmp_path / "memory.db").open()
    with closing(sqlite3.connect(tmp_path / "memory.db")) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (99,)
    assert len((tmp_path / "memory.db").read_bytes()) == len(before)


async def test_cut_off_file_is_refused_with_the_way_out(filled: Path) -> None:
    left = damage(filled, cut_off(0.5))
    with pytest.raises(StoreError, match=r"'memory.db' is damaged.*sanca memory check --salvage"):
        await SqliteStore(filled).open()
    assert content_of(filled) == left


async def test_cut_off_file_gives_what_is_left_of_it(filled: Path, tmp_path: Path) -> None:
    damage(filled, cut_off(0.67))
    assert check(filled).findings
    saved = salvage(filled, tmp_path / "saved.db")
    assert 0 < saved.rows["records"] <= 300
    assert check(tmp_path / "saved.db").findings == ()
    store = SqliteStore(tmp_path / "saved.db")
    await store.open()
    assert len(await store.lexical(SCOPE, [("pool", 1.0)], RecordFilter(), 500)) == saved.rows["records"]
    await store.close()


@pytest.mark.parametrize("seed", range(4))
async def test_damaged_pages_lose_only_what_stood_on_them(filled: Path, tmp_path: Path, seed: int) -> None:
    damage(filled, spoil_pages(seed))
    assert check(filled).findings
    saved = salvage(filled, tmp_path / "saved.db")
    assert saved.rows["records"] >= 200
    assert saved.rows["records"] == 300 or saved.lost_tables
    assert check(tmp_path / "saved.db").findings == ()


async def test_whole_file_is_saved_wholly(filled: Path, tmp_path: Path) -> None:
    saved = salvage(filled, tmp_path / "saved.db")
    assert (saved.rows["records"], saved.rows["vectors"], saved.rows["sessions"]) == (300, 300, 1)
    assert (saved.lost_tables, saved.strays) == ((), 0)
    first, second = SqliteStore(filled), SqliteStore(tmp_path / "saved.db")
    for store in (first, second):
        await store.open()
    query = np.random.default_rng(2).normal(size=64).astype(np.float32)
    for which in (RecordFilter(), RecordFilter(session_ids=("s",))):
        one = await first.nearest(SCOPE, query, "model", which, 20)
        assert one == await second.nearest(SCOPE, query, "model", which, 20)
    assert await first.messages("t", "u", "s") == await second.messages("t", "u", "s")
    for store in (first, second):
        await store.close()


async def test_salvage_overwrites_nothing(filled: Path, tmp_path: Path) -> None:
    (tmp_path / "there.db").write_text("precious", encoding="utf-8")
    with pytest.raises(StoreError, match=r"'there.db' is there already"):
        salvage(filled, tmp_path / "there.db")
    assert (tmp_path / "there.db").read_text(encoding="utf-8") == "precious"


async def test_old_damaged_file_is_saved_and_then_migrated(tmp_path: Path) -> None:
    salvage(old_file(tmp_path / "memory.db"), tmp_path / "saved.db")
    store = SqliteStore(tmp_path / "saved.db")
    await store.open()
    assert [one.id for one in await store.messages("t", "u", "s")] == ["m1", "m2"]
    await store.close()


async def test_file_that_is_no_database_says_so_everywhere(tmp_path: Path) -> None:
    path = tmp_path / "memory.db"
    path.write_bytes(b"these are notes, not a database. " * 400)
    for attempt in (lambda: check(path), lambda: salvage(path, tmp_path / "saved.db")):
        with pytest.raises(StoreError, match=r"'memory.db'"):
            attempt()
    with pytest.raises(StoreError, match=r"'memory.db'"):
        await SqliteStore(path).open()
    assert path.read_bytes().startswith(b"these are notes")


async def test_missing_file_has_nothing_to_check(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="There is no memory database"):
        check(tmp_path / "memory.db")


async def test_full_disk_refuses_the_write_and_keeps_what_was_there(filled: Path) -> None:
    store = SqliteStore(filled)
    await store.open()

    def bound(connection: sqlite3.Connection) -> None:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages}")

    await store._database.write(bound)
    big = MemoryRecord(tenant="t", user="u", session_id="s", layer="message", id="big", text="pool " * 30_000)
    with pytest.raises(StoreUnavailableError, match="full; free some space"):
        await store.put([big])
    assert len(await store.messages("t", "u", "s", limit=1000)) == 300
    assert await store.get(SCOPE, [big.key]) == []
    await store._database.write(lambda connection: connection.execute("PRAGMA max_page_count = 1000000").close())
    await store.put([big])
    assert [one.id for one in await store.get(SCOPE, [big.key])] == ["big"]
    await store.close()
    assert check(filled).findings == ()


@contextmanager
def without_rights(path: Path) -> Iterator[None]:
    """Within it the file and its folder may only be read, even by root."""
    files = [path.parent, *path.parent.iterdir()]
    for one in files:
        one.chmod(0o555 if one.is_dir() else 0o444)
    user = os.geteuid()
    parents = [one for one in path.parent.parents if one.name.startswith(("pytest-", "popen-"))]
    modes = [(one, one.stat().st_mode) for one in parents]
    for one in parents:
        one.chmod(0o755)
    if user == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        if user == 0:
            os.seteuid(0)
        for one, mode in modes:
            one.chmod(mode)
        for one in files:
            one.chmod(0o755 if one.is_dir() else 0o600)


async def test_read_only_file_says_what_it_needs(filled: Path) -> None:
    with without_rights(filled), pytest.raises(StoreError, match=r"'memory.db'.*rights"):
        await SqliteStore(filled).open()
    assert check(filled).records == 300


async def test_terminal_tells_a_whole_file_from_a_damaged_one(
    filled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sanca.python_runtime.cli.memory import memory

    monkeypatch.setenv("SANCA_HOME", str(tmp_path))
    whole = CliRunner().invoke(memory, ["check"])
    assert whole.exit_code == 0
    assert "is whole: 1 sessions, 300 records" in whole.output
    damage(filled, cut_off(0.67))
    damaged = CliRunner().invoke(memory, ["check"])
    assert damaged.exit_code == 1
    assert "--salvage" in damaged.output
    saved = CliRunner().invoke(memory, ["check", "--salvage", str(tmp_path / "saved.db")])
    assert saved.exit_code == 0
    assert "1 sessions" in saved.output
