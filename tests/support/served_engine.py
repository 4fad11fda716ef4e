"""A real `sanca serve` process under test, and a gRPC client of it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc
from sanca.python_runtime.service import engine_pb2 as pb
from sanca.python_runtime.service import engine_pb2_grpc

SERVE = [sys.executable, "-m", "sanca", "serve"]
CALLER = pb.Caller(tenant="default", user="olga", rights=["*"], channel="chat")


class ServedEngine:
    """The process and a stub; the state folder comes from the environment (`SANCA_HOME`)."""

    def __init__(self, home: Path, log: Path) -> None:
        card = home / "engine.json"
        card.unlink(missing_ok=True)  # a killed engine leaves its card
        self._log = log.open("ab")
        self.process = subprocess.Popen(SERVE, stderr=self._log, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
        try:
            self.card: dict[str, Any] = self._wait_for(card)
        except BaseException:
            self.kill()  # nobody else knows of it
            raise
        self._channel = grpc.insecure_channel(self.card["address"])
        self.stub = engine_pb2_grpc.EngineStub(self._channel)
        self.metadata = (("authorization", f"Bearer {self.card['token']}"),)

    def __getattr__(self, method: str) -> Any:
        """Return a method of the service with the token, bounded in time."""
        call = getattr(self.stub, method)

        def with_token(request: Any, seconds: float = 30) -> Any:
            return call(request, metadata=self.metadata, timeout=seconds)

        return with_token

    def start(self, session_id: str, **more: Any) -> Iterator[dict[str, Any]]:
        """Start a run and yield its events."""
        request = pb.StartRunRequest(caller=CALLER, session_id=session_id, **more)
        return (json.loads(event.event_json) for event in self.StartRun(request))

    def session_events(self, session_id: str) -> list[dict[str, Any]]:
        """Return all events of a session."""
        request = pb.AttachSessionRequest(caller=CALLER, session_id=session_id)
        return [json.loads(event.event_json) for event in self.AttachSession(request)]

    def kill(self) -> None:
        """End it as a crash does."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)

    def stop(self, seconds: float = 15) -> int:
        """End it politely; returns its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(seconds)

    def close(self) -> None:
        """Let go of everything."""
        self._channel.close()
        if self.process.poll() is None:
            self.stop()
        self._log.close()

    def _wait_for(self, card: Path) -> dict[str, Any]:
        deadline = time.monotonic() + 40
        while time.monotonic() < deadline and self.process.poll() is None:
            if card.exists():
                return dict(json.loads(card.read_text(encoding="utf-8")))
            time.sleep(0.01)  # nothing tells of a file without a further library
        raise AssertionError("the engine did not start; its log says why")


@contextmanager
def served(home: Path, log: Path) -> Iterator[ServedEngine]:
    """Serve for as long as the block lasts."""
    engine = ServedEngine(home, log)
    try:
        yield engine
    finally:
        engine.close()
