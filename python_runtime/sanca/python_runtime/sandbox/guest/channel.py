"""Calls out of the sandbox: one message to the broker, one back. Knows no toolkit; used by every proxy."""

from __future__ import annotations

import socket
import threading
from collections.abc import Mapping, Sequence
from typing import Any

import msgpack

from . import frames
from .conversion import to_wire
from .errors import ConversionError, ToolFailedError, error_from_wire
from .records import Record


class ToolChannel:
    """The guest's end of the tool socket. Safe from many threads: calls wait for each other."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._lock = threading.Lock()
        self._number = 0
        self._assembler = frames.Assembler()
        self.is_sending = False
        """While true an interrupt must wait, or half a message would spoil the next: set `is_interrupted` instead."""
        self.is_interrupted = False

    def call(
        self, toolkit: str, tool: str, positional: Sequence[Any] = (), named: Mapping[str, Any] | None = None
    ) -> Any:
        """Call a tool and return its value; dicts in it are `Record`s.

        Raises:
            ToolError: With the broker's reason, or because the channel broke.
            ConversionError: An argument has no form on the wire.
        """
        arguments = [to_wire(value) for value in positional]
        keywords = {name: to_wire(value) for name, value in named.items()} if named else {}
        with self._lock:
            self._number += 1
            number = self._number
            request = _pack({"n": number, "t": toolkit, "f": tool, "a": arguments, "k": keywords})
            try:
                self._send(request)
                answer = self._receive(number)
            except (OSError, EOFError) as error:
                raise _broken() from error
            except KeyboardInterrupt:
                # What came of the answer so far is let go; its rest will not decode, or has another number.
                self._assembler = frames.Assembler()
                raise
        if answer["ok"]:
            return answer["v"]
        raise error_from_wire(answer["e"])

    def _send(self, request: bytes) -> None:
        self.is_sending = True
        try:
            for chunk in frames.chunks(request):
                self._connection.send(chunk)
        finally:
            self.is_sending = False
        if self.is_interrupted:
            self.is_interrupted = False
            raise KeyboardInterrupt

    def _receive(self, number: int) -> Any:
        """Return the answer to call `number`; answers to calls that were interrupted are passed over."""
        while True:
            message = self._assembler.feed(self._connection.recv(frames.DATAGRAM_BYTES))
            if message is None:
                continue
            try:
                answer = msgpack.unpackb(message, object_hook=Record, strict_map_key=False)
            except ValueError:
                continue  # the rest of an answer whose beginning an interrupt tore off
            if isinstance(answer, Record) and answer.get("n") == number:
                return answer


def _pack(request: dict[str, Any]) -> bytes:
    try:
        message: bytes = frames.pack(request)
    except (OverflowError, ValueError, TypeError) as error:
        raise ConversionError(f"The arguments cannot be passed to a tool: {error}.") from None
    if len(message) > frames.MESSAGE_BYTES:
        raise ConversionError(
            f"The arguments are {len(message):,} bytes long, more than a call may carry ({frames.MESSAGE_BYTES:,})."
        )
    return message


def _broken() -> ToolFailedError:
    return ToolFailedError(
        "The connection to the tools is gone; this sandbox session cannot call tools any more.", kind="unavailable"
    )
