"""Servers that flood, lie, hang and leave things behind: they hurt only themselves."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import httpx2
import pytest
from mcp_box import context, odd, toolkit
from sanca.core.errors import AddressRefusedError, ToolFailedError
from sanca.core.toolkits_file import McpServerEntry
from sanca.mcp_adapters import McpToolkit
from sanca.mcp_adapters.http_transport import BODY_BYTES, http_client
from sanca.mcp_adapters.stdio_transport import Lines

RAW = str(Path(__file__).parents[1] / "fakes/mcp_raw_server.py")
pytestmark = pytest.mark.anyio
Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def raw() -> dict[str, Any]:
    return {"command": sys.executable, "args": [RAW], "reads": ["say"], "start_timeout_seconds": 60}


async def test_a_line_without_end_ends_the_connection_and_the_next_call_has_a_new_one(tmp_path: Path) -> None:
    async with toolkit(tmp_path, **raw()) as made:
        with anyio.fail_after(30):
            with pytest.raises(ToolFailedError, match="lost twice") as caught:
                await made.call("say", {"kind": "line"}, context())
            assert caught.value.kind == "unavailable"
            assert await made.call("say", {"kind": "plain"}, context()) == "plain"


@pytest.mark.parametrize("kind", ["junk", "bytes", "nested", "stranger", "unknown"])
async def test_what_is_no_answer_is_passed_over(tmp_path: Path, kind: str) -> None:
    async with toolkit(tmp_path, **raw()) as made:
        assert await made.call("say", {"kind": kind}, context()) == kind
        assert await made.call("say", {"kind": "plain"}, context()) == "plain"


@pytest.mark.parametrize(
    ("kind", "words"), [("wrong", "in a form that its schema does not allow"), ("huge", "ask it for less")]
)
async def test_an_answer_of_the_wrong_form_or_size_is_a_plain_error(tmp_path: Path, kind: str, words: str) -> None:
    async with toolkit(tmp_path, **raw()) as made:
        with pytest.raises(ToolFailedError, match=words):
            await made.call("say", {"kind": kind}, context())
        assert await made.call("say", {"kind": "plain"}, context()) == "plain"


async def test_a_flood_of_notices_slows_only_the_server_that_sends_it(tmp_path: Path) -> None:
    async with toolkit(tmp_path, **raw()) as made:
        await made.open()
        (tmp_path / "calm").mkdir()
        async with toolkit(tmp_path / "calm", **raw()) as calm, anyio.create_task_group() as tasks:
            tasks.start_soon(too_late, made)
            await calm.open()
            for _ in range(20):
                assert await calm.call("say", {"kind": "plain"}, context(5.0)) == "plain"
            tasks.cancel_scope.cancel()


async def too_late(made: McpToolkit) -> None:
    with pytest.raises(ToolFailedError, match="in time"):
        await made.call("say", {"kind": "flood"}, context(5.0))


async def test_a_call_that_is_too_late_says_how_far_the_server_said_it_was(tmp_path: Path) -> None:
    async with toolkit(tmp_path, **odd()) as made:
        await made.open()
        with pytest.raises(ToolFailedError, match=r"did not finish in time\. It had said: 3 of 10 digging\.") as caught:
            await made.call("slow", {}, context(1.0))
        assert caught.value.kind == "timeout"


async def test_a_server_s_own_children_end_with_it(tmp_path: Path) -> None:
    mark = tmp_path / "pid"
    async with toolkit(tmp_path, **odd()) as made:
        assert await made.call("leave_child", {"path": str(mark)}, context()) == "left"
    pid = int(mark.read_text())
    with anyio.fail_after(10):
        while is_running(pid):  # noqa: ASYNC110 - nobody tells us
            await anyio.sleep(0.05)


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[0] != "Z"
    except (ProcessLookupError, FileNotFoundError):
        return False


async def test_a_server_that_ignores_its_end_is_killed(tmp_path: Path) -> None:
    code = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('x', flush=True); time.sleep(600)"
    entry: dict[str, Any] = {"command": sys.executable, "args": ["-c", code], "start_timeout_seconds": 0.5}
    async with toolkit(tmp_path, **entry) as made:
        with anyio.fail_after(20), pytest.raises(ToolFailedError, match=r"did not answer within 0\.5 seconds"):
            await made.open()
    assert not [line for line in own_children() if "signal.SIG_IGN" in line]


def own_children() -> list[str]:
    """Return the command lines of this process's children."""
    children = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text("utf-8").split()
    return [Path(f"/proc/{pid}/cmdline").read_text("utf-8") for pid in children]


def test_lines_are_cut_wherever_the_pieces_end() -> None:
    lines = Lines(limit_bytes=10)
    assert [lines.feed(piece) for piece in (b"ab", b"c\n\nde", b"f\n", b"0123456789\n")] == [
        [],
        [b"abc", b""],
        [b"def"],
        [b"0123456789"],
    ]
    with pytest.raises(ValueError, match="more than 10 bytes"):
        lines.feed(b"0123456789a")


@asynccontextmanager
async def served(serve: Serve) -> AsyncIterator[str]:
    """Listen on a free port with a plain function."""
    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    async with listening:
        yield f"http://127.0.0.1:{port}/mcp"


def answering(head: str, body: bytes, times: int = 1) -> Serve:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(f"HTTP/1.1 200 OK\r\nConnection: close\r\n{head}\r\n".encode())
        try:
            for _ in range(times):
                writer.write(body)
                await writer.drain()
        except ConnectionError:
            return  # who reads has had enough
        finally:
            writer.close()

    return serve


async def get(url: str, configured: str) -> bytes:
    async with AsyncExitStack() as stack:
        client = await http_client(McpServerEntry(url=configured), stack, None)
        return (await client.get(url)).content


async def test_an_answer_without_end_is_cut_off() -> None:
    serve = answering("Content-Type: application/json\r\n", b"x" * 1_000_000, times=BODY_BYTES // 1_000_000 + 2)
    async with served(serve) as url:
        with anyio.fail_after(30), pytest.raises(httpx2.ReadError, match="more than 12,582,912 bytes"):
            await get(url, url)


async def test_an_answer_packed_unasked_is_not_unpacked() -> None:
    async with served(answering("Content-Encoding: gzip\r\nContent-Length: 1\r\n", b"x")) as url:
        with pytest.raises(httpx2.ReadError, match="packed"):
            await get(url, url)


@pytest.mark.parametrize(
    "address",
    ["https://169.254.169.254/latest", "https://10.0.0.1/token", "http://example.org/token", "https://[::1]/"],
)
async def test_an_address_that_a_server_names_may_not_lead_inside(address: str) -> None:
    with pytest.raises(AddressRefusedError):
        await get(address, "https://mcp.example/mcp")


async def test_a_server_of_this_machine_may_name_this_machine() -> None:
    async with served(answering("Content-Length: 2\r\n", b"ok")) as url:
        assert await get(url, "http://localhost:1/mcp") == b"ok"
