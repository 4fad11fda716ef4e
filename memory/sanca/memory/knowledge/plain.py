"""Cuts texts without marks: paragraphs, logs, tables of values, settings. Parses no settings: their text is kept."""

from __future__ import annotations

import csv
import io
import json
import re

from sanca.memory.knowledge.pieces import Block, Packing, Piece

_TOP_KEY = re.compile(r"""^(?:-\s+)?["']?[\w./@-]+["']?\s*(?:[:=]|$)|^\[.+\]\s*$""")
_CELL_CHARS = 500


def cut_text(text: str, *, page: int = 0, kind: str = "prose") -> list[Piece]:
    """Return pieces of paragraphs, which blank lines part."""
    found, held = [], Block("", 1, 0, kind)
    lines = text.split("\n")
    for number, line in enumerate(lines, 1):
        if line.strip():
            held.text = f"{held.text}\n{line}" if held.text else line
            held.last_line = number
            continue
        if held.text:
            found.append(held)
        held = Block("", number + 1, number, kind)
    if held.text:
        found.append(held)
    if page:
        found = [Block(block.text, 0, 0, kind) for block in found]
    return list(Packing(page=page).pack(found))


def cut_log(text: str) -> list[Piece]:
    """Return pieces of lines."""
    blocks = [Block(line, number, number, "log") for number, line in enumerate(text.split("\n"), 1) if line.strip()]
    return [_joined_by_line(piece) for piece in Packing().pack(blocks)]


def cut_settings(text: str, *, is_json: bool = False) -> list[Piece]:
    """Return pieces of settings, cut between their outermost keys and sections."""
    if is_json and (unfolded := _unfolded(text)) is not None:
        return [Piece(piece.text, piece.heading, kind="settings") for piece in _by_keys(unfolded, indent=2)]
    return _by_keys(text, indent=2 if is_json else 0)


def _unfolded(text: str) -> str | None:
    """Return JSON of one long line in many; None when it has lines already, or is no JSON."""
    if text.strip().count("\n") * 2_000 > len(text):
        return None
    try:
        return json.dumps(json.loads(text), ensure_ascii=False, indent=2)
    except (ValueError, RecursionError):
        return None


def _by_keys(text: str, *, indent: int) -> list[Piece]:
    blocks: list[Block] = []
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        begins = len(line) - len(line.lstrip()) <= indent and _TOP_KEY.match(line.strip())
        if begins or not blocks:
            blocks.append(Block(line, number, number, "settings"))
        else:
            blocks[-1].text += f"\n{line}"
            blocks[-1].last_line = number
    return [_joined_by_line(piece) for piece in Packing().pack(blocks)]


def cut_table(text: str) -> list[Piece]:
    """Return pieces of rows, as Markdown tables, each with the head; a row that runs over lines counts once."""
    csv.field_size_limit(len(text) + 1)
    sample = text[:8_192]
    try:
        dialect: type[csv.Dialect] | csv.Dialect = csv.Sniffer().sniff(sample, delimiters=",;\t|")
    except csv.Error:
        dialect = csv.excel
    reader = csv.reader(io.StringIO(text), dialect)
    head = next(reader, [])
    top = f"{_row(head)}\n|{'---|' * len(head)}"
    pieces: list[Piece] = []
    held: list[str] = []
    first, before = 2, reader.line_num
    for row in reader:
        line = _row(row)
        if held and len(top) + sum(map(len, held)) + len(line) > GOAL_ROWS_CHARS:
            pieces.append(Piece("\n".join([top, *held]), first_line=first, last_line=before, kind="table"))
            held, first = [], before + 1
        if any(cell.strip() for cell in row):
            held.append(line)
        before = reader.line_num
    if held or not pieces:
        pieces.append(Piece("\n".join([top, *held]), first_line=first if held else 1, last_line=before, kind="table"))
    return pieces


GOAL_ROWS_CHARS = 1_500


def _row(cells: list[str]) -> str:
    shown = (" ".join(cell.split())[:_CELL_CHARS].replace("|", "\\|") for cell in cells)
    return f"| {' | '.join(shown)} |"


def _joined_by_line(piece: Piece) -> Piece:
    return Piece(
        piece.text.replace("\n\n", "\n"), piece.heading, piece.first_line, piece.last_line, piece.page, piece.kind
    )
