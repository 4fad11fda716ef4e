"""Other people's programs for tests/peers: where they lie, how they are started, and an action that uses them."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import anyio.lowlevel
from agui_story import activities
from sanca.python_runtime import Engine
from sanca.python_runtime.asks import Answer
from sanca.python_runtime.engine import LOCAL
from watching import to_the_end

ROOT = Path(__file__).parents[2]
SCRIPTS = ROOT / "tests/peers"
READY_SECONDS = 30


def peer_python(environment: Literal["now", "before"]) -> str:
    """Return the interpreter of an environment; one that is missing fails the test, it is never skipped."""
    return _present(ROOT / ".peers" / environment / "bin/python")


def peer_program(name: str, environment: Literal["now", "before"] = "now") -> str:
    """Return a program of a Python environment."""
    return _present(ROOT / ".peers" / environment / "bin" / name)


def npm_program(name: str) -> str:
    """Return a program that an npm package brings."""
    return _present(SCRIPTS / "node/node_modules/.bin" / name)


@contextmanager
def peer_server(command: list[str], log: Path) -> Iterator[str]:
    """Run a server of a peer; yields its address, which it prints as its first line once it listens."""
    with log.open("wb") as errors:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True, cwd=log.parent)
        try:
            assert process.stdout is not None
            address = process.stdout.readline().strip()
            assert address.startswith("http"), log.read_text(encoding="utf-8")[-2000:]
            yield address
        finally:
            process.terminate()
            process.wait(10)
            if process.stdout is not None:
                process.stdout.close()


def peer_says(command: list[str], *, seconds: float = 60, **environment: str) -> Any:
    """Run a peer's client to its end and return the JSON in the last line that it printed."""
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=seconds, env={**os.environ, **environment}, check=False
    )
    assert done.returncode == 0, f"{done.stdout[-2000:]}\n{done.stderr[-4000:]}"
    return json.loads(done.stdout.strip().splitlines()[-1])


@dataclass
class Acted:
    """What an action came to."""

    value: str = ""
    error: str = ""
    status: str = ""
    asked: list[str] = field(default_factory=list)
    """The calls that a person was asked about, as `toolkit.tool`."""
    calls: list[tuple[str, str]] = field(default_factory=list)
    """Every call that passed the gate, as `toolkit.tool` and its effect."""


async def act(engine: Engine, code: str, session_id: str = "ses_peers") -> Acted:
    """Run a person's action and agree to everything that it asks."""
    acted = Acted()
    log = await engine.start(engine.request(session_id, LOCAL, action_code=code))
    events = await to_the_end(log)
    while interrupts := events[-1].get("outcome", {}).get("interrupts"):
        said = interrupts[0]["metadata"]
        acted.asked.append(f"{said['toolkit']}.{said['tool']}")
        answer = Answer(approved=True, by=LOCAL.user)
        _, after = await engine.answer_interrupt(LOCAL, "", interrupts[0]["id"], answer)
        events += await to_the_end(log, after)
    last = list(activities(events, "sanca-round").values())[-1]
    acted.value, acted.error, acted.status = str(last.get("value")), str(last.get("error")), last["status"]
    acted.calls = [(f"{call['toolkit']}.{call['tool']}", call["effect"]) for call in last["calls"]]
    return acted


async def until_there(engine: Engine, *toolkits: str, seconds: float = READY_SECONDS) -> None:
    """Wait until the toolkits can be used: the engine connects to them after its start."""
    probe = f"({', '.join(toolkits)},) and 'there'"
    with anyio.fail_after(seconds):
        while (await act(engine, probe, "ses_probe")).value != "there":  # each action takes a while: no busy loop
            await anyio.lowlevel.checkpoint()


def _present(path: Path) -> str:
    assert path.exists(), f"{path} is missing: run `make .peers/.installed`"
    return str(path)
