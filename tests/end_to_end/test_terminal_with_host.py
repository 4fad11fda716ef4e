"""The command line beside the running demo: it uses the demo's engine and, through it, the host's toolkits."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest
from demo_process import DemoProcess

pytestmark = [pytest.mark.jvm]


def sanca(demo: DemoProcess, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command on the demo's state folder, without a terminal."""
    return subprocess.run(
        [sys.executable, "-m", "sanca", *arguments], env={**os.environ, "SANCA_HOME": str(demo.home)},
        capture_output=True, text=True, check=False, timeout=90, stdin=subprocess.DEVNULL,
    )  # fmt: skip


def last_object(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    """Return the JSON object of the last line."""
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def service_pids(demo: DemoProcess) -> dict[str, int]:
    """Return the process id of every service."""
    return {str(one["name"]): int(one["pid"]) for one in demo.get("/api/fleet")["services"]}


def test_a_message_uses_the_running_demo(demo: DemoProcess) -> None:
    engine = demo.engine_pid()
    done = sanca(demo, "run", "which services are running?", "--json")
    said = last_object(done)
    assert done.returncode == 0, done.stderr
    assert set(said) >= {"run_id", "status", "answer", "cards", "calls", "seconds", "usage"}
    assert said["status"] == "done"
    assert said["calls"] > 0
    assert all(name in said["answer"] + json.dumps(said["cards"]) for name in service_pids(demo))
    assert demo.engine_pid() == engine


def test_approve_all_lets_an_effect_happen(demo: DemoProcess) -> None:
    service, pid = next(iter(service_pids(demo).items()))
    done = sanca(demo, "run", f"restart {service}", "--json", "--approve", "all")
    assert (done.returncode, last_object(done)["status"]) == (0, "done"), done.stdout + done.stderr
    assert service_pids(demo)[service] != pid


@pytest.mark.parametrize("arguments", [("--approve", "none"), ()])
def test_without_a_yes_nothing_happens_and_the_exit_code_says_so(arguments: tuple[str, ...], demo: DemoProcess) -> None:
    service, pid = next(iter(service_pids(demo).items()))
    done = sanca(demo, "run", f"restart {service}", "--json", *arguments)
    assert (done.returncode, last_object(done)["status"]) == (1, "needs_input")
    assert service_pids(demo)[service] == pid


def test_what_it_does_not_know_fails_with_an_answer(demo: DemoProcess) -> None:
    done = sanca(demo, "run", "Hum a tune for the tulips", "--json")
    said = last_object(done)
    assert (done.returncode, said["status"]) == (1, "failed")
    assert "OPENAI_API_KEY" in said["answer"] or "model" in said["answer"]


def test_the_terminal_shows_the_answer_as_text_too(demo: DemoProcess) -> None:
    done = sanca(demo, "run", "what is 12% of 85?")
    assert done.returncode == 0
    assert "10.2" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


def test_doctor_sees_engine_and_gateway(demo: DemoProcess) -> None:
    done = sanca(demo, "doctor", "--json")
    checks = {one["name"]: one for one in json.loads(done.stdout)["checks"]}
    assert done.returncode == 0, done.stdout
    assert checks["engine"]["state"] == "ok"
    assert f"pid {demo.engine_pid()}" in checks["engine"]["detail"]
    assert "gateway connected" in checks["engine"]["detail"]
    assert checks["isolation"]["state"] == "ok"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("run", "hello", "--approve", "maybe"), "--approve"),
        (("run", "   "), "empty"),
        (("exec", "/nowhere/at/all.py"), "/nowhere/at/all.py"),
        (("skills", "match", "--queries", "/nowhere.txt"), "/nowhere.txt"),
    ],
)
def test_a_wrong_command_is_one_sentence(arguments: tuple[str, ...], words: str, demo: DemoProcess) -> None:
    done = sanca(demo, *arguments)
    assert done.returncode not in {0, None}
    assert words in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
