"""Guests that flood, lie, forge and hang: each loses its own channel; a second session under measurement goes on."""

from __future__ import annotations

import itertools
import mmap
import os
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import anyio
import msgpack
import pytest
from broker_driver import TOOLS, Driver, driven
from guest_end import GuestEnd
from sanca.python_runtime.broker.records import RunBudget, RunContext
from stalls import Stalls

pytestmark = pytest.mark.anyio

STREAMS = '''
"""Streams of the test."""

from collections.abc import AsyncIterator

import anyio
from sanca.toolkit_bridge import tool


@tool
async def count(upto: int) -> AsyncIterator[int]:
    """Count."""
    for number in range(upto):
        yield number


@tool
async def never() -> AsyncIterator[int]:
    """Give nothing."""
    await anyio.sleep(60)
    yield 0
'''
MEMORY_GROWTH_MB = 150
"""What a single hostile guest may cost the broker for a moment: a long message, its copy and its values."""
MOST_SECONDS, MEDIAN_SECONDS = 2.0, 0.05
"""How long a call of a second session may take meanwhile; on a quiet machine it is 0.1 and 0.0005."""
_BUSY_FACTOR = 10
"""How much more a call may take on a machine where somebody always waits for a processor."""


class Neighbour:
    """A second session that calls all the time and writes down how long each call took."""

    def __init__(self) -> None:
        self.guest = GuestEnd()
        self.seconds: list[float] = []
        self.wrong: list[Any] = []
        self._is_ended = threading.Event()
        self._thread = threading.Thread(target=self._call_on)

    def start(self) -> None:
        """Begin to call."""
        self._thread.start()

    def end(self) -> None:
        """Stop and wait for the last answer."""
        self._is_ended.set()
        self._thread.join(30)
        self.guest.close()

    def _call_on(self) -> None:
        while not self._is_ended.is_set():
            begun = time.monotonic()
            answer = self.guest.call("shop", "add", len(self.seconds))
            self.seconds.append(time.monotonic() - begun)
            if answer.get("v") != len(self.seconds) + 1:
                self.wrong.append(answer)


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
async def broker(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Driver]:
    """One broker for all: what one guest does to it the next ones would notice too."""
    home = tmp_path_factory.mktemp("home")
    (home / "toolkits").mkdir()
    (home / "toolkits" / "shop.py").write_text(TOOLS.replace("\\\\n", "\\n"), encoding="utf-8")
    (home / "toolkits" / "stream.py").write_text(STREAMS, encoding="utf-8")
    async with driven(home, answers_unread_seconds=1.0) as made:
        yield made


_NUMBERS = itertools.count(1)


class Hostile:
    """A sandbox session that is about to misbehave, with a run of its own."""

    def __init__(self, broker: Driver) -> None:
        self.broker = broker
        self.number = next(_NUMBERS)
        self.guest = GuestEnd()
        self.run_id, self.session_id = f"run_{self.number}", f"sandbox_{self.number}"

    async def open(self, **budget: Any) -> None:
        """Open the run and bind the session."""
        await self.broker.client.open_run(RunContext(self.run_id, "ses_1", budget=RunBudget(**budget)))
        await self.broker.client.bind(self.session_id, self.guest.broker_end, self.run_id, 1)
        self.guest.broker_end.close()

    @property
    def reasons(self) -> list[str]:
        """What the engine was told about it."""
        return [reason for session_id, reason in self.broker.engine.misbehaved if session_id == self.session_id]

    async def expect_end(self, act: Callable[[GuestEnd], object], reason: str, seconds: float = 20.0) -> None:
        """Let it misbehave; it must lose its socket, and the engine must be told why, once."""

        def misbehave() -> None:
            try:
                act(self.guest)
                self.guest.socket.settimeout(seconds)
                while self.guest.socket.recv(70_000):
                    pass
            except (BrokenPipeError, ConnectionResetError):
                return

        with anyio.fail_after(seconds):
            await anyio.to_thread.run_sync(misbehave)
        await self.broker.engine.until(lambda: self.reasons)
        assert len(self.reasons) == 1
        assert reason in self.reasons[0]


@pytest.fixture
async def hostile(broker: Driver) -> AsyncIterator[Hostile]:
    made = Hostile(broker)
    await made.open(calls=40)
    yield made
    made.guest.close()
    await broker.client.end_session(made.session_id)
    await broker.client.close_run(made.run_id)


@pytest.fixture
async def neighbour(broker: Driver) -> AsyncIterator[Neighbour]:
    """A second session; at its end each of its calls must have been answered rightly and soon, in little memory."""
    made = Neighbour()
    run_id = f"run_{next(_NUMBERS)}"
    await broker.client.open_run(RunContext(run_id, "ses_2", budget=RunBudget(calls=10**9, seconds=1e9)))
    await broker.client.bind(run_id, made.guest.broker_end, run_id, 1)
    made.guest.broker_end.close()
    before = await memory_megabytes(broker, "VmRSS")
    pid = (await broker.client.health()).pid
    await anyio.Path(f"/proc/{pid}/clear_refs").write_text("5", encoding="ascii")  # VmHWM counts from now
    stalls = Stalls()
    made.start()
    yield made
    calls = len(made.seconds)
    with anyio.fail_after(60):
        while len(made.seconds) < calls + 20:  # noqa: ASYNC110 - it counts in a thread
            await anyio.sleep(0.01)
    await anyio.to_thread.run_sync(made.end)
    assert made.wrong == []
    assert max(made.seconds) < MOST_SECONDS + stalls.seconds
    assert sorted(made.seconds)[len(made.seconds) // 2] < MEDIAN_SECONDS * (1 + _BUSY_FACTOR * stalls.share)
    assert await memory_megabytes(broker, "VmHWM") - before < MEMORY_GROWTH_MB
    await broker.client.close_run(run_id)


async def memory_megabytes(broker: Driver, which: str) -> float:
    """Return what the broker has resident now (`VmRSS`), or the most it had since it was last reset (`VmHWM`)."""
    pid = (await broker.client.health()).pid
    status = await anyio.Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith(which))


def call(number: int, tool: str, *args: Any, toolkit: str = "shop", **more: Any) -> dict[str, Any]:
    return {"n": number, "t": toolkit, "f": tool, "a": list(args), "k": {}, **more}


def send_long(guest: GuestEnd, body: bytes) -> None:
    """Send bytes as one message, whatever they are."""
    for start in range(0, len(body), 65_536):
        more = b"\x01" if start + 65_536 < len(body) else b"\x00"
        guest.socket.send(more + body[start : start + 65_536])


LIES: dict[str, tuple[Any, str]] = {
    "an answer nobody asked for": ({"n": 1, "ok": True, "v": 1}, "neither a call nor about one"),
    "no number": ({"t": "shop", "f": "add"}, "without a number"),
    "a number of another kind": (call(1, "add") | {"n": "1"}, "without a number"),
    "a number that is true": (call(1, "add") | {"n": True}, "without a number"),
    "a number below nought": (call(-1, "add"), "without a number"),
    "names of another kind": (call(1, "add") | {"f": 7}, "without names"),
    "a toolkit of another kind": (call(1, "add") | {"t": ["shop"]}, "without names"),
    "arguments of another kind": (call(1, "add") | {"a": {"x": 1}}, "without names"),
    "named arguments of another kind": (call(1, "add") | {"k": [1]}, "without names"),
    "no map": ([1, 2, 3], "no map"),
    "credit without end": ({"n": 1, "p": 10**9}, "more items"),
    "credit of nought": ({"n": 1, "p": 0}, "more items"),
    "credit that is true": ({"n": 1, "p": True}, "more items"),
    "credit in words": ({"n": 1, "p": "all"}, "more items"),
    "a long message of no length": ({"n": 1, "l": None}, "without a length"),
    "memory that was never lent": ({"n": 1, "l": 100}, "not lent"),
    "memory of less than nothing": ({"n": 1, "l": -5}, "not lent"),
    "memory beyond all": ({"n": 1, "l": 1 << 40}, "not lent"),
    "a close that is no close": ({"n": 1, "x": 5}, "neither a call"),
    "a fetch that is no fetch": ({"n": 1, "g": "yes"}, "neither a call"),
}


@pytest.mark.parametrize("lie", LIES)
async def test_a_lie_ends_only_its_own_session(hostile: Hostile, neighbour: Neighbour, lie: str) -> None:
    message, reason = LIES[lie]
    await hostile.expect_end(lambda guest: guest.socket.send(b"\x00" + msgpack.packb(message)), reason)


FORGED_BYTES = {
    "a marker nobody knows": b"\x07abc",
    "a descriptor's marker": b"\x03",
    "a greeting that is no message": b"\x02abc",
    "a greeting that greets nobody": b"\x02" + msgpack.packb({"n": 1, "t": "sanca", "f": "say", "a": ["hi"]}),
    "a greeting without a number": b"\x02" + msgpack.packb({"t": "sanca", "f": "hello"}),
    "an empty datagram's body": b"\x00",
    "the reserved byte": b"\x00\xc1",
    "half a map": b"\x00\x82\xa1n\x01",
    "a map of four thousand million": b"\x00\xdf\xff\xff\xff\xff",
    "a list of four thousand million": b"\x00\xdd\xff\xff\xff\xff",
    "lists that all claim to be long": b"\x00" + b"\xdd\x00\x00\xff\xff" * 1_000 + bytes(60_000),
    "a number as a key": b"\x00\x81\x01\x01",
    "a list as a key": b"\x00\x81\x90\x01",
    "bytes as a key": b"\x00\x81\xc4\x01n\x01",
    "an extension type": b"\x00\x81\xa1a\xd4\x05\x00",
    "text that is no text": b"\x00\x81\xa1a\xa2\xff\xfe",
    "two messages in one": b"\x00\x81\xa1n\x01\x81\xa1n\x01",
    "lists in lists without end": b"\x00" + b"\x91" * 60_000,
}


@pytest.mark.parametrize("what", FORGED_BYTES)
async def test_bytes_that_are_no_message_end_only_their_own_session(
    hostile: Hostile, neighbour: Neighbour, what: str
) -> None:
    await hostile.expect_end(lambda guest: guest.socket.send(FORGED_BYTES[what]), "")


BOMBS: dict[str, Callable[[], bytes]] = {
    "sixteen million empty maps": lambda: b"\xdd\x00\xf0\x00\x00" + b"\x80" * 0xF00000,
    "lists of empty lists": lambda: b"\xdd\x00\x03\x00\x00" + (b"\x9f" + b"\x90" * 15) * 0x30000,
    "eight million short texts": lambda: b"\xdd\x00\x50\x00\x00" + b"\xa2ab" * 0x500000,
    "a map of a million keys": lambda: msgpack.packb({"n": 1, "k": {f"{n}": n for n in range(1_100_000)}}),
    "seventeen megabytes": lambda: msgpack.packb(call(1, "repeat", "x" * (17 << 20), 1)),
}


@pytest.mark.parametrize("bomb", BOMBS)
async def test_a_message_that_would_fill_the_memory_ends_only_its_own_session(
    hostile: Hostile, neighbour: Neighbour, bomb: str
) -> None:
    body = BOMBS[bomb]()
    await hostile.expect_end(lambda guest: send_long(guest, body), "")


# Floods


async def test_requests_without_reading_stop_in_the_socket_and_then_end(hostile: Hostile, neighbour: Neighbour) -> None:
    def flood(guest: GuestEnd) -> None:
        frame = b"\x00" + msgpack.packb(call(1, "repeat", "x", 60_000) | {"c": True})
        for number in range(100_000):
            guest.socket.send(frame.replace(b"\xa1n\x01", b"\xa1n" + msgpack.packb(number + 1)))

    await hostile.expect_end(flood, "")


async def test_answers_left_unread_end_the_session(hostile: Hostile, neighbour: Neighbour) -> None:
    def flood(guest: GuestEnd) -> None:
        for number in range(1, 12):
            guest.socket.send(b"\x00" + msgpack.packb(call(number, "repeat", "x", 60_000) | {"c": True}))
        while guest.socket.send(b"\x00" + msgpack.packb(call(99, "describe", toolkit="sanca"))):
            pass

    await hostile.expect_end(flood, "unread")


async def test_calls_far_beyond_the_budget_end_the_session_and_the_journal_stays_small(
    hostile: Hostile, neighbour: Neighbour
) -> None:
    def flood(guest: GuestEnd) -> None:
        for number in range(5_000):
            guest.send(call(number, "add", 1))
            guest.read()

    with pytest.raises(AssertionError, match="closed the channel"):
        await anyio.to_thread.run_sync(flood, hostile.guest)
    await hostile.broker.engine.until(lambda: hostile.reasons)
    assert "budget is used up" in hostile.reasons[0]
    assert len(await hostile.broker.journal(hostile.run_id)) < 1_200


@pytest.mark.parametrize(
    "frame",
    [
        pytest.param(b"\x00" + msgpack.packb(call(1, "describe", toolkit="sanca")), id="descriptions"),
        pytest.param(b"\x00" + msgpack.packb(call(1, "ping", toolkit="sanca")), id="pings"),
        pytest.param(b"\x00" + msgpack.packb({"n": 1, "x": True}), id="closes"),
        pytest.param(b"\x00" + msgpack.packb({"n": 1, "p": 1}), id="pulls"),
        pytest.param(b"\x02" + msgpack.packb(call(1, "hello", toolkit="sanca")), id="greetings"),
    ],
)
async def test_questions_without_end_end_the_session(hostile: Hostile, neighbour: Neighbour, frame: bytes) -> None:
    def flood(guest: GuestEnd) -> None:
        reader = threading.Thread(target=_drain, args=(guest.socket,))
        reader.start()
        try:
            while guest.socket.send(frame):
                pass
        finally:
            reader.join(20)

    await hostile.expect_end(flood, "floods", seconds=60.0)


def _drain(connected: socket.socket) -> None:
    try:
        while connected.recv(70_000):
            pass
    except OSError:
        return


# Numbers, streams, memory


async def test_a_number_used_twice_ends_the_session(hostile: Hostile, neighbour: Neighbour) -> None:
    def lie(guest: GuestEnd) -> None:
        guest.send(call(5, "wait", 20, c=True))
        guest.send(call(5, "wait", 20, c=True))

    await hostile.expect_end(lie, "twice")


async def test_a_stream_pulled_twice_at_once_ends_the_session(hostile: Hostile, neighbour: Neighbour) -> None:
    def lie(guest: GuestEnd) -> None:
        guest.send(call(5, "never", toolkit="stream"))
        assert guest.read() == {"n": 5, "s": 16}
        for _ in range(3):
            guest.send({"n": 5, "p": 16, "c": True})

    await hostile.expect_end(lie, "twice at once")


async def test_more_streams_than_allowed_are_refused_and_all_end_with_the_action(hostile: Hostile) -> None:
    def open_many() -> list[dict[str, Any]]:
        answers = []
        for number in range(40):
            hostile.guest.send(call(number, "count", 10**9, toolkit="stream"))
            answers.append(hostile.guest.read())
        return answers

    answers = await anyio.to_thread.run_sync(open_many)
    await hostile.broker.client.unbind(hostile.session_id)

    assert [("s" in answer) for answer in answers] == [True] * 32 + [False] * 8
    finished = await hostile.broker.journal(hostile.run_id, "call_finished")
    assert len(finished) == 40
    assert hostile.reasons == []


async def test_lent_memory_cannot_change_its_size(hostile: Hostile) -> None:
    def try_it() -> list[str]:
        hostile.guest.send(call(1, "memory", toolkit="sanca"))
        assert hostile.guest.read()["m"] == 64 << 20
        memory = hostile.guest.receive_descriptor()
        refused = []
        for size in (1, 65 << 20):
            try:
                os.ftruncate(memory, size)
            except PermissionError:
                refused.append("truncate")
        try:
            os.posix_fallocate(memory, 64 << 20, 1 << 20)
        except OSError:
            refused.append("allocate")
        return refused

    assert await anyio.to_thread.run_sync(try_it) == ["truncate", "truncate", "allocate"]


def lend(guest: GuestEnd, number: int) -> mmap.mmap:
    guest.send(call(number, "memory", toolkit="sanca"))
    guest.read()
    return mmap.mmap(guest.receive_descriptor(), 64 << 20)


FORGED_MEMORY = {
    "no message": (b"\xc1\xc1\xc1", "no frame"),
    "no call": (msgpack.packb({"n": 7, "ok": True}), "another message"),
    "another call": (msgpack.packb(call(8, "add", 1)), "another message"),
    "a bomb": (b"\xdd\x03\x00\x00\x00" + b"\x80" * 0x3000000, ""),
    "keys of numbers": (b"\x81\x01\x01", "no frame"),
}


@pytest.mark.parametrize("what", FORGED_MEMORY)
async def test_lies_in_lent_memory_end_the_session(hostile: Hostile, neighbour: Neighbour, what: str) -> None:
    body, reason = FORGED_MEMORY[what]

    def lie(guest: GuestEnd) -> None:
        with lend(guest, 1) as memory:
            memory[: len(body)] = body
        guest.send({"n": 7, "l": max(len(body), 1)})

    await hostile.expect_end(lie, reason)


async def test_lent_memory_that_was_given_back_meanwhile_is_no_lie(hostile: Hostile) -> None:
    def announce_nothing() -> dict[str, Any]:
        lend(hostile.guest, 1).close()
        hostile.guest.send({"n": 7, "l": 100})
        return hostile.guest.call("shop", "add", 1)

    assert (await anyio.to_thread.run_sync(announce_nothing))["v"] == 3
    assert hostile.reasons == []


async def test_memory_rewritten_while_it_is_read_harms_nobody(hostile: Hostile, neighbour: Neighbour) -> None:
    text = msgpack.packb(call(7, "repeat", "x" * (8 << 20), 0))
    bomb = text[:20] + b"\x91" * 60 + text[80:]

    def race() -> None:
        is_over = threading.Event()
        memory = lend(hostile.guest, 1)

        def rewrite() -> None:
            while not is_over.is_set():
                memory[: 1 << 12], memory[: 1 << 12] = bomb[: 1 << 12], text[: 1 << 12]

        memory[: len(text)] = text
        thread = threading.Thread(target=rewrite)
        thread.start()
        try:
            for number in range(2, 12):
                hostile.guest.send({"n": 7, "l": len(text)})
                hostile.guest.read()
                memory[: len(text)] = text
                assert number
        except (AssertionError, OSError):
            return  # it was caught, which is as good
        finally:
            is_over.set()
            thread.join()

    await anyio.to_thread.run_sync(race)


async def test_half_a_message_and_silence_hold_only_their_own_session(hostile: Hostile, neighbour: Neighbour) -> None:
    hostile.guest.socket.send(b"\x01" + bytes(60_000))
    calls = len(neighbour.seconds)
    await hostile.broker.engine.until(lambda: len(neighbour.seconds) > calls + 50)

    def begin_anew() -> dict[str, Any]:
        hostile.guest.socket.send(b"\x02" + msgpack.packb(call(2**61, "hello", toolkit="sanca")))
        assert hostile.guest.read() == {"n": 2**61, "ok": True, "v": None}
        return hostile.guest.call("shop", "add", 1)

    assert (await anyio.to_thread.run_sync(begin_anew))["v"] == 3
    assert hostile.reasons == []


async def test_eight_calls_that_hang_hold_back_the_ninth_and_nobody_else(
    hostile: Hostile, neighbour: Neighbour
) -> None:
    def hang() -> list[int]:
        for number in range(12):
            hostile.guest.send(call(number, "wait", 0.5, c=True))
        return [hostile.guest.read()["n"] for _ in range(12)]

    begun = time.monotonic()
    numbers = await anyio.to_thread.run_sync(hang)

    assert sorted(numbers) == list(range(12))
    assert time.monotonic() - begun >= 1.0
    assert max(numbers[:8]) < 8
