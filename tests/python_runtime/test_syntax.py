"""Programs are read in many threads at once: no reading may fail by another one's."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from sanca.core.syntax import parse_expression, parse_module

PROGRAM = "\n".join(f"x{one} = [f(a, b + c * {one}) for a in range({one}) if (a, [b, {{c: d}}])]" for one in range(60))


class Finalized:
    """What the collector finds while a tree is built, and whose end lets other threads in."""

    def __init__(self) -> None:
        self.itself = self

    def __del__(self) -> None:
        sum(range(50))


@pytest.fixture
def quick_switches() -> Iterator[None]:
    """Let threads take turns often."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("quick_switches")
def test_programs_are_read_in_many_threads_at_once() -> None:
    def read(_: int) -> int:
        Finalized()
        Finalized()
        return len(parse_module(PROGRAM).body)

    with ThreadPoolExecutor(4) as threads:
        assert set(threads.map(read, range(240))) == {60}


def test_what_is_no_python_is_told_as_ever() -> None:
    with pytest.raises(SyntaxError, match="never closed"):
        parse_module("print(")
    with pytest.raises(SyntaxError):
        parse_expression("a = 1")
