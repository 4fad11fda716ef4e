"""What the engine takes for a round beside a bare chat completion, and how much of a prompt repeats the one before."""

from __future__ import annotations

import json
import os
import statistics
import tempfile
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

from _harness import Row
from _scripted_model import scripted_model
from _tokens import rendered, shared_start, tokens_of
from openai import AsyncOpenAI
from sanca.python_runtime import Engine
from sanca.python_runtime.engine import LOCAL

ROUNDS = 20
MESSAGE = "hum a tune for the tulips"
"""No skill knows it: the model is asked."""


async def measure_rounds(blocks: int) -> list[Row]:
    """Return overhead and prefix rows."""
    with tempfile.TemporaryDirectory(prefix="sanca-bench-") as scratch:
        folder = Path(scratch)
        with scripted_model(ROUNDS, folder) as url:
            _use(url)
            async with Engine(folder / "home") as engine, AsyncOpenAI(api_key="none", base_url=url) as client:
                bodies = await _recorded(engine, folder)
                ours, bare = await _in_turn(engine, client, bodies, blocks)
                processor = await _processor(engine, client, bodies)
    return [*_overhead(ours, bare), processor, _prefix(bodies)]


def _use(url: str) -> None:
    """Let the engine find the scripted model and no other."""
    for name in ("OPENAI_API_KEY", "DASHSCOPE_API_KEY", "SANCA_MODEL"):
        os.environ.pop(name, None)
    os.environ |= {"OPENAI_BASE_URL": url, "OPENAI_MODEL": "scripted", "SANCA_ROUNDS_MAX": str(ROUNDS * 2)}
    os.environ["SANCA_LOG_LEVEL"] = "error"


async def _recorded(engine: Engine, folder: Path) -> list[dict[str, Any]]:
    """Run once to warm up and return the requests that the rounds made."""
    (folder / "record").touch()
    await _run(engine)
    (folder / "record").unlink()
    lines = (folder / "bodies.jsonl").read_text(encoding="utf-8").splitlines()
    asked = [json.loads(line) for line in lines]
    return [body for body in asked if _is_of_planner(body)][:ROUNDS]


def _is_of_planner(body: dict[str, Any]) -> bool:
    return any(MESSAGE in str(message["content"]) for message in body["messages"])


async def _in_turn(
    engine: Engine, client: AsyncOpenAI, bodies: list[dict[str, Any]], blocks: int
) -> tuple[list[float], list[float]]:
    """Return the medians of each block in milliseconds: of our rounds, and of bare calls with the same bodies."""
    ours, bare = [], []
    for body in bodies[:3]:
        await _bare(client, body)
    for _ in range(blocks):
        ours.append(statistics.median((await _run(engine))[1:]))
        bare.append(statistics.median([await _bare(client, body) for body in bodies[1:]]))
    return ours, bare


async def _processor(engine: Engine, client: AsyncOpenAI, bodies: list[dict[str, Any]]) -> Row:
    """Return the processor time of this process for a round, against a bare call's: it tells on a busy machine too."""
    begin = time.process_time()
    await _run(engine)
    between = time.process_time()
    for body in bodies:
        await _bare(client, body)
    ours, bare = (between - begin) / (ROUNDS + 1), (time.process_time() - between) / len(bodies)
    note = f"{ours * 1000:.1f} ms for {bare * 1000:.1f}; broker and sandbox are processes of their own"
    return Row("round_processor_ratio", ours / bare, "x", "openai's client, the same requests", note=note)


async def _run(engine: Engine) -> list[float]:
    """Run the conversation and return each round's milliseconds, from its beginning to the next one's."""
    request = engine.request(f"ses_{time.time_ns()}", LOCAL, message=MESSAGE)
    log = await engine.start(request)
    live = engine.parts.runs.live(request.run_id)
    async for _ in log.follow(until="first_end"):
        pass
    state = live.state if live else None
    if state is None or len(state.rounds) != ROUNDS + 1:
        raise RuntimeError(f"the conversation went another way: {state and [one.error for one in state.rounds]}")
    begun = [one.began_at for one in state.rounds]
    return [(later - earlier) * 1000 for earlier, later in pairwise(begun)]


async def _bare(client: AsyncOpenAI, body: dict[str, Any]) -> float:
    begin = time.perf_counter()
    async with await client.chat.completions.create(**body) as stream:
        async for _ in stream:
            pass
    return (time.perf_counter() - begin) * 1000


def _overhead(ours: list[float], bare: list[float]) -> list[Row]:
    ratio = statistics.median(ours) / statistics.median(bare)
    best = min(one / other for one, other in zip(ours, bare, strict=True))
    return [
        Row(
            "round_overhead_ratio", ratio, "x", "openai's client, the same requests", 3.0, note=f"best block {best:.2f}"
        ),
        Row("round_ms", statistics.median(ours), "ms", note="perception, prompt, model, check, sandbox, self-check"),
        Row("bare_call_ms", statistics.median(bare), "ms"),
    ]


def _prefix(bodies: list[dict[str, Any]]) -> Row:
    """The share of each request's tokens that the request before began with; of all but the first together."""
    prompts = [tokens_of(rendered(body["messages"])) for body in bodies]
    same = sum(shared_start(one, other) for one, other in pairwise(prompts))
    share = same / sum(len(one) for one in prompts[1:])
    return Row("prefix_stable_share", share, "of the tokens", least=0.8, note=f"{len(bodies)} rounds")
