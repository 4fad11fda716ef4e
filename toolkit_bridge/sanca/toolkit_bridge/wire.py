"""One connection that speaks the Py4J wire for methods of the entry point. No pool, no retry: one send, one receive.

Source: py4j 0.10.9.9, `py4j.protocol` and `py4j/Protocol.java`: a request is lines, an answer one line; line ends and
backslashes inside are escaped.
"""

from __future__ import annotations

import re
import socket
import struct
import time
from collections.abc import Callable

from sanca.core.errors import GatewayAuthError, GatewayError
from sanca.toolkit_bridge.connection import GatewayConnectionInfo
from sanca.toolkit_bridge.gateway import (
    HALF_CHARACTER,
    REFUSED_TOKEN,
    REPLY_LIMIT_BYTES,
    ConnectionBrokenError,
    ReplyTimeoutError,
)

_FIRST_READ_BYTES = 65_536
_NEXT_READ_BYTES = 1 << 20
_CONNECT_TIMEOUT_SECONDS = 5.0
_LOOK = int(socket.MSG_PEEK | socket.MSG_DONTWAIT)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_UNESCAPED = {"n": "\n", "r": "\r", "\\": "\\"}


def escape(text: str) -> str:
    """Put a string on one line."""
    if "\\" in text or "\n" in text or "\r" in text:
        return text.replace("\\", "\\\\").replace("\r", "\\r").replace("\n", "\\n")
    return text


def unescape(text: str) -> str:
    """Undo `escape`."""
    if "\\" not in text:
        return text
    return _ESCAPED.sub(lambda match: _UNESCAPED.get(match[1], match[1]), text)


class WireConnection:
    """A connected and authenticated socket. Used by one thread at a time; useless after any error."""

    def __init__(self, info: GatewayConnectionInfo) -> None:
        self._timeout_seconds = 0.0
        self.used = 0.0
        """When a pool was given it back, by the monotonic clock."""
        try:
            self._socket = socket.create_connection(("127.0.0.1", info.port), timeout=_CONNECT_TIMEOUT_SECONDS)
        except OSError as error:
            raise ConnectionBrokenError(
                f"The host does not answer on port {info.port} ({error.strerror or error}); it may be starting.",
                sent=False,
            ) from error
        self._socket.settimeout(None)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            self._authenticate(info.token.get_secret_value())
        except BaseException:
            self._socket.close()
            raise

    def invoke(
        self,
        method: str,
        arguments: tuple[str, ...],
        timeout_seconds: float,
        left: Callable[[], None] | None = None,
    ) -> str:
        """Call a method of the entry point that takes and returns strings; `left` is called while the host works.

        Raises:
            ConnectionBrokenError: With `sent` telling whether the host may have the request.
            ReplyTimeoutError: No whole answer within `timeout_seconds`.
            GatewayError: The host refused, or answered more than 64 MB.
        """
        lines = "".join([f"s{escape(argument)}\n" for argument in arguments])
        try:
            request = f"c\nt\n{method}\n{lines}e\n".encode()
        except UnicodeEncodeError as error:
            raise GatewayError(HALF_CHARACTER) from error
        self._limit(timeout_seconds)
        self._send(request)
        if left is not None:
            left()
        return self._text(self._receive(timeout_seconds))

    def is_stale(self) -> bool:
        """Whether the other side has closed this idle connection (or sent what nobody asked for)."""
        try:
            self._socket.recv(1, _LOOK)
        except BlockingIOError:
            return False
        except OSError:
            return True
        return True

    def fileno(self) -> int:
        """Return the socket's number, to wait for its end."""
        return self._socket.fileno()

    def shut(self) -> None:
        """Free a thread that waits in `invoke`, from another thread."""
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            return  # already gone, which is what was wanted

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()

    def _authenticate(self, token: str) -> None:
        self._limit(_CONNECT_TIMEOUT_SECONDS)
        try:
            self._send(f"A\n{escape(token)}\n".encode())
            answer = self._receive(_CONNECT_TIMEOUT_SECONDS)
        except ConnectionBrokenError as error:
            raise ConnectionBrokenError(
                "The host closed the connection before it knew us; it may be stopping.", sent=False
            ) from error
        if not answer.startswith(b"!y"):
            raise GatewayAuthError(REFUSED_TOKEN)

    def _limit(self, timeout_seconds: float) -> None:
        # SO_RCVTIMEO leaves one system call a receive; a Python timeout would poll first.
        if timeout_seconds != self._timeout_seconds:
            seconds, fraction = divmod(max(timeout_seconds, 0.001), 1)
            value = struct.pack("ll", int(seconds), int(fraction * 1_000_000))
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, value)
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, value)
            self._timeout_seconds = timeout_seconds

    def _send(self, request: bytes) -> None:
        sent = 0
        try:
            sent = self._socket.send(request)
            while sent < len(request):
                sent += self._socket.send(memoryview(request)[sent:])
        except OSError as error:
            self._raise_refusal()
            # The end mark is not out, and without it the host runs nothing.
            message = "The host closed the connection while we sent a request."
            raise ConnectionBrokenError(message, sent=False) from error

    def _raise_refusal(self) -> None:
        """Raise what the host said before it closed on us (a request that is too large), if it said something."""
        try:
            answer = self._socket.recv(_FIRST_READ_BYTES, socket.MSG_DONTWAIT)
        except OSError:
            return
        if answer.startswith(b"!xs"):
            raise refusal(unescape(answer[3:].decode(errors="replace")))

    def _receive(self, timeout_seconds: float) -> bytes:
        chunk = self._read(_FIRST_READ_BYTES)
        if chunk[-1] == 10:
            return chunk
        end = time.monotonic() + timeout_seconds
        answer = bytearray(chunk)
        while answer[-1] != 10:
            if time.monotonic() > end:
                raise ReplyTimeoutError("The host did not finish its answer in time.")
            answer += self._read(_NEXT_READ_BYTES)
            if len(answer) > REPLY_LIMIT_BYTES:
                raise GatewayError(
                    f"The host's answer is bigger than {REPLY_LIMIT_BYTES // 1024 // 1024} MB; ask for less."
                )
        return bytes(answer)

    def _read(self, limit_bytes: int) -> bytes:
        try:
            chunk = self._socket.recv(limit_bytes)
        except BlockingIOError as error:
            raise ReplyTimeoutError("The host did not answer in time.") from error
        except OSError as error:
            raise ConnectionBrokenError(
                "The connection to the host broke before the answer came.", sent=True
            ) from error
        if not chunk:
            raise ConnectionBrokenError("The host closed the connection before it answered.", sent=True)
        return chunk

    def _text(self, answer: bytes) -> str:
        if answer[:3] == b"!ys":
            return unescape(answer[3:-1].decode())
        if answer[:2] == b"!y":
            return ""
        raise refusal(self._reason(answer))

    def _reason(self, answer: bytes) -> str:
        """Return the text of an error answer; an exception is only named in it and has to be asked for."""
        if answer[2:3] != b"r":
            return unescape(answer[3:-1].decode(errors="replace"))
        self._send(b"p\n" + answer[2:].rstrip(b"\n") + b"\ne\n")
        text = self._receive(_CONNECT_TIMEOUT_SECONDS)
        return unescape(text[3:-1].decode(errors="replace"))


def refusal(reason: str) -> GatewayError:
    """Turn an error answer of the Java side into one of ours, without its stack."""
    first = next((line.strip() for line in reason.splitlines() if line.strip()), "no reason given")
    if "authentication error" in reason.lower():
        return GatewayAuthError(REFUSED_TOKEN)
    return GatewayError(f"The host refused the request: {first.removeprefix('py4j.Py4JException: ')[:300]}")
