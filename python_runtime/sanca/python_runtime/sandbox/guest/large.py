"""Messages too long for the socket: they cross in memory that the broker lends. Decides nothing about calls."""

from __future__ import annotations

import errno
import mmap
import os
import threading
from typing import TYPE_CHECKING, Any

import msgpack

from . import frames
from .errors import ConversionError
from .records import Record

if TYPE_CHECKING:
    from .channel import ToolChannel


class LargeMessages:
    """One long message a time and direction: the broker lends each session one piece of memory for either."""

    def __init__(self, channel: ToolChannel) -> None:
        self._channel = channel
        self._lock = threading.Lock()

    def send(self, number: int, message: bytes) -> bool:
        """Send a message through lent memory; False when it has to go through the socket.

        Raises:
            ConversionError: It can go neither way.
        """
        with self._lock:
            lent = self._channel.ask(
                {"n": self._channel.next_number(), "t": "sanca", "f": "memory", "a": [len(message)], "k": {}}
            )
            descriptor = lent.get("fd", -1)
            if descriptor >= 0:
                _write(descriptor, message)
                self._channel.send(frames.pack({"n": number, "l": len(message)}))
                return True
        if len(message) > frames.MESSAGE_BYTES:
            raise ConversionError(f"The arguments are {len(message):,} bytes long, and no memory was lent for them.")
        return False

    def fetch(self, answer: Any) -> Any:
        """Return the message that an answer says is too long for the socket."""
        with self._lock:
            lent = self._channel.ask({"n": answer["n"], "g": True})
            descriptor = lent.get("fd", -1)
            if descriptor >= 0:
                with _mapped(descriptor, answer["g"], mmap.PROT_READ) as memory, memoryview(memory) as view:
                    return msgpack.unpackb(view[: answer["g"]], object_hook=Record, strict_map_key=False)
            if "m" in lent:
                lent = self._channel.ask({"n": answer["n"], "g": False})
        return lent


def _write(descriptor: int, message: bytes) -> None:
    """Write a message into lent memory and close the descriptor."""
    view, done = memoryview(message), 0
    try:
        while done < len(message):
            done += os.pwrite(descriptor, view[done:], done)
    except OSError as error:
        if error.errno != errno.EFBIG:  # the limit of files counts here too; a mapping has none, and costs more
            os.close(descriptor)
            raise
        with _mapped(descriptor, len(message), mmap.PROT_READ | mmap.PROT_WRITE) as memory:
            memory[done:] = view[done:]
    else:
        os.close(descriptor)


def _mapped(descriptor: int, length: int, protection: int) -> mmap.mmap:
    """Map lent memory, and close the descriptor, which is not needed any more."""
    try:
        return mmap.mmap(descriptor, length, flags=mmap.MAP_SHARED, prot=protection)
    except OSError as error:
        if error.errno == errno.ENOMEM:
            raise MemoryError("There is not enough memory in the sandbox for a value this large.") from None
        raise
    finally:
        os.close(descriptor)
