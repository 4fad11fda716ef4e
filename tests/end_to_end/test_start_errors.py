"""What a person reads when the demo cannot start as it should: one sentence with the mend, and never a stack trace."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from demo_process import ROOT, SIGN_IN, DemoProcess
from sanca.core.errors import GatewayAuthError, SancaError
from sanca.python_runtime.cli.access import ask_health
from sanca.toolkit_bridge import WireGateway

pytestmark = [pytest.mark.jvm]


def wait_for(condition: Callable[[], Any], what: str, timeout_seconds: float = 40.0) -> Any:
    """Return the condition's first true value, or fail."""
    deadline = time.monotonic() + timeout_seconds
    while time.monotonic() < deadline:
        try:
            if found := condition():
                return found
        except (SancaError, FileNotFoundError, ValueError):
            pass
        time.sleep(0.05)
    raise AssertionError(f"{what} did not happen in {timeout_seconds} s")


@contextmanager
def listener() -> Iterator[int]:
    """Take a port of the loopback and hold it."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        yield int(taken.getsockname()[1])


def fails_to_start(demo: DemoProcess) -> str:
    """Start a host that cannot start; return what it printed."""
    with pytest.raises(RuntimeError, match="did not start") as failure:
        demo.start()
    demo.stop()
    demo.client.close()
    return str(failure.value).partition("it printed:\n")[2]


def check_one_sentence(printed: str, *words: str) -> None:
    """Fail unless it is short, holds the words and no trace of the inside."""
    assert all(word in printed for word in words), printed
    assert len(printed.strip().splitlines()) <= 3, printed
    for inside in ("Exception", "\tat ", "Traceback", "org.springframework"):
        assert inside not in printed


def test_a_taken_gateway_port_is_named_with_its_holder(built_portal: Path, tmp_path: Path) -> None:
    demo = DemoProcess(tmp_path / "sanca")
    with listener() as port:
        demo.gateway_port = port
        printed = fails_to_start(demo)
    check_one_sentence(printed, str(port), str(os.getpid()), "sanca.gateway.port")
    assert not (demo.home / "gateway.json").exists()


def test_a_taken_http_port_is_named(built_portal: Path, tmp_path: Path) -> None:
    demo = DemoProcess(tmp_path / "sanca")
    with listener() as port:
        demo.port = port
        printed = fails_to_start(demo)
    check_one_sentence(printed, str(port))


def test_a_second_host_on_the_same_state_folder_is_told(demo: DemoProcess) -> None:
    engine = demo.engine_pid()
    second = DemoProcess(demo.home)
    printed = fails_to_start(second)
    check_one_sentence(printed, str(demo.home), "sanca.home")
    assert demo.engine_pid() == engine
    assert "56" in demo.ask("what is 7 times 8?").text, "the first host still works"


def test_a_second_engine_on_the_same_state_folder_is_told(demo: DemoProcess) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "sanca", "serve"], env={**os.environ, "SANCA_HOME": str(demo.home)},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 3
    check_one_sentence(done.stdout + done.stderr, str(demo.home))


def test_no_git_is_said_with_the_mend(built_portal: Path, tmp_path: Path) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    java = shutil.which("java")
    assert java
    (programs / "java").symlink_to(java)
    demo = DemoProcess(tmp_path / "sanca", environment={"PATH": str(programs)})
    check_one_sentence(fails_to_start(demo), "git")


def test_without_a_python_the_host_stays_up_and_says_why_the_engine_is_down(built_portal: Path, tmp_path: Path) -> None:
    arguments = (
        "--sanca.engine.python=/nowhere/python", f"--portal.fleet.python={sys.executable}",
        f"--portal.reviewer.python={sys.executable}", f"--sanca.mcp.servers.runbooks.command={sys.executable}",
    )  # fmt: skip
    demo = DemoProcess(tmp_path / "sanca", arguments=arguments)
    with demo:
        demo.sign_in()
        status = demo.get("/api/sanca/status")
        assert status["engine"] == "down"
        assert "/nowhere/python" in status["message"] and "sanca.engine.python" in status["message"]
        health = demo.client.get("/actuator/health")
        assert health.status_code == 503 and health.json()["status"] == "DOWN"
        assert len(demo.get("/api/fleet")["services"]) == 4
        refused = demo.client.get("/api/sanca/sessions")
        assert refused.status_code == 503
        assert "Exception" not in refused.text


def gateway_to(home: Path, port: int, token: str) -> Any:
    """Return a gateway that finds this port and token in its state folder."""
    home.mkdir(exist_ok=True)
    said = {"port": port, "token": token, "pid": os.getpid(), "startedAt": "2026-01-01T00:00:00Z"}
    (home / "gateway.json").write_text(json.dumps(said), encoding="utf-8")
    return WireGateway(home)


def real_token(demo: DemoProcess) -> str:
    """Return the running host's token."""
    return str(json.loads((demo.home / "gateway.json").read_text(encoding="utf-8"))["token"])


def test_the_gateway_refuses_a_wrong_and_an_empty_token(demo: DemoProcess, tmp_path: Path) -> None:
    for token in ("wrong", ""):
        gateway = gateway_to(tmp_path, demo.gateway_port, token)
        with pytest.raises(GatewayAuthError, match="token"):
            gateway.describe()
        gateway.close()
    right = gateway_to(tmp_path, demo.gateway_port, real_token(demo))
    assert {one.name for one in right.describe().toolkits} >= {"system", "card", "host"}
    right.close()


def test_the_gateway_answers_nothing_to_a_client_without_a_token(demo: DemoProcess) -> None:
    with socket.create_connection(("127.0.0.1", demo.gateway_port), timeout=10) as raw:
        raw.sendall(b"c\nt\ndescribe\ne\n")
        answered = b""
        with_more = True
        while with_more:
            try:
                piece = raw.recv(4096)
            except ConnectionError:
                break
            answered += piece
            with_more = bool(piece)
    assert b"toolkits" not in answered
    assert len(answered) < 500


def test_an_engine_with_a_wrong_token_says_so_and_recovers(demo: DemoProcess, tmp_path: Path) -> None:
    gateway_to(tmp_path, demo.gateway_port, "wrong").close()
    engine = subprocess.Popen(
        [sys.executable, "-m", "sanca", "serve"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        env={**os.environ, "SANCA_HOME": str(tmp_path), "SANCA_ENGINE_PORT": "0"},
    )  # fmt: skip
    try:
        told = wait_for(lambda: _gateway_detail(tmp_path), "the engine noticing the wrong token")
        assert "token" in told
        gateway_to(tmp_path, demo.gateway_port, real_token(demo)).close()
        wait_for(lambda: ask_health(tmp_path).gateway == "connected", "the engine finding the right token")
    finally:
        engine.terminate()
        engine.wait(20)


def _gateway_detail(home: Path) -> str:
    health = ask_health(home)
    return health.gateway_detail if "token" in health.gateway_detail else ""


def processes_of(home: Path) -> set[int]:
    """Return every process that has the state folder in its command line or environment, and their descendants."""
    marked, parents = set(), {}
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit() or int(folder.name) == os.getpid():
            continue
        with contextlib.suppress(OSError):
            parents[int(folder.name)] = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            if str(home).encode() in (folder / "cmdline").read_bytes() + (folder / "environ").read_bytes():
                marked.add(int(folder.name))
    while more := {child for child, parent in parents.items() if parent in marked} - marked:
        marked |= more
    return marked


def lives(pid: int) -> bool:
    """Whether a process is there and no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def test_ctrl_c_ends_every_process_of_the_demo(built_portal: Path, tmp_path: Path) -> None:
    demo = DemoProcess(tmp_path / "sanca")
    demo.client.close()
    ports = [argument for argument in demo.command() if "port=" in argument]
    signal.signal(signal.SIGINT, signal.default_int_handler)  # else a test run in the background hands on "ignore"
    script = subprocess.Popen(
        [str(ROOT / "scripts" / "demo.sh"), *ports],
        env={**os.environ, "SANCA_HOME": str(demo.home), "SANCA_ENGINE_PORT": str(demo.engine_port)},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
    )  # fmt: skip
    assert script.stdout is not None
    printed, running = "", set[int]()
    try:
        for line in script.stdout:
            printed += line
            if SIGN_IN.search(line):
                break
        wait_for((demo.home / "engine.json").exists, "the engine serving")
        running = processes_of(demo.home)
        assert len(running) >= 8, running
        os.killpg(script.pid, signal.SIGINT)
        printed += script.stdout.read()
        assert script.wait(30) == 0, printed
        wait_for(lambda: not any(map(lives, running)), "the end of every process", 15)
        wait_for(lambda: not processes_of(demo.home), "the end of those that had only begun", 15)
    finally:
        script.stdout.close()
        for pid in filter(lives, running | processes_of(demo.home)):
            os.kill(pid, signal.SIGKILL)
    assert "Exception" not in printed and "Traceback" not in printed
    assert not (demo.home / "gateway.json").exists()
    assert not (demo.home / "engine.json").exists()
