"""The memory methods over gRPC of a real `sanca serve` process: searched, corrected, forgotten, taught."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from sanca.python_runtime.service import engine_pb2 as pb
from served_engine import CALLER, ServedEngine, served

ANN = pb.Caller(tenant="default", user="ann", rights=["sanca:ask"], channel="chat")
RUNBOOK = b"# Payment\n\nThe pool size of payment is 20.\n"


@pytest.fixture
def engine(home: Path, tmp_path: Path) -> Iterator[ServedEngine]:
    with served(home, tmp_path / "engine.log") as engine:
        yield engine


def status(call: Callable[[], Any]) -> tuple[grpc.StatusCode, str]:
    with pytest.raises(grpc.RpcError) as caught:
        call()
    return caught.value.code(), str(caught.value.details())


def search(engine: ServedEngine, caller: pb.Caller = CALLER, **wanted: Any) -> pb.SearchMemoryReply:
    reply: pb.SearchMemoryReply = engine.SearchMemory(pb.SearchMemoryRequest(caller=caller, **wanted))
    return reply


def prefer(engine: ServedEngine, text: str, revision: int = 0, id: str = "") -> pb.MemoryItem:
    item = pb.MemoryItem(layer="preference", id=id, text=text, revision=revision, data_json='{"kind": "do"}')
    kept: pb.MemoryItem = engine.EditMemory(pb.EditMemoryRequest(caller=CALLER, item=item))
    return kept


def add(engine: ServedEngine, caller: pb.Caller, name: str, content: bytes) -> pb.AddKnowledgeReply:
    first = pb.FileChunk(caller=caller, info=pb.FileInfo(name=name), data=content[:10])
    reply: pb.AddKnowledgeReply = engine.AddKnowledge(iter([first, pb.FileChunk(data=content[10:])]))
    return reply


def test_what_was_said_is_found_by_who_said_it_and_by_nobody_else(engine: ServedEngine) -> None:
    list(engine.start("s1", message="remember: the pool of checkout holds 40 connections", run_id="r1"))
    found = search(engine, query="how many connections does the pool of checkout hold?", layers=["message"])
    assert "40 connections" in found.items[0].text
    assert (found.items[0].layer, found.items[0].session_id, found.store) == ("message", "s1", "sqlite")
    assert found.items[0].reasons
    assert not found.items[0].can_edit
    assert {count.layer: count.records for count in found.counts}["message"] >= 2
    others = search(engine, ANN, query="how many connections does the pool of checkout hold?")
    assert list(others.items) == []
    assert sum(count.records for count in others.counts) == 0


def test_a_preference_is_added_corrected_and_forgotten(engine: ServedEngine) -> None:
    kept = prefer(engine, "Send me tables, please")
    changed = prefer(engine, "Send me charts, please", kept.revision, kept.id)
    code, said = status(lambda: prefer(engine, "Send me texts, please", kept.revision, kept.id))
    assert code is grpc.StatusCode.ABORTED
    assert "changed meanwhile" in said
    assert [item.text for item in search(engine, layers=["preference"]).items] == ["Send me charts, please"]
    forget = pb.ForgetMemoryRequest(caller=CALLER, items=[changed])
    assert engine.ForgetMemory(forget).forgotten == 1
    assert list(search(engine, layers=["preference"]).items) == []


def test_a_document_is_taken_cited_and_forgotten_only_by_who_may_teach(engine: ServedEngine) -> None:
    code, said = status(lambda: add(engine, ANN, "payment.md", RUNBOOK))
    assert code is grpc.StatusCode.PERMISSION_DENIED
    assert "knowledge:write" in said
    added = add(engine, CALLER, "payment.md", RUNBOOK)
    assert (added.document, added.unchanged) == ("payment.md", False)
    assert add(engine, CALLER, "payment.md", RUNBOOK).unchanged
    found = search(engine, ANN, query="pool size of payment").items[0]
    assert (found.document, found.whole_tenant, found.can_forget) == ("payment.md", True, False)
    assert "payment.md" in found.citation
    forget = pb.ForgetMemoryRequest(caller=ANN, document="payment.md")
    assert status(lambda: engine.ForgetMemory(forget))[0] is grpc.StatusCode.PERMISSION_DENIED
    assert engine.ForgetMemory(pb.ForgetMemoryRequest(caller=CALLER, document="payment.md")).forgotten > 0
    assert list(search(engine, ANN, query="pool size of payment").items) == []


def test_everything_of_a_user_is_handed_over_and_forgotten_and_nothing_of_others(engine: ServedEngine) -> None:
    list(engine.start("s1", message="remember: the pool of checkout holds 40 connections", run_id="r1"))
    prefer(engine, "Send me tables, please")
    add(engine, CALLER, "payment.md", RUNBOOK)
    theirs = pb.MemoryItem(layer="preference", text="Tea, please", data_json='{"kind": "do"}')
    engine.EditMemory(pb.EditMemoryRequest(caller=ANN, item=theirs))
    chunks = list(engine.ExportMemory(pb.ExportMemoryRequest(caller=CALLER)))
    lines = [json.loads(line) for line in b"".join(chunk.data for chunk in chunks).splitlines()]
    words = json.dumps(lines, ensure_ascii=False)
    assert chunks[0].info.name.startswith("sanca-memory-olga-")
    assert "40 connections" in words
    assert "Send me tables" in words
    assert "Tea, please" not in words
    assert engine.ForgetMemory(pb.ForgetMemoryRequest(caller=CALLER, everything=True)).forgotten > 0
    assert [item.layer for item in search(engine).items if not item.whole_tenant] == []
    assert list(engine.ListSessions(pb.ListSessionsRequest(caller=CALLER)).sessions) == []
    assert [item.text for item in search(engine, ANN, layers=["preference"]).items] == ["Tea, please"]
    assert search(engine, ANN, query="pool size of payment").items


def test_wrong_requests_get_a_status_and_one_sentence(engine: ServedEngine) -> None:
    def item(**more: Any) -> pb.MemoryItem:
        return pb.MemoryItem(layer="preference", **more)

    no_json = item(text="x", data_json="[")
    empty = iter([pb.FileChunk(caller=CALLER, info=pb.FileInfo(name="a.md"))])
    cases: list[tuple[Callable[[], Any], str]] = [
        (lambda: search(engine, layers=["sensory"]), "The layer is one of"),
        (lambda: search(engine, query="x" * 8_001), "at most 8,000"),
        (lambda: search(engine, pb.Caller(), query="x"), "needs a user"),
        (lambda: prefer(engine, " "), "needs words"),
        (lambda: engine.EditMemory(pb.EditMemoryRequest(caller=CALLER, item=no_json)), "data_json is not JSON"),
        (lambda: engine.ForgetMemory(pb.ForgetMemoryRequest(caller=CALLER)), "Say what to forget"),
        (lambda: engine.ForgetMemory(pb.ForgetMemoryRequest(caller=CALLER, items=[item()])), "no id"),
        (lambda: engine.AddKnowledge(empty), "it is empty"),
        (lambda: add(engine, CALLER, "a.md", b"x" * (11 * 1024 * 1024)), "larger than 10 MB"),
    ]
    for call, wanted in cases:
        code, said = status(call)
        assert code is grpc.StatusCode.INVALID_ARGUMENT, said
        assert wanted in said
        assert "Traceback" not in said
