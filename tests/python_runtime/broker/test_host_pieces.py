"""What the broker makes of the host's pieces, and of pieces that are not what they should be."""

from __future__ import annotations

import base64
from typing import Any

import msgpack
import pytest
from sanca.core.tools import CallOutcome, ResultPage
from sanca.python_runtime.broker import host_pieces
from sanca.python_runtime.broker.call_streams import PieceForm
from sanca.python_runtime.broker.host_pieces import HostItems, HostPieces, bytes_of
from sanca.toolkit_bridge.gateway import failure
from sanca.toolkit_bridge.pages import ResultPieces

SECONDS = 5.0


class Written(ResultPieces):
    """Pieces that are there already; `None` means that the host gave nothing."""

    def __init__(self, kind: str, values: list[Any], *, stream: bool) -> None:
        self.outcomes = [self._outcome(kind, value, n, len(values), stream) for n, value in enumerate(values, 1)]
        self.page = self._page(self.outcomes[0])
        self.first = self.outcomes.pop(0)
        self.is_closed = False

    def pull(self, timeout_seconds: float) -> CallOutcome:
        outcome = self.outcomes.pop(0)
        if outcome.ok:
            self.page = self._page(outcome)
        return outcome

    def close(self) -> None:
        self.is_closed = True

    @staticmethod
    def _page(outcome: CallOutcome) -> ResultPage:
        assert outcome.page is not None
        return outcome.page

    @staticmethod
    def _outcome(kind: Any, value: Any, number: int, count: int, stream: bool) -> CallOutcome:
        if isinstance(value, CallOutcome):
            return value
        page = ResultPage(handle="h", kind=kind, stream=stream, next=number, more=number < count)
        return CallOutcome(ok=True, value=value, page=page)


def value_of(pieces: Written, *, is_bytes: bool = False) -> HostPieces:
    return HostPieces("shop.rows", pieces, pieces.first, timeout_seconds=SECONDS, is_bytes=is_bytes)


def all_of(source: HostItems | HostPieces) -> tuple[list[Any], CallOutcome]:
    """Take everything; what is taken is unpacked."""
    taken: list[Any] = []
    while True:
        items, outcome = source.take(2, SECONDS)
        taken += [msgpack.unpackb(item) for item in items]
        if outcome is not None:
            return taken, outcome


def test_items_come_singly_and_empty_pieces_are_passed_over() -> None:
    pieces = Written("items", [[1, 2, 3], [], [{"a": "行"}]], stream=True)

    assert all_of(HostItems("shop.rows", pieces, pieces.first)) == ([1, 2, 3, {"a": "行"}], CallOutcome(ok=True))


def test_a_failure_comes_after_the_items_before_it_and_names_the_tool() -> None:
    lost = failure("unavailable", "The host went away while sanca.results.next ran.")
    pieces = Written("items", [[1, 2, 3], lost], stream=True)

    items, outcome = all_of(HostItems("shop.rows", pieces, pieces.first))

    assert items == [1, 2, 3]
    assert outcome.error is not None
    assert outcome.error.message == "The host went away while shop.rows ran."


@pytest.mark.parametrize("item", ["x" * (4 << 20), 2**64])
def test_an_item_that_cannot_cross_ends_the_stream(item: Any) -> None:
    pieces = Written("items", [[1], [item], [2]], stream=True)

    items, outcome = all_of(HostItems("shop.rows", pieces, pieces.first))

    assert (items, pieces.is_closed) == ([1], True)
    assert outcome.error is not None
    assert "shop.rows: an item" in outcome.error.message


def test_what_the_host_does_not_give_in_time_is_a_timeout() -> None:
    pieces = Written("items", [[1], failure("timeout", "The call of next took longer than its limit.")], stream=True)
    source = HostItems("shop.rows", pieces, pieces.first)
    source.take(1, SECONDS)

    with pytest.raises(TimeoutError):
        source.take(1, SECONDS)
    with pytest.raises(TimeoutError):
        HostItems("shop.rows", pieces, CallOutcome(ok=True, value=[])).take(1, 0.0)


@pytest.mark.parametrize(
    ("kind", "values", "taken", "whole"),
    [
        ("items", [[1], [2, 3]], [msgpack.packb([1]), msgpack.packb([2, 3])], [1, 2, 3]),
        ("bytes", ["aGk=", "IQ=="], [b"hi", b"!"], base64.b64encode(b"hi!").decode()),
        ("text", ["数据", "🐍"], ["数据", "🐍"], "数据🐍"),
        ("json", ['{"a":', "[1]}"], ['{"a":', "[1]}"], {"a": [1]}),
    ],
)
def test_a_value_comes_in_pieces_or_whole(kind: str, values: list[Any], taken: list[Any], whole: Any) -> None:
    in_pieces = value_of(Written(kind, values, stream=False))

    assert in_pieces.form == PieceForm(kind, is_value=True)
    assert all_of(in_pieces) == (taken, CallOutcome(ok=True))
    assert in_pieces.read_so_far().size_bytes == sum(map(len, taken))
    assert value_of(Written(kind, values, stream=False)).join() == CallOutcome(ok=True, value=whole)


@pytest.mark.parametrize(("kind", "value"), [("items", "no list"), ("bytes", "no base64!"), ("bytes", 5), ("text", [])])
def test_a_piece_that_is_not_what_the_host_said_is_a_failure(kind: str, value: Any) -> None:
    pieces = Written(kind, [value, value], stream=False)

    _, outcome = all_of(value_of(pieces))

    assert outcome.error is not None
    assert (outcome.error.kind, pieces.is_closed) == ("failed", True)


def test_a_value_without_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host_pieces, "VALUE_LIMIT_BYTES", 10)
    monkeypatch.setattr(host_pieces, "WHOLE_LIMIT_BYTES", 5)
    for read in (all_of, lambda source: (None, source.join())):
        pieces = Written("text", ["abcd", "efgh", "ijkl", "mnop"], stream=False)

        _, outcome = read(value_of(pieces))

        assert outcome.error is not None
        assert "gave more than" in outcome.error.message
        assert pieces.is_closed


def test_the_journal_is_told_the_beginning_of_what_came() -> None:
    rows = value_of(Written("items", [[1, "x" * 9_000, 2, 3], [4]], stream=False))
    text = value_of(Written("text", ["x" * 900, "y"], stream=False))
    for source in (rows, text):
        all_of(source)

    assert rows.read_so_far().sample == [1, "… (9,003 bytes)", 2]
    assert text.read_so_far().sample == ["x" * 200]


def test_only_what_is_base64_becomes_bytes() -> None:
    assert [bytes_of(value) for value in ("aGk=", "no base64!", None, 5)] == [b"hi", "no base64!", None, 5]
