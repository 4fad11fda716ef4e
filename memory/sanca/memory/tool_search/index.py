"""Finds the tools a question needs among thousands: words, character grams and meaning, joined by weight. Offline.

A question of several parts is looked up by each of them too, and the list is made so that every part finds its tool
early. Calls nothing, and knows of earlier calls only what it is told.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from sanca.core.tools import ToolDefinition
from sanca.memory.tool_search.glossary import with_english
from sanca.memory.tool_search.postings import Postings
from sanca.memory.tool_search.sheet import ToolSheet, sheet_of
from sanca.memory.tool_search.uses import FoundTool, ToolUse
from sanca.memory.tool_search.vectors import question_vectors, shipped_map, tool_vectors
from sanca.memory.tool_search.words import grams, parts_of, terms

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from sanca.memory.tool_search.vectors import Embed

    Scores = NDArray[np.float64]

_TERMS_SHARE, _GRAMS_SHARE = 1.3, 0.8
"""How much the share of a question's words and grams counts beside its vectors, which count about 1."""
_PARTS_SHARE = 0.3
"""What the best part of a question adds to the whole."""
_COVER_SHARE = 0.6
"""What a tool gains for a part that no tool before it in the list answers as well."""
_LIKENESS, _SUCCESS, _USE = 0.7, 0.2, 0.1
_SMALLEST_LEAD = 0.4
"""By how much the best tool is liker than usual before it counts as a full likeness; most questions have more."""
_CANDIDATES, _PART_CANDIDATES = 60, 15
_QUESTION_CHARS = 2_000
_FIRST_ROOM = 64


@dataclass(frozen=True)
class _Entry:
    tool: ToolDefinition
    sheet: ToolSheet
    row: int


class ToolIndex:
    """The tools by full name. Safe to use from several threads, one at a time."""

    def __init__(self, embed: Embed | None = None, turn: NDArray[np.float32] | None = None) -> None:
        """Start empty.

        Args:
            embed: Texts to unit vectors; the static embedding when left out, loaded with the first tool.
            turn: The learned map of a question's vector; the shipped one when left out.
        """
        self._embed_given, self._turn_given = embed, turn
        self._lock = threading.Lock()
        self._entries: dict[str, _Entry] = {}
        self._names: list[str] = []
        """By row; empty where a row is free."""
        self._free: list[int] = []
        self._vectors: NDArray[np.float32] | None = None
        self._terms, self._grams = Postings(), Postings()

    def __len__(self) -> int:
        return len(self._entries)

    def keep(self, tools: Mapping[str, ToolDefinition]) -> None:
        """Hold exactly these tools: add what is new, replace what changed, drop the rest."""
        with self._lock:
            gone = [name for name in self._entries if name not in tools]
            changed = [
                name for name, tool in tools.items() if name not in self._entries or self._entries[name].tool != tool
            ]
            self._drop(gone)
            self._put({name: tools[name] for name in changed})

    def add(self, tools: Mapping[str, ToolDefinition]) -> None:
        """Add tools, in place of those of the same name."""
        with self._lock:
            self._put(tools)

    def remove(self, names: Iterable[str]) -> None:
        """Take tools out; a name that is not there is no error."""
        with self._lock:
            self._drop(name for name in dict.fromkeys(names) if name in self._entries)

    def search(self, query: str, limit: int = 8, *, uses: Mapping[str, ToolUse] | None = None) -> list[FoundTool]:
        """Return the tools that fit best, best first: 70 % likeness, 20 % success, 10 % use.

        Args:
            query: A question or keywords, in English or Chinese; what is past 2,000 characters is not read.
            limit: How many at most.
            uses: What is known of earlier calls, by the tools' full names.
        """
        query = query.strip()[:_QUESTION_CHARS]
        with self._lock:
            if not query or not self._entries or limit < 1:
                return []
            likeness = self._likeness([query, *parts_of(query)])
            rows = _candidates(likeness, min(limit, len(self._entries)))
            names = [self._names[row] for row in rows]
            usual = likeness[:, np.isfinite(likeness[0])].mean(1, keepdims=True)
        chosen = _cover(likeness[:, rows] - usual, _earlier(names, uses or {}), limit)
        return [FoundTool(names[place], round(score, 4)) for place, score in chosen]

    def _likeness(self, texts: list[str]) -> Scores:
        """Return how well each row fits the whole question and each part, shape (1 + parts, rows)."""
        assert self._vectors is not None  # noqa: S101 - there are entries
        texts = [with_english(text) for text in texts]
        size = len(self._names)
        vectors = self._vectors[:size]
        likeness = np.stack(
            [
                vectors @ asked
                + _TERMS_SHARE * self._terms.scores(terms(text), size)
                + _GRAMS_SHARE * self._grams.scores(grams(text), size)
                for text, asked in zip(texts, question_vectors(self._embed, texts, self._turn), strict=True)
            ]
        )
        likeness[:, self._free] = -math.inf
        return likeness

    @property
    def _embed(self) -> Embed:
        if self._embed_given is None:
            from sanca.memory.embedding import StaticEmbedding

            self._embed_given = StaticEmbedding()
        return self._embed_given

    @property
    def _turn(self) -> NDArray[np.float32]:
        return shipped_map() if self._turn_given is None else self._turn_given

    def _put(self, tools: Mapping[str, ToolDefinition]) -> None:
        if not tools:
            return
        self._drop([name for name in tools if name in self._entries])
        sheets = {name: sheet_of(name, tool) for name, tool in tools.items()}
        vectors = tool_vectors(self._embed, list(sheets.values()))
        for (name, sheet), vector in zip(sheets.items(), vectors, strict=True):
            row = self._row_for(name)
            self._vectors = _with_room(self._vectors, row, vector.size)
            self._vectors[row] = vector
            self._terms.put(row, sheet.terms())
            self._grams.put(row, sheet.grams())
            self._entries[name] = _Entry(tools[name], sheet, row)

    def _drop(self, names: Iterable[str]) -> None:
        for name in names:
            entry = self._entries.pop(name)
            self._terms.remove(entry.row, entry.sheet.terms())
            self._grams.remove(entry.row, entry.sheet.grams())
            self._names[entry.row] = ""
            self._free.append(entry.row)

    def _row_for(self, name: str) -> int:
        if self._free:
            row = self._free.pop()
            self._names[row] = name
            return row
        self._names.append(name)
        return len(self._names) - 1


def _with_room(vectors: NDArray[np.float32] | None, row: int, width: int) -> NDArray[np.float32]:
    if vectors is None:
        return np.zeros((_FIRST_ROOM, width), np.float32)
    if row < len(vectors):
        return vectors
    return np.concatenate([vectors, np.zeros_like(vectors)])


def _candidates(likeness: Scores, limit: int) -> NDArray[np.intp]:
    """Return the rows worth a closer look: the best of the whole and the best of each part."""
    most = max(_CANDIDATES, 2 * limit)
    best = [_top(likeness[0], most), *(_top(part, _PART_CANDIDATES) for part in likeness[1:])]
    rows = np.unique(np.concatenate(best))
    used: NDArray[np.intp] = rows[np.isfinite(likeness[0, rows])]
    return used


def _top(scores: Scores, count: int) -> NDArray[np.intp]:
    return np.argpartition(-scores, count)[:count] if count < scores.size else np.arange(scores.size)


def _earlier(names: list[str], uses: Mapping[str, ToolUse]) -> Scores:
    """Return what success and use add for each name."""
    known = [uses.get(name, ToolUse()) for name in names]
    most = max((use.calls for use in uses.values()), default=0)
    used = [math.log1p(use.calls) / math.log1p(most) if most else 0.0 for use in known]
    return _SUCCESS * np.array([use.success for use in known]) + _USE * np.array(used)


def _cover(likeness: Scores, earlier: Scores, limit: int) -> list[tuple[int, float]]:
    """Return places and scores, best first: each step takes what adds most to what is there already."""
    whole, parts = likeness[0].copy(), likeness[1:]
    if len(parts):
        whole += _PARTS_SHARE * parts.max(0)
    scale = max(float(whole.max()), _SMALLEST_LEAD) * (1 + _COVER_SHARE * len(parts))
    covered = np.zeros(len(parts))
    left = np.ones(whole.size, bool)
    chosen: list[tuple[int, float]] = []
    for _ in range(min(limit, whole.size)):
        added = np.maximum(parts - covered[:, None], 0).sum(0) if len(parts) else 0.0
        gain = _LIKENESS * np.clip((whole + _COVER_SHARE * added) / scale, 0, 1) + earlier
        place = int(np.where(left, gain, -1.0).argmax())
        chosen.append((place, float(gain[place])))
        left[place] = False
        covered = np.maximum(covered, parts[:, place])
    return chosen
