"""A guide as steps to follow: code to run or to insert, and what is to be seen. Knows no particular guide."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

HEADING = re.compile(r"^## (\d+)\. (.+)$", re.MULTILINE)
BLOCK = re.compile(r"(?P<prose>.*?)^```(?P<language>\w+)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
MARKS = {"xml": "  </dependencies>\n", "html": "  </body>\n"}
"""In front of what a snippet of a language is inserted."""
FILE_NAME = re.compile(r"`([\w./-]+\.\w+)`")


@dataclass(frozen=True)
class Block:
    """A piece of code and what the guide says in front of it."""

    prose: str
    language: str
    text: str

    @property
    def file(self) -> str:
        """The last file that the sentence in front of it names."""
        return str(FILE_NAME.findall(self.prose)[-1])


@dataclass(frozen=True)
class Step:
    """A numbered section of a guide."""

    number: int
    title: str
    blocks: tuple[Block, ...]

    def of(self, language: str) -> list[Block]:
        """Return its blocks in a language."""
        return [block for block in self.blocks if block.language == language]


def read_steps(guide: Path) -> dict[int, Step]:
    """Return a guide's numbered sections."""
    parts = HEADING.split(guide.read_text(encoding="utf-8").split("\n## Before it goes live")[0])
    steps = {}
    for number, title, text in zip(parts[1::3], parts[2::3], parts[3::3], strict=True):
        blocks = tuple(Block(*found) for found in BLOCK.findall(text))
        steps[int(number)] = Step(int(number), title, blocks)
    return steps


def insert(block: Block, folder: Path) -> None:
    """Put a block's text into its file: above the mark of its language, else at the end; a class is a new file."""
    path = folder / block.file
    old = "" if block.language == "java" else path.read_text(encoding="utf-8")
    place = old.rindex(MARKS[block.language]) if block.language in MARKS else len(old)
    path.write_text(old[:place] + block.text + old[place:], encoding="utf-8")


def shows(expected: str, output: str) -> bool:
    """Whether the lines of `expected` are lines of `output`, in that order; `…` stands for anything."""
    lines = iter(output.splitlines())
    return all(
        any(re.fullmatch(".*".join(map(re.escape, wanted.split("…"))), line) for line in lines)
        for wanted in expected.splitlines()
    )
