"""Sockets that wait for an attack to reach them, and count. Nothing is ever sent to them but by attacks."""

from __future__ import annotations

import selectors
import socket
import threading
from collections import Counter
from pathlib import Path

_LOOK_SECONDS = 0.2


class Listeners:
    """TCP and UDP on the loopback, a unix socket with a path, and an abstract one."""

    def __init__(self, path: Path, name: str) -> None:
        self.path = path
        self._counts: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._selector = selectors.DefaultSelector()
        self._sockets: list[socket.socket] = []
        self.tcp = self._open("TCP", socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", 0))
        self.tcp6 = self._open("TCP over IPv6", socket.AF_INET6, socket.SOCK_STREAM, ("::1", 0))
        self.udp = self._open("UDP", socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", 0))
        self._open("a unix socket", socket.AF_UNIX, socket.SOCK_STREAM, str(path))
        path.chmod(0o666)
        self._open("an abstract socket", socket.AF_UNIX, socket.SOCK_STREAM, f"\0{name}")
        self._open("an abstract datagram", socket.AF_UNIX, socket.SOCK_DGRAM, f"\0{name}-datagram")
        self.free = _free_port()
        """A port on which an attack must not be found listening."""
        self._closing = False
        self._thread = threading.Thread(target=self._serve, name="isolation-listeners", daemon=True)
        self._thread.start()

    def take(self) -> dict[str, int]:
        """Return who was reached how often since the last time."""
        with self._lock:
            counts, self._counts = dict(self._counts), Counter()
        return counts

    def is_served(self) -> bool:
        """Whether somebody listens on the free port."""
        try:
            socket.create_connection(("127.0.0.1", self.free), timeout=0.2).close()
        except OSError:
            return False
        return True

    def close(self) -> None:
        """Close them all."""
        self._closing = True
        self._thread.join()
        for each in self._sockets:
            each.close()
        self._selector.close()

    def _open(self, kind: str, family: int, way: int, address: tuple[str, int] | str) -> int:
        """Open a listener and return its port; 0 where there is none, as on a machine without IPv6."""
        made = socket.socket(family, way)
        self._sockets.append(made)
        try:
            made.bind(address)
        except OSError:
            return 0
        if way == socket.SOCK_STREAM:
            made.listen(16)
        made.setblocking(False)
        self._selector.register(made, selectors.EVENT_READ, kind)
        return int(made.getsockname()[1]) if isinstance(address, tuple) else 0

    def _serve(self) -> None:
        while not self._closing:
            for key, _ in self._selector.select(_LOOK_SECONDS):
                self._receive(key)

    def _receive(self, key: selectors.SelectorKey) -> None:
        listener = key.fileobj
        if not isinstance(listener, socket.socket):
            return
        try:
            if listener.type == socket.SOCK_STREAM:
                listener.accept()[0].close()
            else:
                listener.recv(65536)
        except OSError:
            return
        with self._lock:
            self._counts[key.data] += 1


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
