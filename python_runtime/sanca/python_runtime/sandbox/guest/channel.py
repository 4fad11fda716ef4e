"""Calls out of the sandbox: what goes to the broker, what comes back, and in which form. Knows no toolkit.

Every call has a number. Many threads and tasks may call at once; each gets its own answer (`mailbox`). What is long
goes through memory that the broker lends (`large`); what a tool gives bit by bit is an iterator (`tool_stream`).
"""

from __future__ import annotations

import asyncio
import itertools
import os
import socket
import threading
import weakref
from _thread import _count as count_threads
from _thread import get_ident
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgpack

from . import frames
from .conversion import to_wire
from .errors import ConversionError, ToolFailedError, error_from_wire
from .large import LargeMessages
from .mailbox import BrokenChannelError, Mailbox
from .pieces import result_of, result_of_async
from .tool_stream import ToolStream

_TASKS_AT_ONCE = 32
"""Calls of one event loop that are under way; more wait, so that no loop blocks because the socket is full."""


class ToolChannel:
    """The guest's end of the tool socket. Safe from many threads and event loops at once."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._mailbox = Mailbox(connection)
        self._large = LargeMessages(self)
        self._sending = threading.Lock()
        self._main_thread = get_ident()
        self._numbers = itertools.count(1)
        self._dropped: list[int] = []
        self._turns: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = (
            weakref.WeakKeyDictionary()
        )
        self._is_ours = True
        _lock_out_children(self)
        self.begin()

    @property
    def is_sending(self) -> bool:
        """While true an interrupt must wait, or a message would be torn: set `is_interrupted` instead."""
        return self._mailbox.is_busy

    @property
    def is_interrupted(self) -> bool:
        """Whether the main thread is to stop as soon as it may."""
        return self._mailbox.is_interrupted

    @is_interrupted.setter
    def is_interrupted(self, value: bool) -> None:
        self._mailbox.is_interrupted = value

    def call(
        self, toolkit: str, tool: str, positional: Sequence[Any] = (), named: Mapping[str, Any] | None = None
    ) -> Any:
        """Call a tool and return its value; dicts in it are `Record`s, and a stream is an iterator.

        Raises:
            ToolError: With the broker's reason, or because the channel broke.
            ConversionError: An argument has no form on the wire.
        """
        number = next(self._numbers)
        mailbox = self._mailbox
        is_shared = count_threads() > 0
        message = _pack(number, toolkit, tool, positional, named, is_shared)
        if (
            is_shared
            or self._dropped
            or len(message) > frames.PAYLOAD_BYTES
            or not mailbox.is_idle
            or not self._is_ours
        ):
            return self._value(self._ask(number, message))
        try:
            answer = mailbox.exchange(number, b"\x00" + message)
        except BrokenChannelError as error:
            raise _broken(error) from None
        return answer["v"] if "v" in answer else self._value(answer)

    async def call_async(
        self, toolkit: str, tool: str, positional: Sequence[Any] = (), named: Mapping[str, Any] | None = None
    ) -> Any:
        """Do as `call` while the event loop goes on."""
        number = next(self._numbers)
        message = _pack(number, toolkit, tool, positional, named, True)
        async with self._turn():
            answer = await self._ask_async(number, message)
            if "k" in answer:
                return await result_of_async(ToolStream(self, number, answer["s"]), answer)
            return self._value(answer)

    def ask(self, message: dict[str, Any]) -> Any:
        """Send a message of a call's or of the engine's own and return the answer to its number.

        Raises:
            ToolFailedError: The channel broke.
        """
        return self._ask(message["n"], _pack_own(message))

    async def ask_async(self, message: dict[str, Any]) -> Any:
        """Do as `ask` while the event loop goes on."""
        return await self._ask_async(message["n"], _pack_own(message))

    def next_number(self) -> int:
        """Return a number that no call has."""
        return next(self._numbers)

    def send(self, message: bytes) -> None:
        """Send a message; nobody waits for an answer by this."""
        if not self._is_ours:
            raise ToolFailedError("A child process cannot call tools; return its result and call them in the parent.")
        with self._sending:
            while self._dropped:
                self._connection.send(b"\x00" + frames.pack({"n": self._dropped.pop(), "x": True}))
            if len(message) <= frames.PAYLOAD_BYTES:
                self._connection.send(b"\x00" + message)
            else:
                self._send_parts(message)

    def drop(self, number: int) -> None:
        """Say that a stream is wanted no more; at once, or (when a message is being sent) before the next one."""
        self._dropped.append(number)
        if self._is_ours and self._sending.acquire(blocking=False):
            try:
                while self._dropped:
                    self._connection.send(b"\x00" + frames.pack({"n": self._dropped.pop(), "x": True}))
            except OSError:
                return  # the broker is gone, and the stream with it
            finally:
                self._sending.release()

    def wake(self) -> None:
        """Let threads that wait for an answer run for a moment, so that they see that they are to end."""
        if count_threads() and self._sending.acquire(blocking=False):
            try:
                message = frames.pack({"n": next(self._numbers), "t": "sanca", "f": "ping"})
                self._connection.send(b"\x00" + message, socket.MSG_DONTWAIT)
            except OSError:
                return  # the socket is full or gone: they wake up anyway
            finally:
                self._sending.release()

    def message_of(self, answer: Any) -> Any:
        """Return an answer as it is, or what it says is to be fetched."""
        return self._large.fetch(answer) if "g" in answer else answer

    def _ask(self, number: int, message: bytes) -> Any:
        self._mailbox.expect(number)
        try:
            self._send_request(number, message)
            return self._mailbox.wait(number)
        except (OSError, BrokenChannelError) as error:
            raise _broken(error) from None
        finally:
            self._mailbox.forget(number)

    async def _ask_async(self, number: int, message: bytes) -> Any:
        self._mailbox.expect(number)
        try:
            self._send_request(number, message)
            return await self._mailbox.wait_async(number)
        except (OSError, BrokenChannelError) as error:
            raise _broken(error) from None
        finally:
            self._mailbox.forget(number)

    def _value(self, answer: Any) -> Any:
        if "v" in answer:
            return answer["v"]
        if "g" in answer:
            return self._value(self._large.fetch(answer))
        if "s" in answer:
            stream = ToolStream(self, answer["n"], answer["s"])
            return result_of(stream, answer) if "k" in answer else stream
        raise error_from_wire(answer["e"])

    def _send_request(self, number: int, message: bytes) -> None:
        if len(message) <= frames.INLINE_BYTES or not self._large.send(number, message):
            self.send(message)

    def _send_parts(self, message: bytes) -> None:
        """Send the datagrams of a long message; an interrupt waits until the last is out."""
        if get_ident() != self._main_thread:
            for chunk in frames.chunks(message):
                self._connection.send(chunk)
            return
        self._mailbox.is_busy = True
        try:
            for chunk in frames.chunks(message):
                self._connection.send(chunk)
        finally:
            self._mailbox.is_busy = False
        if self._mailbox.is_interrupted:
            self._mailbox.is_interrupted = False
            raise KeyboardInterrupt

    def begin(self) -> None:
        """Make void what a guest before this one, killed in this session, has left on the channel."""
        number, greeting = frames.new_greeting()
        self._mailbox.pass_over_until(number)
        try:
            self._connection.send(greeting)
        except OSError:
            return  # the broker has gone; the first call says so

    def _turn(self) -> asyncio.Semaphore:
        loop = asyncio.get_running_loop()
        if (turn := self._turns.get(loop)) is None:
            turn = self._turns[loop] = asyncio.Semaphore(_TASKS_AT_ONCE)
        return turn


def _pack(
    number: int,
    toolkit: str,
    tool: str,
    positional: Sequence[Any],
    named: Mapping[str, Any] | None,
    is_shared: bool,
) -> bytes:
    """Return a call as bytes. `c` asks the broker to take other calls of this process meanwhile."""
    arguments = [to_wire(value) for value in positional] if positional else ()
    keywords = {name: to_wire(value) for name, value in named.items()} if named else {}
    request = {"n": number, "t": toolkit, "f": tool, "a": arguments, "k": keywords}
    if is_shared:
        request["c"] = True
    try:
        message = _packer.pack(request)
    except (OverflowError, ValueError, TypeError) as error:
        raise ConversionError(f"The arguments cannot be passed to a tool: {error}.") from None
    except MemoryError:
        _packer.let_go()
        raise ConversionError(
            f"The arguments do not fit into the sandbox's memory twice; a call may carry {frames.LARGE_BYTES:,} bytes."
        ) from None
    if len(message) > frames.PAYLOAD_BYTES:
        _packer.let_go()
        if len(message) > frames.LARGE_BYTES:
            raise ConversionError(
                f"The arguments are {len(message):,} bytes long, more than a call may carry ({frames.LARGE_BYTES:,})."
            )
    return message


class _Packer:
    """One packer for all calls, which costs less than one a call; given up when its buffer has grown."""

    def __init__(self) -> None:
        self.pack: Callable[[Any], bytes]
        self.let_go()

    def let_go(self) -> None:
        self.pack = msgpack.Packer().pack


_packer = _Packer()


def _pack_own(message: dict[str, Any]) -> bytes:
    if count_threads() > 0:
        message["c"] = True
    packed: bytes = frames.pack(message)
    return packed


def _lock_out_children(channel: ToolChannel) -> None:
    """Let no forked child use the channel: it would take its parent's answers."""
    known = weakref.ref(channel)

    def lock_out() -> None:
        if (found := known()) is not None:
            found._is_ours = False

    os.register_at_fork(after_in_child=lock_out)


def _broken(error: OSError | BrokenChannelError) -> ToolFailedError:
    """Return what a caller is told; an error of the socket itself means that its call did not leave."""
    if isinstance(error, BrokenChannelError) and error.sent:
        return ToolFailedError(
            "The connection to the tools broke before the answer came: what the call changes may or may not have"
            " happened. This sandbox session cannot call tools any more.",
            kind="unknown",
        )
    return ToolFailedError(
        "The connection to the tools is gone; this sandbox session cannot call tools any more.", kind="unavailable"
    )
