"""A user's data in a real engine: handed over whole, forgotten without a word left in any file of the state folder."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sanca.core.memory import MemoryRecord, Scope
from sanca.core.messages import Caller
from sanca.python_runtime import Engine

pytestmark = pytest.mark.anyio
ANNA, BOB = Caller(user="anna", rights=("*",)), Caller(user="bob", rights=("*",))
HERS, HIS = "nachtigall", "zaunkoenig"


async def _talk(engine: Engine, caller: Caller, word: str) -> None:
    session = f"ses_{caller.user}"
    code = f'name = "{word}"\nbeds = garden.beds()\nopen("/output/{word}.txt", "w").write(name)\nprint(name, beds)'
    await engine.execute(code, session_id=session, caller=caller)
    await engine.run(f"what is 12% of 85? {word}", session_id=session, caller=caller)
    await engine.parts.files.put(caller, session, f"{word}.csv", f"{word},1\n".encode())
    wish = MemoryRecord(tenant=caller.tenant, user=caller.user, layer="preference", id="tea", text=f"{word} wants tea")
    await engine.parts.memory.add([wish])
    for folder in ("memory/default", "skills/default"):
        own = engine.parts.home / folder / caller.user
        own.mkdir(parents=True, exist_ok=True)
        (own / "2026-11-22.md").write_text(f"{word} said much")


async def _exported(engine: Engine, caller: Caller) -> list[dict[str, Any]]:
    return [json.loads(line) async for line in engine.parts.user_data.export(caller.scope)]


def _files_with(home: Path, word: str) -> list[str]:
    found = [path for path in home.rglob("*") if path.is_file() and not path.is_symlink()]
    return [str(path) for path in found if word.encode() in path.read_bytes() or word in str(path)]


async def test_a_forgotten_user_leaves_no_word_in_the_state_folder(home: Path) -> None:
    async with Engine(home) as engine:
        await _talk(engine, ANNA, HERS)
        await _talk(engine, BOB, HIS)
        lines = await _exported(engine, ANNA)
        his = await _exported(engine, BOB)
        assert _files_with(engine.parts.home, HERS)
        assert await engine.parts.user_data.forget(ANNA.scope) > 5
        assert _files_with(engine.parts.home, HERS) == []
        left = await _exported(engine, BOB)

        again = await engine.run("what is 12% of 85?", session_id="ses_new", caller=ANNA)

    kinds = {line["kind"] for line in lines}
    assert kinds >= {
        "about",
        "session",
        "file",
        "file_content",
        "message",
        "preference",
        "run",
        "call",
        "day_file",
        "skill_file",
    }
    assert HIS not in json.dumps(lines) and HERS in json.dumps(lines)
    assert [one for one in left if one["kind"] != "about"] == [one for one in his if one["kind"] != "about"]
    assert "10.2" in again.answer
    assert _files_with(home, HERS) == []


async def test_the_journal_keeps_that_something_happened_and_a_hash_and_nothing_else(home: Path) -> None:
    async with Engine(home) as engine:
        await _talk(engine, ANNA, HERS)
        before = _rows(home)
        await engine.parts.user_data.forget(ANNA.scope)
    after = {row[0]: row for row in _rows(home)}
    assert before
    for row in before:
        assert after[row[0]][:6] == row[:6]
        data = json.loads(after[row[0]][6])
        assert len(data["erased"]) == 64
        assert set(data) <= {
            "erased",
            "call_id",
            "toolkit",
            "tool",
            "effect",
            "round",
            "ok",
            "seq",
            "terminal",
            "event",
        }
    assert any(json.loads(row[6]).get("tool") == "beds" for row in after.values())


def _rows(home: Path) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(home / "journal.db")) as connection:
        return connection.execute("SELECT id, run_id, session_id, seq, kind, time, data FROM journal").fetchall()


async def test_a_run_that_waits_is_stopped_before_its_user_is_forgotten(home: Path) -> None:
    async with Engine(home) as engine:
        asked = await engine.run("show the configuration", session_id="ses_anna", caller=ANNA)
        assert asked.status == "needs_input"
        await engine.parts.user_data.forget(ANNA.scope)
        assert engine.parts.runs.count == 0
        assert await engine.parts.store.of_user(ANNA.scope) == []


async def test_another_tenants_user_of_the_same_name_is_another(home: Path) -> None:
    other = Caller(tenant="other", user="anna", rights=("*",))
    async with Engine(home) as engine:
        await engine.run(f"what is 12% of 85? {HIS}", session_id="ses_other", caller=other)
        await _talk(engine, ANNA, HERS)
        await engine.parts.user_data.forget(Scope(tenant=ANNA.tenant, user="anna"))
        messages = await engine.parts.sessions.messages("other", "anna", "ses_other")
        assert len(messages) == 2


async def test_a_secret_that_was_said_is_nowhere_in_the_memory_file_not_even_as_a_title(home: Path) -> None:
    said = "the db password is Tiger_4711x and what is 12% of 85?"
    async with Engine(home) as engine:
        await engine.run(said, session_id="ses_anna", caller=ANNA)
        (session,) = await engine.parts.sessions.list_sessions(ANNA.tenant, ANNA.user)
        messages = await engine.parts.sessions.messages(ANNA.tenant, ANNA.user, "ses_anna")
    assert session["title"].startswith("the db password is [password ")
    assert messages[0].content.startswith("the db password is [password ") and "12% of 85" in messages[0].content
    assert not [name for name in _files_with(home, "Tiger_4711x") if "memory.db" in name]
