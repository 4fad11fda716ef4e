"""What was learned from many requests: how words, concepts and the embedding speak for a skill, or for none.

Reads `matcher.npz`, which `benchmarks/skill_match.py --fit` writes. Knows no skill by itself; a skill that was not
there when it was fitted is weighed by its likeness alone.
"""

from __future__ import annotations

import math
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

import numpy as np
from sanca.memory.matching.slots import Reading
from sanca.memory.text import CJK, stem

if TYPE_CHECKING:
    from numpy.typing import NDArray

PLACES = 1 << 13
NONE = "none"
"""The class of a message that asks for none of the skills."""
EMBEDDING_SCALE = 2.0
_WORD = re.compile(r"[a-z]+(?:'[a-z]+)?")
_SLOT_NAMES = frozenset(
    ["service", "release", "setting", "number", "minutes", "date", "file", "table", "json", "text", "payload"]
)


@dataclass(frozen=True)
class Learned:
    """Fitted weights: those of the likeness features, and one column of the rest for every class."""

    classes: tuple[str, ...]
    likeness: NDArray[np.float64]
    """Weights of the likeness features, and last the constant of none."""
    likeness_alone: NDArray[np.float64]
    """Weights of the features of skills that the rest does not know (`own_skills.OWN_FEATURES`)."""
    weights: NDArray[np.float32]
    """Shape (PLACES + dimensions of the embedding, classes)."""

    def margins(self, places: Mapping[int, float], vector: NDArray[np.float32]) -> dict[str, float]:
        """Return for every class how much more the message speaks for it than for none."""
        rows = self.weights[list(places)]
        total = np.array(list(places.values()), np.float32) @ rows
        total += EMBEDDING_SCALE * vector @ self.weights[PLACES:]
        total -= total[self.classes.index(NONE)]
        return dict(zip(self.classes, total.tolist(), strict=True))


def places_of(reading: Reading, template: str, concepts: Mapping[str, float]) -> dict[int, float]:
    """Return the hashed features of a message: its concepts, and its words and characters, each part of length 1."""
    meant = {f"c:{name}": weight for name, weight in concepts.items()}
    meant |= {f"c:{name}": 1.0 for piece in reading.pieces if piece.kind == "foreign" for name in piece.concepts}
    if any(not slot.sure for slot in reading.slots):
        meant["c:doubtful"] = 1.0
    found: dict[int, float] = {}
    for part in (meant, words_of(template)):
        length = math.sqrt(sum(value * value for value in part.values())) or 1.0
        for name, value in part.items():
            place = zlib.crc32(name.encode()) % PLACES
            found[place] = found.get(place, 0.0) + value / length
    return found


def words_of(template: str) -> dict[str, float]:
    """Return stems, pairs of stems, Chinese characters and pairs of them, with their weights."""
    words = [stem(word) for word in _WORD.findall(CJK.sub(" ", template).lower())]
    found = {f"w:{word}": 1.0 for word in words if word not in _SLOT_NAMES}
    found |= {f"b:{one} {two}": 0.6 for one, two in zip(["^", *words], [*words, "$"], strict=True)}
    for run in CJK.findall(template):
        found |= {f"z:{character}": 0.5 for character in run}
        found |= {f"z:{run[at : at + 2]}": 1.0 for at in range(len(run) - 1)}
    return found


@cache
def shipped_weights() -> Learned:
    """Return the weights that come with sanca."""
    with resources.files("sanca.memory.matching").joinpath("matcher.npz").open("rb") as file:
        data = np.load(file, allow_pickle=False)
        return Learned(
            classes=tuple(str(name) for name in data["classes"]),
            likeness=data["likeness"],
            likeness_alone=data["likeness_alone"],
            weights=data["weights"].astype(np.float32) * data["scale"].astype(np.float32),
        )
