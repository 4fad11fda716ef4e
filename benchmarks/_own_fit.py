"""Fits the weights for skills that a user adds, by leaving shipped skills out. Not run by itself.

A quarter of the shipped skills at a time is treated as if a user had just added it: nothing is learned from requests
for it, it has only a few phrases, and most concepts of the lexicon, which was worded for it, are forgotten. What these
requests, those of the other skills and those out of scope then look like is what the weights are fitted on.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from sanca.memory import SkillLibrary
from sanca.memory.matching.lexicon import Lexicon, Piece
from sanca.memory.matching.own_skills import OWN_FEATURES, OwnSkills
from sanca.memory.skills import Phrases, Skill

if TYPE_CHECKING:
    from _skill_fit import Examples
    from numpy.typing import NDArray

GROUPS = 4
FEWEST, MOST = 2, 5
"""Phrases of a language that a skill left out keeps."""
FORGOTTEN = 0.6
OTHERS = 900
"""Requests of other skills, and as many out of scope, that each group is shown."""
CAREFUL = 4.0
"""How much worse it is to take a request for an added skill than to miss one."""
ROUNDS, STEP, PENALTY = 1500, 0.02, 1e-3


class Forgetful(Lexicon):
    """A lexicon that has forgotten some concepts: their words are mere words."""

    def __init__(self, whole: Lexicon, chance: random.Random) -> None:
        self._whole = whole
        self._chance = chance
        self._known: dict[str, bool] = {}

    def read(self, text: str) -> list[Piece]:
        """Read as the whole lexicon does, then forget."""
        return [self.forget(piece) for piece in self._whole.read(text)]

    def forget(self, piece: Piece) -> Piece:
        """Return a piece without forgotten concepts."""
        for name in piece.concepts:
            self._known.setdefault(name, name.startswith("foreign:") or self._chance.random() >= FORGOTTEN)
        kept = tuple(name for name in piece.concepts if self._known[name])
        return replace(piece, kind=piece.kind if kept else "unknown", concepts=kept) if piece.concepts else piece


@dataclass
class Shown:
    """Requests as a library with one group of added skills sees them."""

    features: NDArray[np.float64]
    """Shape (requests, added skills, len(OWN_FEATURES))."""
    others: NDArray[np.float64]
    """What speaks for any other skill or for none, as one logit."""
    wanted: NDArray[np.int64]
    """The added skill, or their number for any other."""


def few_phrases(skill: Skill, chance: random.Random) -> Skill:
    """Return a skill with a few of its phrases, as users write them."""
    said = skill.sheet.phrases
    en, zh = (tuple(chance.sample(part, min(len(part), chance.randint(FEWEST, MOST)))) for part in (said.en, said.zh))
    return skill.model_copy(update={"sheet": skill.sheet.model_copy(update={"phrases": Phrases(en=en, zh=zh)})})


def left_out(
    library: SkillLibrary, rows: Sequence[dict[str, Any]], data: Examples, copies: int, *, group: int
) -> Shown:
    """Return what requests look like when one group of skills was just added."""
    from _skill_fit import fit

    chance = random.Random(group)  # noqa: S311 - reproducible draws, no secret
    added = [index for index in range(len(library.skills)) if index % GROUPS == group]
    likeness, rest = fit(data.part(np.flatnonzero(~np.isin(data.wanted, added))))
    firsts = range(0, len(data.wanted), copies)
    asked = [at for at in firsts if data.wanted[at] in added]
    none = [at for at in firsts if data.wanted[at] == len(library.skills)]
    known = [at for at in firsts if data.wanted[at] not in added and data.wanted[at] != len(library.skills)]
    chosen = np.array([*asked, *chance.sample(none, OTHERS), *chance.sample(known, OTHERS)])
    part = data.part(chosen)
    logits = np.delete(part.likeness @ likeness + part.dense() @ rest, added, axis=1).astype(np.float64)
    logits -= logits[:, -1:]
    lexicon = Forgetful(library.lexicon, chance)
    own = OwnSkills([few_phrases(library.skills[index], chance) for index in added], lexicon, library.ranker.embed)
    features = []
    for at, vector in zip(chosen, part.vectors, strict=True):
        reading = library.read(rows[at // copies]["message"])
        reading = replace(reading, pieces=[lexicon.forget(piece) for piece in reading.pieces])
        features.append(own.features(reading, vector))
    wanted = np.array([added.index(index) if index in added else len(added) for index in part.wanted])
    return Shown(np.stack(features), np.logaddexp.reduce(logits, axis=1), wanted)


def fit_own(library: SkillLibrary, rows: Sequence[dict[str, Any]], data: Examples, copies: int) -> NDArray[np.float64]:
    """Return the weights of `OWN_FEATURES`."""
    shown = [left_out(library, rows, data, copies, group=group) for group in range(GROUPS)]
    weights = np.zeros(len(OWN_FEATURES))
    speed = np.zeros(len(OWN_FEATURES))
    for turn in range(ROUNDS):
        gradient = PENALTY * weights
        for one in shown:
            gradient = gradient + _gradient(one, weights) / len(shown)
        speed = 0.9 * speed + gradient
        weights = weights - STEP * (1 - 0.9 * turn / ROUNDS) * speed
    return weights


def shares(one: Shown, weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the share of every added skill, and last that of all else."""
    logits = np.concatenate([one.features @ weights, one.others[:, None]], axis=1)
    odds = np.exp(logits - logits.max(1, keepdims=True))
    return np.asarray(odds / odds.sum(1, keepdims=True))


def _gradient(one: Shown, weights: NDArray[np.float64]) -> NDArray[np.float64]:
    error = shares(one, weights)
    error[np.arange(len(one.wanted)), one.wanted] -= 1
    asked = one.wanted < one.features.shape[1]
    error *= np.where(asked, 1 / max(asked.sum(), 1), CAREFUL / max((~asked).sum(), 1))[:, None]
    return np.asarray(np.einsum("nk,nkf->f", error[:, :-1], one.features))


def told(shown: Sequence[Shown], weights: NDArray[np.float64], threshold: float) -> Iterator[tuple[str, float]]:
    """Yield how often an added skill is found, and how often it is taken for something else."""
    found, taken = [], []
    for one in shown:
        share = shares(one, weights)
        best = np.where(share[:, :-1].max(1) >= threshold, share[:, :-1].argmax(1), one.features.shape[1])
        asked = one.wanted < one.features.shape[1]
        found += (best == one.wanted)[asked].tolist()
        taken += (best != one.wanted)[~asked].tolist()
    yield "found", sum(found) / len(found)
    yield "taken", sum(taken) / len(taken)
