"""What an action is told when the other end of its tools dies: a call that had left may have happened."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import anyio
import pytest
from sanca.python_runtime.sandbox.guest.channel import ToolChannel
from sanca.python_runtime.sandbox.guest.errors import ToolFailedError, error_from_wire


@pytest.fixture
def ends() -> Iterator[tuple[ToolChannel, socket.socket]]:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    channel = ToolChannel(ours)
    theirs.recv(1_000)  # its greeting
    yield channel, theirs
    ours.close()
    theirs.close()


def die_after_next(theirs: socket.socket) -> threading.Thread:
    """Take one message more and close, as a killed broker does."""

    def die() -> None:
        theirs.recv(65_536)
        theirs.close()

    thread = threading.Thread(target=die)
    thread.start()
    return thread


def failure_of(channel: ToolChannel) -> ToolFailedError:
    with pytest.raises(ToolFailedError) as failed:
        channel.call("system", "deploy", ("checkout",))
    return failed.value


def test_a_call_whose_answer_never_comes_may_have_happened(ends: tuple[ToolChannel, socket.socket]) -> None:
    channel, theirs = ends
    dying = die_after_next(theirs)

    error = failure_of(channel)
    dying.join(10)

    assert error.kind == "unknown"
    assert "may or may not have happened" in str(error)


def test_a_call_that_cannot_leave_did_not_happen(ends: tuple[ToolChannel, socket.socket]) -> None:
    channel, theirs = ends
    theirs.close()

    error = failure_of(channel)

    assert error.kind == "unavailable"
    assert "may or may not" not in str(error)


def test_the_same_holds_for_calls_of_an_event_loop(ends: tuple[ToolChannel, socket.socket]) -> None:
    channel, theirs = ends
    kinds = []

    async def call() -> None:
        try:
            await channel.call_async("system", "deploy", ("checkout",))
        except ToolFailedError as error:
            kinds.append(error.kind)

    dying = die_after_next(theirs)
    anyio.run(call)
    dying.join(10)
    anyio.run(call)

    assert kinds == ["unknown", "unavailable"]


def test_an_error_names_the_alternative_that_its_tool_declares() -> None:
    error = error_from_wire({"kind": "failed", "message": "the disk is gone", "alternative": "system.other"})

    assert isinstance(error, ToolFailedError)
    assert error.alternative == "system.other"
    assert error_from_wire({"kind": "failed"}).alternative is None
