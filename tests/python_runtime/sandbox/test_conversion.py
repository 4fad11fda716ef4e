"""What a tool argument becomes on the wire."""

from __future__ import annotations

import datetime
import decimal
import enum
import uuid
from pathlib import PurePosixPath
from typing import Any

import numpy
import pytest
from sanca.python_runtime.sandbox.guest.conversion import to_wire
from sanca.python_runtime.sandbox.guest.errors import ConversionError
from sanca.python_runtime.sandbox.guest.records import Record


class Colour(enum.Enum):
    RED = "red"


class Name(str):
    __slots__ = ()


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None), (True, True), (3, 3), (2.5, 2.5), ("中", "中"), (Name("n"), "n"), (Colour.RED, "red"),
        ((1, [2]), [1, [2]]), ({"a": (1,)}, {"a": [1]}), ({1: 2, Colour.RED: 3}, {"1": 2, "red": 3}),
        (Record(a=Record(b=1)), {"a": {"b": 1}}), (frozenset([4]), [4]), (bytearray(b"\xff"), "/w=="),
        (datetime.datetime(2026, 1, 2, 3, 4, tzinfo=datetime.UTC), "2026-01-02T03:04:00+00:00"),
        (datetime.time(1, 2), "01:02:00"), (datetime.timedelta(minutes=2), 120.0), (decimal.Decimal("0.10"), "0.10"),
        (uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001"), (PurePosixPath("/a/b"), "/a/b"),
        (numpy.float64(1.5), 1.5), (numpy.array([[1, 2]]), [[1, 2]]),
    ],
)  # fmt: skip
def test_value_has_a_plain_form(value: Any, expected: Any) -> None:
    converted = to_wire(value)
    assert converted == expected
    assert type(converted) in {type(None), bool, int, float, str, list, dict}


@pytest.mark.parametrize("value", [object(), {(1, 2): 3}, {None: 1}, lambda: 1, [open], 3j])
def test_value_without_a_plain_form_is_refused_by_its_type(value: Any) -> None:
    with pytest.raises(ConversionError):
        to_wire(value)


def test_value_inside_itself_is_refused() -> None:
    loop: list[Any] = []
    loop.append(loop)
    with pytest.raises(ConversionError, match="contains itself"):
        to_wire(loop)
