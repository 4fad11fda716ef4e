"""Tells from the words of a message alone which intent they speak for. What they refer to is judged elsewhere.

Reads `intents.npz`, which `benchmarks/intent_match.py --fit` writes: a softmax over hashed words, characters, concepts
and a static embedding, the same view of a message that the skill matcher has.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

import numpy as np
from sanca.python_runtime.perception.intents import Intent

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from sanca.memory import MessageView

PLACES = 1 << 14
EMBEDDING_SCALE = 2.0
_WORD = re.compile(r"[a-z]+(?:'[a-z]+)?|\d+")
_HAN = re.compile(r"[\u3400-\u9fff]+")
_MARKS = re.compile(r"[?？!！。.,，:：%+*/=\"`{]")
_SHORT, _LONG = 2, 12


@dataclass(frozen=True)
class Guess:
    """How likely each intent is; the shares add up to 1."""

    shares: Mapping[Intent, float]

    @property
    def best(self) -> Intent:
        """The likeliest."""
        return max(self.shares, key=lambda intent: self.shares[intent])

    @property
    def confidence(self) -> float:
        """Its share."""
        return self.shares[self.best]


@dataclass(frozen=True)
class Weights:
    """One column for every intent; rows are hashed places, then the dimensions of the embedding."""

    classes: tuple[Intent, ...]
    matrix: NDArray[np.float32]

    def guess(self, view: MessageView) -> Guess:
        """Return how likely each intent is."""
        places = places_of(view)
        logits = np.array(list(places.values()), np.float32) @ self.matrix[list(places)]
        logits += EMBEDDING_SCALE * view.vector @ self.matrix[PLACES:]
        odds = np.exp(logits - logits.max())
        shares: list[float] = (odds / odds.sum()).tolist()
        return Guess(dict(zip(self.classes, shares, strict=True)))


def places_of(view: MessageView) -> dict[int, float]:
    """Return the hashed features of a message, each of its two parts of length 1."""
    concepts = {f"c:{name}": weight for name, weight in view.concepts.items()}
    found: dict[int, float] = {}
    for part in (concepts, dict(_words(view.template))):
        length = float(np.sqrt(sum(value * value for value in part.values()))) or 1.0
        for name, value in part.items():
            place = zlib.crc32(name.encode()) % PLACES
            found[place] = found.get(place, 0.0) + value / length
    return found


def _words(template: str) -> Iterator[tuple[str, float]]:
    """Yield words, pairs, the first and last word, character n-grams and marks, with their weights."""
    text = template.lower()
    words = [word for word in _WORD.findall(_HAN.sub(" ", text)) if not word.isdigit()]
    for word in words:
        yield f"w:{word}", 1.0
        shown = f"<{word}>"
        for size in (3, 4):
            for at in range(len(shown) - size + 1):
                yield f"g:{shown[at : at + size]}", 0.3
    for one, two in zip(["^", *words], [*words, "$"], strict=True):
        yield f"b:{one} {two}", 0.8
    for run in _HAN.findall(text):
        for character in run:
            yield f"z:{character}", 0.5
        for size, weight in ((2, 1.0), (3, 0.7)):
            for at in range(len(run) - size + 1):
                yield f"z:{run[at : at + size]}", weight
        yield f"f:{run[:2]}", 0.5
        yield f"l:{run[-2:]}", 0.5
    for mark in set(_MARKS.findall(text)):
        yield f"m:{mark}", 0.6
    size = len(words) + sum(len(run) for run in _HAN.findall(text)) // 2
    yield f"n:{'short' if size <= _SHORT else 'long' if size >= _LONG else 'middle'}", 0.5


@cache
def shipped_weights() -> Weights:
    """Return the weights that come with sanca."""
    with resources.files("sanca.python_runtime.perception").joinpath("intents.npz").open("rb") as file:
        data = np.load(file, allow_pickle=False)
        matrix = data["weights"].astype(np.float32) * data["scale"].astype(np.float32)
        return Weights(tuple(Intent(str(name)) for name in data["classes"]), matrix)
