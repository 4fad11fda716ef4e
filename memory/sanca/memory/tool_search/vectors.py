"""Vectors of tools and of questions: the static embedding twice, once of everything and once of what says something.

What a person asks for is seldom worded like the tool that does it: a learned map turns the vector of a question towards
those of the tools. It was fitted once on public questions (`benchmarks/tool_search.py --fit`) and knows no tool.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

import numpy as np
from sanca.memory.tool_search.words import content_words

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from sanca.memory.tool_search.sheet import ToolSheet

    Embed = Callable[[Sequence[str]], NDArray[np.float32]]
    Matrix = NDArray[np.float32]

_WHOLE_SHARE, _NAME_SHARE, _CONTENT_SHARE = 0.34, 0.11, 0.22
_TURNED_SHARE = 2.0
"""How much the turned vector of a question counts beside the plain one, against the content of a tool."""


def tool_vectors(embed: Embed, sheets: Sequence[ToolSheet]) -> Matrix:
    """Return one row a tool, to be multiplied with those of questions."""
    texts = [text for sheet in sheets for text in (sheet.everything, sheet.name, sheet.content)]
    whole, name, content = embed(texts).reshape(len(sheets), 3, -1).transpose(1, 0, 2)
    return np.concatenate([_WHOLE_SHARE * whole + _NAME_SHARE * name, _CONTENT_SHARE * content], axis=1)


def question_vectors(embed: Embed, texts: Sequence[str], turn: Matrix) -> Matrix:
    """Return one row a question or part of one; `turn` is the learned map."""
    meant = content_vectors(embed, texts)
    return np.concatenate([embed(texts), meant + _TURNED_SHARE * unit(meant + meant @ turn)], axis=1)


def content_vectors(embed: Embed, texts: Sequence[str]) -> Matrix:
    """Return the vectors of the words that say something, or of the whole text where none does."""
    return embed([" ".join(content_words(text)) or text for text in texts])


def unit(matrix: Matrix) -> Matrix:
    """Return the rows at length 1; a zero row stays."""
    rows: Matrix = matrix / np.maximum(np.linalg.norm(matrix, axis=-1, keepdims=True), 1e-9)
    return rows


@cache
def shipped_map() -> Matrix:
    """Return the learned map that comes with sanca."""
    with resources.files("sanca.memory.tool_search").joinpath("question_map.npz").open("rb") as file:
        data = np.load(file, allow_pickle=False)
        turned: Matrix = data["map"].astype(np.float32) * data["scale"].astype(np.float32)
        return turned
