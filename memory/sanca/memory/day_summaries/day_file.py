"""The Markdown file of a day: sections with a hidden id, read and written so that a person's own words stay.

Knows no record and no message.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, unquote

_HEADING = re.compile(r"^## +(.*)$")
_HIGH = re.compile(r"^#{1,2}(?:[ \t]+|$)", re.MULTILINE)
_ID = re.compile(r"^<!-- sanca: (\S+) -->$")
_INTRODUCTION = (
    "<!-- What was said on this day, in short. Change what you like: your words stay, and are what is recalled."
    " A section you delete is forgotten. -->"
)
_FILE_BYTES = 2_000_000


@dataclass(frozen=True)
class Section:
    """A part of a day's file."""

    id: str
    """Empty: a person wrote it."""
    title: str
    body: str


def path_of(folder: Path, tenant: str, user: str, day: str) -> Path:
    """Return where a day's file lies; names of tenants and users cannot lead out of the folder."""
    return folder / _safe(tenant) / _safe(user) / f"{day}.md"


def owner_of(path: Path) -> tuple[str, str, str]:
    """Return tenant, user and day of a file."""
    return _unsafe(path.parent.parent.name), _unsafe(path.parent.name), path.stem


def read(path: Path) -> list[Section] | None:
    """Return the file's sections; None when there is no such file.

    Raises:
        OSError: It cannot be read.
        ValueError: It is no text, or far too long for a day.
    """
    try:
        if path.stat().st_size > _FILE_BYTES:
            raise ValueError(f"{path.name} is larger than {_FILE_BYTES:,} bytes")
        return parse(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None


def parse(text: str) -> list[Section]:
    """Return the sections of a file's text, in order."""
    found: list[Section] = []
    title, name, lines = "", "", list[str]()
    is_open = False
    for line in [*(one.rstrip("\r") for one in text.split("\n")), "## "]:
        if heading := _HEADING.match(f"{line} " if line == "##" else line):
            if is_open and (name or "\n".join(lines).strip()):
                found.append(Section(name, title, "\n".join(lines).strip()))
            title, name, lines, is_open = heading[1].strip(), "", [], True
        elif is_open and not name and not "".join(lines).strip() and (hidden := _ID.match(line.strip())):
            name = unquote(hidden[1])
        elif is_open:
            lines.append(line)
    return found


def render(day: str, sections: Sequence[Section]) -> str:
    """Return the text of a day's file."""
    parts = [f"# {day}", _INTRODUCTION]
    for one in sections:
        hidden = f"<!-- sanca: {_hidden(one.id)} -->\n" if one.id else ""
        parts.append(f"## {one.title}\n{hidden}{one.body}")
    return "\n\n".join(parts) + "\n"


def fitting(body: str) -> str:
    """Return a section's text as it can stand in a file: no heading as high as a section's own."""
    return _HIGH.sub("### ", body.replace("\r\n", "\n").replace("\r", "\n")).strip()


def write(path: Path, text: str) -> int:
    """Write a file, whole or not at all, readable by its owner only; returns its time in nanoseconds."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".tmp")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return path.stat().st_mtime_ns


def _hidden(name: str) -> str:
    return quote(name, safe="").replace("--", "-%2D")


def _safe(name: str) -> str:
    return quote(name, safe=" @+").replace(".", "%2E") or "_"


def _unsafe(name: str) -> str:
    return "" if name == "_" else unquote(name)
