"""What our doors add to the protocols' SDKs: the same echo behind ours and behind the bare ones, in one run.

Method. Ours is the engine's HTTP server with keys, limits, Host and size checks and the real A2A and MCP doors; behind
them, in place of the engine, runs that say what they were told (tests/conformance/fixture_runner.py), so that a
difference is the doors'. Peers: a2a-sdk's DefaultRequestHandler with its task store in memory, and mcp's MCPServer,
each under uvicorn in a process of its own. One client for all: http.client on connections that are kept, in both.
- `a2a_overhead_ratio`: SendMessage (JSON-RPC 1.0) until the completed task is there. `mcp_overhead_ratio`: tools/call
  (2026-07-28). Medians of interleaved blocks; `_20`: seconds of a block by 20 clients at once.
- `*_cpu_ratio`: processor time of the server's process over the blocks by 20 clients.
- `a2a_first_event_ratio`: SendStreamingMessage until its first event. `a2a_streams_per_second`: whole, 20 at once.
- `streams_500_mb`: what the process grew by while 500 streams are open and wait. Real runs: tests/load/test_crowd.py.
"""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import urlsplit

from _harness import Row, arguments, interleave, ratio, report

SERVERS = Path(__file__).with_name("_protocol_peers.py")
CLIENTS = 20
META = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientInfo": {"name": "bench", "version": "0"},
    "io.modelcontextprotocol/clientCapabilities": {},
}


@dataclass(frozen=True)
class Server:
    """A server under measure."""

    pid: int
    address: str
    key: str

    def connect(self) -> http.client.HTTPConnection:
        """Open a connection that is kept."""
        parts = urlsplit(self.address)
        return http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=60)

    def post(self, connection: http.client.HTTPConnection, call: tuple[str, dict[str, str], Any]) -> Any:
        """Send one request; its answer's body is still to be read."""
        path, headers, body = call
        own = {"content-type": "application/json", "authorization": f"Bearer {self.key}", **headers}
        connection.request("POST", path, json.dumps(body), own)
        answer = connection.getresponse()
        if answer.status != http.client.OK:
            raise RuntimeError(f"{self.address} answered {answer.status}: {answer.read()[:500]!r}")
        return answer

    def cpu_seconds(self) -> float:
        """Return the processor time it has used."""
        fields = Path(f"/proc/{self.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / 100  # USER_HZ, fixed by the kernel's interface

    def memory_mb(self) -> float:
        """Return its memory; shared pages by their share."""
        lines = Path(f"/proc/{self.pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


@contextmanager
def serving(kind: str) -> Iterator[Server]:
    """Run a server for as long as the block lasts."""
    process = subprocess.Popen([sys.executable, str(SERVERS), kind], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        address, key = process.stdout.readline().split()
        yield Server(process.pid, address, key)
    finally:
        process.terminate()
        process.wait(20)
        if process.stdout is not None:
            process.stdout.close()


def a2a_call(method: str = "SendMessage", name: str = "bench") -> tuple[str, dict[str, str], Any]:
    """Return a message of A2A, with an id that is not used again."""
    message = {"messageId": f"{name}-{time.time_ns()}", "role": "ROLE_USER", "parts": [{"text": "hello"}]}
    body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": {"message": message}}
    return "/a2a", {"a2a-version": "1.0"}, body


def mcp_call() -> tuple[str, dict[str, str], Any]:
    """Return a call of MCP's newer generation."""
    accept = {"accept": "application/json, text/event-stream", "mcp-protocol-version": "2026-07-28"}
    params = {"name": "ask", "arguments": {"message": "hello"}, "_meta": META}
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
    return "/mcp", {**accept, "mcp-method": "tools/call", "mcp-name": "ask"}, body


Make = Callable[[], tuple[str, dict[str, str], Any]]


def one_after_another(server: Server, make: Make, count: int) -> float:
    """Return the median milliseconds of a call on one connection."""
    connection, figures = server.connect(), []
    for _ in range(count):
        begin = time.perf_counter()
        said = server.post(connection, make()).read()
        figures.append((time.perf_counter() - begin) * 1000)
        if b"hello" not in said:
            raise RuntimeError(f"{server.address} answered {said[:500]!r}")
    connection.close()
    return median(figures)


def many_at_once(server: Server, make: Make, count: int) -> float:
    """Return the seconds that 20 clients took for so many calls each."""
    begin = time.perf_counter()
    with ThreadPoolExecutor(CLIENTS) as clients:
        for _ in clients.map(lambda _: one_after_another(server, make, count), range(CLIENTS)):
            pass
    return time.perf_counter() - begin


def first_event(server: Server, count: int) -> float:
    """Return the median milliseconds from sending a message to the first event of its stream."""
    connection, figures = server.connect(), []
    for _ in range(count):
        begin = time.perf_counter()
        answer = server.post(connection, a2a_call("SendStreamingMessage"))
        while not answer.readline().startswith(b"data:"):
            pass
        figures.append((time.perf_counter() - begin) * 1000)
        answer.read()
    connection.close()
    return median(figures)


def protocol_rows(name: str, peer: str, ours: Server, bare: Server, make: Make, size: tuple[int, int]) -> list[Row]:
    """Measure one protocol: alone, by 20 clients, and the processor time of the latter."""
    blocks, count = size
    alone = interleave(
        blocks,
        ours=lambda: one_after_another(ours, make, count),
        bare=lambda: one_after_another(bare, make, count),
    )
    used = {"ours": ours.cpu_seconds(), "bare": bare.cpu_seconds()}
    crowd = interleave(
        blocks, ours=lambda: many_at_once(ours, make, count // 4), bare=lambda: many_at_once(bare, make, count // 4)
    )
    used = {"ours": ours.cpu_seconds() - used["ours"], "bare": bare.cpu_seconds() - used["bare"]}
    return [
        Row(f"{name}_overhead_ratio", ratio(alone, "ours", "bare"), "x", peer, 1.5),
        Row(f"{name}_ms", median(alone["ours"]), "ms"),
        Row(f"{name}_overhead_ratio_20", ratio(crowd, "ours", "bare"), "x", f"{peer}, 20 clients"),
        Row(f"{name}_cpu_ratio", used["ours"] / max(used["bare"], 0.01), "x", f"{peer}, 20 clients"),
    ]


def stream_rows(ours: Server, bare: Server, size: tuple[int, int]) -> list[Row]:
    """Measure streams of A2A."""
    blocks, count = size
    firsts = interleave(blocks, ours=lambda: first_event(ours, count), bare=lambda: first_event(bare, count))
    seconds = median(many_at_once(ours, lambda: a2a_call("SendStreamingMessage"), count // 4) for _ in range(blocks))
    return [
        Row("a2a_first_event_ratio", ratio(firsts, "ours", "bare"), "x", "bare a2a-sdk"),
        Row("a2a_first_event_ms", median(firsts["ours"]), "ms"),
        Row("a2a_streams_per_second", CLIENTS * (count // 4) / seconds, "1/s"),
        Row("streams_500_mb", open_streams(ours, 500), "MB"),
    ]


def open_streams(server: Server, count: int) -> float:
    """Return what the process grows by while so many streams are open."""
    before = server.memory_mb()
    with ExitStack() as stack:
        for _ in range(count):
            connection = server.connect()
            stack.callback(connection.close)
            answer = server.post(connection, a2a_call("SendStreamingMessage", "gate"))
            while not answer.readline().startswith(b"data:"):
                pass
        return server.memory_mb() - before


def main() -> None:
    """Measure and report."""
    options = arguments(__doc__ or "")
    size = (2, 40) if options.quick else (7, 200)
    with serving("ours") as ours, serving("a2a") as a2a, serving("mcp") as mcp:
        rows = protocol_rows("a2a", "bare a2a-sdk", ours, a2a, a2a_call, size)
        rows += protocol_rows("mcp", "bare mcp", ours, mcp, mcp_call, size)
        rows += stream_rows(ours, a2a, size)
    report(rows, as_json=options.json)


if __name__ == "__main__":
    main()
