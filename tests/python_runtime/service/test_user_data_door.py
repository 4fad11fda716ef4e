"""A user's data through the door of a real `sanca serve`, by gRPC and by the terminal beside it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from sanca.python_runtime.service import engine_pb2 as pb
from served_engine import CALLER, ServedEngine, served

WORD = "nachtigall"
STRANGERS = [
    pb.Caller(tenant=tenant, user=user, rights=["sanca:ask"], channel="chat")
    for tenant, user in [("default", "ann"), ("other", "olga"), ("default", "olga*"), ("default", "OLGA"),
                         ("*", "olga"),
                         ("default", "olga' OR '1'='1"), ("default", '{"match_all": {}}')]
]  # fmt: skip


@pytest.fixture
def engine(home: Path, tmp_path: Path) -> Iterator[ServedEngine]:
    """An engine that Olga told something."""
    with served(home, tmp_path / "engine.log") as engine:
        list(engine.start("s1", message=f"remember: the {WORD} sings at night", run_id="r1"))
        item = pb.MemoryItem(layer="preference", id="tea", text=f"{WORD} tea", data_json='{"kind": "do"}')
        engine.EditMemory(pb.EditMemoryRequest(caller=CALLER, item=item))
        yield engine


def exported(engine: ServedEngine, caller: pb.Caller) -> list[dict[str, Any]]:
    content = b"".join(chunk.data for chunk in engine.ExportMemory(pb.ExportMemoryRequest(caller=caller)))
    return [json.loads(line) for line in content.decode().splitlines()]


def terminal(*words: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "sanca", "memory", *words], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_strangers_search_change_export_and_forget_nothing_of_olga(engine: ServedEngine) -> None:
    before = [line for line in exported(engine, CALLER) if line["kind"] != "about"]
    assert {line["kind"] for line in before} >= {"session", "message", "preference", "run"}
    kept = next(iter(engine.SearchMemory(pb.SearchMemoryRequest(caller=CALLER, layers=["preference"])).items))
    for stranger in STRANGERS:
        for wanted in ({"query": WORD}, {"session_id": "s1"}, {"ids": [kept.id]}, {}):
            found = engine.SearchMemory(pb.SearchMemoryRequest(caller=stranger, **wanted))
            assert list(found.items) == [] and sum(count.records for count in found.counts) == 0
        for item in (kept, pb.MemoryItem(layer="message", id="r1", session_id="s1", revision=1, text="mine")):
            with pytest.raises(grpc.RpcError) as refused:
                engine.EditMemory(pb.EditMemoryRequest(caller=stranger, item=item))
            assert WORD not in str(refused.value.details())
        reply = engine.ForgetMemory(pb.ForgetMemoryRequest(caller=stranger, items=[kept]))
        assert reply.forgotten == 0
        assert [line["kind"] for line in exported(engine, stranger)] == ["about"]
        assert engine.ForgetMemory(pb.ForgetMemoryRequest(caller=stranger, everything=True)).forgotten == 0
    assert [line for line in exported(engine, CALLER) if line["kind"] != "about"] == before


def test_the_terminal_asks_the_running_engine_to_export_and_forget(
    engine: ServedEngine, home: Path, tmp_path: Path
) -> None:
    target = tmp_path / "olga.jsonl"
    terminal("export", str(target), "--user", "olga")
    assert WORD in target.read_text(encoding="utf-8")
    assert json.loads(terminal("forget", "--user", "olga", "--yes", "--json"))["forgotten"] > 2
    assert [line["kind"] for line in exported(engine, CALLER)] == ["about"]
    found = [path for path in home.rglob("*") if path.is_file() and WORD.encode() in path.read_bytes()]
    assert found == []


def test_the_engine_and_its_children_never_hold_the_key_where_others_can_see_it(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = os.urandom(32).hex()
    (tmp_path / "memory.key").write_text(key, encoding="ascii")
    (tmp_path / "memory.key").chmod(0o600)
    monkeypatch.setenv("SANCA_MEMORY_ENCRYPTION_KEY_FILE", str(tmp_path / "memory.key"))
    with served(home, tmp_path / "engine.log") as engine:
        list(engine.start("s1", message="what is 12% of 85?", run_id="r1"))
        told = _arguments_and_environments(engine.process.pid)
        assert len(told) >= 3  # the engine, its broker and its fork server at least
        assert key not in "".join(told)
        assert "memory.db" not in "".join(_names(home / "memory"))
    assert key not in (tmp_path / "engine.log").read_text(encoding="utf-8", errors="replace")
    files = [path for path in home.rglob("*") if path.is_file()]
    assert not [path for path in files if key.encode() in path.read_bytes()]
    assert not (home / "memory.db").read_bytes().startswith(b"SQLite")


def _names(folder: Path) -> list[str]:
    return [path.name for path in folder.rglob("*")] if folder.exists() else []


def _arguments_and_environments(pid: int) -> list[str]:
    """Return what the process list tells of a process and of all below it."""
    parents: dict[int, int] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parents[int(folder.name)] = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:  # gone meanwhile
            continue
    family, size = {pid}, 0
    while len(family) > size:
        size = len(family)
        family |= {child for child, parent in parents.items() if parent in family}
    told = []
    for one in family:
        try:
            told.append(
                "".join(
                    (Path("/proc") / str(one) / name).read_text(errors="replace") for name in ("cmdline", "environ")
                )
            )
        except OSError:
            continue
    return told
