"""An MCP server over a folder of Markdown runbooks: `search` and `read`, both read-only. Speaks MCP over stdio.

Run it alone with `python server.py`; an MCP client starts it so. It needs the package `mcp` and nothing of sanca.
"""

from __future__ import annotations

import argparse
import math
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from mcp.server import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp_types import ToolAnnotations
from pydantic import BaseModel, Field

_READ_ONLY = ToolAnnotations(read_only_hint=True, idempotent_hint=True, open_world_hint=False)
_LATIN = re.compile(r"[a-z0-9]+")
_CHINESE = re.compile(r"[\u4e00-\u9fff]+")
_TITLE_WEIGHT = 4
_SATURATION = 1.2
"""BM25's k1: how soon more of the same word stops counting."""


class Hit(BaseModel):
    """A runbook that fits."""

    name: str
    title: str
    summary: str
    score: float


@dataclass(frozen=True)
class Runbook:
    """One file: a title, a summary (its first paragraph), and all of its text."""

    name: str
    title: str
    summary: str
    text: str

    @classmethod
    def load(cls, path: Path) -> Runbook:
        """Read one file."""
        text = path.read_text("utf-8")
        paragraphs = [part.strip() for part in text.split("\n\n") if part.strip()]
        summary = next((part for part in paragraphs if not part.startswith("#")), "")
        return cls(path.stem, paragraphs[0].lstrip("# ") if paragraphs else path.stem, summary, text)

    def counts(self) -> Counter[str]:
        """Return how often each word stands in it, those of the title several times."""
        return Counter([*words(self.text), *list(words(f"{self.name} {self.title}")) * _TITLE_WEIGHT])


def words(text: str) -> Iterator[str]:
    """Yield Latin words without their plural, and pairs of Chinese characters."""
    for word in _LATIN.findall(text.lower()):
        yield word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word
    for run in _CHINESE.findall(text):
        yield from (run[at : at + 2] for at in range(max(1, len(run) - 1)))


class Library:
    """The runbooks of a folder, read anew at each question: they are few, and people edit them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def runbooks(self) -> list[Runbook]:
        """Return them by name."""
        return [Runbook.load(path) for path in sorted(self._folder.glob("*.md"))]

    def search(self, query: str, limit: int) -> list[Hit]:
        """Return those that share words with the query, rare words counting more."""
        counted = [(runbook, runbook.counts()) for runbook in self.runbooks()]
        asked = set(words(query))
        found = []
        for runbook, counts in counted:
            score = sum(_weight(word, counted) * _saturated(counts[word]) for word in asked)
            if score > 0:
                found.append(
                    Hit(name=runbook.name, title=runbook.title, summary=runbook.summary, score=round(score, 3))
                )
        return sorted(found, key=lambda hit: (-hit.score, hit.name))[:limit]

    def read(self, name: str) -> str:
        """Return a runbook's text; the name is looked up, so no path can be made of it."""
        known = {runbook.name: runbook for runbook in self.runbooks()}
        if name not in known:
            raise ToolError(f"There is no runbook {name!r}; there are: {', '.join(known)}.")
        return known[name].text


def _weight(word: str, counted: list[tuple[Runbook, Counter[str]]]) -> float:
    having = sum(1 for _, counts in counted if counts[word])
    return math.log(1 + (len(counted) - having + 0.5) / (having + 0.5)) if having else 0.0


def _saturated(count: int) -> float:
    return count * (_SATURATION + 1) / (count + _SATURATION)


def make_server(folder: Path) -> MCPServer:
    """Return the server over a folder of runbooks."""
    library = Library(folder)
    server = MCPServer(
        "runbooks",
        instructions="Runbooks of the operations team, in English with Chinese summaries. Search first, then read.",
        log_level="WARNING",
    )

    @server.tool(annotations=_READ_ONLY)
    def search(
        query: Annotated[str, Field(description="What is wrong or wanted, in English or Chinese", max_length=1000)],
        limit: Annotated[int, Field(description="How many at most", ge=1, le=20)] = 5,
    ) -> list[Hit]:
        """Find runbooks by words; the best one first. Empty when none fits."""
        return library.search(query, limit)

    @server.tool(annotations=_READ_ONLY)
    def read(name: Annotated[str, Field(description="A name that search returned", max_length=100)]) -> str:
        """Return the whole text of a runbook, in Markdown."""
        return library.read(name)

    return server


def main() -> None:
    """Serve until the client goes away."""
    parser = argparse.ArgumentParser(description="MCP server over a folder of runbooks (stdio).")
    parser.add_argument("--folder", type=Path, default=Path(__file__).parent / "runbooks")
    arguments = parser.parse_args()
    if not arguments.folder.is_dir():
        parser.error(f"there is no folder {str(arguments.folder)!r}")
    make_server(arguments.folder).run("stdio")


if __name__ == "__main__":
    main()
