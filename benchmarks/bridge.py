"""The bridge to Java beside the other ways to call another process: latency, large payloads, threads, leaks.

Method. One run; every ratio is of medians of blocks in turn, ours and the peers' (`_bridge_peers.py`). Our call is a
typed one: a call of the toolkit bridge's fast gateway, from the JSON of its arguments and of its context to the
validated envelope, of the Java tool `host.echo` in the running demo portal. There its id is looked for in the record,
it is checked against rights and budget, bound to the method's parameters, measured, and written to the record. The tool
only reads, so no disk is waited for: an effect's call waits twice. Sandbox, gate and journal are not in it
(`first_light.py` and `sandbox.py` have them). The peers answer the same text and do no more. All JVMs run with the
demo's flags (one compiler level, serial collector, 512 MB).

- `typed_call_ratio`: 16 characters, against py4j's own client and server. `<peer>_call_us`: the same by every peer.
- `typed_call_busy_ratio`: both while the engine of that portal streams to 50 sessions, ten pieces a second each.
- `json_100k_p99_over_median`: 100 KB of a log (quotes, line ends) there and back, one call after the other; the median
  of blocks of 400 calls. Stalls of the connection come in every block, those of a busy machine in some (`tcp_…`: a bare
  socket's, which is all the machine's). Here the starter is alone in its host: the demo's fleet and engine would be
  measured too.
- `payload_10mb_speedup`: 10 MB of a log as an argument and back as the result, against py4j's client and server with
  the same text; `..._ms`: by every peer that takes as much. `..._table_speedup`: the same with a table in JSON as text
  (not as a list).
- `threads_8_<peer>_per_second`: calls a second from eight threads (MCP: eight tasks) at once.
- `leak_engine_mb`, `leak_host_mb`: what this process (the bridge's side of the engine) and the portal hold more after
  1,000,000 calls than before, both after a warm-up; of the portal what is live after a collection, and all that is
  outside of its heap.
- `search_5000_ratio`: see `tool_search.py`.

Needs the built host (`make setup`), and Maven for the bare one. `--quick` makes a thirtieth of the calls.
"""

from __future__ import annotations

import contextlib
import gc
import itertools
import os
import re
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median

import orjson
from _bridge_peers import Peer, ThreadedPeer, java_peers, mcp_peers
from _harness import Row, arguments, interleave, ratio, report
from contract_host import ContractHost
from demo_process import PORTAL_JAR, DemoProcess
from first_light import resident_mb
from sanca.core.tools import CallContext
from sanca.toolkit_bridge import GatewayCall, WireGateway
from sanca.toolkit_bridge.beside import split
from sandbox import STREAMING, streaming
from tool_search import time_rows

TEXT = "0123456789abcdef"
LINE = '2026-11-21T18:00:00.123Z INFO order-service "POST /orders" 201 id=12345 took 17 ms\n'
LOG_100K = LINE * (100_000 // len(LINE))
LOG_10M = LINE * (10_000_000 // len(LINE))
ROW = {"time": "2026-11-21T18:00:00.123Z", "level": "INFO", "service": "order-service", "took_ms": 17, "ok": True}
TABLE_10M = orjson.dumps([ROW] * (10_000_000 // len(orjson.dumps(ROW)))).decode()
LARGE_PEERS = ("tcp", "py4j", "grpc", "http")
CALLS_PER_RUN = 1000
THREADS = 8


class Bridge(ThreadedPeer):
    """Our way: the fast gateway to `host.echo`. Any thread may call."""

    def __init__(self, home: Path) -> None:
        super().__init__(lambda: self.echo)
        self._gateway = WireGateway(home)
        self._numbers = itertools.count()
        context = CallContext(
            call_id="", run_id="", session_id="ses_bench", tenant="default", user="bench", pages=True, texts=True
        )
        rest = context.model_dump(mode="json", exclude={"call_id", "run_id"})
        self._rest = orjson.dumps(rest)[1:].decode()

    def echo(self, text: str) -> object:
        """Call the tool as the broker does; a thousand calls are a run."""
        number = next(self._numbers)
        run = f"run_bench_{os.getpid()}_{number // CALLS_PER_RUN}"
        call_id = f"{run}/{number}"
        context = f'{{"call_id":"{call_id}","run_id":"{run}",{self._rest}'
        sent = {"text": text}
        rest, texts = split(sent, orjson.dumps(sent).decode())
        call = GatewayCall(call_id, "host", "echo", rest, context, 60.0, repeatable=True, texts=texts)
        outcome = self._gateway.call(call)
        if not outcome.ok:
            raise RuntimeError(f"the call failed: {outcome.error}")
        return outcome.value

    def close(self) -> None:
        """Close the connections."""
        self._gateway.close()


def microseconds(peer: Peer, count: int) -> Callable[[], float]:
    """Return a measure of the median time of small calls."""
    return lambda: median(peer.seconds(TEXT, count)) * 1e6


def small_rows(peers: dict[str, Peer], blocks: int, count: int) -> list[Row]:
    """Measure small calls by every way, in turn."""
    slow = {"http", "mcp_http", "mcp_stdio"}
    for name in ("ours", "py4j"):
        peers[name].seconds(TEXT, 5 * count)  # compiled by then
    measures = {name: microseconds(peer, count // 10 if name in slow else count) for name, peer in peers.items()}
    found = interleave(blocks, **measures)
    rows = [Row("typed_call_ratio", ratio(found, "ours", "py4j"), "x", "raw Py4J call of a text", 1.6)]
    rows.append(Row("typed_call_us", median(found["ours"]), "us"))
    return rows + [Row(f"{name}_call_us", median(found[name]), "us") for name in peers if name != "ours"]


def busy_rows(demo: DemoProcess, ours: Peer, py4j: Peer, blocks: int, count: int) -> list[Row]:
    """Measure small calls while the engine streams."""
    with streaming(demo):
        found = interleave(blocks, ours=microseconds(ours, count), py4j=microseconds(py4j, count))
    note = f"{STREAMING} sessions stream"
    return [
        Row("typed_call_busy_ratio", ratio(found, "ours", "py4j"), "x", "raw Py4J call beside it", 3.0, note=note),
        Row("typed_call_busy_us", median(found["ours"]), "us"),
        Row("py4j_call_busy_us", median(found["py4j"]), "us"),
    ]


def middle_rows(scratch: Path, others: dict[str, Peer], blocks: int) -> list[Row]:
    """Measure 100 KB there and back: how far the slowest call in a hundred is from the median, block by block."""
    host = ContractHost(scratch)
    try:
        with contextlib.closing(Bridge(scratch)) as ours:
            return _middle_rows({**others, "ours": ours}, blocks)
    finally:
        host.close()


def _middle_rows(peers: dict[str, Peer], blocks: int) -> list[Row]:
    counts = {"ours": 400, "tcp": 400, "py4j": 100}
    medians: dict[str, list[float]] = {name: [] for name in counts}

    def late(name: str) -> Callable[[], float]:
        def measure() -> float:
            figures = sorted(peers[name].seconds(LOG_100K, counts[name]))
            medians[name].append(median(figures))
            return figures[int(len(figures) * 0.99)] / median(figures)

        return measure

    found = interleave(blocks, **{name: late(name) for name in counts})
    rows = [Row("json_100k_p99_over_median", median(found["ours"]), "x", limit=4.0)]
    rows += [Row(f"{name}_100k_p99_over_median", median(found[name]), "x") for name in ("tcp", "py4j")]
    return rows + [Row(f"{name}_100k_ms", median(figures) * 1000, "ms") for name, figures in medians.items()]


def large_rows(peers: dict[str, Peer], blocks: int) -> list[Row]:
    """Measure 10 MB there and back."""

    def seconds(peer: Peer, text: str) -> Callable[[], float]:
        return lambda: peer.seconds(text, 1)[0]

    found = interleave(blocks, **{name: seconds(peers[name], LOG_10M) for name in ("ours", *LARGE_PEERS)})
    table = interleave(blocks, **{name: seconds(peers[name], TABLE_10M) for name in ("ours", "py4j")})
    rows = [
        Row("payload_10mb_speedup", ratio(found, "py4j", "ours"), "x", "raw Py4J, the same text", least=5.0),
        Row("payload_10mb_table_speedup", ratio(table, "py4j", "ours"), "x", "raw Py4J, the same text"),
    ]
    return rows + [Row(f"payload_10mb_{name}_ms", median(figures) * 1000, "ms") for name, figures in found.items()]


def thread_rows(peers: dict[str, Peer], blocks: int, count: int) -> list[Row]:
    """Measure calls a second from eight threads."""
    slow = {"http", "mcp_http", "mcp_stdio"}

    def rate(name: str, threads: int) -> Callable[[], float]:
        calls = max(count // (10 if name in slow else 1) // threads, 1)
        return lambda: peers[name].per_second(TEXT, threads, calls)

    found = interleave(blocks, **{name: rate(name, THREADS) for name in peers})
    alone = interleave(blocks, ours=rate("ours", 1))
    rows = [Row(f"threads_{THREADS}_{name}_per_second", median(found[name]), "1/s") for name in peers]
    return [*rows, Row("threads_1_ours_per_second", median(alone["ours"]), "1/s")]


def leak_rows(demo: DemoProcess, ours: Bridge, count: int) -> list[Row]:
    """Measure what both processes hold more after very many calls."""

    def call(calls: int) -> None:
        for _ in range(calls):
            ours.echo(TEXT)

    def held() -> tuple[float, float]:
        gc.collect()
        return resident_mb(os.getpid(), children=False), live_mb(demo.pid)

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(call, [count // 32] * 4))  # as many ids as the record keeps, and more
        before = held()
        list(threads.map(call, [count // 4] * 4))
        after = held()
    note = f"{count:,} calls"
    return [
        Row("leak_engine_mb", after[0] - before[0], "MB", limit=20.0, note=note),
        Row("leak_host_mb", after[1] - before[1], "MB", limit=20.0, note=note),
    ]


def live_mb(pid: int) -> float:
    """Return what a JVM holds: the live part of its heap, and all its memory that is no heap."""
    subprocess.run(["jcmd", str(pid), "GC.run"], check=True, stdout=subprocess.DEVNULL)
    said = subprocess.run(["jcmd", str(pid), "GC.heap_info"], check=True, capture_output=True, text=True).stdout
    spaces = re.findall(r"generation\s+total \d+K, used (\d+)K \[0x(\w+), 0x\w+, 0x(\w+)\)", said)
    live = sum(int(used) for used, _, _ in spaces) / 1024
    begin, end = (int(each(space[at] for space in spaces), 16) for each, at in ((min, 1), (max, 2)))
    return live + outside_mb(pid, begin, end)


def outside_mb(pid: int, begin: int, end: int) -> float:
    """Return the memory that a process alone has written, outside of a range of addresses."""
    total, counts = 0, False
    for line in Path(f"/proc/{pid}/smaps").read_text(encoding="utf-8").splitlines():
        if bounds := re.match(r"(\w+)-\w+ ", line):
            counts = not begin <= int(bounds[1], 16) < end
        elif counts and line.startswith("Private_Dirty:"):
            total += int(line.split()[1])
    return total / 1024


@contextlib.contextmanager
def opened(scratch: Path) -> Iterator[tuple[DemoProcess, Bridge, dict[str, Peer]]]:
    """Start the portal and the peers; yield the portal, our way, and all ways by name."""
    environment = {"SANCA_RUNS_AT_ONCE": str(STREAMING + 4)}
    with DemoProcess(scratch, environment=environment) as demo, java_peers() as java, mcp_peers() as mcp:
        demo.sign_in()
        demo.wait_engine()
        with contextlib.closing(Bridge(scratch)) as ours:
            yield demo, ours, {"ours": ours, **java, **mcp}


def bridge_rows(scratch: Path, *, quick: bool) -> list[Row]:
    """Measure all that needs the portal."""
    blocks, count = (2, 200) if quick else (8, 1000)
    with java_peers() as others:
        middle = middle_rows(scratch / "alone", others, 1 if quick else 9)
    with opened(scratch / "demo") as (demo, ours, peers):
        rows = small_rows(peers, blocks, count)
        rows += large_rows(peers, 2 if quick else 7)
        rows += thread_rows(peers, 1 if quick else 3, 8 * count)
        rows += busy_rows(demo, ours, peers["py4j"], blocks, count)
        rows += leak_rows(demo, ours, 30_000 if quick else 1_000_000)
    return rows + middle


def main() -> None:
    """Measure and report."""
    options = arguments(__doc__ or "")
    if not PORTAL_JAR.exists():
        raise SystemExit("bridge: the host is not built; run `make setup` first.")
    with tempfile.TemporaryDirectory(prefix="sanca-bench-") as scratch:
        rows = bridge_rows(Path(scratch), quick=options.quick)
    rows += [row for row in time_rows(quick=options.quick) if row.id == "search_5000_ratio"]
    report(rows, as_json=options.json)


if __name__ == "__main__":
    main()
