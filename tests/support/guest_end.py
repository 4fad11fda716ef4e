"""The sandbox's end of the tool channel for tests: frames as the contract says (section 4), by a plain socket."""

from __future__ import annotations

import os
import socket
from typing import Any

import msgpack

PART_BYTES = 65_536


class GuestEnd:
    """Calls tools as an action does. Blocking: use it from a thread."""

    def __init__(self) -> None:
        self.socket, self.broker_end = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.socket.settimeout(30)
        self._number = 0
        self._descriptors: list[int] = []

    def call(self, toolkit: str, tool: str, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Call a tool and return the whole answer: `ok` with `v`, or `e`."""
        self.begin(toolkit, tool, *args, **kwargs)
        return self.finish()

    def begin(self, toolkit: str, tool: str, *args: Any, **kwargs: Any) -> None:
        """Send a call and do not wait."""
        self._number += 1
        body = msgpack.packb({"n": self._number, "t": toolkit, "f": tool, "a": list(args), "k": kwargs})
        for start in range(0, len(body), PART_BYTES):
            more = b"\x01" if start + PART_BYTES < len(body) else b"\x00"
            self.socket.send(more + body[start : start + PART_BYTES])

    def finish(self) -> dict[str, Any]:
        """Wait for the answer of the last call; a long one is fetched."""
        answer = self.read()
        assert answer["n"] == self._number
        if "g" in answer:
            answer = self.fetch(answer)
        return {key: value for key, value in answer.items() if key != "n"}

    def send(self, message: dict[str, Any]) -> None:
        """Send any message."""
        self.socket.send(b"\x00" + msgpack.packb(message))

    def read(self) -> dict[str, Any]:
        """Wait for the next message, whosever it is."""
        body = b""
        while True:
            part = self.socket.recv(PART_BYTES + 1)
            assert part, "the broker closed the channel"
            body += part[1:]
            if part[:1] == b"\x00":
                found: dict[str, Any] = msgpack.unpackb(body)
                return found

    def fetch(self, answer: dict[str, Any]) -> dict[str, Any]:
        """Return the long message that an answer announces."""
        self.send({"n": answer["n"], "g": True})
        lent = self.read()
        assert lent["n"] == answer["n"]
        found: dict[str, Any] = msgpack.unpackb(os.pread(self.receive_descriptor(), answer["g"], 0))
        return found

    def receive_descriptor(self) -> int:
        """Receive the descriptor that the message before has announced; closed with this end."""
        marker, descriptors, _, _ = socket.recv_fds(self.socket, 1, 1)
        assert marker == b"\x03"
        self._descriptors += descriptors
        return descriptors[0]

    def value(self, toolkit: str, tool: str, *args: Any, **kwargs: Any) -> Any:
        """Call a tool and return its value; an error fails the test."""
        answer = self.call(toolkit, tool, *args, **kwargs)
        assert answer["ok"], answer
        return answer["v"]

    def error(self, toolkit: str, tool: str, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Call a tool that must fail and return the error."""
        answer = self.call(toolkit, tool, *args, **kwargs)
        assert not answer["ok"], answer
        error: dict[str, Any] = answer["e"]
        return error

    def close(self) -> None:
        """Close both ends."""
        while self._descriptors:
            os.close(self._descriptors.pop())
        self.socket.close()
        self.broker_end.close()
