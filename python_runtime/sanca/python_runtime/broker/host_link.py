"""Keeps in touch with the host: finds it, reads what it offers, notices at once when it goes. Calls no tools."""

from __future__ import annotations

import select
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import structlog
from sanca.core.errors import GatewayError, GatewayUnavailableError
from sanca.toolkit_bridge.connection import connect, gateway_file
from sanca.toolkit_bridge.gateway import Gateway, HostDescription
from sanca.toolkit_bridge.wire import WireConnection

log = structlog.get_logger(__name__)

_FIRST_PAUSE_SECONDS = 0.1
_LONGEST_PAUSE_SECONDS = 2.0
_REREAD_SECONDS = 30.0
"""A host whose toolkits changed says so; this is for one that does not."""


class HostLink:
    """Started once, closed once. `changed` is called from its thread whenever the description is another one.

    `is_back` is called whenever a host was found that was not there before.
    """

    def __init__(
        self,
        home: Path,
        control: Gateway,
        changed: Callable[[], None],
        is_back: Callable[[HostDescription], None] = lambda _: None,
    ) -> None:
        self._home = home
        self._control = control
        self._changed = changed
        self._is_back = is_back
        self._asking = threading.Lock()
        self._wake_read, self._wake_write = socket.socketpair()
        self._ended = False
        self._tried = threading.Event()
        self.description: HostDescription | None = None
        """What the host offers; kept while it is away."""
        self.state: Literal["connected", "disconnected", "none"] = "none"
        self.detail = "No host has been found yet."
        self.latency_ms = 0.0
        self._thread = threading.Thread(target=self._keep, name="host-link", daemon=True)

    def start(self) -> None:
        """Begin to look for the host."""
        self._thread.start()

    def await_first_try(self, timeout_seconds: float) -> None:
        """Wait until the host has been looked for once."""
        self._tried.wait(timeout_seconds)

    def refresh(self) -> None:
        """Read the description now; a host that is away leaves the old one."""
        try:
            self._describe()
        except GatewayError as error:
            self._gone(str(error))

    def wake(self) -> None:
        """Look again now: a call could not reach the host."""
        self._wake_write.send(b"w")

    def close(self) -> None:
        """Stop looking."""
        self._ended = True
        self.wake()
        self._thread.join(5.0)
        self._wake_read.close()
        self._wake_write.close()

    def _keep(self) -> None:
        pause = _FIRST_PAUSE_SECONDS
        while not self._ended:
            try:
                self._describe()
                self._tried.set()
                pause = _FIRST_PAUSE_SECONDS
                self._watch()
            except GatewayError as error:
                self._gone(str(error))
                self._tried.set()
                self._pause(pause)
                pause = min(pause * 1.5, _LONGEST_PAUSE_SECONDS)

    def _describe(self) -> None:
        with self._asking:
            begun = time.perf_counter()
            description = self._control.describe()
            self.latency_ms = round((time.perf_counter() - begun) * 1000, 3)
            is_new = self.description is None or description.version != self.description.version
            if self.state != "connected":
                self._is_back(description)
                log.info("host_connected", version=description.version, toolkits=len(description.toolkits))
            self.description, self.state, self.detail = description, "connected", ""
        if is_new:
            self._changed()

    def _watch(self) -> None:
        """Hold a connection and return when it is time to read the description again.

        Raises:
            GatewayUnavailableError: The host closed it.
        """
        connection = connect(self._home, WireConnection)
        try:
            watched = [connection.fileno(), self._wake_read.fileno()]
            readable, _, _ = select.select(watched, [], [], _REREAD_SECONDS)
            if watched[1] in readable:
                self._wake_read.recv(1024)
            if watched[0] in readable and not self._ended:
                raise GatewayUnavailableError("The host closed the connection; it has stopped or is restarting.")
        finally:
            connection.close()

    def _gone(self, detail: str) -> None:
        if self.state == "connected":
            log.warning("host_lost", reason=detail)
        is_known = self.description is not None or gateway_file(self._home).exists()
        self.state, self.detail, self.latency_ms = ("disconnected" if is_known else "none"), detail, 0.0

    def _pause(self, seconds: float) -> None:
        """Wait, but not longer than until a host announces itself or somebody wakes us."""
        before, end = self._announced(), time.monotonic() + seconds
        while not self._ended and (left := end - time.monotonic()) > 0:
            readable, _, _ = select.select([self._wake_read], [], [], min(left, 0.2))
            if readable:
                self._wake_read.recv(1024)
                # Calls that fail in a loop wake us each time; without a pause we would take the processor from them.
                time.sleep(min(0.05, max(0.0, end - time.monotonic())))
                return
            if self._announced() != before:
                return

    def _announced(self) -> int:
        try:
            return gateway_file(self._home).stat().st_mtime_ns
        except OSError:
            return 0
