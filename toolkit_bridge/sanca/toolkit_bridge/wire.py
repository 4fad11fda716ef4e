"""One connection that speaks the Py4J wire for methods of the entry point. No pool, no retry: one send, one receive.

Source: py4j 0.10.9.9, `py4j.protocol` and `py4j/Protocol.java`: a request is lines, an answer one line; line ends and
backslashes inside are escaped. Long texts cross as counted bytes where the host says it can (decision 0015).
"""

from __future__ import annotations

import re
import socket
import struct
import time
from collections.abc import Callable

from sanca.core.errors import GatewayAuthError, GatewayError
from sanca.toolkit_bridge.beside import joined
from sanca.toolkit_bridge.connection import GatewayConnectionInfo
from sanca.toolkit_bridge.gateway import (
    HALF_CHARACTER,
    REFUSED_TOKEN,
    REPLY_LIMIT_BYTES,
    ConnectionBrokenError,
    ReplyTimeoutError,
)

_COUNTED_CHARS = 8_192
_COUNT_BYTES = 16
_COPIED_BYTES = 512 * 1024
_FIRST_READ_BYTES = 65_536
_NEXT_READ_BYTES = 1 << 20
_CONNECT_TIMEOUT_SECONDS = 5.0
_LOOK = int(socket.MSG_PEEK | socket.MSG_DONTWAIT)
_ESCAPED = re.compile(rb"\\(.)", re.DOTALL)
_UNESCAPED = {b"n": b"\n", b"r": b"\r"}


def escape(text: str) -> str:
    """Put a string on one line."""
    if "\\" in text or "\n" in text or "\r" in text:
        return text.replace("\\", "\\\\").replace("\r", "\\r").replace("\n", "\\n")
    return text


def unescape(line: bytes) -> bytes:
    """Undo `escape` on encoded text."""
    if b"\\" not in line:
        return line
    return _ESCAPED.sub(lambda match: _UNESCAPED.get(match[1], match[1]), line)


class WireConnection:
    """A connected and authenticated socket. Used by one thread at a time; useless after any error."""

    def __init__(self, info: GatewayConnectionInfo) -> None:
        self._timeout_seconds = 0.0
        self._is_counting = False
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
    ) -> bytes | bytearray:
        """Call a method of the entry point that takes and returns strings; `left` is called while the host works.

        Returns the answer as UTF-8.

        Raises:
            ConnectionBrokenError: With `sent` telling whether the host may have the request.
            ReplyTimeoutError: No whole answer within `timeout_seconds`.
            GatewayError: The host refused, or answered more than 64 MB.
        """
        try:
            request = self._request(method, arguments)
        except UnicodeEncodeError as error:
            raise GatewayError(HALF_CHARACTER) from error
        self._limit(timeout_seconds)
        for piece in request:
            self._send(piece)
        if left is not None:
            left()
        return self._receive(timeout_seconds)

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
            answer = self._receive_line(self._read(_FIRST_READ_BYTES), _CONNECT_TIMEOUT_SECONDS)
        except ConnectionBrokenError as error:
            raise ConnectionBrokenError(
                "The host closed the connection before it knew us; it may be stopping.", sent=False
            ) from error
        if not answer.startswith(b"!y"):
            raise GatewayAuthError(REFUSED_TOKEN)
        self._is_counting = answer == b"!yvC\n"

    def _request(self, method: str, arguments: tuple[str, ...]) -> list[bytes]:
        """Return what to send: one piece, so that the host wakes once; a very long text is its own, not copied."""
        if not self._is_counting:
            arguments = joined(arguments)
        if not self._is_counting or sum(map(len, arguments)) < _COUNTED_CHARS:
            lines = "".join([f"s{escape(argument)}\n" for argument in arguments])
            return [f"{'C' if self._is_counting else 'c'}\nt\n{method}\n{lines}e\n".encode()]
        pieces, text = [], f"C\nt\n{method}\n"
        for argument in arguments:
            if len(argument) < _COUNTED_CHARS:
                text += f"s{escape(argument)}\n"
            else:
                counted = argument.encode()
                pieces += [f"{text}b{len(counted)}\n".encode(), counted]
                text = ""
        pieces.append(f"{text}e\n".encode())
        return [b"".join(pieces)] if sum(map(len, pieces)) < _COPIED_BYTES else pieces

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
            raise refusal(unescape(answer[3:]).decode(errors="replace"))

    def _receive(self, timeout_seconds: float) -> bytes | bytearray:
        chunk = self._read(_FIRST_READ_BYTES)
        if chunk[:2] == b"!b":
            return self._receive_counted(chunk, time.monotonic() + timeout_seconds)
        line = self._receive_line(chunk, timeout_seconds)
        if line[:3] == b"!ys":
            return unescape(line[3:-1])
        if line[:2] == b"!y":
            return b""
        raise refusal(self._reason(line))

    def _receive_line(self, chunk: bytes, timeout_seconds: float) -> bytes:
        if chunk[-1] == 10:
            return chunk
        end = time.monotonic() + timeout_seconds
        line = bytearray(chunk)
        while line[-1] != 10:
            _check_time(end)
            line += self._read(_NEXT_READ_BYTES)
            _check_size(len(line))
        return bytes(line)

    def _receive_counted(self, chunk: bytes, end: float) -> bytearray:
        """Read `!b`, how many bytes, a line end and the bytes, straight to where they stay."""
        while b"\n" not in chunk[:_COUNT_BYTES] and len(chunk) < _COUNT_BYTES:
            _check_time(end)
            chunk += self._read(_FIRST_READ_BYTES)
        head, _, first = chunk.partition(b"\n")
        if not head[2:].isdigit() or len(head) > _COUNT_BYTES:
            raise GatewayError("The host's answer does not say how long it is.")
        filled, count = len(first), int(head[2:])
        if filled > count:
            raise GatewayError("The host's answer is longer than it says.")
        _check_size(count)
        answer = bytearray(count)
        answer[:filled] = first
        with memoryview(answer) as room:
            while filled < count:
                _check_time(end)
                filled += self._read_into(room[filled:])
        return answer

    def _read_into(self, room: memoryview) -> int:
        try:
            count = self._socket.recv_into(room)
        except OSError as error:
            raise _read_failure(error) from error
        if not count:
            raise ConnectionBrokenError("The host closed the connection in its answer.", sent=True)
        return count

    def _read(self, limit_bytes: int) -> bytes:
        try:
            chunk = self._socket.recv(limit_bytes)
        except OSError as error:
            raise _read_failure(error) from error
        if not chunk:
            raise ConnectionBrokenError("The host closed the connection before it answered.", sent=True)
        return chunk

    def _reason(self, line: bytes) -> str:
        """Return the text of an error answer; an exception is only named in it and has to be asked for."""
        if line[2:3] == b"r":
            self._send(b"p\n" + line[2:].rstrip(b"\n") + b"\ne\n")
            line = self._receive_line(self._read(_FIRST_READ_BYTES), _CONNECT_TIMEOUT_SECONDS)
        return unescape(line[3:-1]).decode(errors="replace")


def _check_time(end: float) -> None:
    if time.monotonic() > end:
        raise ReplyTimeoutError("The host did not finish its answer in time.")


def _check_size(size_bytes: int) -> None:
    if size_bytes > REPLY_LIMIT_BYTES:
        raise GatewayError(f"The host's answer is bigger than {REPLY_LIMIT_BYTES // 1024 // 1024} MB; ask for less.")


def _read_failure(error: OSError) -> ConnectionBrokenError:
    if isinstance(error, BlockingIOError):
        return ReplyTimeoutError("The host did not answer in time.")
    return ConnectionBrokenError("The connection to the host broke before the answer came.", sent=True)


def refusal(reason: str) -> GatewayError:
    """Turn an error answer of the Java side into one of ours, without its stack."""
    first = next((line.strip() for line in reason.splitlines() if line.strip()), "no reason given")
    if "authentication error" in reason.lower():
        return GatewayAuthError(REFUSED_TOKEN)
    return GatewayError(f"The host refused the request: {first.removeprefix('py4j.Py4JException: ')[:300]}")
