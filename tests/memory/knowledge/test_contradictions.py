"""Documents that say different things of the same: noticed on both sides, and lifted when one is mended."""

from __future__ import annotations

import pytest
from sanca.core.memory import Query, Scope
from sanca.memory.knowledge import KnowledgeBase, check, doubt_of

pytestmark = pytest.mark.anyio
SHOP = Scope(tenant="shop", user="alice")
TABLE = (
    b"# Ports\n\n| service | port | owner |\n| --- | --- | --- |\n"
    b"| payment | 8082 | till |\n| orders | 8081 | basket |\n"
)


async def test_another_value_of_the_same_is_noticed_on_both_sides(knowledge: KnowledgeBase) -> None:
    assert (await knowledge.add_document(SHOP, "ports.md", TABLE)).remarks == ()
    added = await knowledge.add_document(
        SHOP, "payment.md", b"# Payment\n\nThe payment service listens on port 8083.\n"
    )
    assert added.remarks == ("payment: port is '8083' in payment.md, line 3, but '8082' in ports.md, lines 3-6.",)
    (hit,) = [
        hit for hit in await knowledge.recall(SHOP, Query(text="payment port")) if hit.record.document == "payment.md"
    ]
    assert [one["citation"] for one in hit.record.data["contradicted_by"]] == ["ports.md, lines 3-6"]
    assert doubt_of(hit.record) == "ports.md, lines 3-6 says otherwise: payment: port 8082"
    (other,) = await knowledge.pieces(SHOP, "ports.md")
    assert other.data["contradicted_by"][0]["document"] == "payment.md"
    found = await check(knowledge, SHOP)
    assert found.contradictions == ["payment: port is '8083' in payment.md, line 3, but '8082' in ports.md, lines 3-6."]


async def test_a_contradiction_is_lifted_when_one_side_is_mended_or_forgotten(knowledge: KnowledgeBase) -> None:
    await knowledge.add_document(SHOP, "ports.md", TABLE)
    await knowledge.add_document(SHOP, "payment.md", b"# Payment\n\nPort: 8083\n")
    assert (await check(knowledge, SHOP)).contradictions
    await knowledge.add_document(SHOP, "payment.md", b"# Payment\n\nPort: 8082\n")
    assert (await check(knowledge, SHOP)).is_clean
    assert all(not doubt_of(record) for record in await knowledge.pieces(SHOP, "ports.md"))
    await knowledge.add_document(SHOP, "notes.md", "# 说明\n\n支付与订单。orders 的端口是 9000。\n".encode())
    assert (await check(knowledge, SHOP)).contradictions
    await knowledge.forget(SHOP, "notes.md")
    assert (await check(knowledge, SHOP)).is_clean


async def test_other_things_other_environments_and_other_tenants_do_not_contradict(knowledge: KnowledgeBase) -> None:
    await knowledge.add_document(SHOP, "ports.md", TABLE)
    for name, text in (
        ("search.md", "# Search\n\nPort: 8090\n"),
        ("staging.md", "# Staging\n\n## Payment\n\nPort: 9082\n"),
        ("past.md", "# Payment\n\nIts port was 7000 before.\n"),
    ):
        assert (await knowledge.add_document(SHOP, name, text.encode())).remarks == ()
    bank = Scope(tenant="bank", user="")
    assert (await knowledge.add_document(bank, "payment.md", b"# Payment\n\nPort: 8083\n")).remarks == ()
    assert (await check(knowledge, SHOP)).is_clean


async def test_a_piece_that_stays_keeps_what_was_noted_of_it(knowledge: KnowledgeBase) -> None:
    await knowledge.add_document(SHOP, "ports.md", TABLE)
    await knowledge.add_document(SHOP, "payment.md", b"# Payment\n\nPort: 8083\n")
    await knowledge.add_document(SHOP, "ports.md", b"Read this first.\n\n" + TABLE)
    pieces = await knowledge.pieces(SHOP, "ports.md")
    assert pieces[-1].data["contradicted_by"] and pieces[-1].data["lines"] == [5, 8]
