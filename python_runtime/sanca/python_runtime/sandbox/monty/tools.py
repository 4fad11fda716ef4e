"""Tool calls of the interpreter: host objects that stand for toolkits, and the frames to the broker. In the engine."""

from __future__ import annotations

import json
import os
import select
import socket
from collections.abc import Mapping, Sequence
from typing import Any, cast

import msgpack
import pydantic_monty
from sanca.python_runtime.sandbox.guest import frames
from sanca.python_runtime.sandbox.guest.channel import ToolChannel
from sanca.python_runtime.sandbox.guest.conversion import to_wire
from sanca.python_runtime.sandbox.guest.descriptions import Descriptions, render_tool, render_toolkit
from sanca.python_runtime.sandbox.guest.errors import ConversionError, ToolError, ToolFailedError, error_from_wire

_LONGEST_WAIT = 86_400.0
_MOST_ITEMS = 1000
_DESCRIPTOR = b"\x03"
"""The datagram that carried lent memory's descriptor, which was let go when it was received."""


class InterruptedCallError(RuntimeError):
    """The action was ended while it waited for a tool."""


class MontyChannel:
    """The session's end of the tool socket; one call at a time, in the thread that runs the action."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._assembler = frames.Assembler()
        self._number = 0
        self._is_torn = False
        self._wake_read, self._wake_write = os.pipe()
        os.set_blocking(self._wake_read, False)

    def call(
        self, toolkit: str, tool: str, positional: Sequence[Any] = (), named: Mapping[str, Any] | None = None
    ) -> Any:
        """Call a tool and return its value; as `ToolChannel.call`."""
        self._number += 1
        request = {
            "n": self._number, "t": toolkit, "f": tool, "a": [to_wire(_plain(value)) for value in positional],
            "k": {name: to_wire(_plain(value)) for name, value in (named or {}).items()},
        }  # fmt: skip
        try:
            message = frames.pack(request)
        except (OverflowError, ValueError, TypeError) as error:
            raise ConversionError(f"The arguments cannot be passed to a tool: {error}.") from None
        if len(message) > frames.MESSAGE_BYTES:
            raise ConversionError(f"The arguments are {len(message):,} bytes long, more than a call may carry.")
        try:
            self._send(message)
        except OSError as error:
            raise ToolFailedError("The connection to the tools is gone.", kind="unavailable") from error
        try:
            answer = self._taken(self._receive(self._number))
            if "k" in answer:
                return self._join(self._number, str(answer["k"]))
            if "s" in answer:
                return self._collect(self._number, int(answer["s"]))
        except (OSError, EOFError) as error:
            text = "The connection to the tools broke before the answer came: what the call changes may or may not have"
            raise ToolFailedError(f"{text} happened.", kind="unknown") from error
        if answer.get("ok"):
            return answer["v"]
        raise error_from_wire(answer["e"])

    def sleep(self, seconds: float) -> None:
        """Wait; an interrupt ends it."""
        if _wait((self._wake_read,), seconds):
            raise InterruptedCallError

    def interrupt(self) -> None:
        """End the call that is waiting, from another thread."""
        os.write(self._wake_write, b"1")

    def begin(self) -> None:
        """An action begins: forget interrupts of the one before."""
        try:
            while os.read(self._wake_read, 64):
                pass
        except BlockingIOError:
            return

    def close(self) -> None:
        """Close everything."""
        self._connection.close()
        os.close(self._wake_read)
        os.close(self._wake_write)

    def _send(self, message: bytes) -> None:
        if self._is_torn:  # a call was given up: what was begun before is void, on both sides
            self._begin_anew()
        frames.send(self._connection, message)

    def _begin_anew(self) -> None:
        number, greeting = frames.new_greeting()
        self._connection.send(greeting)
        self._receive(number)
        self._is_torn = False

    def _ask(self, message: dict[str, Any]) -> dict[str, Any]:
        frames.send(self._connection, frames.pack(message))
        return self._receive(message["n"])

    def _taken(self, answer: dict[str, Any]) -> dict[str, Any]:
        """Return an answer; a long one is offered in memory, which this level does not take, and is asked for again."""
        if "g" in answer:
            answer = self._ask({"n": answer["n"], "g": True})
            if "m" in answer:
                answer = self._ask({"n": answer["n"], "g": False})
        return answer

    def _collect(self, number: int, at_once: int) -> list[Any]:
        """Return a stream's items, at most as many as one who takes no streams would get."""
        items: list[Any] = []
        while len(items) < _MOST_ITEMS:
            answer = self._taken(self._ask({"n": number, "p": at_once}))
            items += answer.get("i", [])
            if "e" in answer:
                raise error_from_wire(answer["e"])
            if answer.get("d"):
                return items
        frames.send(self._connection, frames.pack({"n": number, "x": True}))
        return items[:_MOST_ITEMS]

    def _join(self, number: int, kind: str) -> Any:
        """Return what comes in pieces whole, a file too: there are neither handles nor files here."""
        parts: list[Any] = []
        while sum(map(len, parts)) <= frames.MESSAGE_BYTES:
            answer = self._taken(self._ask({"n": number, "p": 1}))
            parts += answer.get("i", [])
            if "e" in answer:
                raise error_from_wire(answer["e"])
            if answer.get("d"):
                return whole(kind, parts)
        frames.send(self._connection, frames.pack({"n": number, "x": True}))
        raise ToolFailedError(
            f"The result is longer than {frames.MESSAGE_BYTES >> 20} MB; ask for less, or for a part."
        )

    def _next_datagram(self) -> bytes:
        if self._wake_read in _wait((self._connection.fileno(), self._wake_read), None):
            self._is_torn = True
            raise InterruptedCallError
        datagram = self._connection.recv(frames.DATAGRAM_BYTES)
        if not datagram:
            raise EOFError
        return datagram

    def _receive(self, number: int) -> dict[str, Any]:
        while True:
            datagram = self._next_datagram()
            message = None if datagram == _DESCRIPTOR else self._assembler.feed(datagram)
            if message is None:
                continue
            answer = msgpack.unpackb(message, strict_map_key=False)
            if isinstance(answer, dict) and answer.get("n") == number:
                return answer


def whole(kind: str, parts: Sequence[Any]) -> Any:
    """Put the pieces of a result together, of plain types."""
    if kind == "items":
        return [item for part in parts for item in msgpack.unpackb(part, strict_map_key=False)]
    if kind == "bytes":
        return b"".join(parts)
    text = "".join(parts)
    return json.loads(text) if kind == "json" else text


class MontyToolkit(pydantic_monty.ClassInstance):
    """A toolkit, or the part of a dotted name that several toolkits share."""

    def __init__(self, channel: MontyChannel, name: str, names: frozenset[str]) -> None:
        super().__init__(_Named(name))
        self._channel = channel
        self._name = name
        self._names = names

    def call_method(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Call a tool of the toolkit."""
        return call_or_explain(self._channel, self._name, name, args, kwargs)

    def lookup_lazy_attrs(self, name: str) -> Any:
        """Return the toolkit below this one."""
        full = f"{self._name}.{name}"
        if full in self._names or any(other.startswith(f"{full}.") for other in self._names):
            return MontyToolkit(self._channel, full, self._names)
        raise AttributeError(f"the toolkit {self._name!r} has no attribute {name!r}; call it: {full}(…)")


class MontyTools(pydantic_monty.ClassInstance):
    """`tools.search(query)` and `tools.describe(name)`."""

    def __init__(self, channel: MontyChannel) -> None:
        super().__init__(_Named("tools"))
        self._channel = channel
        self._descriptions = Descriptions(cast("ToolChannel", channel))  # it only calls

    def call_method(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Search or describe."""
        if name == "search":
            return call_or_explain(self._channel, "sanca", "search_tools", args, kwargs)
        if name == "describe" and len(args) == 1:
            return self._describe(str(args[0]))
        raise AttributeError("`tools` has search(query) and describe(name)")

    def _describe(self, name: str) -> str:
        self._descriptions.forget()
        if name in self._descriptions.toolkit_names():
            return render_toolkit(name, self._descriptions.toolkit(name), [])
        toolkit, _, tool = name.rpartition(".")
        try:
            return render_tool(toolkit, self._descriptions.tool(toolkit, tool))
        except ToolError as error:
            raise RuntimeError(f"{type(error).__name__}: {error}") from None


def names_for(channel: MontyChannel, toolkits: Sequence[str]) -> dict[str, Any]:
    """Return what an action finds: a name for each first part of a toolkit's, `say` and `tools`."""
    known = frozenset(toolkits)
    found: dict[str, Any] = {
        root: MontyToolkit(channel, root, known) for root in sorted({name.split(".")[0] for name in known})
    }
    found["tools"] = MontyTools(channel)
    found["say"] = lambda text, message_id=None: call_or_explain(channel, "sanca", "say", _said(text, message_id), {})
    return found


def _said(text: object, message_id: object) -> tuple[str, ...]:
    return (str(text),) if message_id is None else (str(text), str(message_id))


def call_or_explain(channel: MontyChannel, toolkit: str, tool: str, args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
    """Call; a failure becomes an exception that the interpreter has, with our class's name in front."""
    try:
        return channel.call(toolkit, tool, args, kwargs)
    except ConversionError as error:
        raise ValueError(f"ConversionError: {error}") from None
    except ToolError as error:
        raise RuntimeError(f"{type(error).__name__}: {error}") from None


def _wait(descriptors: Sequence[int], seconds: float | None) -> set[int]:
    poller = select.poll()
    for descriptor in descriptors:
        poller.register(descriptor, select.POLLIN)
    return {
        descriptor for descriptor, _ in poller.poll(None if seconds is None else min(seconds, _LONGEST_WAIT) * 1000)
    }


def _plain(value: Any) -> Any:
    """Return the interpreter's dataclasses as dicts, wherever they are."""
    if isinstance(value, pydantic_monty.MontyClassProxy) and value.is_dataclass:
        return {name: _plain(item) for name, item in value.attributes.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return value


class _Named:
    """What the interpreter shows of a host object."""

    def __init__(self, name: str) -> None:
        self.name = name
