"""Handles of long values against what they stand for, and the pieces they are made of."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import msgpack
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sanca.python_runtime.sandbox.guest import pieces as guest_pieces
from sanca.python_runtime.sandbox.guest.large_results import LargeBytes, LargeJson, LargeList, LargeText
from sanca.python_runtime.sandbox.guest.pieces import Pieces
from sanca.python_runtime.sandbox.guest.records import Record

POSITIONS = st.one_of(st.none(), st.integers(-30, 30))
STEPS = st.one_of(st.none(), st.integers(-4, 4).filter(bool))
SLICES = st.builds(slice, POSITIONS, POSITIONS, STEPS)
TEXT = st.text(st.sampled_from("ab行🐍\n\r\u2028"), max_size=6)


@pytest.fixture(autouse=True)
def nothing_is_short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every value with at least one byte be too long to be given as it is."""
    monkeypatch.setattr(guest_pieces, "WHOLE_BYTES", dict.fromkeys(guest_pieces.WHOLE_BYTES, 0))


def handle(kind: str, parts: list[Any]) -> Any:
    """Put pieces together as the channel does."""
    made = Pieces({"k": kind})
    for part in parts:
        made.add(msgpack.packb(part) if kind == "items" else part)
    return made.value()


def is_same(made: Any, plain: Any, key: slice) -> bool:
    """Whether both give the same for a slice, for its bounds as positions, and for their length."""
    for position in (key.start, key.stop):
        if position is not None and -len(plain) <= position < len(plain):
            assert made[position] == plain[position]
    return len(made) == len(plain) and made[key] == plain[key]


@settings(max_examples=60, deadline=None, database=None)
@given(st.lists(st.lists(st.integers(-9, 9), max_size=5), min_size=1, max_size=6), SLICES)
def test_a_list_in_pieces_is_like_the_list(parts: list[list[int]], key: slice) -> None:
    plain = [item for part in parts for item in part]
    made = handle("items", parts)

    assert isinstance(made, LargeList)
    assert is_same(made, plain, key)
    assert list(made) == plain
    assert list(reversed(made)) == plain[::-1]
    assert [item in made for item in plain[:3]] == [True] * len(plain[:3])


@settings(max_examples=60, deadline=None, database=None)
@given(st.lists(TEXT, min_size=1, max_size=6).filter(any), SLICES, TEXT)
def test_a_text_in_pieces_is_like_the_text(parts: list[str], key: slice, wanted: str) -> None:
    plain = "".join(parts)
    made = handle("text", parts)

    assert isinstance(made, LargeText)
    assert is_same(made, plain, key)
    assert (wanted in made) == (wanted in plain)
    assert (made.read(), str(made)) == (plain, plain)
    assert "".join(made) == plain


@settings(max_examples=60, deadline=None, database=None)
@given(st.lists(st.binary(max_size=6), min_size=1, max_size=6).filter(any), SLICES)
def test_bytes_in_pieces_are_like_the_bytes(parts: list[bytes], key: slice) -> None:
    plain = b"".join(parts)
    made = handle("bytes", parts)

    assert isinstance(made, LargeBytes)
    assert is_same(made, plain, key)
    assert made.read() == b"".join(made) == plain


def test_the_lines_of_a_text_are_whole_wherever_it_was_cut() -> None:
    text = "one\ntwo\r\nthree\n\nfour"

    for cut in range(1, len(text)):
        assert list(handle("text", [text[:cut], text[cut:]])) == ["one\n", "two\r\n", "three\n", "\n", "four"], cut


def test_a_long_value_that_is_no_list_is_its_json_until_it_is_loaded() -> None:
    made = handle("json", ['{"rows":[{"id"', ':1},{"id":2}],"name":"行"}'])

    assert isinstance(made, LargeJson)
    assert made.load().rows[1].id == 2
    assert "JSON of 39 characters" in repr(made)


def test_handles_say_what_they_are_and_how_to_get_at_the_rest() -> None:
    assert repr(handle("items", [[{"id": 1}], [{"id": 2}]])) == (
        "<list of 2 items (0.0 MB, all of it here, squeezed): for item in …, [a:b], len(), .to_dataframe(),"
        " .save(path); it begins with {'id': 1}>"
    )
    assert ".read()" in repr(handle("text", ["x" * 1_000]))
    assert len(repr(handle("items", [["x" * 10_000]]))) < 400


def test_handles_write_themselves_and_come_back_from_a_pickle(tmp_path: Path) -> None:
    rows = handle("items", [[{"name": "行"}], [], [{"name": "b"}]])
    rows.save(tmp_path / "rows.json")
    handle("text", ["a\r\n", "行"]).save(tmp_path / "text")
    handle("bytes", [b"\x00", b"\xff"]).save(str(tmp_path / "bytes"))

    assert json.loads((tmp_path / "rows.json").read_text(encoding="utf-8")) == [{"name": "行"}, {"name": "b"}]
    assert (tmp_path / "text").read_bytes() == "a\r\n行".encode()
    assert (tmp_path / "bytes").read_bytes() == b"\x00\xff"
    again = pickle.loads(pickle.dumps(rows))  # noqa: S301 - our own
    assert list(again) == list(rows)
    assert type(again[0]) is Record


def test_a_short_value_is_given_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guest_pieces, "WHOLE_BYTES", dict.fromkeys(guest_pieces.WHOLE_BYTES, 1_000))

    assert handle("items", [[1], [{"a": 2}]]) == [1, {"a": 2}]
    assert handle("text", ["a", "行"]) == "a行"
    assert handle("bytes", [b"a", b"b"]) == b"ab"
    assert handle("json", ['{"a"', ":1}"]).a == 1
    in_base64 = Pieces({"k": "json", "b": True})
    in_base64.add('"aGk="')
    assert in_base64.value() == b"hi"
