"""What a person sees when a part of the chain dies, and that nothing happens twice."""

from __future__ import annotations

import json
import os
import re
import signal
import threading
import time
import uuid
from pathlib import Path
from typing import Any

import httpx
import pytest
from demo_process import Conversation, DemoProcess, run_input

pytestmark = [pytest.mark.jvm]

EFFECT_THEN_WAIT = """
done = system.restart(service={service!r})
say("restarted")
import time
while True:
    time.sleep(0.05)
"""


def wait_for(condition: Any, *, timeout_seconds: float = 40.0, what: str = "it") -> Any:
    """Return the condition's first true value, or fail."""
    deadline = time.monotonic() + timeout_seconds
    while time.monotonic() < deadline:
        try:
            if found := condition():
                return found
        except (httpx.HTTPError, FileNotFoundError, ValueError, KeyError):
            pass
        time.sleep(0.1)
    raise AssertionError(f"{what} did not happen in {timeout_seconds} s")


def a_service(demo: DemoProcess) -> str:
    """Return the name of one service of the fleet."""
    return str(demo.get("/api/fleet")["services"][0]["name"])


def restarts_of(demo: DemoProcess, service: str) -> int:
    """Count the restarts that the fleet recorded for a service."""
    talk = demo.ask(
        "", actionCode=f"len([d for d in system.deployments(service={service!r}, limit=500) if d.kind == 'restart'])"
    )
    return int(talk.activities("sanca-round")[-1]["value"])


def test_killing_the_engine_in_mid_run_is_told_and_no_effect_happens_twice(demo: DemoProcess) -> None:
    service = a_service(demo)
    before = restarts_of(demo, service)
    talk = demo.ask("", actionCode=EFFECT_THEN_WAIT.format(service=service))
    assert talk.interrupts, talk.terminal
    killed = demo.engine_pid()
    said: list[str] = []

    def approve() -> None:
        demo.answer(talk)
        said.append("stream closed")

    answering = threading.Thread(target=approve)
    answering.start()
    wait_for(lambda: "restarted" in talk.text or _restarted(demo, service, before), what="the effect")
    os.kill(killed, signal.SIGKILL)
    answering.join(30)
    assert said == ["stream closed"]
    assert talk.terminal["type"] == "RUN_ERROR"
    assert talk.terminal["code"] == "engine_lost"

    wait_for(lambda: demo.engine_pid() != killed, what="the host restarting the engine")
    demo.wait_engine()
    replay = connect(demo, talk.thread_id)
    assert replay.terminal["type"] == "RUN_ERROR"
    assert replay.terminal["code"] == "interrupted"
    notices = [notice["text"] for notice in replay.activities("sanca-notice")]
    assert any("system.restart" in text for text in notices), notices

    assert restarts_of(demo, service) == before + 1
    again = demo.ask("what is 7 times 8?", conversation=Conversation(talk.thread_id))
    assert "56" in again.text


def _restarted(demo: DemoProcess, service: str, before: int) -> bool:
    """Whether the fleet shows a younger process of the service (looked up without the engine)."""
    services = {one["name"]: one for one in demo.get("/api/fleet")["services"]}
    return bool(services[service]["uptimeSeconds"] < 3)


def in_background(demo: DemoProcess, thread_id: str, code: str) -> tuple[Conversation, threading.Thread]:
    """Run a person's action and collect its events while the test goes on."""
    talk = Conversation(thread_id)
    body = run_input(thread_id, "", {"actionCode": code})
    running = threading.Thread(target=lambda: talk.events.extend(demo.stream(body)))
    running.start()
    return talk, running


def connect(demo: DemoProcess, thread_id: str) -> Conversation:
    """Read a session again from the start, as a reloading page does."""
    talk = Conversation(thread_id)
    with demo.client.stream("GET", "/agui/connect", params={"threadId": thread_id}, timeout=60) as answer:
        talk.events += [json.loads(line[5:]) for line in answer.iter_lines() if line.startswith("data:")]
    return talk


def test_a_reload_in_mid_run_shows_every_event_once(demo: DemoProcess) -> None:
    code = "for i in range(40):\n    say(f'line {i}')\n    import time\n    time.sleep(0.05)\n'end'"
    thread = f"ses_{uuid.uuid4().hex}"
    first = Conversation(thread)
    running = threading.Thread(
        target=lambda: first.events.extend(demo.stream(run_input(thread, "", {"actionCode": code})))
    )
    running.start()
    wait_for(lambda: "line 3" in first.text, what="the run's first lines")
    second = connect(demo, thread)
    running.join(30)
    lines = [f"line {i}" for i in range(40)]
    for talk in (first, second, connect(demo, thread)):
        assert re.findall(r"line \d+", talk.text) == lines
        assert talk.terminal["type"] == "RUN_FINISHED"
    assert second.text == first.text


def test_cancel_ends_a_run_and_no_effect_leaves_after(demo: DemoProcess) -> None:
    service = a_service(demo)
    before = restarts_of(demo, service)
    code = f"import time\nsay('begun')\ntime.sleep(1.5)\nsystem.restart(service={service!r})"
    thread = f"ses_{uuid.uuid4().hex}"
    talk = Conversation(thread)
    running = threading.Thread(
        target=lambda: talk.events.extend(demo.stream(run_input(thread, "", {"actionCode": code})))
    )
    running.start()
    wait_for(lambda: "begun" in talk.text, what="the run beginning")
    session = next(one for one in demo.get("/api/sanca/sessions") if one["sessionId"] == thread)
    demo.post(f"/api/sanca/runs/{session['liveRunId']}/cancel")
    running.join(15)
    assert talk.terminal["type"] == "RUN_FINISHED"
    assert talk.terminal["outcome"]["type"] == "cancelled"
    assert restarts_of(demo, service) == before


def test_killing_the_host_leaves_an_engine_that_says_so_and_reconnects(built_portal: Path, tmp_path: Path) -> None:
    with DemoProcess(tmp_path / "sanca") as demo:
        demo.sign_in()
        demo.wait_engine()
        engine = demo.engine_pid()
        os.kill(demo.pid, signal.SIGKILL)
        from sanca.python_runtime.cli.access import ask_health

        health = wait_for(lambda: _disconnected(demo.home), what="the engine noticing")
        assert health.gateway == "disconnected"
        assert health.gateway_detail
        demo.stop()
        demo.start()
        demo.sign_in()
        demo.wait_engine()
        assert ask_health(demo.home).gateway == "connected"
        assert demo.engine_pid() == engine, "the new host attaches to the engine that lives"
        os.kill(engine, signal.SIGTERM)


def _disconnected(home: Path) -> Any:
    from sanca.python_runtime.cli.access import ask_health

    health = ask_health(home)
    return health if health.gateway != "connected" else None
