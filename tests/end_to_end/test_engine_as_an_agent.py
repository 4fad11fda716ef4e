"""A real engine's own A2A door, asked through the agent toolkit in every binding: at once, in pieces and for later."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import pytest
from sanca.a2a import AgentToolkit, TaskBook
from sanca.core.toolkits_file import AgentEntry
from sanca.core.tools import CallContext
from served_engine import served
from toolkit_host import KeepingHost


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """What an engine with open doors says of itself."""
    home = tmp_path_factory.mktemp("engine")
    home.chmod(0o700)
    with pytest.MonkeyPatch.context() as patch:
        for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "DASHSCOPE_API_KEY", "ANTHROPIC_API_KEY"):
            patch.delenv(name, raising=False)
        for name in ("SANCA_ENGINE_PORT", "SANCA_HTTP_PORT", "SANCA_A2A_GRPC_PORT"):
            patch.setenv(name, "0")
        patch.setenv("SANCA_HOME", str(home))
        with served(home, home / "engine.log"):
            yield said_by(home / "engine.json")


def said_by(card: Path) -> dict[str, Any]:
    """Return the engine's card once its doors are open."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        said: dict[str, Any] = json.loads(card.read_text(encoding="utf-8"))
        if said.get("http") and said.get("a2aGrpc"):
            return said
        time.sleep(0.05)  # nothing tells of a file without a further library
    raise AssertionError("the doors did not open")


@asynccontextmanager
async def opened(home: Path, entry: AgentEntry) -> AsyncIterator[tuple[AgentToolkit, KeepingHost]]:
    made, host = AgentToolkit("own", entry, home, TaskBook(home)), KeepingHost(home)
    made.attach(host)
    try:
        await made.open()
        yield made, host
    finally:
        await made.close()


def context(session_id: str, call: int) -> CallContext:
    return CallContext(
        call_id=f"{session_id}/{call}", run_id="r", session_id=session_id, tenant="t", user="u", timeout_seconds=60
    )


@pytest.mark.anyio
@pytest.mark.parametrize("binding", ["JSONRPC", "HTTP+JSON", "GRPC"])
async def test_an_engine_answers_the_agent_toolkit_of_another(
    tmp_path: Path, door: dict[str, Any], binding: Any
) -> None:
    headers = {"Authorization": f"Bearer {door['token']}"}
    entry = AgentEntry.model_validate(
        {"url": door["http"], "headers": headers, "binding": binding, "requires_signature": True}
    )
    async with opened(tmp_path, entry) as (made, host):
        answer = await made.call("ask", {"message": "what is 12% of 85?"}, context(f"{binding}-a", 1))
        asked = {"message": "what is 10% of 50?"}
        pieces = [one async for one in made.stream("ask_stream", asked, context(f"{binding}-b", 1))]
        await made.call("send", {"message": "what is 20% of 50?"}, context(f"{binding}-c", 1))
        with anyio.fail_after(30):
            await host.replied.wait()
    assert "calculate" in [tool.name for tool in made.definition.tools]
    assert (answer["state"], "10.2" in answer["text"]) == ("completed", True)
    assert "5" in "".join(one["text"] for one in pieces)
    assert [("10" in one.text, one.state) for one in host.replies] == [(True, "completed")]
