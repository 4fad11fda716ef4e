"""Fits the map that turns the vector of a question towards those of the tools that answer it. Not run by itself.

It learns by telling a question's tools from all others of its set (softmax over cosines, a penalty keeps the map
small). It learns from MetaTool's questions for one tool and BFCL's live questions; those for two tools and BFCL's
non-live questions have no part in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from _tool_sets import Question, ToolSet
from sanca.memory.tool_search.sheet import sheet_of
from sanca.memory.tool_search.vectors import content_vectors, unit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from sanca.memory.tool_search.vectors import Embed

    Matrix = NDArray[np.float32]

PENALTY, ROUNDS, BATCH, STEP, SHARPNESS = 5e-3, 2, 128, 2e-3, 20.0
_MEAN, _SQUARE = 0.9, 0.99
"""Adam's two."""


@dataclass(frozen=True)
class Lessons:
    """Questions and tools of one set as vectors, and which of the tools each question wants."""

    questions: Matrix
    tools: Matrix
    wanted: list[list[int]]


def lessons(embed: Embed, tools: ToolSet, questions: Sequence[Question]) -> Lessons:
    """Return what can be learned from some questions over all tools of a set."""
    place = {name: at for at, name in enumerate(tools.tools)}
    sheets = [sheet_of(name, tool) for name, tool in tools.tools.items()]
    return Lessons(
        content_vectors(embed, [question.text for question in questions]),
        embed([sheet.content for sheet in sheets]),
        [[place[name] for name in question.wanted] for question in questions],
    )


def fit(sources: Sequence[Lessons]) -> Matrix:
    """Return the map."""
    chance = np.random.default_rng(0)
    size = sources[0].questions.shape[1]
    learned, mean, square = (np.zeros((size, size), np.float32) for _ in range(3))
    for turn, (source, rows) in enumerate(_batches(sources, chance), start=1):
        slope = _slope(learned, source, rows)
        mean = _MEAN * mean + (1 - _MEAN) * slope
        square = _SQUARE * square + (1 - _SQUARE) * slope**2
        learned -= STEP * (mean / (1 - _MEAN**turn)) / (np.sqrt(square / (1 - _SQUARE**turn)) + 1e-8)
    return learned


def save(learned: Matrix, file: Path) -> None:
    """Write the map in 8 bits a weight."""
    scale = np.float32(np.abs(learned).max() / 127)
    np.savez_compressed(file, map=np.round(learned / scale).astype(np.int8), scale=scale)


def _batches(sources: Sequence[Lessons], chance: np.random.Generator) -> list[tuple[Lessons, NDArray[np.intp]]]:
    found: list[tuple[Lessons, NDArray[np.intp]]] = []
    for _ in range(ROUNDS):
        turn = []
        for source in sources:
            rows = chance.permutation(len(source.questions))
            turn += [(source, rows[at : at + BATCH]) for at in range(0, len(rows), BATCH)]
        found += [turn[at] for at in chance.permutation(len(turn))]
    return found


def _slope(learned: Matrix, source: Lessons, rows: NDArray[np.intp]) -> Matrix:
    """Return the gradient of the loss by the map, for one batch."""
    asked = source.questions[rows]
    turned = asked + asked @ learned
    lengths = np.linalg.norm(turned, axis=1, keepdims=True) + 1e-9
    units = unit(turned)
    share = np.exp(SHARPNESS * (units @ source.tools.T - 1))
    share /= share.sum(1, keepdims=True)
    for at, row in enumerate(rows):
        share[at, source.wanted[row]] -= 1 / len(source.wanted[row])
    by_unit = SHARPNESS * (share @ source.tools) / len(rows)
    by_turned = (by_unit - units * (units * by_unit).sum(1, keepdims=True)) / lengths
    slope: Matrix = asked.T @ by_turned + 2 * PENALTY * learned
    return slope
