"""The engine's end of the channel: sends in order, matches answers to questions. Knows no operation by name."""

from __future__ import annotations

import os
import socket
from collections import deque
from collections.abc import AsyncIterator
from typing import Any

import anyio
from sanca.core.errors import BudgetExceededError, ConfigurationError, RunError, SancaError, StoreUnavailableError
from sanca.python_runtime.broker.channel import MessageReader, pack

_BACKLOG_LIMIT_BYTES = 64 * 1024 * 1024
_READ_BYTES = 262_144
_SEND_BYTES = 65_536
"""Messages are joined up to this: each call of the system costs more than a small message does."""
_ERRORS: dict[str, type[SancaError]] = {
    "ConfigurationError": ConfigurationError,
    "StoreUnavailableError": StoreUnavailableError,
    "BudgetExceededError": BudgetExceededError,
}


class ChannelClosedError(Exception):
    """The other end is gone."""


class _Question:
    __slots__ = ("answer", "answered")

    def __init__(self) -> None:
        self.answered = anyio.Event()
        self.answer: dict[str, Any] | None = None


class EngineLink:
    """One socket, one event loop. `pump` and `messages` each run in a task of the owner."""

    def __init__(self, connected: socket.socket) -> None:
        connected.setblocking(False)
        self._socket = connected
        self._backlog: deque[tuple[bytes, bytes, int | None]] = deque()
        self._backlog_bytes = 0
        self._more = anyio.Event()
        self._questions: dict[int, _Question] = {}
        self._number = 0
        self.is_closed = False

    def post(self, message: dict[str, Any], descriptor: int | None = None) -> None:
        """Queue a message; never waits.

        Raises:
            StoreUnavailableError: 64 MB wait already; the broker does not keep up.
        """
        header, body = pack(message)
        if self._backlog_bytes + len(body) > _BACKLOG_LIMIT_BYTES and self._backlog:
            raise StoreUnavailableError(
                "The broker does not keep up with what it is sent; the disk may be slow or full."
            )
        # A copy: the caller may close its own before the message's turn comes.
        self._backlog.append((header, body, None if descriptor is None else os.dup(descriptor)))
        self._backlog_bytes += len(body)
        self._more.set()

    async def ask(self, op: str, *, descriptor: int | None = None, **parameters: Any) -> Any:
        """Send a question and wait for its answer.

        Raises:
            SancaError: What the broker refused with.
            ChannelClosedError: The broker is gone.
        """
        if self.is_closed:
            raise ChannelClosedError
        self._number += 1
        number = self._number
        question = self._questions[number] = _Question()
        try:
            self.post({"op": op, "number": number, **parameters}, descriptor)
            await question.answered.wait()
        finally:
            self._questions.pop(number, None)
        if question.answer is None:
            raise ChannelClosedError
        if question.answer["ok"]:
            return question.answer["value"]
        raise _ERRORS.get(question.answer["error"], RunError)(question.answer["message"])

    async def pump(self) -> None:
        """Send what is queued, in order, until the channel closes."""
        while not self.is_closed:
            if not self._backlog:
                self._more = anyio.Event()
                await self._more.wait()
                continue
            data, descriptor = self._next()
            try:
                await self._send(data, descriptor)
            except OSError:
                self.close()
            finally:
                if descriptor is not None:
                    os.close(descriptor)

    def _next(self) -> tuple[bytes, int | None]:
        """Take what is queued and goes out at once: a descriptor travels with the first byte of its own message."""
        parts: list[bytes] = []
        taken, given = 0, None
        while self._backlog and taken < _SEND_BYTES:
            header, body, descriptor = self._backlog[0]
            if descriptor is not None:
                if parts:
                    break
                given = descriptor
            self._backlog.popleft()
            self._backlog_bytes -= len(body)
            parts += (header, body)
            taken += len(body)
            if given is not None:
                break
        return b"".join(parts), given

    async def messages(self) -> AsyncIterator[dict[str, Any]]:
        """Yield what the broker says unasked, until it closes; answers go to those who asked."""
        reader = MessageReader()
        while not self.is_closed:
            for message in reader.feed(await self._receive()):
                if message["op"] != "reply":
                    yield message
                elif (question := self._questions.get(message["number"])) is not None:
                    question.answer = message
                    question.answered.set()

    def close(self) -> None:
        """Close the socket; who waits for an answer hears that none comes."""
        if self.is_closed:
            return
        self.is_closed = True
        anyio.notify_closing(self._socket)
        self._socket.close()
        self._more.set()
        while self._backlog:
            if (descriptor := self._backlog.popleft()[2]) is not None:
                os.close(descriptor)
        for question in self._questions.values():
            question.answered.set()

    async def _send(self, data: bytes, descriptor: int | None) -> None:
        view = memoryview(data)
        while view:
            try:
                sent = (
                    self._socket.send(view)
                    if descriptor is None
                    else socket.send_fds(self._socket, [view], [descriptor])
                )
            except BlockingIOError:
                await anyio.wait_writable(self._socket)
                continue
            view, descriptor = view[sent:], None

    async def _receive(self) -> bytes:
        """Return what came; empty (and closed) at the end."""
        while True:
            try:
                data = self._socket.recv(_READ_BYTES)
            except BlockingIOError:
                try:
                    await anyio.wait_readable(self._socket)
                except (anyio.ClosedResourceError, OSError):
                    return b""
                continue
            except OSError:
                data = b""
            if not data:
                self.close()
            return data
