"""The pieces a document is cut into, and the packing of blocks of lines. Knows no format."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

GOAL_CHARS = 1_200
"""Blocks that belong together are joined up to this length."""
MOST_CHARS = 1_500
"""A longer block of prose is cut."""
TABLE_CHARS = 4_000
"""A table is kept whole up to this length, and cut between rows, its head repeated, above."""
PIECES_MOST = 4_000
"""So many pieces of a document are kept."""

_SENTENCE = re.compile(r"(?<=[.!?。！？；;])\s*")


@dataclass(frozen=True)
class Fact:
    """One statement that another document may contradict: `payment`, `port`, `8082`."""

    subject: str
    attribute: str
    value: str
    """In a normal form, to be compared."""
    shown: str
    """As the document writes it."""


@dataclass(frozen=True)
class Piece:
    """A part of a document that is understood by itself."""

    text: str
    heading: str = ""
    """The way to it from the title down: `Payment runbook > Roll back`."""
    first_line: int = 0
    """From 1; 0: the document has no lines."""
    last_line: int = 0
    page: int = 0
    """From 1; 0: the document has no pages."""
    kind: str = "prose"
    """prose, table, code, settings or log."""
    facts: tuple[Fact, ...] = ()

    @property
    def digest(self) -> str:
        """What tells a piece from every other one, wherever it stands."""
        return hashlib.sha256(f"{self.heading}\0{self.text}".encode()).hexdigest()[:24]


@dataclass(frozen=True)
class ReadDocument:
    """A document, read and cut."""

    kind: str
    title: str
    pieces: tuple[Piece, ...]
    is_runbook: bool = False
    remarks: tuple[str, ...] = ()
    """What could not be read, a sentence each."""


@dataclass
class Block:
    """A run of lines that is not to be torn apart without need."""

    text: str
    first_line: int
    last_line: int
    kind: str = "prose"


@dataclass
class Packing:
    """Joins the blocks of one section to pieces of about the goal's length."""

    heading: str = ""
    page: int = 0
    _held: list[Block] = field(default_factory=list)

    def pack(self, blocks: Iterable[Block]) -> Iterator[Piece]:
        """Yield pieces in order; what is too long is cut, tables stand alone when they would not fit."""
        for block in blocks:
            most = TABLE_CHARS if block.kind == "table" else MOST_CHARS
            if self._held and self._length + len(block.text) > GOAL_CHARS:
                yield self._take()
            if len(block.text) > most:
                yield from (self._piece([part]) for part in cut_block(block))
            else:
                self._held.append(block)
        if self._held:
            yield self._take()

    @property
    def _length(self) -> int:
        return sum(len(block.text) for block in self._held)

    def _take(self) -> Piece:
        held, self._held = self._held, []
        return self._piece(held)

    def _piece(self, blocks: Sequence[Block]) -> Piece:
        kinds = {block.kind for block in blocks}
        return Piece(
            text="\n\n".join(block.text for block in blocks),
            heading=self.heading,
            first_line=blocks[0].first_line,
            last_line=blocks[-1].last_line,
            page=self.page,
            kind=kinds.pop() if len(kinds) == 1 else "prose",
        )


def cut_block(block: Block) -> Iterator[Block]:
    """Yield parts of a block that is too long: between rows, lines or sentences, whichever there are."""
    lines = block.text.split("\n")
    head = lines[:2] if block.kind == "table" else []
    body = lines[len(head) :]
    held: list[str] = []
    first = block.first_line + len(head)
    for offset, line in enumerate(body):
        if held and sum(map(len, held)) + len(line) > GOAL_CHARS:
            yield Block("\n".join([*head, *held]), first, _at(block, len(head) + offset - 1), block.kind)
            held, first = [], _at(block, len(head) + offset)
        if len(line) > MOST_CHARS:
            number = _at(block, len(head) + offset)
            yield from (Block(part, number, number, block.kind) for part in cut_line(line))
            first = _at(block, len(head) + offset + 1)
        else:
            held.append(line)
    if held:
        yield Block("\n".join([*head, *held]), first, block.last_line, block.kind)


def _at(block: Block, offset: int) -> int:
    """Return the line number of a block's line; 0 where the document has none."""
    return min(block.first_line + offset, block.last_line) if block.first_line else 0


def cut_line(line: str) -> Iterator[str]:
    """Yield parts of one long line, cut between sentences where it has some."""
    held = ""
    for sentence in _SENTENCE.split(line):
        if len(sentence) > MOST_CHARS:
            whole = held + sentence
            starts = range(0, len(whole), MOST_CHARS)
            yield from (whole[start : start + MOST_CHARS] for start in starts[:-1])
            held = whole[starts[-1] :]
            continue
        if held and len(held) + len(sentence) > GOAL_CHARS:
            yield held
            held = ""
        held = f"{held} {sentence}" if held and held[-1].isascii() else held + sentence
    if held.strip():
        yield held.rstrip()


def with_headings(pieces: Iterable[Piece], title: str) -> list[Piece]:
    """Return the pieces that have a text, with the document's title in front of each heading that lacks it."""
    found = []
    for piece in pieces:
        if not piece.text.strip():
            continue
        heading = piece.heading or title
        if title and not heading.startswith(title):
            heading = f"{title} > {heading}"
        found.append(replace(piece, heading=heading[:400]))
    return found
