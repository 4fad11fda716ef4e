"""`sanca mcp`: nothing but protocol on standard output, an engine of its own or the running one's door, and an end."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp import Client
from mcp.client.stdio import StdioServerParameters
from mcp_clients import INITIALIZE, MODERN, Person, words
from served_engine import ServedEngine, served

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

COMMAND = [sys.executable, "-m", "sanca", "mcp"]
GENERATIONS = pytest.mark.parametrize("mode", [MODERN, "legacy"])


def started() -> StdioServerParameters:
    """Return how a client starts it; the state folder comes from the environment."""
    return StdioServerParameters(command=COMMAND[0], args=COMMAND[1:], env=dict(os.environ))


@pytest.fixture(scope="module")
def running(environment: Path) -> Iterator[ServedEngine]:
    """A running engine with its HTTP server, on the same state folder."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {"SANCA_HTTP_PORT": "0", "SANCA_ENGINE_PORT": "0", "SANCA_A2A_GRPC_PORT": "off"}.items():
            patch.setenv(name, value)
        with served(environment, environment / "serve.log") as engine:
            _wait_for_http(environment / "engine.json")
            yield engine


def _wait_for_http(card: Path) -> None:
    deadline = time.monotonic() + 60
    while "http" not in json.loads(card.read_text(encoding="utf-8")):
        assert time.monotonic() < deadline, "the HTTP server did not listen"
        time.sleep(0.02)  # nothing tells of a file without a further library


async def ask(mode: str, **more: Any) -> Any:
    """Ask one thing of a server that is started for it."""
    with anyio.fail_after(90):
        async with Client(started(), mode=mode, **more) as client:
            return await client.call_tool("ask", {"message": "what is 12% of 85?"})


def test_only_protocol_comes_out_and_it_ends_when_its_input_ends(environment: Path) -> None:
    lines = [
        {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": INITIALIZE},
        {"jsonrpc": "2.0", "method": "notifications/initialized"},
        {"jsonrpc": "2.0", "id": 2, "method": "tools/list"},
    ]
    with subprocess.Popen(COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(b"".join(json.dumps(one).encode() + b"\n" for one in lines))
        process.stdin.flush()
        answers = [json.loads(process.stdout.readline()) for _ in range(2)]
        process.stdin.close()
        rest = process.stdout.read()
        code = process.wait(30)

    assert [one["id"] for one in answers] == [1, 2]
    assert "ask" in {tool["name"] for tool in answers[1]["result"]["tools"]}
    assert (rest, code) == (b"", 0)


async def test_without_a_running_engine_it_opens_its_own(environment: Path) -> None:
    result = await ask(MODERN)

    assert "10.2" in words(result.content)


@GENERATIONS
async def test_the_running_engine_answers_through_its_door(running: ServedEngine, mode: str) -> None:
    result = await ask(mode)

    assert "10.2" in words(result.content)


@GENERATIONS
async def test_forms_cross_the_bridge(running: ServedEngine, mode: str) -> None:
    person = Person()
    with anyio.fail_after(90):
        async with Client(started(), mode=mode, elicitation_callback=person.fill_in) as client:
            names = {tool.name for tool in (await client.list_tools()).tools}
            result = await client.call_tool("garden_water", {"bed": "bridge", "litres": 2})

    assert {"ask", "garden_water"} <= names
    assert result.structured_content == {"result": "watered bridge"}
    assert len(person.asked) == 1
