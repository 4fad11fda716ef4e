"""The first whole way of a message: how fast it starts, answers and calls tools, against bare parts in the same run.

Method. All ratios are medians of interleaved blocks of one run on one machine; bare times mean little elsewhere.
- `first_event_ratio`: POST of a message until the first `data:` line, against POST to a bare Spring SSE endpoint that
  opens one gRPC stream to a bare Python grpc.aio server which answers at once. Single requests, in turn.
- `answer_ms`: POST of "what is 12% of 85?" until RUN_FINISHED: perception, skill, sandbox, self-check, events stored.
- `toolcall_ratio`: one call of the Java tool `host.echo` from inside an action (sandbox, gate, journal, gateway and
  back), measured inside the action over 1,000 calls a block, against py4j's own client calling a bare echo on a bare
  GatewayServer with the same text.
- `host_start_ratio`: `java -jar` until HTTP answers, same JVM flags, the demo portal (which also begins to start
  engine, fleet and second agent meanwhile) against a bare Spring Boot web application; alternating starts.
- `engine_start_ratio`: `sanca serve` (exec) until its gRPC health answers, against
  `python -c "import grpc, pydantic"`; alternating.
- `host_rss_mb`, `engine_rss_mb`: resident memory after all that, a page that several processes share counted once; the
  engine with its broker, its fork servers and the sessions of all chats asked in the run.

Needs the built host (`make setup`), Maven for the peer, and loopback ports.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import Any

import httpx
from _harness import ROOT, Row, arguments, interleave, ratio, report
from demo_process import JAVA_FLAGS, PORTAL_JAR, DemoProcess, free_ports, run_input

PEER = ROOT / "benchmarks" / "peers" / "bare-host"
ECHO_SERVER = """
import asyncio, sys, grpc
async def stream(request, context):
    yield b'{"type":"RUN_STARTED"}'
async def main():
    server = grpc.aio.server()
    handler = grpc.unary_stream_rpc_method_handler(stream)
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("bare.Echo", {"Stream": handler}),))
    server.add_insecure_port("127.0.0.1:" + sys.argv[1])
    await server.start()
    await server.wait_for_termination()
asyncio.run(main())
"""
TOOL_CALLS = """
import time
def measure(count):
    figures = []
    for _ in range(count):
        begin = time.perf_counter_ns()
        host.echo("0123456789abcdef")
        figures.append(time.perf_counter_ns() - begin)
    return sorted(figures)[count // 2] / 1000
measure(100)
str(measure(1000))
"""


@contextlib.contextmanager
def process(command: list[str], **options: Any) -> Iterator[subprocess.Popen[bytes]]:
    """Run a child process for as long as the block lasts."""
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **options)
    try:
        yield child
    finally:
        child.send_signal(signal.SIGTERM)
        try:
            child.wait(20)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def wait_until(ready: Callable[[], bool], *, timeout_seconds: float = 90.0) -> float:
    """Return the seconds until `ready` holds, looking every 5 ms."""
    begin = time.perf_counter()
    while time.perf_counter() - begin < timeout_seconds:
        if ready():
            return time.perf_counter() - begin
        time.sleep(0.005)
    raise RuntimeError("it did not become ready in time")


def answers(address: str) -> Callable[[], bool]:
    """Return a check that the address answers HTTP, whatever the status."""

    def check() -> bool:
        try:
            httpx.get(address, timeout=2.0)
        except httpx.HTTPError:
            return False
        return True

    return check


def build_peer() -> Path:
    """Build the bare host when it is not built yet or has changed since, and return its jar."""
    jar = PEER / "target" / "bare-host.jar"
    source = PEER / "src" / "main" / "java" / "bare" / "BareHost.java"
    if not jar.exists() or jar.stat().st_mtime < source.stat().st_mtime:
        subprocess.run(["mvn", "-q", "-B", "--no-transfer-progress", "package"], cwd=PEER, check=True)
    return jar


def host_start(home: Path) -> float:
    """Return the seconds until a fresh portal answers HTTP."""
    demo = DemoProcess(home)
    environment = {**os.environ, "SANCA_HOME": str(home), "SANCA_ENGINE_PORT": str(demo.engine_port)}
    home.mkdir(parents=True, exist_ok=True)
    with process(demo.command(), cwd=ROOT, env=environment):
        return wait_until(answers(f"http://127.0.0.1:{demo.port}/"))


def bare_start(jar: Path) -> float:
    """Return the seconds until the bare web application answers HTTP."""
    (port,) = free_ports(1)
    with process(["java", *JAVA_FLAGS, "-jar", str(jar), f"--server.port={port}"]):
        return wait_until(answers(f"http://127.0.0.1:{port}/ready"))


def engine_start(home: Path) -> float:
    """Return the seconds until a fresh engine answers its health call."""
    import grpc
    from sanca.python_runtime.service import engine_pb2, engine_pb2_grpc

    home.mkdir(parents=True, exist_ok=True)
    environment = {**os.environ, "SANCA_HOME": str(home), "SANCA_ENGINE_PORT": "0"}
    said = home / "engine.json"

    def healthy() -> bool:
        if not said.exists():
            return False
        file = json.loads(said.read_text(encoding="utf-8"))
        with grpc.insecure_channel(file["address"]) as channel:
            token = (("authorization", f"Bearer {file['token']}"),)
            with contextlib.suppress(grpc.RpcError):
                engine_pb2_grpc.EngineStub(channel).Health(engine_pb2.HealthRequest(), metadata=token, timeout=5)
                return True
        return False

    with process([sys.executable, "-m", "sanca", "serve"], env=environment):
        return wait_until(healthy)


def import_start() -> float:
    """Return the seconds that a Python takes to import grpc and pydantic."""
    begin = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import grpc, pydantic"], check=True)
    return time.perf_counter() - begin


def starts(scratch: Path, jar: Path, blocks: int) -> list[Row]:
    """Measure the two start ratios."""
    host = interleave(blocks, ours=lambda: host_start(scratch / "host"), bare=lambda: bare_start(jar))
    engine = interleave(blocks + 2, ours=lambda: engine_start(scratch / "engine"), bare=import_start)
    return [
        Row("host_start_ratio", ratio(host, "ours", "bare"), "x", "bare Spring Boot web application", 1.5),
        Row("host_start_seconds", median(host["ours"]), "s"),
        Row("engine_start_ratio", ratio(engine, "ours", "bare"), "x", 'python -c "import grpc, pydantic"', 3.0),
        Row("engine_start_seconds", median(engine["ours"]), "s"),
    ]


def first_event(demo: DemoProcess) -> float:
    """Return the milliseconds from the POST of a message to its first event."""
    begin = time.perf_counter()
    events = demo.stream(run_input(f"ses_{time.time_ns()}", "what is 12% of 85?", {}))
    next(events)
    figure = (time.perf_counter() - begin) * 1000
    for _ in events:
        pass
    return figure


def bare_first_event(client: httpx.Client) -> float:
    """Return the milliseconds from the POST to the bare peer's first event."""
    begin = time.perf_counter()
    with client.stream("POST", "/stream", content=b"{}", headers={"content-type": "application/json"}) as answer:
        for line in answer.iter_lines():
            if line.startswith("data:"):
                figure = (time.perf_counter() - begin) * 1000
    return figure


def whole_answer(demo: DemoProcess) -> float:
    """Return the milliseconds from a message to its RUN_FINISHED."""
    begin = time.perf_counter()
    talk = demo.ask("what is 12% of 85?")
    if "10.2" not in talk.text:
        raise RuntimeError(f"the answer is wrong: {talk.text!r}")
    return (time.perf_counter() - begin) * 1000


def tool_calls(demo: DemoProcess) -> float:
    """Return the median microseconds of a tool call from inside an action."""
    talk = demo.ask("", actionCode=TOOL_CALLS)
    rounds = talk.activities("sanca-round")
    if not rounds or rounds[-1]["status"] != "ok":
        raise RuntimeError(f"the measuring action failed: {talk.terminal} {rounds}")
    return float(str(rounds[-1]["value"]).strip("'\""))


def bare_py4j(echo: Callable[[str], str]) -> float:
    """Return the median microseconds of a bare Py4J call."""
    figures = []
    for _ in range(1000):
        begin = time.perf_counter_ns()
        echo("0123456789abcdef")
        figures.append(time.perf_counter_ns() - begin)
    return median(figures) / 1000


def resident_mb(pid: int, *, children: bool) -> float:
    """Return the resident memory of a process, with its descendants if asked, in MB; shared pages by their share."""
    total = 0.0
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="utf-8").splitlines():
        if line.startswith("Pss:"):
            total += int(line.split()[1]) / 1024
    if children:
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text(encoding="utf-8").split():
                with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                    total += resident_mb(int(child), children=True)
    return total


def way_of_a_message(scratch: Path, jar: Path, blocks: int) -> list[Row]:
    """Measure events, answers, tool calls and memory on one running demo beside its bare peers."""
    from py4j.java_gateway import GatewayParameters, JavaGateway

    echo_port, bare_port, py4j_port = free_ports(3)
    bare = [
        "java",
        *JAVA_FLAGS,
        "-jar",
        str(jar),
        f"--server.port={bare_port}",
        f"--bare.grpc={echo_port}",
        f"--bare.py4j={py4j_port}",
    ]
    with (
        process([sys.executable, "-c", ECHO_SERVER, str(echo_port)]),
        process(bare),
        DemoProcess(scratch / "demo") as demo,
        httpx.Client(base_url=f"http://127.0.0.1:{bare_port}", timeout=60.0) as client,
    ):
        demo.sign_in()
        demo.wait_engine()
        wait_until(answers(f"http://127.0.0.1:{bare_port}/ready"))
        gateway = JavaGateway(gateway_parameters=GatewayParameters(port=py4j_port, auth_token="bare"))  # noqa: S106 - loopback peer of this run
        events = interleave(blocks * 10, ours=lambda: first_event(demo), bare=lambda: bare_first_event(client))
        finished = [whole_answer(demo) for _ in range(blocks * 3)]
        calls = interleave(blocks * 2, ours=lambda: tool_calls(demo), bare=lambda: bare_py4j(gateway.entry_point.echo))
        gateway.close()
        memory = resident_mb(demo.pid, children=False), resident_mb(demo.engine_pid(), children=True)
    return [
        Row("first_event_ratio", ratio(events, "ours", "bare"), "x", "bare Spring SSE + gRPC echo", 4.0),
        Row("first_event_ms", median(events["ours"]), "ms"),
        Row("answer_ms", median(finished), "ms"),
        Row("toolcall_ratio", ratio(calls, "ours", "bare"), "x", "bare Py4J call", 4.0),
        Row("toolcall_us", median(calls["ours"]), "us"),
        Row("host_rss_mb", memory[0], "MB"),
        Row("engine_rss_mb", memory[1], "MB"),
    ]


def main() -> None:
    """Measure and report."""
    options = arguments(__doc__ or "")
    if not PORTAL_JAR.exists():
        raise SystemExit("first_light: the host is not built; run `make setup` first.")
    blocks = 1 if options.quick else 5
    jar = build_peer()
    with tempfile.TemporaryDirectory(prefix="sanca-bench-") as scratch:
        rows = way_of_a_message(Path(scratch), jar, blocks) + starts(Path(scratch), jar, blocks)
    report(rows, as_json=options.json)


if __name__ == "__main__":
    main()
