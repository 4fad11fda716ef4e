"""The other ways to a Java (or MCP) process, each answering a text with itself. What `bridge.py` measures against.

Bare TCP (four bytes of length and the text), py4j's own client and server, gRPC (grpcio to grpc-java), JSON over HTTP
(httpx to Spring MVC) reach the bare host, a JVM with our own host's flags. The MCP servers are Python processes with
the SDK's server: what they cost is the protocol's and the SDK's way through two event loops, not Java's.
"""

from __future__ import annotations

import contextlib
import os
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Protocol

import _harness  # noqa: F401 - after it `demo_process` can be imported
import anyio
import httpx
from anyio.from_thread import start_blocking_portal
from demo_process import JAVA_FLAGS, free_ports
from first_light import answers, build_peer, process, wait_until

TIMEOUT_SECONDS = 60.0
MCP_SERVER = """
import sys
from mcp.server.mcpserver import MCPServer
server = MCPServer("bare", log_level="ERROR")
@server.tool()
def echo(text: str) -> str:
    return text
if len(sys.argv) > 1:
    server.run("streamable-http", port=int(sys.argv[1]))
else:
    server.run("stdio")
"""


class Peer(Protocol):
    """A way to call `echo`."""

    def seconds(self, text: str, count: int) -> list[float]:
        """Call so many times, one after the other; return the seconds of each."""

    def per_second(self, text: str, threads: int, count: int) -> float:
        """Call from so many threads (or tasks), `count` times each; return how many calls that made a second."""


class ThreadedPeer:
    """A blocking way to call `echo`; `make` gives a thread its own."""

    def __init__(self, make: Callable[[], Callable[[str], object]]) -> None:
        self._make = make
        self._own = threading.local()

    def seconds(self, text: str, count: int) -> list[float]:
        """See `Peer`."""
        echo = self._echo()
        figures = []
        for _ in range(count):
            begin = time.perf_counter()
            answer = echo(text)
            figures.append(time.perf_counter() - begin)
            if answer != text:
                raise RuntimeError(f"another text came back: {str(answer)[:80]!r}")
        return figures

    def per_second(self, text: str, threads: int, count: int) -> float:
        """See `Peer`."""
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(lambda _: self.seconds(text, 10), range(threads)))
            begin = time.perf_counter()
            list(pool.map(lambda _: self.seconds(text, count), range(threads)))
            return threads * count / (time.perf_counter() - begin)

    def _echo(self) -> Callable[[str], object]:
        if not hasattr(self._own, "echo"):
            self._own.echo = self._make()
        echo: Callable[[str], object] = self._own.echo
        return echo


class McpPeer:
    """A client of an MCP server in its own event loop; the time is taken inside the loop."""

    def __init__(self, portal: Any, client: Any) -> None:
        self._portal = portal
        self._client = client

    def seconds(self, text: str, count: int) -> list[float]:
        """See `Peer`."""
        figures: list[float] = self._portal.call(self._seconds, text, count)
        return figures

    def per_second(self, text: str, threads: int, count: int) -> float:
        """See `Peer`."""

        async def all_at_once() -> float:
            begin = time.perf_counter()
            async with anyio.create_task_group() as tasks:
                for _ in range(threads):
                    tasks.start_soon(self._seconds, text, count)
            return threads * count / (time.perf_counter() - begin)

        rate: float = self._portal.call(all_at_once)
        return rate

    async def _seconds(self, text: str, count: int) -> list[float]:
        figures = []
        for _ in range(count):
            begin = time.perf_counter()
            answer = await self._client.call_tool("echo", {"text": text})
            figures.append(time.perf_counter() - begin)
            if answer.content[0].text != text:
                raise RuntimeError("another text came back")
        return figures


@contextlib.contextmanager
def java_peers() -> Iterator[dict[str, Peer]]:
    """Start the bare host and yield the ways to it."""
    web, py4j, tcp, grpc = free_ports(4)
    ports = [f"--server.port={web}", f"--bare.py4j={py4j}", f"--bare.tcp={tcp}", f"--bare.grpc-server={grpc}"]
    with process(["java", *JAVA_FLAGS, "-jar", str(build_peer()), *ports]), contextlib.ExitStack() as stack:
        wait_until(answers(f"http://127.0.0.1:{web}/ready"))
        yield {
            "tcp": ThreadedPeer(lambda: _bare_tcp(stack, tcp)),
            "py4j": ThreadedPeer(_once(_py4j(stack, py4j))),
            "grpc": ThreadedPeer(_once(_grpc(stack, grpc))),
            "http": ThreadedPeer(_once(_http(stack, web))),
        }


@contextlib.contextmanager
def mcp_peers() -> Iterator[dict[str, Peer]]:
    """Start the MCP servers and yield the ways to them."""
    from mcp import Client
    from mcp.client.stdio import StdioServerParameters, stdio_client
    from mcp.client.streamable_http import streamable_http_client

    (port,) = free_ports(1)
    command = [sys.executable, "-c", MCP_SERVER]
    with (
        process([*command, str(port)]),
        Path(os.devnull).open("w", encoding="utf-8") as nowhere,
        start_blocking_portal() as portal,
    ):
        wait_until(answers(f"http://127.0.0.1:{port}/mcp"))
        by_pipe = stdio_client(StdioServerParameters(command=command[0], args=command[1:]), errlog=nowhere)
        with (
            portal.wrap_async_context_manager(Client(streamable_http_client(f"http://127.0.0.1:{port}/mcp"))) as http,
            portal.wrap_async_context_manager(Client(by_pipe)) as stdio,
        ):
            yield {"mcp_http": McpPeer(portal, http), "mcp_stdio": McpPeer(portal, stdio)}


def _once(echo: Callable[[str], object]) -> Callable[[], Callable[[str], object]]:
    """A client that all threads share."""
    return lambda: echo


def _bare_tcp(stack: contextlib.ExitStack, port: int) -> Callable[[str], str]:
    connected = stack.enter_context(socket.create_connection(("127.0.0.1", port)))
    connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def echo(text: str) -> str:
        data = text.encode()
        connected.sendall(struct.pack(">i", len(data)) + data)
        answer = bytearray(connected.recv(65_540))
        while len(answer) < 4 or len(answer) < 4 + struct.unpack_from(">i", answer)[0]:
            answer += connected.recv(1 << 20)
        return answer[4:].decode()

    return echo


def _py4j(stack: contextlib.ExitStack, port: int) -> Callable[[str], str]:
    from py4j.java_gateway import GatewayParameters, JavaGateway

    gateway = JavaGateway(gateway_parameters=GatewayParameters(port=port, auth_token="bare"))  # noqa: S106 - loopback peer of this run
    stack.callback(gateway.close)
    echo: Callable[[str], str] = gateway.entry_point.echo
    return echo


def _grpc(stack: contextlib.ExitStack, port: int) -> Callable[[str], str]:
    import grpc

    most = [("grpc.max_receive_message_length", 64 << 20), ("grpc.max_send_message_length", 64 << 20)]
    channel = stack.enter_context(grpc.insecure_channel(f"127.0.0.1:{port}", options=most))
    call = channel.unary_unary("/bare.Echo/Echo", request_serializer=str.encode, response_deserializer=bytes.decode)
    return lambda text: str(call(text, timeout=TIMEOUT_SECONDS))


def _http(stack: contextlib.ExitStack, port: int) -> Callable[[str], str]:
    client = stack.enter_context(httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=TIMEOUT_SECONDS))
    return lambda text: str(client.post("/echo", json={"text": text}).json()["text"])
