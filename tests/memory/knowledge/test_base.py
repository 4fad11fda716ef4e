"""Documents taken in, found, changed and forgotten, over the real store."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from sanca.core.errors import DocumentError
from sanca.core.memory import MemoryRecord, Query, Scope
from sanca.memory.knowledge import KnowledgeBase, add_path, doubt_of, recheck

pytestmark = pytest.mark.anyio
SHOP = Scope(tenant="shop", user="alice")
OTHERS = Scope(tenant="bank", user="alice")
RUNBOOK = b"""# Payment runbook

Payments are taken by the payment service.

## Symptoms

Orders stay in state NEW and the queue `payments` grows.

## Roll back

Deploy the release before and watch the error rate for ten minutes.

| service | port | owner |
| --- | --- | --- |
| payment | 8082 | team till |
| orders | 8081 | team basket |
"""


async def texts(knowledge: KnowledgeBase, name: str) -> list[str]:
    return [record.text for record in await knowledge.pieces(SHOP, name)]


async def test_a_document_is_found_by_what_it_says_and_cited_with_its_lines(knowledge: KnowledgeBase) -> None:
    added = await knowledge.add_document(SHOP, "runbooks/payment.md", RUNBOOK)
    assert (added.document, added.unchanged, added.remarks) == ("runbooks/payment.md", False, ())
    assert added.pieces == 3
    hits = await knowledge.recall(SHOP, Query(text="how do I roll back payment?"))
    best = hits[0].record
    assert best.title == "Payment runbook > Roll back"
    assert "Deploy the release before" in best.text and best.text.startswith(best.title)
    assert best.source == "runbooks/payment.md, lines 11-16"
    assert best.data["lines"] == [11, 16] and best.data["kind"] == "runbook"


async def test_a_document_is_its_tenants_and_found_by_no_other(knowledge: KnowledgeBase) -> None:
    await knowledge.add_document(SHOP, "payment.md", RUNBOOK)
    assert await knowledge.recall(Scope(tenant="shop", user="bob"), Query(text="roll back payment"))
    assert await knowledge.recall(OTHERS, Query(text="roll back payment")) == []
    assert await knowledge.documents(OTHERS) == []
    assert await knowledge.forget(OTHERS, "payment.md") == 0
    assert [document.name for document in await knowledge.documents(SHOP)] == ["payment.md"]


async def test_the_same_content_again_is_unchanged(knowledge: KnowledgeBase) -> None:
    first = await knowledge.add_document(SHOP, "payment.md", RUNBOOK)
    before = await knowledge.pieces(SHOP, "payment.md")
    again = await knowledge.add_document(SHOP, "payment.md", RUNBOOK)
    assert again.unchanged and again.pieces == first.pieces
    assert await knowledge.pieces(SHOP, "payment.md") == before


async def test_a_changed_document_replaces_only_what_changed(
    knowledge: KnowledgeBase, monkeypatch: pytest.MonkeyPatch
) -> None:
    await knowledge.add_document(SHOP, "payment.md", RUNBOOK)
    before = {record.title: record.id for record in await knowledge.pieces(SHOP, "payment.md")}
    embedded: list[str] = []
    embed = knowledge.memory.embedder.embed

    async def watched(given: Sequence[str], **rest: Any) -> Any:
        embedded.extend(given)
        return await embed(given, **rest)

    monkeypatch.setattr(knowledge.memory.embedder, "embed", watched)
    changed = RUNBOOK.replace(b"the queue `payments` grows", b"the page shows a spinner")
    added = await knowledge.add_document(SHOP, "payment.md", b"New first line.\n\n" + changed)
    after = {record.title: record for record in await knowledge.pieces(SHOP, "payment.md")}
    assert after["Payment runbook > Roll back"].id == before["Payment runbook > Roll back"]
    assert after["Payment runbook > Roll back"].data["lines"] == [13, 18]
    assert after["Payment runbook > Symptoms"].id != before["Payment runbook > Symptoms"]
    assert "spinner" in after["Payment runbook > Symptoms"].text
    assert not any("Deploy the release before" in text for text in embedded)
    assert added.changed == 2
    vectors = await knowledge.memory.store.without_vectors(knowledge.memory.embedder.name, 10)
    assert vectors == []


async def test_what_a_document_no_longer_says_is_not_found(knowledge: KnowledgeBase) -> None:
    await knowledge.add_document(SHOP, "payment.md", RUNBOOK)
    await knowledge.add_document(SHOP, "payment.md", b"# Payment runbook\n\nCall the till team.\n")
    assert await texts(knowledge, "payment.md") == ["Payment runbook\n\nCall the till team."]
    assert not any("Deploy" in hit.record.text for hit in await knowledge.recall(SHOP, Query(text="deploy release")))


async def test_a_forgotten_document_leaves_nothing(knowledge: KnowledgeBase) -> None:
    await knowledge.add_document(SHOP, "payment.md", RUNBOOK)
    assert await knowledge.forget(SHOP, "payment.md") == 3
    assert await knowledge.documents(SHOP) == []
    assert await knowledge.recall(SHOP, Query(text="roll back payment")) == []
    assert await knowledge.forget(SHOP, "payment.md") == 0


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("empty.md", b" \n", "it is empty"),
        ("picture.png", b"\x89PNG", "files of this kind cannot be read"),
        ("binary.txt", b"a\0b", "it is a binary file"),
        ("broken.pdf", b"%PDF-1.7 nothing more", "it is no PDF, or a broken one"),
        ("broken.docx", b"PK\x03\x04 nothing more", "it is no Word document, or a broken one"),
        ("large.txt", b"x" * 20_000_001, "it is larger than 20 MB"),
        ("../", b"text", "a document needs a name"),
    ],
)
async def test_what_cannot_be_read_is_refused_with_its_reason(
    knowledge: KnowledgeBase, name: str, content: bytes, reason: str
) -> None:
    with pytest.raises(DocumentError, match=reason) as caught:
        await knowledge.add_document(SHOP, name, content)
    assert "\n" not in str(caught.value)
    assert await knowledge.documents(SHOP) == []


async def test_a_refused_change_leaves_what_was_known(knowledge: KnowledgeBase) -> None:
    await knowledge.add_document(SHOP, "payment.md", RUNBOOK)
    with pytest.raises(DocumentError):
        await knowledge.add_document(SHOP, "payment.md", b"a\0b")
    assert len(await texts(knowledge, "payment.md")) == 3


async def test_names_cannot_leave_their_place_or_hide(knowledge: KnowledgeBase) -> None:
    added = await knowledge.add_document(SHOP, "..\\..//etc/./a\u202e#1.md", RUNBOOK)
    assert added.document == "etc/a＃1.md"
    assert len(await texts(knowledge, added.document)) == 3


async def test_a_write_that_broke_off_is_begun_again(knowledge: KnowledgeBase, monkeypatch: pytest.MonkeyPatch) -> None:
    put = knowledge.memory.store.put
    calls = 0

    async def failing(records: Sequence[MemoryRecord], *rest: Any) -> None:
        nonlocal calls
        calls += 1
        if calls == 2:
            raise OSError("the disk went away")
        await put(records, *rest)

    with monkeypatch.context() as patched:
        patched.setattr(knowledge.memory.store, "put", failing)
        with pytest.raises(OSError, match="went away"):
            await knowledge.add_document(SHOP, "payment.md", RUNBOOK)
    again = await knowledge.add_document(SHOP, "payment.md", RUNBOOK)
    assert not again.unchanged and len(await texts(knowledge, "payment.md")) == 3


async def test_a_validity_that_is_over_is_a_doubt_until_it_is_confirmed(knowledge: KnowledgeBase, clock: Any) -> None:
    await knowledge.add_document(SHOP, "payment.md", RUNBOOK, valid_for_days=90)
    piece = (await knowledge.pieces(SHOP, "payment.md"))[0]
    assert doubt_of(piece, clock()) == ""
    clock.pass_days(91)
    assert doubt_of(piece, clock()).startswith("it was valid until ")
    await knowledge.add_document(SHOP, "payment.md", RUNBOOK)
    assert doubt_of((await knowledge.pieces(SHOP, "payment.md"))[0], clock())
    await knowledge.add_document(SHOP, "payment.md", RUNBOOK, valid_for_days=90)
    assert doubt_of((await knowledge.pieces(SHOP, "payment.md"))[0], clock()) == ""


async def test_secrets_in_documents_are_masked_before_they_are_kept(knowledge: KnowledgeBase) -> None:
    secret = "AKIA" + "IOSFODNN7EXAMPLF"
    await knowledge.add_document(SHOP, "keys.md", f"# Keys\n\nUse the key {secret} for S3.\n".encode())
    kept = [record async for record in knowledge.records(None)]
    assert kept and not any(secret in record.model_dump_json() for record in kept)


async def test_a_message_gets_what_fits_it_and_nothing_else(knowledge: KnowledgeBase) -> None:
    await knowledge.add_document(SHOP, "payment.md", RUNBOOK)
    await knowledge.add_document(SHOP, "holidays.md", "# 休假\n\n员工每年有二十五天年假。\n".encode())
    found = await knowledge.relevant(SHOP, "How do we roll back the payment service?", 2_000)
    assert found and found[0].record.title == "Payment runbook > Roll back"
    assert sum(len(hit.record.text) for hit in found) <= 2_000
    leave = await knowledge.relevant(SHOP, "我们每年有多少天年假？", 2_000)
    assert leave[0].record.document == "holidays.md"
    assert await knowledge.relevant(SHOP, "Write a haiku about the sea.", 2_000) == []
    assert await knowledge.relevant(SHOP, "How do we roll back the payment service?", 20) == []


async def test_an_upload_over_the_document_of_a_file_is_looked_for_on_no_disk(
    knowledge: KnowledgeBase, tmp_path: Path
) -> None:
    file = tmp_path / "payment.md"
    file.write_bytes(RUNBOOK)
    await add_path(knowledge, SHOP, file)
    await knowledge.add_document(SHOP, "payment.md", b"# Payment\n\nThe page's own words.\n")
    assert (await recheck(knowledge)).checked == 0
    assert await texts(knowledge, "payment.md") == ["Payment\n\nThe page's own words."]
