"""What only the Elasticsearch store has: several engines at once, versions of its indices, keys, TLS."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import anyio
import anyio.abc
import numpy as np
import pytest
from elasticsearch_node import ElasticsearchNode, opened_store, settings_for
from pydantic import ValidationError
from sanca.core.errors import ConfigurationError, RecordConflictError, StoreError, StoreUnavailableError
from sanca.core.memory import MemoryRecord, RecordFilter, Scope
from sanca.core.messages import Message
from sanca.memory.stores.elasticsearch import ElasticsearchSettings, ElasticsearchStore
from sanca.memory.stores.elasticsearch.schema import RECORDS
from tls_proxy import TlsProxy, make_certificate

pytestmark = pytest.mark.anyio

ANN = Scope(tenant="acme", user="ann")


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def store(elasticsearch_node: ElasticsearchNode) -> AsyncIterator[ElasticsearchStore]:
    async with opened_store(elasticsearch_node.url) as made:
        yield made


def a_prefix() -> str:
    """Names indices that no other test has, nor this one when it is run again."""
    return f"t{uuid.uuid4().hex[:8]}"


def noted(number: int, text: str = "") -> MemoryRecord:
    return MemoryRecord(tenant="acme", user="ann", layer="preference", id=f"p{number}", text=text or f"wish {number}")


def said(number: int) -> Message:
    return Message(id=f"m{number}", role="user", content=f"words {number}")


async def everything(store: ElasticsearchStore, scope: Scope = ANN) -> list[MemoryRecord]:
    return [record async for page, _ in store.scan(scope, RecordFilter()) for record in page]


async def test_two_engines_that_append_to_one_session_give_each_message_its_own_place(
    store: ElasticsearchStore, elasticsearch_node: ElasticsearchNode
) -> None:
    other = ElasticsearchStore(settings_for(elasticsearch_node.url))
    await other.open()
    await store.touch_session("acme", "ann", "s1")
    with anyio.fail_after(90):
        async with anyio.create_task_group() as tasks:
            for number in range(30):
                engine = (store, other)[number % 2]
                tasks.start_soon(engine.add_message, "acme", "ann", "s1", said(number))
    await other.close()
    await store.records.refresh()
    messages = await everything(store)
    assert sorted(record.position for record in messages) == list(range(1, 31))
    assert {record.id for record in messages} == {f"m{number}" for number in range(30)}


async def test_two_engines_that_change_one_record_do_not_undo_each_other(
    store: ElasticsearchStore, elasticsearch_node: ElasticsearchNode
) -> None:
    other = ElasticsearchStore(settings_for(elasticsearch_node.url))
    await other.open()
    await store.put([noted(1)])
    (read,) = await everything(store)
    await other.put([read.model_copy(update={"text": "theirs"})])
    with pytest.raises(RecordConflictError, match="'p1' was changed meanwhile"):
        await store.put([read.model_copy(update={"text": "ours"})])
    await other.close()
    assert [record.text for record in await store.get(ANN, [read.key])] == ["theirs"]


async def test_an_older_index_is_filled_into_the_new_version_with_vectors_and_the_old_one_is_gone(
    elasticsearch_node: ElasticsearchNode,
) -> None:
    settings = settings_for(elasticsearch_node.url, a_prefix())
    old = ElasticsearchStore(settings)
    await old.open()
    vectors = np.eye(4, dtype=np.float32)
    await old.put([noted(number) for number in range(4)], vectors, "eye-1")
    await old.close()
    wider = {**RECORDS.properties, "language": {"type": "keyword"}}
    new = ElasticsearchStore(settings, records=replace(RECORDS, version=2, properties=wider))
    await new.open()
    try:
        assert [record.id for record in await everything(new)] == ["p0", "p1", "p2", "p3"]
        (best, *_) = await new.nearest(ANN, vectors[2], "eye-1", RecordFilter(), 1)
        assert (best.record.id, round(best.score, 3)) == ("p2", 1.0)
        assert not await new.without_vectors("eye-1", 10)
        names = await new.records._connection.client.indices.get_alias(name=f"{settings.prefix}-records")
        assert list(names) == [f"{settings.prefix}-records-v2"]
        await new.put([noted(5)])
    finally:
        await new.close()
    with pytest.raises(StoreError, match="use the newer sanca"):
        await ElasticsearchStore(settings).open()


async def test_a_move_that_was_cut_off_goes_on_where_it_was(elasticsearch_node: ElasticsearchNode) -> None:
    settings = settings_for(elasticsearch_node.url, a_prefix())
    old = ElasticsearchStore(settings)
    await old.open()
    await old.put([noted(number) for number in range(1_200)])
    await old.close()
    copied: list[str] = []

    class PowerCutError(Exception):
        """Stands for a kill in the middle."""

    def upgrade(document: dict[str, object]) -> dict[str, object]:
        copied.append(str(document["key"]))
        if len(copied) == 700:
            raise PowerCutError
        return document

    second = replace(RECORDS, version=2, upgrade=upgrade)
    with pytest.raises(PowerCutError):
        await ElasticsearchStore(settings, records=second).open()
    new = ElasticsearchStore(settings, records=second)
    await new.open()
    try:
        assert len(await everything(new)) == 1_200
        assert len(copied) - 700 == 700, "the first page of 500 was not read again"
    finally:
        await new.close()


async def test_vectors_of_two_embedders_lie_beside_each_other(store: ElasticsearchStore) -> None:
    await store.put([noted(1), noted(2)], np.eye(2, 3, dtype=np.float32), "three")
    await store.set_vectors(await everything(store), np.eye(2, 5, dtype=np.float32), "five")
    assert [hit.record.id for hit in await store.nearest(ANN, np.eye(1, 3)[0], "three", RecordFilter(), 1)] == ["p1"]
    assert [hit.record.id for hit in await store.nearest(ANN, np.eye(1, 5)[0], "five", RecordFilter(), 1)] == ["p1"]


async def test_an_edited_text_loses_its_vectors_and_an_unchanged_one_keeps_them(store: ElasticsearchStore) -> None:
    await store.put([noted(1), noted(2)], np.eye(2, dtype=np.float32), "two")
    await store.put([noted(1, "another wish"), noted(2).model_copy(update={"source": "elsewhere"})])
    assert [record.id for record in await store.without_vectors("two", 10)] == ["p1"]


async def test_a_node_that_is_not_there_is_told_with_the_setting() -> None:
    with pytest.raises(StoreUnavailableError, match="SANCA_MEMORY_ELASTICSEARCH_URL"):
        await ElasticsearchStore(settings_for("http://127.0.0.1:9")).open()


async def test_what_is_no_elasticsearch_is_told_and_not_used(tmp_path: Path) -> None:
    server = await anyio.create_tcp_listener(local_host="127.0.0.1")

    async def answer(stream: anyio.abc.SocketStream) -> None:
        async with stream:
            await stream.receive()
            await stream.send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Type: application/json\r\n\r\n{}")

    async with server, anyio.create_task_group() as tasks:
        tasks.start_soon(server.serve, answer)
        port = server.extra(anyio.abc.SocketAttribute.local_port)  # noqa: S610 - of a socket
        with pytest.raises(StoreError, match="Elasticsearch"):
            await ElasticsearchStore(settings_for(f"http://127.0.0.1:{port}")).open()
        tasks.cancel_scope.cancel()


async def test_tls_is_spoken_with_the_given_authority_and_with_no_other(
    elasticsearch_node: ElasticsearchNode, tmp_path: Path
) -> None:
    certificate = make_certificate(tmp_path / "node")
    stranger = make_certificate(tmp_path / "stranger")
    async with TlsProxy(certificate, elasticsearch_node.port) as proxy:
        store = ElasticsearchStore(settings_for(proxy.url, "tls", ca_file=certificate.authority))
        await store.open()
        await store.put([noted(1)])
        assert len(await everything(store)) == 1
        await store.close()
        with pytest.raises(StoreError, match="SANCA_MEMORY_ELASTICSEARCH_CA_FILE"):
            await ElasticsearchStore(settings_for(proxy.url, "tls", ca_file=stranger.authority)).open()


async def test_a_missing_authority_file_is_named() -> None:
    with pytest.raises(ConfigurationError, match=r"no file '/nowhere/ca\.pem'"):
        await ElasticsearchStore(settings_for("https://127.0.0.1:9", ca_file="/nowhere/ca.pem")).open()


def test_an_address_without_scheme_is_refused_with_the_setting() -> None:
    with pytest.raises(ValidationError, match="SANCA_MEMORY_ELASTICSEARCH_URL must begin with http"):
        ElasticsearchSettings(url="search.example.org:9200")


def test_keys_do_not_show_in_settings() -> None:
    settings = ElasticsearchSettings.model_validate({"api_key": "top-secret", "password": "hidden"})
    assert "top-secret" not in repr(settings) and "hidden" not in repr(settings)
