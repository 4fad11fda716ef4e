"""Reads the fenced code blocks of a reply, and says what parses as Python. Decides nothing."""

from __future__ import annotations

import ast
import itertools
import re
import textwrap
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sanca.core import syntax

PYTHON = frozenset({"python", "python3", "py"})
_OPENING = re.compile(r"^(?P<indent>[ \t]*)(?P<fence>`{3,}|~{3,})[ \t]*(?P<info>[^`\n]*)$")
_CLOSINGS_TRIED = 20


@dataclass(frozen=True)
class Block:
    """A fenced block."""

    language: str
    code: str
    start: int
    """Line of the opening fence."""
    end: int
    """Line after the closing fence."""
    is_closed: bool = True

    @property
    def is_python(self) -> bool:
        """Whether it is marked as Python."""
        return self.language in PYTHON


def read_blocks(lines: Sequence[str]) -> list[Block]:
    """Return the blocks in order."""
    return list(_blocks(lines))


def tree_of(code: str) -> ast.Module | None:
    """Return the code's tree; None when it is no Python."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SyntaxWarning)  # of the model's code; the type check tells what matters
        return syntax.tree_of(code)


def parses(code: str) -> bool:
    """Whether it is Python."""
    return tree_of(code) is not None


def outside(lines: Sequence[str], blocks: Sequence[Block]) -> str:
    """Return the text that is in no block."""
    inside = {line for block in blocks for line in range(block.start, block.end)}
    return "\n".join(line for number, line in enumerate(lines) if number not in inside)


def _blocks(lines: Sequence[str]) -> Iterator[Block]:
    index = 0
    while index < len(lines):
        opening = _OPENING.match(lines[index])
        if opening is None:
            index += 1
            continue
        block = _read_block(lines, index, opening)
        yield block
        index = block.end


def _read_block(lines: Sequence[str], start: int, opening: re.Match[str]) -> Block:
    language = _language(opening["info"])
    ends = _closings(lines, start + 1, opening["fence"])
    if not ends:
        return Block(language, _code(lines[start + 1 :], opening["indent"]), start, len(lines), is_closed=False)
    end = ends[0]
    if language in PYTHON:
        # A fence inside a string of the code (a card's Markdown) closes nothing: the first end that parses counts.
        end = next((at for at in ends if parses(_code(lines[start + 1 : at], opening["indent"]))), end)
    return Block(language, _code(lines[start + 1 : end], opening["indent"]), start, end + 1)


def _closings(lines: Sequence[str], start: int, fence: str) -> list[int]:
    closing = re.compile(rf"^[ \t]*{re.escape(fence[0])}{{{len(fence)},}}[ \t]*$")
    return list(itertools.islice((at for at in range(start, len(lines)) if closing.match(lines[at])), _CLOSINGS_TRIED))


def _code(lines: Sequence[str], indent: str) -> str:
    """Return the lines without the fence's own indentation (a block inside a list)."""
    if indent and all(line.startswith(indent) or not line.strip() for line in lines):
        return "\n".join(line[len(indent) :] for line in lines)
    return textwrap.dedent("\n".join(lines))


def _language(info: str) -> str:
    word = info.strip().strip("{}.").split()
    return word[0].strip("{}.,:").lower() if word else ""
