"""The broker's end of a sandbox session's tool channel, as a thread: notes what is said, and waits when told to."""

from __future__ import annotations

import os
import socket
import threading
from contextlib import suppress
from typing import Any

from sanca.python_runtime.broker import frames


class ToolAnswers:
    """Answers every call at once, `system.wait(seconds)` later."""

    def __init__(self, connected: socket.socket) -> None:
        self.said = threading.Event()
        """Set when the action says something."""
        self._release = threading.Event()
        self._socket = socket.socket(fileno=os.dup(connected.fileno()))
        connected.close()
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def close(self) -> None:
        """Hang up."""
        self._release.set()
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join(5)
        self._socket.close()

    def _serve(self) -> None:
        while (call := frames.receive(self._socket)) is not None:
            try:
                frames.send(self._socket, {"n": call["n"], "ok": True, "v": self._value(call)})
            except OSError:
                return

    def _value(self, call: dict[str, Any]) -> Any:
        if call["f"] == "say":
            self.said.set()
        elif call["f"] == "wait":
            self._release.wait(call["a"][0])
        return {"toolkits": []} if call["f"] == "describe" else None
