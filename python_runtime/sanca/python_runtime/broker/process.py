"""The broker's process: reads what the engine asks, answers, and ends when the engine does."""

from __future__ import annotations

import fcntl
import signal
import socket
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

import structlog
from sanca.core.errors import ConfigurationError, SancaError, StoreUnavailableError
from sanca.core.settings import ensure_home
from sanca.python_runtime.broker.broker import Broker
from sanca.python_runtime.broker.channel import MessageReader
from sanca.python_runtime.broker.logs import configure_logs
from sanca.python_runtime.broker.outbox import Outbox
from sanca.python_runtime.broker.records import run_context
from sanca.python_runtime.broker.run_state import Answer
from sanca.python_runtime.lifecycle import forbid_core_dumps

log = structlog.get_logger(__name__)

SWITCH_INTERVAL_SECONDS = 0.0001
"""A thread that serves a call must not wait for one that writes rows; 0.5 ms costs twice the 99th percentile."""

_READ_BYTES = 262_144
_DESCRIPTORS_AT_ONCE = 64
_LOCK_WAIT_SHARE = 0.6
"""Of the time the engine gives us to start: an older broker may still be writing its last rows."""


def main() -> None:
    """Serve the engine at the other end of the socket whose number is the only argument."""
    sys.setswitchinterval(SWITCH_INTERVAL_SECONDS)
    forbid_core_dumps()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the engine decides when we end
    try:
        connected = socket.socket(fileno=int(sys.argv[1]))
    except (IndexError, ValueError, OSError):
        sys.exit("The broker is started by the engine (sanca serve), not by hand.")
    connected.set_inheritable(False)
    Service(connected).serve()


class Service:
    """One engine, one broker: dispatches messages until the engine is gone."""

    def __init__(self, connected: socket.socket) -> None:
        self._socket = connected
        self._outbox = Outbox(connected)
        self._broker: Broker | None = None
        self._lock_file: Any = None
        self._descriptors: deque[int] = deque()
        self._at_once: dict[str, Callable[[Broker, dict[str, Any]], Any]] = {
            "bind": self._bind,
            "waited_seconds": lambda broker, asked: broker.waited_seconds(asked["sandbox_session_id"]),
            "unbind": lambda broker, asked: broker.unbind(asked["sandbox_session_id"]),
            "end_session": lambda broker, asked: broker.end_session(asked["sandbox_session_id"]),
            "answer": _answer,
            "ping": lambda _broker, _asked: True,
        }
        self._in_a_thread: dict[str, Callable[[Broker, dict[str, Any]], Any]] = {
            "open_run": lambda broker, asked: broker.open_run(run_context(asked["context"])),
            "close_run": lambda broker, asked: broker.close_run(asked["run_id"]),
            "call": lambda broker, asked: broker.call(
                asked["run_id"], asked["toolkit"], asked["tool"], asked["arguments"]
            ),
            "call_once": lambda broker, asked: broker.call_once(
                run_context(asked["context"]), asked["toolkit"], asked["tool"], asked["arguments"]
            ),
            "close_gate": lambda broker, asked: broker.close_gate(asked["run_id"]),
            "refresh_toolkits": lambda broker, _asked: broker.refresh_toolkits(),
            "health": lambda broker, _asked: broker.health(),
        }

    def serve(self) -> None:
        """Answer until the engine closes the channel or says so."""
        reader = MessageReader()
        try:
            while data := self._receive():
                for message in reader.feed(data):
                    if message["op"] == "close":
                        return
                    self._take(message)
        finally:
            self._end()

    def _receive(self) -> bytes:
        try:
            data, descriptors, _, _ = socket.recv_fds(self._socket, _READ_BYTES, _DESCRIPTORS_AT_ONCE)
        except OSError:
            return b""
        self._descriptors.extend(descriptors)
        return data

    def _take(self, message: dict[str, Any]) -> None:
        op, broker = message["op"], self._broker
        if op == "start":
            self._reply(message, self._start)
        elif broker is None:
            self._reply(message, _not_started)
        elif op == "append":
            self._append(broker, message)
        elif op == "engine_reply":
            broker.engine_reply(message)
        elif op == "reply_taken":
            broker.reply_taken(message)
        elif op == "flush":
            broker.flush(lambda problem: self._flushed(message, problem))
        elif op in self._at_once:
            self._reply(message, lambda asked: self._at_once[op](broker, asked))
        elif op in self._in_a_thread:
            act = self._in_a_thread[op]
            target = lambda: self._reply(message, lambda asked: act(broker, asked))  # noqa: E731 (a closure for one thread)
            threading.Thread(target=target, name=op, daemon=True).start()

    def _reply(self, message: dict[str, Any], act: Callable[[dict[str, Any]], Any]) -> None:
        reply: dict[str, Any] = {"op": "reply", "number": message["number"]}
        try:
            reply |= {"ok": True, "value": act(message)}
        except SancaError as error:
            reply |= {"ok": False, "error": type(error).__name__, "message": str(error)}
        except Exception as error:
            log.exception("operation_failed", op=message["op"])
            text = f"The broker failed at {message['op']!r}: {type(error).__name__}: {error}"
            reply |= {"ok": False, "error": "RunError", "message": text}
        self._outbox.post(reply)

    def _start(self, message: dict[str, Any]) -> dict[str, Any]:
        home = ensure_home(Path(message["home"]))
        configure_logs(message["log_level"])
        self._lock_file = _lock(home, message["timeout_seconds"] * _LOCK_WAIT_SHARE)
        self._broker = Broker(
            home,
            message["toolkit_factories"],
            self._outbox,
            adds_libraries=message["adds_libraries"],
            remembers=message["remembers"],
            answers_unread_seconds=message["answers_unread_seconds"],
            tool_failures=message["tool_failures"],
            tool_pause_seconds=message["tool_pause_seconds"],
        )
        return self._broker.open()

    def _bind(self, broker: Broker, asked: dict[str, Any]) -> None:
        connected = socket.socket(fileno=self._descriptors.popleft()) if asked["has_socket"] else None
        try:
            broker.bind(asked["sandbox_session_id"], connected, asked["run_id"], asked["round"])
        except SancaError:
            if connected is not None:
                connected.close()
            raise

    def _append(self, broker: Broker, message: dict[str, Any]) -> None:
        try:
            broker.append(message)
        except StoreUnavailableError as error:
            log.error("fact_not_written", kind=message["kind"], run_id=message["run_id"], reason=str(error))

    def _flushed(self, message: dict[str, Any], problem: str) -> None:
        def result(_: dict[str, Any]) -> None:
            if problem:
                raise StoreUnavailableError(f"The journal cannot be written: {problem}.")

        self._reply(message, result)

    def _end(self) -> None:
        if self._broker is not None:
            self._broker.close()
        self._outbox.close()
        self._socket.close()


def _answer(broker: Broker, asked: dict[str, Any]) -> bool:
    answer = Answer(asked["approved"], asked["by"], asked["reason"], asked["value"])
    return broker.answer(asked["run_id"], asked["call_id"], answer)


def _not_started(_: dict[str, Any]) -> None:
    raise ConfigurationError("The broker has not been started.")


def _lock(home: Path, timeout_seconds: float) -> Any:
    """Hold the state folder's journal alone, and return what has to stay open for it."""
    file = (home / "broker.lock").open("w", encoding="ascii")
    end = time.monotonic() + timeout_seconds
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > end:
                raise ConfigurationError(
                    f"Another broker still holds the state folder {str(home)!r}; stop the engine that started it.",
                    setting="SANCA_HOME",
                ) from None
            time.sleep(0.05)
        else:
            return file
