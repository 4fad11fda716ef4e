"""Embedders behind a URL, over real HTTP against a small server on the loopback."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import anyio
import numpy as np
import pytest
from pydantic import SecretStr
from sanca.core.errors import ConfigurationError, StoreUnavailableError
from sanca.memory import MemorySettings
from sanca.memory.embedders import DashScopeEmbedder, OpenAiEmbedder, StaticEmbedder, make_embedder
from sanca.memory.embedders.remote import RemoteEmbedder

DASHSCOPE_PATH = "/services/embeddings/text-embedding/text-embedding"


@dataclass
class Endpoint:
    """What the server was asked, and how it misbehaves."""

    url: str = ""
    asked: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    failing: list[int] = field(default_factory=list)
    """Statuses of the next answers; what is left after them is right."""
    garbage: bool = False
    hang: threading.Event | None = None


def vector_of(text: str) -> list[float]:
    """Return a vector by which texts can be told apart."""
    return [float(len(text)), 1.0, 2.0, float(text.count("a"))]


@contextmanager
def serving() -> Iterator[Endpoint]:
    """Serve both interfaces on a free port of the loopback for as long as the block lasts."""
    endpoint = Endpoint()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            endpoint.asked.append(body)
            endpoint.headers.append(dict(self.headers))
            if endpoint.hang:
                endpoint.hang.wait(10)
            status = endpoint.failing.pop(0) if endpoint.failing else 200
            self.answer(status, b"<html>" if endpoint.garbage else json.dumps(self.told(body)).encode())

        def told(self, body: dict[str, Any]) -> dict[str, Any]:
            if self.path == DASHSCOPE_PATH:
                texts = body["input"]["texts"]
                rows = [{"text_index": place, "embedding": vector_of(text)} for place, text in enumerate(texts)]
                return {"output": {"embeddings": rows}, "request_id": "r1"}
            rows = [{"index": place, "embedding": vector_of(text)} for place, text in enumerate(body["input"])]
            return {"object": "list", "data": rows[::-1], "model": body["model"]}

        def answer(self, status: int, content: bytes) -> None:
            try:
                self.send_response(status)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)
            except (BrokenPipeError, ConnectionResetError):
                return  # the one who asked has gone: its deadline was over

        def log_message(self, format: str, *arguments: object) -> None:
            """Print nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    endpoint.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield endpoint
    finally:
        if endpoint.hang:
            endpoint.hang.set()
        server.shutdown()
        server.server_close()
        thread.join(5)


def embedder_at(endpoint: Endpoint, kind: type[RemoteEmbedder] = OpenAiEmbedder, **changes: Any) -> RemoteEmbedder:
    """Return an embedder for the endpoint."""
    patience = {"dimensions": 0, "batch": 2, "seconds": 5.0, "tries": 3} | changes
    return kind(endpoint.url + "/", "key-1", "model-x", **patience)


async def embedded(embedder: RemoteEmbedder, texts: list[str], *, is_query: bool = False) -> Any:
    """Return the vectors, within ten seconds."""
    with anyio.fail_after(10):
        return await embedder.embed(texts, is_query=is_query)


@pytest.mark.anyio
@pytest.mark.parametrize("kind", [OpenAiEmbedder, DashScopeEmbedder])
async def test_texts_go_in_batches_and_come_back_in_their_order_as_unit_vectors(kind: type[RemoteEmbedder]) -> None:
    with serving() as endpoint:
        embedder = embedder_at(endpoint, kind)
        found = await embedded(embedder, ["a", "banana", "", "cc", "dddd"])
    assert found.shape == (5, 4)
    assert embedder.dimensions == 4
    assert np.allclose(np.linalg.norm(found, axis=1), [1, 1, 0, 1, 1])
    wanted = np.array(vector_of("banana"))
    assert np.allclose(found[1], wanted / np.linalg.norm(wanted))
    assert len(endpoint.asked) == 2, "four texts that are not empty, two a call"
    assert endpoint.headers[0]["Authorization"] == "Bearer key-1"


@pytest.mark.anyio
async def test_dashscope_is_told_a_question_from_a_document_and_the_length_wanted() -> None:
    with serving() as endpoint:
        embedder = embedder_at(endpoint, DashScopeEmbedder, dimensions=4)
        await embedded(embedder, ["x"], is_query=True)
        await embedded(embedder, ["x"])
    assert [body["parameters"] for body in endpoint.asked] == [
        {"text_type": "query", "dimension": 4},
        {"text_type": "document", "dimension": 4},
    ]


@pytest.mark.anyio
async def test_a_full_server_is_asked_again_and_then_answers() -> None:
    with serving() as endpoint:
        endpoint.failing = [429, 503]
        found = await embedded(embedder_at(endpoint), ["hello"])
        assert len(endpoint.asked) == 3
    assert found.shape == (1, 4)


@pytest.mark.anyio
async def test_a_server_that_stays_full_is_told_after_the_last_try() -> None:
    with serving() as endpoint:
        endpoint.failing = [503] * 9
        with pytest.raises(StoreUnavailableError, match=r"'model-x' does not answer: HTTP 503"):
            await embedded(embedder_at(endpoint), ["hello"])
        assert len(endpoint.asked) == 3


@pytest.mark.anyio
async def test_a_wrong_key_is_not_tried_again() -> None:
    with serving() as endpoint:
        endpoint.failing = [401]
        with pytest.raises(StoreUnavailableError, match=r"refused \(HTTP 401.*check key"):
            await embedded(embedder_at(endpoint), ["hello"])
        assert len(endpoint.asked) == 1


@pytest.mark.anyio
async def test_a_server_that_hangs_is_left_after_its_seconds() -> None:
    with serving() as endpoint:
        endpoint.hang = threading.Event()
        with pytest.raises(StoreUnavailableError, match="does not answer"):
            await embedded(embedder_at(endpoint, seconds=0.2, tries=1), ["hello"])


@pytest.mark.anyio
async def test_an_answer_that_is_no_json_is_told_with_the_setting_to_check() -> None:
    with serving() as endpoint:
        endpoint.garbage = True
        with pytest.raises(StoreUnavailableError, match="SANCA_MEMORY_EMBEDDER_URL"):
            await embedded(embedder_at(endpoint), ["hello"])


@pytest.mark.anyio
async def test_vectors_of_another_length_than_wanted_are_refused() -> None:
    with serving() as endpoint, pytest.raises(StoreUnavailableError, match="4 numbers where 8 were expected"):
        await embedded(embedder_at(endpoint, dimensions=8), ["hello"])


@pytest.mark.anyio
async def test_nobody_listening_is_told() -> None:
    with serving() as endpoint:
        pass
    with pytest.raises(StoreUnavailableError, match="does not answer"):
        await embedded(embedder_at(endpoint, tries=1), ["hello"])


def test_the_setting_chooses_the_embedder_and_its_name_tells_model_and_length() -> None:
    assert isinstance(make_embedder(MemorySettings()), StaticEmbedder)
    chosen = make_embedder(
        MemorySettings(embedder="dashscope", embedder_key=SecretStr("k"), embedder_dimensions=512), {}
    )
    assert isinstance(chosen, DashScopeEmbedder)
    assert chosen.name == "text-embedding-v4/512"
    named = make_embedder(MemorySettings(embedder="openai", embedder_model="bge-m3", embedder_url="http://h/v1"), {})
    assert (type(named), named.name) == (OpenAiEmbedder, "bge-m3")


def test_a_provider_without_a_key_is_refused_with_the_setting_that_mends_it() -> None:
    with pytest.raises(ConfigurationError, match="SANCA_MEMORY_EMBEDDER_KEY"):
        make_embedder(MemorySettings(embedder="openai"), {})


@pytest.mark.anyio
async def test_the_providers_key_is_not_sent_to_another_url() -> None:
    with serving() as endpoint:
        settings = MemorySettings(embedder="openai", embedder_url=endpoint.url)
        await make_embedder(settings, {"OPENAI_API_KEY": "precious"}).embed(["x"])
    assert "Authorization" not in endpoint.headers[0]
