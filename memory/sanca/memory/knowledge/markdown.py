"""Cuts Markdown by its headings; paragraphs, lists, tables and code stay whole. HTML and DOCX come here as Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from sanca.memory.knowledge.pieces import Block, Packing, Piece

if TYPE_CHECKING:
    from markdown_it.token import Token

_KINDS = {"table_open": "table", "fence": "code", "code_block": "code"}
_MARKS = re.compile(r"[*_`~]+|!?\[([^\]]*)\]\([^)]*\)|<[^>]+>")
_FRONT_MATTER = re.compile(r"\A---[ \t]*\n(.*?\n)---[ \t]*(?:\n|\Z)", re.DOTALL)


def cut_markdown(text: str, *, has_lines: bool = True) -> tuple[str, list[Piece]]:
    r"""Return the title and the pieces of a Markdown document.

    Args:
        text: With `\\n` line ends.
        has_lines: Whether lines of this text are lines of the document.
    """
    from markdown_it import MarkdownIt

    lines = text.split("\n")
    body, skipped = _without_front_matter(lines, text)
    tokens = [token for token in MarkdownIt("commonmark").enable("table").parse("\n".join(body)) if token.level == 0]
    pieces = _front_matter_piece(lines, skipped)
    path: list[tuple[int, str]] = []
    blocks: list[Block] = []
    title = ""
    for level, heading, block in _parts(tokens, body, skipped):
        if block is not None:
            blocks.append(block)
            continue
        pieces += Packing(_joined(path)).pack(blocks)
        blocks = []
        path = [*(one for one in path if one[0] < level), (level, heading)]
        title = title or heading
    pieces += Packing(_joined(path)).pack(blocks)
    return title, pieces if has_lines else [_without_lines(piece) for piece in pieces]


def _parts(tokens: list[Token], lines: list[str], skipped: int) -> Iterator[tuple[int, str, Block | None]]:
    """Yield headings, `(level, text, None)`, and blocks, `(0, "", block)`, in order."""
    for token in tokens:
        if token.map is None or token.nesting < 0:
            continue
        first, last = token.map
        while last > first and not lines[last - 1].strip():
            last -= 1
        if token.type == "heading_open":
            yield int(token.tag[1:]), plain(lines[first]), None
        elif token.type != "hr":
            text = "\n".join(lines[first:last])
            kind = _KINDS.get(token.type, "prose")
            yield 0, "", Block(text, skipped + first + 1, skipped + last, kind)


def plain(heading: str) -> str:
    """Return a heading without marks."""
    return _MARKS.sub(lambda mark: mark[1] or "", heading.strip().strip("#").strip()).strip()[:160]


def _joined(path: list[tuple[int, str]]) -> str:
    return " > ".join(heading for _, heading in path if heading)


def _without_front_matter(lines: list[str], text: str) -> tuple[list[str], int]:
    found = _FRONT_MATTER.match(text)
    if found is None:
        return lines, 0
    skipped = found[0].count("\n")
    return lines[skipped:], skipped


def _front_matter_piece(lines: list[str], skipped: int) -> list[Piece]:
    inner = "\n".join(lines[1 : skipped - 1]).strip() if skipped else ""
    return [Piece(inner, "", 2, skipped - 1, kind="settings")] if inner else []


def _without_lines(piece: Piece) -> Piece:
    return Piece(piece.text, piece.heading, kind=piece.kind)
