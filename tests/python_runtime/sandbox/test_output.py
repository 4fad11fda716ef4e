"""What is kept of an action's output."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from sanca.python_runtime.sandbox.fork_server.output import CappedOutput


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    yield reading, writing
    os.close(reading)


def test_output_within_the_limit_is_whole_even_when_a_character_is_cut_in_two(pipe: tuple[int, int]) -> None:
    output = CappedOutput(100)
    for half in ("中".encode()[:2], "中".encode()[2:]):
        os.write(pipe[1], half)
        assert output.read_from(pipe[0])
    assert output.text() == ("中", 0)
    os.close(pipe[1])
    assert not output.read_from(pipe[0])


def test_middle_of_long_output_is_left_out_and_counted_in_characters(pipe: tuple[int, int]) -> None:
    output = CappedOutput(80)
    for _ in range(100):
        os.write(pipe[1], "中文字 ".encode())
        output.read_from(pipe[0])
    os.close(pipe[1])
    text, dropped = output.text()
    assert text.startswith("中文字 中文字")
    assert text.endswith("中文字 ")
    assert 400 - 40 < dropped < 400 - 20
    assert f"{dropped:,} characters left out" in text
