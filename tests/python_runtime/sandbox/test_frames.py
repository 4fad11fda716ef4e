"""Messages cut into datagrams and joined again."""

from __future__ import annotations

import socket

import pytest
from sanca.python_runtime.sandbox.guest import frames


@pytest.mark.parametrize("size", [0, 1, 65_536, 65_537, 131_072, 200_000])
def test_message_of_any_size_comes_back_whole(size: int) -> None:
    message = bytes(index % 251 for index in range(size))
    pieces = frames.chunks(message)
    assert all(len(piece) <= frames.DATAGRAM_BYTES for piece in pieces)
    assert [piece[0] for piece in pieces] == [1] * (len(pieces) - 1) + [0]
    assembler = frames.Assembler()
    assert [assembler.feed(piece) for piece in pieces][-1] == message


def test_messages_cross_a_socket_in_order() -> None:
    left, right = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with left, right:
        frames.send(left, b"a" * 70_000)
        frames.send(left, b"b")
        assert [frames.receive(right)[:1], frames.receive(right)] == [b"a", b"b"]


def test_end_of_the_other_side_is_an_end_of_file() -> None:
    left, right = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    left.close()
    with right, pytest.raises(EOFError):
        frames.receive(right)


@pytest.mark.parametrize("datagram", [b"\x02abc", b"\xff", b"\x01" + bytes(101), b"\x00" + bytes(101)])
def test_datagram_without_marker_or_beyond_the_limit_is_refused(datagram: bytes) -> None:
    with pytest.raises(ValueError, match=r"begin with|longer"):
        frames.Assembler(limit_bytes=100).feed(datagram)


def test_endless_empty_parts_take_no_memory() -> None:
    assembler = frames.Assembler(limit_bytes=10)
    for _ in range(1000):
        assert assembler.feed(b"\x01") is None
    assert assembler.feed(b"\x00done") == b"done"
