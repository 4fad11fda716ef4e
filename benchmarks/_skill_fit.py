"""Fits the weights of the skill matcher, and measures how well they carry over to requests they were not fitted on.

What it learns from: the phrases of the skills, the development requests, and requests drawn from the patterns of
`variants.txt`, whose head says how they are written. Each request is also shown in copies of which some words are
hidden, as words of strangers will be. Not run by itself; the test and the blind requests have no part in it.
"""

from __future__ import annotations

import json
import random
import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from _own_fit import fit_own
from sanca.memory import SkillLibrary
from sanca.memory.matching.learned import EMBEDDING_SCALE, NONE, PLACES, places_of, words_of
from sanca.memory.matching.lexicon import Piece
from sanca.memory.matching.ranking import FEATURES, concepts_of, template_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

DATA = Path(__file__).resolve().parent.parent / "tests" / "memory" / "data"
Request = dict[str, Any]
PER_PATTERN = 14
COPIES = 4
HIDDEN_WORDS, LOST_WORDS, SAID_BESIDES = 0.5, 0.3, 0.25
SOURCE_WEIGHTS = {"development": 3.0, "phrases": 1.0, "variants": 1.0}
PENALTY, LIKENESS_PENALTY = 1e-5, 1e-3
ROUNDS, BATCH, STEP = 14, 512, 0.03

_CHOICE = re.compile(r"\(([^()]*\|[^()]*)\)")
_SLOT = re.compile(r"\{(\w+)\}")
_CHINESE_SPACE = re.compile(r"(?<=[\u3400-\u9fff]) (?=[\u3400-\u9fff])")
_SHORT = {"service": "s", "setting": "k", "minutes": "m"}
"""Placeholders of the skills' phrases that the patterns call otherwise."""


def read(half: str) -> list[Request]:
    """Return the requests of one half."""
    text = (DATA / f"paraphrases_{half}.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines() if line]


class Patterns:
    """The lines of a file like `variants.txt`; draws requests from them."""

    def __init__(self, text: str, chance: random.Random, *, per_pattern: int = PER_PATTERN) -> None:
        self._chance = chance
        self._per_pattern = per_pattern
        lines = [line.split("|", 2) for line in text.splitlines() if not line.startswith("#")]
        self._slots = {
            (language, name[1:-1]): said[1:-1].split("|") for language, name, said in lines if name.startswith("{")
        }
        self._lines = [line for line in lines if not line[1].startswith("{")]

    def fill(self, pattern: str, language: str) -> str:
        """Draw one request from a pattern."""
        while True:
            if slot := _SLOT.search(pattern):
                name = _SHORT.get(slot[1], slot[1])
                drawn, hit = self._slots.get((language, name)) or self._slots["*", name], slot
            elif choice := _CHOICE.search(pattern):
                drawn, hit = choice[1].split("|"), choice
            else:
                # Chinese is written without spaces; only a name in Latin letters may have some around it.
                return _CHINESE_SPACE.sub("", " ".join(pattern.split()))
            pattern = pattern[: hit.start()] + self._chance.choice(drawn) + pattern[hit.end() :]

    def requests(self, *, in_passing: bool = True) -> Iterator[Request]:
        """Draw requests from every pattern, each at most once; some with what people say besides."""
        for language, skill, pattern in self._lines:
            for message in sorted({self.fill(pattern, language) for _ in range(self._per_pattern)}):
                message = self._in_passing(message, language) if in_passing else message
                yield {"message": message, "language": language, "skill": skill or None, "source": "variants"}

    def _in_passing(self, message: str, language: str) -> str:
        """Add what people say besides to some requests: it says nothing about which skill it is."""
        before = "{before} " if self._chance.random() < SAID_BESIDES else ""
        after = " {after}" if self._chance.random() < SAID_BESIDES else ""
        return self.fill(before, language) + " " + message + " " + self.fill(after, language)

    def phrases(self, library: SkillLibrary) -> Iterator[Request]:
        """Return the phrases of the skills, their slots filled."""
        for skill in library.skills:
            for language, said in (("en", skill.sheet.phrases.en), ("zh", skill.sheet.phrases.zh)):
                for phrase in said:
                    message = self.fill(phrase, language)
                    yield {"message": message, "language": language, "skill": skill.name, "source": "phrases"}


@dataclass
class Examples:
    """What the fit goes by, one entry a request or a copy of one."""

    likeness: NDArray[np.float32]
    places: list[dict[int, float]]
    vectors: NDArray[np.float32]
    wanted: NDArray[np.int64]
    weights: NDArray[np.float32]

    def part(self, chosen: NDArray[np.int64]) -> Examples:
        """Return some of them."""
        return Examples(
            self.likeness[chosen], [self.places[index] for index in chosen], self.vectors[chosen], self.wanted[chosen],
            self.weights[chosen],
        )  # fmt: skip

    def dense(self) -> NDArray[np.float32]:
        """Return the places and vectors as one matrix."""
        matrix = np.zeros((len(self.places), PLACES + self.vectors.shape[1]), np.float32)
        for row, places in enumerate(self.places):
            matrix[row, list(places)] = list(places.values())
        matrix[:, PLACES:] = EMBEDDING_SCALE * self.vectors
        return matrix


def examples(library: SkillLibrary, rows: Sequence[Request], copies: int, chance: random.Random) -> Examples:
    """Read the requests, each in `copies`; all but the first have words hidden."""
    names = [*(skill.name for skill in library.skills), NONE]
    likeness, places, vectors, wanted, weights = [], [], [], [], []
    for row in rows:
        reading = library.read(row["message"])
        for copy in range(copies):
            shown = reading
            if copy:
                pieces = [strange(piece) if chance.random() < HIDDEN_WORDS else piece for piece in reading.pieces]
                shown = replace(reading, pieces=pieces)
            seen = library.ranker.see(shown)
            template = template_of(shown)
            if copy:
                template = " ".join(word for word in template.split() if chance.random() >= LOST_WORDS)
            likeness.append(
                np.vstack([np.hstack([seen.rows, np.zeros((len(names) - 1, 1))]), np.eye(len(FEATURES) + 1)[-1:]])
            )
            places.append(places_of(shown, template, concepts_of(shown)))
            vectors.append(seen.vector)
            wanted.append(names.index(row["skill"] or NONE))
            weights.append(SOURCE_WEIGHTS[row.get("source", "development")] / copies)
    return Examples(
        np.stack(likeness).astype(np.float32),
        places,
        np.stack(vectors),
        np.array(wanted),
        np.array(weights, np.float32),
    )


def strange(piece: Piece) -> Piece:
    """Return a piece as if the lexicon did not know it; stop words stay."""
    return piece if piece.kind == "stop" else replace(piece, kind="unknown", concepts=())


class _Adam:
    """Adam's steps for one array."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.value = np.zeros(shape, np.float32)
        self._mean, self._square, self._steps = np.zeros(shape, np.float32), np.zeros(shape, np.float32), 0

    def step(self, gradient: NDArray[np.float32], size: float) -> None:
        self._steps += 1
        self._mean += 0.1 * (gradient - self._mean)
        self._square += 0.01 * (gradient * gradient - self._square)
        mean, square = self._mean / (1 - 0.9**self._steps), self._square / (1 - 0.99**self._steps)
        self.value -= size * mean / (np.sqrt(square) + 1e-6)


def fit(data: Examples) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the weights of the likeness features and of the rest."""
    chance = np.random.default_rng(5)
    count, classes = len(data.wanted), data.likeness.shape[1]
    rest = _Adam((PLACES + data.vectors.shape[1], classes))
    likeness = _Adam((data.likeness.shape[2],))
    for turn in range(ROUNDS):
        size = STEP * (1 - turn / ROUNDS)
        order = chance.permutation(count)
        for begin in range(0, count, BATCH):
            batch = data.part(order[begin : begin + BATCH])
            matrix = batch.dense()
            logits = batch.likeness @ likeness.value + matrix @ rest.value
            odds = np.exp(logits - logits.max(1, keepdims=True))
            error = odds / odds.sum(1, keepdims=True)
            error[np.arange(len(batch.wanted)), batch.wanted] -= 1
            error *= (batch.weights / batch.weights.sum())[:, None]
            gradient = np.einsum("nk,nkf->f", error, batch.likeness)
            likeness.step((gradient + LIKENESS_PENALTY * likeness.value).astype(np.float32), 5 * size)
            rest.step(matrix.T @ error + PENALTY * rest.value, size)
    return likeness.value, rest.value


def choices(
    data: Examples, likeness: NDArray[np.float32], rest: NDArray[np.float32], threshold: float
) -> NDArray[np.int64]:
    """Return the class that each example gets."""
    logits = data.likeness @ likeness + data.dense() @ rest
    odds = np.exp(logits - logits.max(1, keepdims=True))
    shares = odds / odds.sum(1, keepdims=True)
    best: NDArray[np.int64] = shares[:, :-1].argmax(1)
    return np.where(shares[:, :-1].max(1) >= threshold, best, shares.shape[1] - 1)


def gathered(library: SkillLibrary) -> tuple[list[Request], Examples]:
    """Return all requests that are learned from, those of the development file first, and what the fit sees of them."""
    chance = random.Random(1)  # noqa: S311 - reproducible draws, no secret
    patterns = Patterns((DATA / "variants.txt").read_text(encoding="utf-8"), chance)
    rows = [*read("development"), *patterns.requests(), *patterns.phrases(library)]
    return rows, examples(library, rows, COPIES, chance)


def carried_over(library: SkillLibrary, threshold: float, folds: int = 5) -> tuple[list[Request], list[bool]]:
    """Return the development requests, and whether the skill is right when they are not learned from.

    Requests that share their wording but for a name stay in one fold.
    """
    rows, data = gathered(library)
    asked = [row for row in rows if "source" not in row]
    wordings = [" ".join(words_of(template_of(library.read(row["message"])))) for row in asked]
    fold_of = [zlib.crc32(wording.encode()) % folds for wording in wordings]
    group = np.repeat([*fold_of, *[-1] * (len(rows) - len(asked))], COPIES)
    first = np.arange(len(group)) % COPIES == 0
    right = np.zeros(len(group), bool)
    for fold in range(folds):
        likeness, rest = fit(data.part(np.flatnonzero(group != fold)))
        held = np.flatnonzero((group == fold) & first)
        right[held] = choices(data.part(held), likeness, rest, threshold) == data.wanted[held]
    return asked, right[first & (group >= 0)].tolist()


def save(library: SkillLibrary, path: Path) -> None:
    """Fit on everything and write the weights as bytes with a scale for each class."""
    rows, data = gathered(library)
    likeness, rest = fit(data)
    scale = np.maximum(np.abs(rest).max(0), 1e-6) / 127
    np.savez_compressed(
        path,
        classes=np.array([*(skill.name for skill in library.skills), NONE]),
        likeness=likeness.astype(np.float64),
        likeness_alone=fit_own(library, rows, data, COPIES).astype(np.float64),
        weights=np.round(rest / scale).astype(np.int8),
        scale=scale.astype(np.float32),
    )
