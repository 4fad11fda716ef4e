"""The demo as a child process with ports and state of its own, and a signed-in HTTP client to it. No browser."""

from __future__ import annotations

import contextlib
import json
import os
import re
import select
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import httpx

ROOT = Path(__file__).resolve().parents[2]
PORTAL_APP = ROOT / "java-host" / "portal" / "target" / "app"
PORTAL_JAR = PORTAL_APP / "portal.jar"
SIGN_IN = re.compile(r"http://127\.0\.0\.1:\d+/sign-in\?code=[\w-]+(?=\s)")
JAVA_FLAGS = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx512m")
CLASS_ARCHIVE = (f"-XX:SharedArchiveFile={PORTAL_APP / 'portal.jsa'}", "-Xshare:auto", "-Xlog:disable", "-Xlog:all=off")


def free_ports(count: int) -> list[int]:
    """Return `count` ports of the loopback that nobody listens on now."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [int(one.getsockname()[1]) for one in sockets]


def free_port_block(length: int) -> int:
    """Return the first of `length` neighbouring ports that nobody listens on now."""
    for first in range(21000 + os.getpid() % 5000, 60000, length):
        with contextlib.ExitStack() as stack:
            try:
                for port in range(first, first + length):
                    stack.enter_context(socket.socket()).bind(("127.0.0.1", port))
            except OSError:
                continue
            return first
    raise RuntimeError("no free block of ports")


@dataclass
class Conversation:
    """The events of one or more AG-UI runs on a thread, and what is easily read from them."""

    thread_id: str
    events: list[dict[str, Any]] = field(default_factory=list)

    @property
    def text(self) -> str:
        """Everything the assistant said, in order."""
        return "".join(e["delta"] for e in self.events if e["type"] == "TEXT_MESSAGE_CONTENT")

    @property
    def terminal(self) -> dict[str, Any]:
        """The last terminal event."""
        return [e for e in self.events if e["type"] in {"RUN_FINISHED", "RUN_ERROR"}][-1]

    @property
    def interrupts(self) -> list[dict[str, Any]]:
        """What the last AG-UI run waits for; empty when it waits for nothing."""
        outcome = self.terminal.get("outcome") or {}
        return list(outcome.get("interrupts", ())) if outcome.get("type") == "interrupt" else []

    def activities(self, kind: str) -> list[dict[str, Any]]:
        """Return the last content of each activity of a kind, in order of first appearance."""
        found: dict[str, dict[str, Any]] = {}
        for event in self.events:
            if event["type"] == "ACTIVITY_SNAPSHOT" and event["activityType"] == kind:
                found[event["messageId"]] = event["content"]
        return list(found.values())


class DemoProcess:
    """Starts the built portal; everything it starts ends with it."""

    def __init__(
        self, home: Path, *, environment: dict[str, str] | None = None, arguments: tuple[str, ...] = ()
    ) -> None:
        self.home = home
        self.port, self.gateway_port, self.engine_port, self.reviewer_port = free_ports(4)
        self.fleet_port = free_port_block(6)
        self._environment = {**os.environ, **(environment or {})}
        self._arguments = arguments
        self._process: subprocess.Popen[bytes] | None = None
        self.client = httpx.Client(base_url=f"http://127.0.0.1:{self.port}", timeout=60.0)
        self.sign_in_address = ""

    @property
    def pid(self) -> int:
        """Process id of the host."""
        assert self._process is not None
        return self._process.pid

    def command(self) -> list[str]:
        """Return the command line that `make demo` uses, with ports of our own."""
        return [
            "java", *JAVA_FLAGS, *CLASS_ARCHIVE, "-jar", str(PORTAL_JAR),
            f"--server.port={self.port}", f"--sanca.gateway.port={self.gateway_port}",
            f"--portal.fleet.base-port={self.fleet_port}", f"--portal.reviewer.port={self.reviewer_port}",
            f"--sanca.engine.python={sys.executable}", f"--sanca.demo.root={ROOT}", *self._arguments,
        ]  # fmt: skip

    def start(self, *, timeout_seconds: float = 90.0) -> Self:
        """Start the host and wait until it printed its sign-in address."""
        self.home.mkdir(parents=True, exist_ok=True)
        environment = {**self._environment, "SANCA_HOME": str(self.home), "SANCA_ENGINE_PORT": str(self.engine_port)}
        self._process = subprocess.Popen(
            self.command(), cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            start_new_session=True,
        )  # fmt: skip
        try:
            self.sign_in_address = self._wait_for_sign_in(time.monotonic() + timeout_seconds)
        except BaseException:
            self.stop()
            raise
        return self

    def _wait_for_sign_in(self, deadline: float) -> str:
        assert self._process is not None and self._process.stdout is not None
        printed = b""
        output = self._process.stdout.fileno()
        while time.monotonic() < deadline:
            if select.select([output], [], [], 0.5)[0]:
                piece = os.read(output, 65536)
                printed += piece
                if found := SIGN_IN.search(printed.decode(errors="replace")):
                    return found.group()
                if not piece:
                    break
        raise RuntimeError(f"the portal did not start; it printed:\n{printed.decode(errors='replace')}")

    def stop(self, *, sign: int = signal.SIGTERM) -> None:
        """Stop the host and wait for it."""
        if self._process is None:
            return
        if self._process.poll() is None:
            self._process.send_signal(sign)
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(5)
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._process = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.client.close()
        self.stop()

    def sign_in(self) -> None:
        """Use the one-time address; the client is the operator from here on."""
        self.client.get(self.sign_in_address, follow_redirects=True).raise_for_status()
        self.client.get("/api/me").raise_for_status()

    def _headers(self) -> dict[str, str]:
        return {"X-XSRF-TOKEN": self.client.cookies.get("XSRF-TOKEN") or ""}

    def get(self, path: str, **params: Any) -> Any:
        """GET a JSON document."""
        answer = self.client.get(path, params=params)
        answer.raise_for_status()
        return answer.json()

    def post(self, path: str, body: Any = None) -> Any:
        """POST JSON with the CSRF header; return JSON, or None when there is no body."""
        return self.send("POST", path, body if body is not None else {})

    def send(self, method: str, path: str, body: Any = None) -> Any:
        """Send JSON with the CSRF header; return JSON, or None when there is no body."""
        answer = self.client.request(method, path, json=body, headers=self._headers())
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def stream(self, body: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """POST /agui and yield its events as they come."""
        headers = {**self._headers(), "Accept": "text/event-stream"}
        with self.client.stream("POST", "/agui", json=body, headers=headers, timeout=120.0) as answer:
            if answer.status_code != httpx.codes.OK:
                answer.read()
                answer.raise_for_status()
            for line in answer.iter_lines():
                if line.startswith("data:"):
                    yield json.loads(line[5:])

    def ask(self, message: str, *, conversation: Conversation | None = None, **forwarded: Any) -> Conversation:
        """Send a message and collect events until the AG-UI run ends."""
        talk = conversation or Conversation(f"ses_{uuid.uuid4().hex}")
        talk.events += self.stream(run_input(talk.thread_id, message, forwarded))
        return talk

    def answer(self, talk: Conversation, *, approved: bool = True, reason: str = "", value: Any = None) -> Conversation:
        """Answer the first thing the conversation waits for."""
        interrupt = talk.interrupts[0]["id"]
        payload = {"approved": approved, "reason": reason, "value": value}
        resume = [{"interruptId": interrupt, "status": "resolved", "payload": payload}]
        talk.events += self.stream({**run_input(talk.thread_id, None, {}), "resume": resume})
        return talk

    def ask_and_approve(self, message: str, *, most: int = 12, **forwarded: Any) -> Conversation:
        """Ask, and approve everything it asks for."""
        talk = self.ask(message, **forwarded)
        for _ in range(most):
            if not talk.interrupts:
                break
            self.answer(talk)
        return talk

    def wait_engine(self, *, timeout_seconds: float = 40.0) -> None:
        """Wait until the host reports the engine up and connected to the gateway."""
        deadline = time.monotonic() + timeout_seconds
        status: Any = None
        while time.monotonic() < deadline:
            with contextlib.suppress(httpx.HTTPError):
                status = self.get("/api/sanca/status")
                if status["engine"] == "up" and (status["details"] or {}).get("gateway") == "connected":
                    return
            time.sleep(0.2)
        raise RuntimeError(f"the engine did not come up: {status}")

    def engine_pid(self) -> int:
        """Process id of the engine now."""
        return int(json.loads((self.home / "engine.json").read_text(encoding="utf-8"))["pid"])


def run_input(thread_id: str, message: str | None, forwarded: dict[str, Any]) -> dict[str, Any]:
    """Return an AG-UI RunAgentInput."""
    messages = [{"id": f"msg_{uuid.uuid4().hex}", "role": "user", "content": message}] if message is not None else []
    return {
        "threadId": thread_id, "runId": f"agui_{uuid.uuid4().hex}", "messages": messages, "state": {}, "tools": [],
        "context": [], "forwardedProps": forwarded,
    }  # fmt: skip
