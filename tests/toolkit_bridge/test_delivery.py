"""At most once, shown by a server that counts: what a gateway sends when connections break at the worst moment."""

from __future__ import annotations

import dataclasses
import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sanca.core.errors import GatewayError
from sanca.core.tools import CallOutcome
from sanca.toolkit_bridge import GatewayCall, WireGateway
from sanca.toolkit_bridge.py4j_gateway import Py4JGateway
from sanca.toolkit_bridge.wire import escape, unescape

EFFECT = GatewayCall("run_1/1", "system", "write", "{}", '{"call_id":"run_1/1"}', 5.0, repeatable=False)
READ = GatewayCall("run_1/1", "system", "logs", "{}", '{"call_id":"run_1/1"}', 5.0, repeatable=True)
OK = b'!ys{"ok":true,"value":1}\n'


class CountingServer:
    """Speaks just enough Py4J; what it does with each request is up to the test."""

    def __init__(self, answer: Callable[[str, int], bytes | None]) -> None:
        self.requests: list[str] = []
        self._answer = answer
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._connections: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def calls(self) -> int:
        """Return how often the tool call itself arrived."""
        return self.requests.count("call")

    def close(self) -> None:
        """Stop listening and drop every connection."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self._connections:
            connection.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._connections.append(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rb") as lines:
            try:
                while (line := lines.readline()) == b"A\n":
                    lines.readline()
                    connection.sendall(b"!yv\n")
                while line:
                    lines.readline()
                    method = lines.readline().strip().decode()
                    while lines.readline() not in (b"e\n", b""):
                        pass
                    self.requests.append(method)
                    answer = self._answer(method, self.requests.count(method))
                    if answer is None:
                        connection.shutdown(socket.SHUT_RDWR)
                        return
                    connection.sendall(answer)
                    line = lines.readline()
            except (OSError, ValueError):
                return


@contextmanager
def serving(home: Path, answer: Callable[[str, int], bytes | None]) -> Iterator[CountingServer]:
    server = CountingServer(answer)
    (home / "gateway.json").write_text(json.dumps({"port": server.port, "token": "t"}), encoding="utf-8")
    try:
        yield server
    finally:
        server.close()


@pytest.fixture(params=[WireGateway, Py4JGateway], ids=["wire", "py4j"])
def kind(request: pytest.FixtureRequest) -> type[WireGateway]:
    found: type[WireGateway] = request.param
    return found


def state(word: str) -> bytes:
    return f'!ys{{"call_id":"run_1/1","state":"{word}"}}\n'.encode()


def test_an_effect_taken_and_never_answered_is_sent_once(kind: type[WireGateway], tmp_path: Path) -> None:
    with serving(tmp_path, lambda method, _: None if method == "call" else state("unknown")) as server:
        gateway = kind(tmp_path)
        outcome = gateway.call(EFFECT)
        gateway.close()

    assert server.calls() == 1
    assert outcome.error is not None
    assert outcome.error.kind == "unknown"


def test_a_read_taken_and_never_answered_is_sent_again_once(kind: type[WireGateway], tmp_path: Path) -> None:
    def answer(method: str, number: int) -> bytes | None:
        if method == "call":
            return None if number == 1 else OK
        return state("unknown")

    with serving(tmp_path, answer) as server:
        gateway = kind(tmp_path)
        outcome = gateway.call(READ)
        gateway.close()

    assert server.calls() == 2
    assert outcome.value == 1


def test_an_answer_cut_in_the_middle_is_asked_for_by_its_id(kind: type[WireGateway], tmp_path: Path) -> None:
    done = b'!ys{"call_id":"run_1/1","state":"done","outcome":{"ok":true,"value":"it ran"}}\n'
    cut = threading.Event()

    def answer(method: str, number: int) -> bytes | None:
        if method == "call":
            cut.set()
            return None
        return state("running") if number == 1 else done

    with serving(tmp_path, answer) as server:
        gateway = kind(tmp_path)
        outcome = gateway.call(EFFECT)
        gateway.close()

    assert cut.is_set()
    assert server.calls() == 1
    assert outcome.value == "it ran"


def test_an_effect_the_host_calls_cancelled_is_cancelled(kind: type[WireGateway], tmp_path: Path) -> None:
    with serving(tmp_path, lambda method, _: None if method == "call" else state("cancelled")) as server:
        gateway = kind(tmp_path)
        outcome = gateway.call(EFFECT)
        gateway.close()

    assert server.calls() == 1
    assert outcome.error is not None
    assert outcome.error.kind == "cancelled"


def test_an_effect_of_which_the_host_never_heard_was_not_done_and_is_kept_from_beginning(
    kind: type[WireGateway], tmp_path: Path
) -> None:
    never = b'!ys{"call_id":"run_1/1","state":"unknown","begun":false}\n'

    def answer(method: str, _: int) -> bytes | None:
        return None if method == "call" else state("cancelled") if method == "cancel" else never

    with serving(tmp_path, answer) as server:
        gateway = kind(tmp_path)
        outcome = gateway.call(EFFECT)
        gateway.close()

    assert outcome.error is not None
    assert (outcome.error.kind, outcome.error.retryable) == ("unavailable", True)
    assert "nothing was done" in outcome.error.message
    assert server.requests == ["call", "status", "cancel"]


def test_an_effect_that_comes_at_the_moment_it_is_forbidden_tells_what_it_did(
    kind: type[WireGateway], tmp_path: Path
) -> None:
    never = b'!ys{"call_id":"run_1/1","state":"unknown","begun":false}\n'
    done = b'!ys{"call_id":"run_1/1","state":"done","outcome":{"ok":true,"value":"it ran"}}\n'

    def answer(method: str, number: int) -> bytes | None:
        if method == "call":
            return None
        if method == "cancel":
            return state("running")
        return never if number == 1 else done

    with serving(tmp_path, answer):
        gateway = kind(tmp_path)
        outcome = gateway.call(EFFECT)
        gateway.close()

    assert outcome.value == "it ran"


def test_a_read_that_was_sent_again_says_so(kind: type[WireGateway], tmp_path: Path) -> None:
    def answer(method: str, number: int) -> bytes | None:
        if method == "call":
            return None if number == 1 else OK
        return state("unknown")

    with serving(tmp_path, answer):
        gateway = kind(tmp_path)
        outcome = gateway.call(READ)
        gateway.close()

    assert [attempt.kind for attempt in outcome.attempts] == ["unavailable"]


def test_an_effect_answered_by_nonsense_is_unknown_unless_it_never_began(
    kind: type[WireGateway], tmp_path: Path
) -> None:
    begun = "true"

    def answer(method: str, _: int) -> bytes | None:
        if method == "call":
            return b"!ysno envelope\n"
        return f'!ys{{"call_id":"run_1/1","state":"unknown","begun":{begun}}}\n'.encode()

    with serving(tmp_path, answer):
        gateway = kind(tmp_path)
        outcome = gateway.call(EFFECT)
        begun = "false"
        with pytest.raises(GatewayError, match="no call envelope"):
            gateway.call(EFFECT)
        gateway.close()

    assert outcome.error is not None
    assert outcome.error.kind == "unknown"


def test_an_abandoned_effect_is_asked_about_once_and_its_thread_is_free(tmp_path: Path) -> None:
    taken, go_on = threading.Event(), threading.Event()

    def answer(method: str, _: int) -> bytes | None:
        if method != "call":
            return state("running")
        taken.set()
        go_on.wait(10)
        return OK

    with serving(tmp_path, answer) as server:
        gateway = WireGateway(tmp_path)
        outcomes: list[CallOutcome] = []
        thread = threading.Thread(target=lambda: outcomes.append(gateway.call(EFFECT)))
        thread.start()
        assert taken.wait(5)
        gateway.abandon("run_1/1")
        thread.join(5)
        go_on.set()
        gateway.close()

    assert not thread.is_alive()
    assert outcomes[0].error is not None
    assert outcomes[0].error.kind == "unknown"
    assert server.requests == ["call", "status"]


def test_an_answer_above_the_limit_breaks_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sanca.toolkit_bridge.wire.REPLY_LIMIT_BYTES", 200_000)
    with serving(tmp_path, lambda *_: b"!ys" + b"x" * 3_000_000 + b"\n") as server:
        gateway = WireGateway(tmp_path)
        with pytest.raises(GatewayError, match="bigger than"):
            gateway.call(READ)
        outcome = gateway.call(EFFECT)
        gateway.close()

    assert server.calls() == 2
    assert outcome.error is not None
    assert outcome.error.kind == "unknown"  # it ran, and its answer was too long: what it did nobody can say
    assert "bigger than" in outcome.error.message


def test_a_timed_out_effect_that_needs_a_moment_to_stop_is_a_timeout(
    kind: type[WireGateway], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sanca.toolkit_bridge.delivery.GRACE_SECONDS", 0.0)
    go_on = threading.Event()

    def answer(method: str, number: int) -> bytes | None:
        if method == "call":
            go_on.wait(10)
            return None
        return state("running" if method == "cancel" or number == 1 else "cancelled")

    with serving(tmp_path, answer) as server:
        gateway = kind(tmp_path)
        outcome = gateway.call(dataclasses.replace(EFFECT, timeout_seconds=0.2))
        go_on.set()
        gateway.close()

    assert outcome.error is not None
    assert outcome.error.kind == "timeout"
    assert server.requests == ["call", "cancel", "status", "status"]


def test_a_request_cut_off_while_it_is_sent_never_left(kind: type[WireGateway], tmp_path: Path) -> None:
    """The host closes before it has read all: nothing ran, so the sentence is not "may or may not have happened"."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        (tmp_path / "gateway.json").write_text(
            json.dumps({"port": listener.getsockname()[1], "token": "t"}), encoding="utf-8"
        )
        threading.Thread(target=_read_a_little_and_close, args=(listener, 2), daemon=True).start()
        gateway = kind(tmp_path)
        with pytest.raises(GatewayError, match=r"larger than|sent a request|does not answer"):
            gateway.call(dataclasses.replace(EFFECT, arguments_json='"' + "x" * 30_000_000 + '"'))
        gateway.close()


def _read_a_little_and_close(listener: socket.socket, times: int) -> None:
    for _ in range(times):
        connection, _ = listener.accept()
        with connection:
            connection.recv(4)
            connection.sendall(b"!yv\n")
            connection.recv(1000)
            connection.sendall(b"!xsThe call is larger than sanca.gateway.max-payload.\n")


@pytest.mark.parametrize("text", ["", "plain", "a\nb\r\nc", "\\n", "\\\\n\n", "end\\", "中\n🐍", "\\" * 7 + "\n"])
def test_texts_survive_the_one_line_form_and_it_is_py4js_own(text: str) -> None:
    from py4j.protocol import escape_new_line, unescape_new_line

    assert unescape(escape(text).encode()).decode() == text
    assert escape(text) == escape_new_line(text)
    assert unescape(escape(text).encode()).decode() == unescape_new_line(escape(text))
    assert "\n" not in escape(text)
