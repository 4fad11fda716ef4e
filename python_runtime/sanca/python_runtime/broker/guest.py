"""One guest at the other end of a sandbox session's socket: its calls, streams and long answers. Sends, never reads.

A session's guest may be killed and replaced; what was meant for one is never sent to the next.
"""

from __future__ import annotations

import socket
import threading
from typing import Any

from sanca.core.errors import ConversionError
from sanca.core.tools import CallError
from sanca.python_runtime.broker import frames
from sanca.python_runtime.broker.call_streams import CallStream
from sanca.python_runtime.broker.lent_memory import LentMemory

MOST_STREAMS = 32
_GONE = CallError(kind="failed", message="This result is not kept any more; call the tool again.").model_dump()


class Guest:
    """Used by the workers of one session, several at once."""

    def __init__(self, connected: socket.socket) -> None:
        self._socket = connected
        self._sending = threading.Lock()
        self._state = threading.Lock()
        self._is_replaced = False
        self._open: dict[int, CallStream | None] = {}
        """The numbers in use: None while a call is served, then its stream if it gives one."""
        self._long: dict[int, bytes] = {}
        """Answers too long for the socket, until they are fetched."""
        self._lent: tuple[int, int] = (-1, 0)
        self._incoming, self._outgoing = LentMemory(), LentMemory()

    def begin(self, number: int) -> None:
        """Take a call's number into use.

        Raises:
            FrameError: It is in use.
        """
        with self._state:
            if number in self._open or number in self._long:
                raise frames.FrameError("A sandbox used the number of a call twice.")
            self._open[number] = None

    def forget(self, number: int) -> None:
        """Let a number go."""
        with self._state:
            self._open.pop(number, None)

    def answer(self, number: int, message: dict[str, Any]) -> None:
        """Send an answer, or offer it where it is long.

        Raises:
            ConversionError: It has no form on the wire, or is too long; nothing was sent.
            OSError: The guest is gone, or does not read.
        """
        self.answer_packed(number, frames.pack(message))

    def answer_packed(self, number: int, body: bytes) -> None:
        """Do as `answer` with what is packed already."""
        if len(body) > frames.INLINE_LIMIT_BYTES:
            self._keep(number, body)
            body = frames.pack({"n": number, "g": len(body)})
        self._send(body)

    # -- streams -------------------------------------------------------------------------------------------------------

    def open_stream(self, number: int, stream: CallStream) -> None:
        """Keep a stream and say that there is one."""
        with self._state:
            streams = sum(other is not None for other in self._open.values())
            if is_kept := streams < MOST_STREAMS and not self._is_replaced:
                self._open[number] = stream
            else:
                self._open.pop(number, None)
        if is_kept:
            self._send(frames.pack({"n": number, **stream.announced()}))
        else:
            stream.close()
            text = f"{MOST_STREAMS} streams are open; close one, or take all the items of each before the next."
            self._send(frames.pack({"n": number, "ok": False, "e": _failed(text)}))

    def stream(self, number: int) -> CallStream | None:
        """Return an open stream."""
        with self._state:
            return self._open.get(number)

    def close_stream(self, number: int) -> None:
        """End a stream early; one that has ended by itself meanwhile is no matter."""
        with self._state:
            stream = self._open.get(number)
            if stream is not None:
                del self._open[number]
        if stream is not None:
            stream.close()

    # -- long messages -------------------------------------------------------------------------------------------------

    def lend_memory(self, number: int) -> None:
        """Lend memory for a long call."""
        self._lend(number, self._incoming)

    def take_long_message(self, message: dict[str, Any]) -> dict[str, Any] | None:
        """Return the call that the guest has written into lent memory; None when its action is over already."""
        length = message["l"]
        if type(length) is not int:
            raise frames.FrameError("A sandbox sent a message without a length.")
        body = self._incoming.read(length)
        if not body[0]:
            return None  # it was emptied meanwhile; no map begins so
        found = frames.unpack(body)
        if found.get("n") != message.get("n") or "t" not in found:
            raise frames.FrameError("A sandbox announced another message than it wrote.")
        return found

    def lend_answer(self, number: int, *, through_memory: bool) -> None:
        """Lend the memory with a long answer; or, for a guest that got no descriptor, send it after all."""
        if through_memory:
            with self._state:
                body = self._long.pop(number, None)
            if body is None:
                self._send(frames.pack({"n": number, "ok": False, "e": _GONE}))
                return
            self._outgoing.write(body)
            self._lent = (number, len(body))
            self._lend(number, self._outgoing)
            return
        lent, length = self._lent
        if lent == number and length <= frames.MESSAGE_LIMIT_BYTES:
            self._send(bytes(self._outgoing.read(length)))
        else:
            self._send(frames.pack({"n": number, "ok": False, "e": _GONE}))

    # -- ends ----------------------------------------------------------------------------------------------------------

    def let_go(self) -> None:
        """End what an action has left open, and give the memory back."""
        self._incoming.empty()
        self._outgoing.empty()
        with self._state:
            streams = [stream for stream in self._open.values() if stream is not None]
            for number in [number for number, stream in self._open.items() if stream is not None]:
                del self._open[number]
            self._long.clear()
        for stream in streams:
            stream.close()

    def successor(self, number: int) -> Guest:
        """Send this guest nothing more, and return the next one, which is told that what follows is its own."""
        other = Guest(self._socket)
        other._sending = self._sending  # one socket, one sender at a time
        other._incoming, other._outgoing = self._incoming, self._outgoing
        with self._sending:
            self._is_replaced = True
            frames.send(self._socket, frames.answer_to_greeting(number))
        self.let_go()
        return other

    def close(self) -> None:
        """Let go of everything."""
        self.let_go()
        self._incoming.close()
        self._outgoing.close()

    def _keep(self, number: int, body: bytes) -> None:
        with self._state:
            kept = sum(map(len, self._long.values()))
            if kept + len(body) <= frames.LARGE_LIMIT_BYTES and not self._is_replaced:
                self._long[number] = body
                return
        if len(body) > frames.LARGE_LIMIT_BYTES:
            raise ConversionError(
                f"The result is {len(body) / 1024 / 1024:.1f} MB; 64 MB is the most an action can get at once."
            )
        raise ConversionError("Results of more than 64 MB wait to be taken; take one before the next call.")

    def _lend(self, number: int, memory: LentMemory) -> None:
        body = frames.pack({"n": number, "ok": True, "m": frames.LARGE_LIMIT_BYTES})
        with self._sending:
            if not self._is_replaced:
                frames.send_bytes(self._socket, body)
                memory.lend(self._socket)

    def _send(self, body: bytes) -> None:
        with self._sending:
            if not self._is_replaced:
                frames.send_bytes(self._socket, body)


def _failed(message: str) -> dict[str, Any]:
    return CallError(kind="failed", message=message).model_dump()
