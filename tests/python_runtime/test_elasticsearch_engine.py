"""A whole engine whose memory lies in Elasticsearch: while that is there, while it is not, and when it comes back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import anyio
import pytest
from agui_story import activities
from elasticsearch_node import ElasticsearchNode, opened_store
from sanca.memory.stores.outbox.buffered import BufferedStore
from sanca.python_runtime import Engine
from sanca.python_runtime.cli.memory_state import memory_state
from sanca.python_runtime.engine import LOCAL

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

OWN = (LOCAL.tenant, LOCAL.user, "ses_a")


def notices(events: list[dict[str, Any]]) -> list[str]:
    return [shown["text"] for shown in activities(events, "sanca-notice").values() if shown["code"] == "memory_down"]


async def said(engine: Engine, text: str) -> list[dict[str, Any]]:
    return [event async for event in engine.stream(text, session_id="ses_a")]


def remember_there(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("SANCA_MEMORY_STORE", "elasticsearch")
    monkeypatch.setenv("SANCA_MEMORY_ELASTICSEARCH_URL", url)
    monkeypatch.setenv("SANCA_MEMORY_ELASTICSEARCH_PREFIX", "test")
    monkeypatch.setenv("SANCA_MEMORY_ELASTICSEARCH_TIMEOUT_SECONDS", "60")


async def test_a_conversation_lies_in_elasticsearch_and_the_next_engine_knows_it(
    elasticsearch_node: ElasticsearchNode, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened_store(elasticsearch_node.url) as store:
        remember_there(monkeypatch, elasticsearch_node.url)
        async with Engine(tmp_path / "first") as engine:
            assert not notices(await said(engine, "what is 12% of 85?"))
        assert ["12%" in one.content or "10.2" in one.content for one in await store.messages(*OWN)] == [True, True]
        async with Engine(tmp_path / "second") as engine:
            kept = await engine.parts.sessions.messages(*OWN)
        assert [one.role for one in kept] == ["user", "assistant"]


async def test_an_engine_starts_and_talks_without_its_store_tells_once_and_delivers_later(
    elasticsearch_node: ElasticsearchNode, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened_store(elasticsearch_node.url) as store:
        remember_there(monkeypatch, "http://127.0.0.1:9")
        async with Engine(tmp_path) as engine:
            (told,) = notices(await said(engine, "what is 12% of 85?"))
            assert "goes on with what is kept here" in told
            assert not notices(await said(engine, "what is 10% of 50?"))
            assert len(await engine.parts.sessions.messages(*OWN)) == 4
            assert isinstance(engine.parts.sessions, BufferedStore)
            assert "writes wait" in await engine.parts.sessions.detail()
        down = await memory_state(tmp_path)
        assert not down.works and "cannot be reached" in down.detail and "writes wait" in down.detail
        remember_there(monkeypatch, elasticsearch_node.url)
        async with Engine(tmp_path) as engine:
            assert isinstance(engine.parts.sessions, BufferedStore)
            with anyio.fail_after(60):
                await engine.parts.sessions.settled()
        assert [one.role for one in await store.messages(*OWN)] == ["user", "assistant"] * 2
        up = await memory_state(tmp_path)
        assert (up.works, up.detail) == (True, f"elasticsearch at {elasticsearch_node.url}")
