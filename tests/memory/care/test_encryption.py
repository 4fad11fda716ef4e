"""The encrypted embedded store: works as the plain one, tells nothing to who has no key, is converted safely."""

from __future__ import annotations

import os
import secrets
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from sanca.core.errors import ConfigurationError, StoreError, StoreUnavailableError
from sanca.core.memory import MemoryRecord, RecordFilter, RecordKey, Scope
from sanca.core.messages import Message
from sanca.memory.care.encryption import decrypt, encrypt
from sanca.memory.care.encryption_key import encryption_key
from sanca.memory.settings import MemorySettings
from sanca.memory.stores import open_store
from sanca.memory.stores.sqlite import SqliteStore
from sanca.memory.text import index_terms

pytestmark = pytest.mark.anyio
ANNA = Scope(tenant="acme", user="anna")
SECRET = "nachtigall"
KEY = secrets.token_hex(32)


def _record(number: int, text: str = "") -> MemoryRecord:
    return MemoryRecord(
        tenant="acme", user="anna", layer="preference", id=f"p{number}", text=text or f"{SECRET} {number}"
    )


async def _fill(path: Path, key: str) -> None:
    store = SqliteStore(path, key=key)
    await store.open()
    vectors = np.eye(3, 8, dtype=np.float32)
    await store.put([_record(number) for number in range(3)], vectors, "one")
    await store.touch_session("acme", "anna", "s1", title=f"about the {SECRET}")
    await store.add_message(
        "acme", "anna", "s1", Message(id="m1", role="user", content=f"the {SECRET} sings", run_id="r")
    )
    await store.close()


async def _require_filled(path: Path, key: str) -> None:
    store = SqliteStore(path, key=key)
    await store.open()
    try:
        found = await store.lexical(ANNA, [(term, 1.0) for term in index_terms(SECRET)], RecordFilter(), 10)
        assert len(found) == 4
        vector = np.eye(3, 8, dtype=np.float32)[1]
        near = await store.nearest(ANNA, vector, "one", RecordFilter(), 1)
        assert near[0].record.id == "p1"
        assert [one.content for one in await store.messages("acme", "anna", "s1")] == [f"the {SECRET} sings"]
    finally:
        await store.close()


def _bytes(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def _names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


async def test_an_encrypted_store_finds_what_a_plain_one_does_and_shows_nothing_in_its_files(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "memory.db", key=KEY)
    await store.open()
    await store.put([_record(1)])
    assert SECRET.encode() not in _bytes(tmp_path)  # while it is open: in the journal, too
    await store.close()
    await _fill(tmp_path / "memory.db", KEY)
    await _require_filled(tmp_path / "memory.db", KEY)
    found = _bytes(tmp_path)
    assert SECRET.encode() not in found and b"SQLite format 3" not in found and KEY.encode() not in found


async def test_a_change_by_another_since_it_was_read_is_refused_in_an_encrypted_store_too(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "memory.db", key=KEY)
    await store.open()
    await store.put([_record(1)])
    with pytest.raises(StoreError):
        await store.put([_record(1, "other").model_copy(update={"revision": 7})])
    kept = await store.get(ANNA, [RecordKey(layer="preference", id="p1", user="anna")])
    await store.close()
    assert kept[0].text == f"{SECRET} 1"


async def test_two_processes_share_an_encrypted_file_and_the_second_writer_waits(tmp_path: Path) -> None:
    path = tmp_path / "memory.db"
    await _fill(path, KEY)
    first, second = SqliteStore(path, key=KEY), SqliteStore(path, key=KEY, busy_timeout_seconds=0.1)
    await first.open()
    await second.open()
    await first.put([_record(8)])
    await second.put([_record(9)])
    assert len([one async for page, _ in first.scan(ANNA, RecordFilter(layers=("preference",))) for one in page]) == 5
    await first.close()
    await second.close()


async def test_another_key_opens_nothing_and_says_so(tmp_path: Path) -> None:
    path = tmp_path / "memory.db"
    await _fill(path, KEY)
    before = path.read_bytes()
    other = secrets.token_hex(32)
    with pytest.raises(StoreError, match=r"The key does not open the memory database 'memory\.db'") as told:
        await SqliteStore(path, key=other).open()
    assert other not in str(told.value) and KEY not in str(told.value)
    assert path.read_bytes() == before


async def test_an_encrypted_file_without_a_key_names_the_setting(tmp_path: Path) -> None:
    await _fill(tmp_path / "memory.db", KEY)
    with pytest.raises(StoreError, match="SANCA_MEMORY_ENCRYPTION_KEY_FILE"):
        await SqliteStore(tmp_path / "memory.db").open()


async def test_a_plain_file_with_a_key_is_not_taken_for_an_encrypted_one(tmp_path: Path) -> None:
    await _fill(tmp_path / "memory.db", "")
    with pytest.raises(StoreError, match="sanca memory encrypt"):
        await SqliteStore(tmp_path / "memory.db", key=KEY).open()


async def test_encrypting_and_decrypting_loses_nothing_and_leaves_no_other_file(tmp_path: Path) -> None:
    path = tmp_path / "memory.db"
    await _fill(path, "")
    assert SECRET.encode() in _bytes(tmp_path)
    rows = encrypt(path, KEY)
    assert rows > 4 and SECRET.encode() not in _bytes(tmp_path)
    assert _names(tmp_path) == ["memory.db"]
    assert path.stat().st_mode & 0o777 == 0o600
    await _require_filled(path, KEY)
    assert decrypt(path, KEY) == rows
    await _require_filled(path, "")
    assert sqlite3.connect(path).execute("PRAGMA integrity_check").fetchone() == ("ok",)


_HOLDS = """
import sys
from pathlib import Path
from sanca.memory.stores.sqlite.connection import connect
connection = connect(Path(sys.argv[1]), key=sys.stdin.readline().strip())
connection.execute("SELECT count(*) FROM records").fetchone()
print("open", flush=True)
sys.stdin.readline()
"""


@pytest.mark.parametrize("convert", [encrypt, decrypt])
async def test_a_file_that_another_process_has_open_is_not_converted(
    tmp_path: Path, convert: Callable[[Path, str], int]
) -> None:
    path = tmp_path / "memory.db"
    key = "" if convert is encrypt else KEY
    await _fill(path, key)
    other = subprocess.Popen(  # noqa: ASYNC220 - answers at once
        [sys.executable, "-c", _HOLDS, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert other.stdin and other.stdout
    with other, other.stdin, other.stdout:
        other.stdin.write(key + "\n")
        other.stdin.flush()
        assert other.stdout.readline() == "open\n"
        with pytest.raises(StoreUnavailableError, match="in use"):
            convert(path, KEY)
    await _require_filled(path, key)
    assert convert(path, KEY) > 4


async def test_a_conversion_that_cannot_be_verified_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "memory.db"
    await _fill(path, "")
    from sanca.memory.care import encryption

    copy = encryption._copy

    def spoilt(old: sqlite3.Connection, target: Path, key: str) -> None:
        copy(old, target, key)
        content = bytearray(target.read_bytes())
        content[-2_000:-1_900] = os.urandom(100)
        target.write_bytes(content)

    monkeypatch.setattr(encryption, "_copy", spoilt)
    with pytest.raises(StoreError):
        encrypt(path, KEY)
    assert _names(tmp_path) == ["memory.db"]
    await _require_filled(path, "")


async def test_what_cannot_be_converted_is_told(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no memory database"):
        encrypt(tmp_path / "memory.db", KEY)
    await _fill(tmp_path / "memory.db", KEY)
    with pytest.raises(StoreError, match="encrypted already"):
        encrypt(tmp_path / "memory.db", KEY)
    with pytest.raises(StoreError, match="The key does not open"):
        decrypt(tmp_path / "memory.db", secrets.token_hex(32))
    with pytest.raises(ConfigurationError):
        decrypt(tmp_path / "memory.db", "")


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    path = tmp_path / "memory.key"
    path.write_text(KEY + "\n", encoding="ascii")
    path.chmod(0o600)
    return path


async def test_the_key_comes_from_a_file_or_a_program(tmp_path: Path, key_file: Path) -> None:
    by_file = MemorySettings(encryption_key_file=key_file)
    by_program = MemorySettings(encryption_key_command=f"{sys.executable} -c 'print(\"{KEY}\")'")
    assert encryption_key(by_file) == encryption_key(by_program) == KEY
    assert encryption_key(MemorySettings()) == ""
    store = open_store(by_file, tmp_path)
    await store.open()
    await store.close()
    await _require_opens(tmp_path / "memory.db")


async def _require_opens(path: Path) -> None:
    store = SqliteStore(path, key=KEY)
    await store.open()
    await store.close()


def test_a_key_that_others_may_read_or_that_is_none_is_refused_without_being_shown(key_file: Path) -> None:
    key_file.chmod(0o644)
    with pytest.raises(ConfigurationError, match="can be read by others"):
        encryption_key(MemorySettings(encryption_key_file=key_file))
    key_file.chmod(0o600)
    key_file.write_text("my holiday in Rome", encoding="ascii")
    with pytest.raises(ConfigurationError, match="64 hexadecimal digits") as told:
        encryption_key(MemorySettings(encryption_key_file=key_file))
    assert "Rome" not in str(told.value)


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        (MemorySettings(encryption_key_file=Path("nowhere.key")), "cannot be read"),
        (MemorySettings(encryption_key_command="sanca-no-such-program"), "cannot be run"),
        (MemorySettings(encryption_key_command="'unclosed"), "cannot be run"),
        (MemorySettings(encryption_key_command="false"), "exit code 1"),
        (MemorySettings(encryption_key_command="true", encryption_key_file=Path("x")), "not both"),
    ],
)
def test_a_key_that_cannot_be_had_is_told_with_the_setting(settings: MemorySettings, told: str) -> None:
    with pytest.raises(ConfigurationError, match=told):
        encryption_key(settings)
