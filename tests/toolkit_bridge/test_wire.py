"""Counted bytes on one connection of the wire: against a server of bytes that the tests write themselves."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from pydantic import SecretStr
from sanca.core.errors import GatewayError
from sanca.toolkit_bridge.connection import GatewayConnectionInfo
from sanca.toolkit_bridge.gateway import ConnectionBrokenError, ReplyTimeoutError
from sanca.toolkit_bridge.wire import WireConnection

TEXT = 'a\\b\r\n"中" 🐍\0' * 2_000
DATA = TEXT.encode()
COUNTED = b"!b%d\n" % len(DATA) + DATA


@contextmanager
def connected(greeting: bytes, *pieces: bytes, is_open: bool = False) -> Iterator[tuple[WireConnection, bytearray]]:
    """Yield a connection to a server that answers the first request in these pieces, and what the server received."""
    received, is_over = bytearray(), threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            server, _ = listener.accept()
            with server:
                server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                while not received.endswith(b"A\ntoken\n"):
                    received.extend(server.recv(1000))
                received.clear()
                server.sendall(greeting)
                while not received.endswith(b"e\n"):
                    if not (more := server.recv(100_000)):
                        return
                    received.extend(more)
                for piece in pieces:
                    server.sendall(piece)
                if is_open:
                    is_over.wait(10)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        info = GatewayConnectionInfo(port=listener.getsockname()[1], token=SecretStr("token"))
        connection = WireConnection(info)
        try:
            yield connection, received
        finally:
            connection.close()
            is_over.set()
            thread.join(5)


@pytest.mark.parametrize("step", [1, 3, 4_000, 100_000])
def test_a_counted_answer_comes_whole_however_it_is_cut(step: int) -> None:
    pieces = [COUNTED[at : at + step] for at in range(0, len(COUNTED), step)]
    if step < 100:  # only its head in the smallest pieces
        pieces = [COUNTED[at : at + step] for at in range(0, 60, step)] + [COUNTED[len(range(0, 60, step)) * step :]]

    with connected(b"!yvC\n", *pieces) as (connection, _):
        assert bytes(connection.invoke("status", ("x",), 5.0)) == DATA


def test_an_empty_counted_answer_is_empty() -> None:
    with connected(b"!yvC\n", b"!b0\n", is_open=True) as (connection, _):
        assert bytes(connection.invoke("status", ("x",), 5.0)) == b""


def test_a_long_argument_is_counted_and_a_short_one_a_line() -> None:
    with connected(b"!yvC\n", b"!ysok\n") as (connection, received):
        assert connection.invoke("call", ("short\n", TEXT, "{}", "end\\"), 5.0) == b"ok"

    assert bytes(received) == b"C\nt\ncall\nsshort\\n\nb%d\n" % len(DATA) + DATA + b"s{}\nsend\\\\\ne\n"


def test_a_host_that_does_not_say_it_can_count_gets_lines_and_all_arguments_in_the_json() -> None:
    with connected(b"!yv\n", b"!ysok\n") as (connection, received):
        assert connection.invoke("call", ("kit", "tool", "{}", "{}", "text", "a\n" * 9_000), 5.0) == b"ok"

    text = b"a\\\\n" * 9_000
    assert bytes(received) == b'c\nt\ncall\nskit\nstool\ns{"text":"' + text + b'"}\ns{}\ne\n'


@pytest.mark.parametrize("answer", [b"!bx\n", b"!b-1\n", b"!b\n", b"!b" + b"1" * 40, b"!b1 \n", b"!b3\nabcd"])
def test_a_count_that_is_none_is_told(answer: bytes) -> None:
    with connected(b"!yvC\n", answer) as (connection, _), pytest.raises(GatewayError, match=r"how long|longer than"):
        connection.invoke("status", ("x",), 5.0)


def test_a_count_above_the_limit_is_refused_before_memory_is_taken() -> None:
    with (
        connected(b"!yvC\n", b"!b99999999999\n", is_open=True) as (connection, _),
        pytest.raises(GatewayError, match="bigger than"),
    ):
        connection.invoke("status", ("x",), 5.0)


def test_a_counted_answer_that_breaks_off_may_have_run() -> None:
    with connected(b"!yvC\n", COUNTED[:-1]) as (connection, _), pytest.raises(ConnectionBrokenError) as caught:
        connection.invoke("status", ("x",), 5.0)

    assert caught.value.sent


def test_a_counted_answer_that_stops_coming_is_a_timeout() -> None:
    with (
        connected(b"!yvC\n", COUNTED[:-1], is_open=True) as (connection, _),
        pytest.raises(ReplyTimeoutError),
    ):
        connection.invoke("status", ("x",), 0.2)
