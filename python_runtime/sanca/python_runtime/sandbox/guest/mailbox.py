"""Who reads the tool socket and who waits for which answer, for many threads and event loops at once. Sends nothing.

There is no reading thread. One of the threads that wait reads, hands the others what is theirs, and passes the reading
on when it has its own answer; an event loop reads while no thread does. A single caller reads its own answer itself.
"""

from __future__ import annotations

import asyncio
import os
import socket
import sys
import threading
from _thread import get_ident
from typing import Any

from msgpack import ExtraData, unpackb

from . import frames
from .errors import ToolFailedError
from .records import Record
from .waiters import Sleeper, Task, tell

_NOTHING = 0xFF
_AT_ONCE = 64
_LOST = Record()
_BROKEN = (OSError, EOFError, ValueError)


class BrokenChannelError(Exception):
    """The other end is gone, or sends what is no message. `sent`: it may have had what was to be answered."""

    def __init__(self, *, sent: bool = True) -> None:
        self.sent = sent
        super().__init__()


class Mailbox:
    """The reading side of the tool socket. Numbers are the callers' own; each is awaited by one of them."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._main_thread = get_ident()
        self._state = threading.Lock()
        self._waiting: dict[int, Any] = {}
        """Number → None, a `Sleeper`, a `Task`, or the answer that came before anyone slept."""
        self._reader: int | asyncio.AbstractEventLoop | None = None
        """The thread that reads now or is about to, or the loop that reads when something comes."""
        self._buffer = bytearray(frames.DATAGRAM_BYTES)
        self._view = memoryview(self._buffer)
        self._assembler = frames.Assembler()
        self._greeting = 0
        self._is_broken = False
        self.is_busy = False
        """While true the main thread must not be interrupted: set `is_interrupted`, and it stops in a moment."""
        self.is_interrupted = False

    def pass_over_until(self, number: int) -> None:
        """Take nothing as an answer until that to `number` has come: what comes before was meant for another guest."""
        self._greeting = number

    def expect(self, number: int) -> None:
        """Keep the answer to `number` from now on, until `forget`."""
        self._waiting[number] = None

    def forget(self, number: int) -> None:
        """Let an answer that still comes be passed over."""
        self._waiting.pop(number, None)

    @property
    def is_idle(self) -> bool:
        """Whether nobody waits for anything."""
        return not self._waiting and self._reader is None

    def exchange(self, number: int, datagram: bytes) -> Any:
        """Send a datagram and return the answer to `number`: the short way, for the only thread of an idle mailbox.

        Raises:
            BrokenChannelError: There will be none.
        """
        buffer = self._buffer
        buffer[0] = _NOTHING
        self._reader = self._main_thread
        try:
            self._connection.send(datagram)
            while True:
                size = self._connection.recv_into(buffer)
                if buffer[0] or self._assembler.begun or self._greeting or not size:
                    message = self._take(size)
                else:
                    message = unpackb(self._view[1:size], object_hook=Record, strict_map_key=False)
                    if "m" in message:
                        message["fd"] = frames.receive_descriptor(self._connection)
                if message is not None:
                    if message["n"] == number:
                        return message
                    self._deliver(message)
                buffer[0] = _NOTHING
        except KeyboardInterrupt:
            self._save()
            raise
        except _BROKEN as error:
            raise BrokenChannelError(sent=not isinstance(error, BrokenPipeError)) from None
        finally:
            self._reader = None

    def wait(self, number: int) -> Any:
        """Return the answer to an expected number. An interrupt loses nothing that is another caller's.

        Raises:
            BrokenChannelError: There will be none.
        """
        thread = get_ident()
        if thread != self._main_thread:
            return self._wait(number, thread, is_main=False)
        self.is_busy = True
        try:
            return self._wait(number, thread, is_main=True)
        finally:
            self.is_busy = False
            if self.is_interrupted:
                self.is_interrupted = False
                raise KeyboardInterrupt

    async def wait_async(self, number: int) -> Any:
        """Do as `wait` while the event loop goes on."""
        task = Task(asyncio.get_running_loop())
        with self._state:
            if self._is_broken:
                raise BrokenChannelError
            if (answer := self._waiting.get(number)) is not None:
                return answer
            self._waiting[number] = task
            if self._reader is None or _is_at_rest(self._reader):
                self._reader = task.loop
                self._read_on(task.loop)
        try:
            await task.future
        finally:
            with self._state:
                self._waiting[number] = None
                self._leave(task.loop)
        if task.answer is _LOST:
            raise BrokenChannelError
        return task.answer

    # -- threads -------------------------------------------------------------------------------------------------------

    def _wait(self, number: int, thread: int, *, is_main: bool) -> Any:
        sleeper = None
        with self._state:
            if (answer := self._waiting.get(number)) is not None:
                return answer  # another one has read it already
            if self._is_broken:
                raise BrokenChannelError
            if self._reader == thread and is_main:
                raise ToolFailedError("A signal handler cannot call a tool while the code it interrupts waits for one.")
            if type(self._reader) is int and self._reader != thread and self._reader in sys._current_frames():
                sleeper = self._waiting[number] = Sleeper(thread)
            else:  # nobody reads, or a loop, or a thread that was ended in the middle of it
                self._reader = thread
        try:
            if sleeper is not None:
                answer = self._sleep(sleeper, is_main=is_main)
            if answer is None:
                answer = self._read_until(number, is_main=is_main)
        finally:
            with self._state:
                self._waiting[number] = None
                if self._reader == thread:
                    self._pass_on()
        if answer is _LOST:
            raise BrokenChannelError
        return answer

    def _sleep(self, sleeper: Sleeper, *, is_main: bool) -> Any:
        """Return the answer, or None when it is this thread's turn to read."""
        if not is_main:
            sleeper.lock.acquire()
            return sleeper.answer
        try:
            self._allow_interrupts()
            sleeper.lock.acquire()
        finally:
            self.is_busy = True
        return sleeper.answer

    def _read_until(self, number: int, *, is_main: bool) -> Any:
        """Return the answer to `number`, and hand out what comes before it."""
        try:
            while True:
                message = self._take(self._receive_busy() if is_main else self._connection.recv_into(self._buffer))
                if message is not None:
                    if message["n"] == number:
                        return message
                    with self._state:
                        self._deliver(message)
        except _BROKEN:
            with self._state:
                self._break()
            return _LOST

    def _receive_busy(self) -> int:
        """Receive in the main thread, which may be interrupted while it waits and at no other moment."""
        self._buffer[0] = _NOTHING
        try:
            self._allow_interrupts()
            size = self._connection.recv_into(self._buffer)
            self.is_busy = True
        except KeyboardInterrupt:
            self._save()
            self.is_busy = True
            raise
        return size

    def _save(self) -> None:
        """Keep the datagram that came just before an interrupt, of unknown length: a message says where it ends."""
        self.is_busy = True
        try:
            if self._buffer[0] != _NOTHING and (message := self._take(len(self._buffer))) is not None:
                with self._state:
                    self._deliver(message)
        finally:
            self.is_busy = False

    def _allow_interrupts(self) -> None:
        self.is_busy = False
        if self.is_interrupted:
            self.is_interrupted = False
            raise KeyboardInterrupt

    # -- event loops ---------------------------------------------------------------------------------------------------

    def _read_on(self, loop: asyncio.AbstractEventLoop) -> None:
        loop.add_reader(self._connection.fileno(), self._read_ready, loop)

    def _read_ready(self, loop: asyncio.AbstractEventLoop) -> None:
        """Read what is there without waiting. Called by the loop."""
        is_main = get_ident() == self._main_thread
        if is_main:
            self.is_busy = True
        with self._state:
            if self._reader is not loop:
                loop.remove_reader(self._connection.fileno())  # a thread reads now
            else:
                self._read_what_is_there()
        if is_main:
            self._allow_interrupts()

    def _read_what_is_there(self) -> None:
        try:
            for _ in range(_AT_ONCE):
                size = self._connection.recv_into(self._buffer, 0, socket.MSG_DONTWAIT)
                if (message := self._take(size)) is not None:
                    self._deliver(message)
        except BlockingIOError:
            return
        except _BROKEN:
            self._break()

    def _leave(self, loop: asyncio.AbstractEventLoop) -> None:
        """Stop reading on a loop that has nobody waiting any more."""
        if self._reader is not loop:
            return
        if not any(type(other) is Task and other.loop is loop for other in self._waiting.values()):
            loop.remove_reader(self._connection.fileno())
            self._pass_on()

    # -- shared; the state is locked -----------------------------------------------------------------------------------

    def _take(self, size: int) -> Any:
        """Return the message that the datagram in the buffer completes, if it does and it is for us."""
        if not size:
            raise EOFError
        buffer = self._view
        marker = buffer[0]
        if marker == frames.DESCRIPTOR:
            return None  # its message was passed over, and it has gone by itself
        body: Any = buffer[1:size]
        if (marker or self._assembler.begun) and (body := self._assembler.feed(buffer[:size])) is None:
            return None
        message: Any = None
        try:
            message = unpackb(body, object_hook=Record, strict_map_key=False)
        except ExtraData as more:  # see _save
            message = more.unpacked
        except ValueError:  # the rest of a message whose beginning went with a thread that was ended
            return None
        if type(message) is not Record or "n" not in message:
            return None
        if "m" in message:
            message["fd"] = frames.receive_descriptor(self._connection)
        return message if not self._greeting else self._pass_over(message)

    def _pass_over(self, message: Record) -> None:
        if message["n"] == self._greeting:
            self._greeting = 0
        elif message.get("fd", -1) >= 0:
            os.close(message["fd"])

    def _deliver(self, message: Record) -> None:
        waiter = self._waiting.get(message["n"], self)
        if waiter is None:
            self._waiting[message["n"]] = message
        elif type(waiter) is Sleeper or type(waiter) is Task:
            waiter.give(message)
        elif message.get("fd", -1) >= 0:
            os.close(message["fd"])  # who asked for it was interrupted

    def _pass_on(self) -> None:
        """Give the reading to another one who waits; a thread rather than a loop, which may be busy."""
        self._reader, loop = None, None
        for waiter in self._waiting.values():
            if type(waiter) is Sleeper and waiter.answer is None:
                self._reader = waiter.thread
                waiter.leads = True
                waiter.lock.release()
                return
            if type(waiter) is Task and waiter.answer is None and waiter.loop.is_running():
                loop = waiter.loop
        if loop is not None and tell(loop, self._read_on, loop):
            self._reader = loop

    def _break(self) -> None:
        self._is_broken = True
        for waiter in self._waiting.values():
            if (type(waiter) is Sleeper or type(waiter) is Task) and waiter.answer is None:
                waiter.give(_LOST)


def _is_at_rest(reader: int | asyncio.AbstractEventLoop) -> bool:
    return isinstance(reader, asyncio.AbstractEventLoop) and not reader.is_running()
