"""Runs the official AG-UI client (tests/agui/official_client.mjs) against an endpoint; returns what it made of it."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "tests" / "agui" / "official_client.mjs"
SECONDS = 90

Step = dict[str, Any]


def code(text: str, **more: Any) -> Step:
    """Return the step that runs an action of the person's own."""
    return {"do": "run", "props": {"actionCode": text}, **more}


def say(text: str, **more: Any) -> Step:
    """Return the step that sends a message."""
    return {"do": "run", "text": text, **more}


def answer(payload: Any, *, status: str = "resolved", **more: Any) -> Step:
    """Return the step that answers what the last one asked."""
    return {"do": "resume", "answer": {"status": status, "payload": payload}, **more}


CONNECT: Step = {"do": "connect"}


def talk(
    url: str, headers: dict[str, str], thread: str, steps: list[Step], *, cancel: dict[str, Any] | None = None
) -> list[dict[str, Any]]:
    """Perform the steps in one thread; returns of each the events, outcome, error, messages, state and interrupts.

    An error is what the client refused: an order of events that its verification does not allow, or a failure.
    """
    node = shutil.which("node")
    assert node, "node is missing; the page needs it, too"
    told = {"url": url, "headers": headers, "threadId": thread, "steps": steps, "cancel": cancel}
    done = subprocess.run(
        [node, str(SCRIPT)], input=json.dumps(told), capture_output=True, text=True, timeout=SECONDS, check=False
    )
    assert done.returncode == 0, done.stderr
    results: list[dict[str, Any]] = json.loads(done.stdout)
    for step, result in zip(steps, results, strict=True):
        assert result["error"] is None, f"{step}: {result['error']} after {result['events'][-5:]}"
    return results
