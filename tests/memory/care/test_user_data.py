"""A user's data in the store: exported as lines to read, forgotten so that no byte of the files tells of it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sanca.core.errors import StoreError
from sanca.core.memory import Layer, MemoryRecord, RecordFilter, Scope
from sanca.core.messages import Message
from sanca.memory.care import UserData
from sanca.memory.stores.sqlite import SqliteStore
from sanca.memory.text import index_terms

pytestmark = pytest.mark.anyio
ANNA, BOB = Scope(tenant="acme", user="anna"), Scope(tenant="acme", user="bob")
KEY = "ab" * 32


def _record(scope: Scope, layer: Layer, id: str, text: str, **more: Any) -> MemoryRecord:
    return MemoryRecord(tenant=scope.tenant, user=scope.user, layer=layer, id=id, text=text, **more)


async def _fill(store: SqliteStore, scope: Scope, word: str) -> None:
    session = f"s-{scope.user}"
    await store.touch_session(scope.tenant, scope.user, session, title=f"{word} title")
    for number in range(3):
        message = Message(id=f"m{number}", role="user", content=f"{word} says {number}", run_id=f"r{number}")
        await store.add_message(scope.tenant, scope.user, session, message)
    await store.drop_messages_from(scope.tenant, scope.user, session, "m2")
    await store.add_feedback(scope.tenant, scope.user, "r1", "up", f"{word} was helpful")
    await store.add_feedback(scope.tenant, scope.user, "r9", "down", f"{word} of a run without a message")
    info = {
        "file_id": f"f-{scope.user}", "session_id": session, "name": f"{word}.csv", "size_bytes": 1,
        "media_type": "text/csv", "direction": "input", "path": f"/{word}",
    }  # fmt: skip
    await store.add_file(scope.tenant, scope.user, info)
    records = [
        _record(scope, "preference", "role", f"{word} prefers tea", data={"kind": "habit"}),
        _record(scope, "experience", "exp-1", f"{word} restarts", document="restart", title=f"{word} skill"),
        _record(scope, "summary", "user-1", f"{word} in short", document="2026-11-22"),
        _record(scope, "sensory", "page", f"{word} page", session_id=session),
    ]
    await store.put(records, np.eye(4, 8, dtype=np.float32), "one")
    await store.touch_session(scope.tenant, scope.user, f"{session}-old", title=f"{word} was deleted")
    await store.delete_session(scope.tenant, scope.user, f"{session}-old")


@pytest.fixture(params=["", KEY], ids=["plain", "encrypted"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[SqliteStore]:
    opened = SqliteStore(tmp_path / "memory.db", key=request.param)
    await opened.open()
    await _fill(opened, ANNA, "nachtigall")
    await _fill(opened, BOB, "zaunkönig")
    await opened.put([_record(Scope(tenant="acme", user=""), "knowledge", "doc#1", "the amsel of all", document="doc")])
    yield opened
    await opened.close()


def _words(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()).lower()


async def _exported(store: SqliteStore, scope: Scope) -> list[dict[str, Any]]:
    return [json.loads(line) async for line in UserData(store).export(scope)]


async def test_everything_of_a_user_is_exported_and_nothing_of_others(store: SqliteStore) -> None:
    lines = await _exported(store, ANNA)
    kinds = [line["kind"] for line in lines]
    assert kinds[0] == "about"
    for kind in ("session", "file", "feedback", "message", "preference", "experience", "summary", "sensory"):
        assert kind in kinds, kind
    text = json.dumps(lines, ensure_ascii=False)
    assert "zaunkönig" not in text and "amsel" not in text and "bob" not in text
    assert [line["text"] for line in lines if line["kind"] == "message"] == ["nachtigall says 0", "nachtigall says 1"]


async def test_a_forgotten_user_leaves_no_word_in_any_file_and_others_lose_nothing(
    store: SqliteStore, tmp_path: Path
) -> None:
    before = await _exported(store, BOB)
    assert await UserData(store).forget(ANNA) >= 8
    found = _words(tmp_path)
    assert b"nachtigall" not in found and b"anna" not in found.replace(b"s-anna", b"")
    after = await _exported(store, BOB)
    assert [one for one in after if one["kind"] != "about"] == [one for one in before if one["kind"] != "about"]
    terms = [(term, 1.0) for term in index_terms("nachtigall zaunkönig amsel")]
    assert len(await store.lexical(BOB, terms, RecordFilter(), 50)) == 7
    assert await store.lexical(ANNA, terms, RecordFilter(own_only=True), 50) == []
    assert len(await store.nearest(BOB, np.eye(4, 8, dtype=np.float32)[2], "one", RecordFilter(), 10)) == 4


async def test_the_sessions_of_a_forgotten_user_cannot_be_taken_up_by_another(store: SqliteStore) -> None:
    await UserData(store).forget(ANNA)
    for session in ("s-anna", "s-anna-old"):
        with pytest.raises(StoreError):
            await store.touch_session("acme", "bob", session)


async def test_forgetting_twice_is_harmless_and_the_user_may_begin_anew(store: SqliteStore) -> None:
    data = UserData(store)
    await data.forget(ANNA)
    assert await data.forget(ANNA) == 0
    await _fill(store, Scope(tenant="acme", user="anna2"), "amsel")
    await store.touch_session("acme", "anna", "new")
    await store.put([_record(ANNA, "preference", "role", "a fresh start")], np.eye(1, 8, dtype=np.float32), "one")
    found = await store.lexical(ANNA, [(term, 1.0) for term in index_terms("fresh start")], RecordFilter(), 5)
    assert [one.record.text for one in found] == ["a fresh start"]


async def test_an_unnamed_user_is_refused_so_that_nothing_of_the_tenant_goes(store: SqliteStore) -> None:
    with pytest.raises(StoreError, match="whose data"):
        await UserData(store).forget(Scope(tenant="acme", user=""))
    with pytest.raises(StoreError, match="whose data"):
        await _exported(store, Scope(tenant="acme", user=""))
