"""How well a message fits skills that were not there when the weights were fitted: word by word, from their phrases.

Such a skill has a handful of phrases, about things the lexicon may never have heard of; its words count, also those
that are foreign to the shipped skills. The weights were fitted by leaving shipped skills out: `benchmarks/_own_fit.py`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from sanca.memory.matching.lexicon import Lexicon, Piece
from sanca.memory.matching.slots import Reading
from sanca.memory.skills import Skill
from sanca.memory.text import CJK, stem

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Embed = Callable[[Sequence[str]], NDArray[np.float32]]

OWN_FEATURES = ("alike", "recall", "precision", "dense", "strange", "contrary", "nothing", "constant")
"""alike: harmonic mean of recall and precision of the nearest phrase. recall: share of that phrase's words that the
message has. precision: share of the message's words that any phrase has. dense: likeness of the whole to the nearest
phrase. strange: weight of the message's words that no phrase has. contrary: share of words that none has and that
the lexicon knows. nothing: not half of any phrase is said."""

_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_WORD = re.compile(r"[a-z]+(?:'[a-z]+)?|\d+(?:\.\d+)?")
_SLOT_NAMES = {"quoted": "text", "payload": "json"}
_SLOT_WEIGHT, _SAID_NAME_WEIGHT, _NUMBER_WEIGHT, _COMMON_WEIGHT, _CHARACTER_WEIGHT = 0.3, 0.5, 0.2, 0.6, 0.4
_SAME_CONCEPT, _SAME_FOREIGN, _SAME_CHARACTER, _SAME_PAIR = 0.8, 0.3, 0.45, 0.6
_COSINE_FROM, _COSINE_TO, _COSINE_MOST = 0.35, 0.7, 0.9
_ENOUGH = 0.5
_DESTROYING = frozenset(["foreign:removal", "free", "release_port"])


@dataclass
class Word:
    """A word that carries meaning: what it counts, and the keys under which it is like another, with how much."""

    text: str
    weight: float
    keys: dict[str, float] = field(default_factory=dict)
    known: bool = False
    """The lexicon knows what it means."""
    destroys: bool = False
    """It asks to take something away: never what a skill does whose phrases do not say so."""


class OwnSkills:
    """Fitted to some skills' phrases, then asked many times."""

    def __init__(self, skills: Sequence[Skill], lexicon: Lexicon, embed: Embed) -> None:
        self._embed = embed
        self._lexicon = lexicon
        phrases = [(index, phrase) for index, skill in enumerate(skills) for phrase in _phrases(skill)]
        said = [(index, phrase, self._phrase_words(phrase)) for index, phrase in phrases]
        said = [(index, phrase, words) for index, phrase, words in said if words]
        self._owner = np.array([index for index, _, _ in said], np.intp)
        self._count = len(skills)
        words = [word for _, _, found in said for word in found]
        self._phrase_of = np.repeat(np.arange(len(said)), [len(found) for _, _, found in said])
        self._weights = np.array([word.weight for word in words])
        self._lengths = np.bincount(self._phrase_of, self._weights, len(said))
        self._keys = _places_by_key(words)
        # Words stand phrase by phrase, phrases skill by skill: each has one stretch.
        self._phrase_starts = np.flatnonzero(np.diff(self._phrase_of, prepend=-1))
        self._skill_starts = np.flatnonzero(np.diff(self._owner, prepend=-1))
        texts = {word.text: None for word in words}
        places = {text: place for place, text in enumerate(texts)}
        self._words = embed(list(texts))  # each once: phrases of one skill say much the same
        self._word_of = np.array([places[word.text] for word in words], np.intp)
        self._phrases = embed([_PLACEHOLDER.sub(r" \1 ", phrase) for _, phrase, _ in said])

    def features(self, reading: Reading, vector: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return a row of features for every skill, shape (skills, len(OWN_FEATURES))."""
        rows = np.zeros((self._count, len(OWN_FEATURES)))
        rows[:, -1] = 1
        words = list(words_of(reading))
        if not words or not len(self._owner):
            rows[:, OWN_FEATURES.index("nothing")] = 1
            return rows
        alike = self._alike(words)
        weights = np.array([word.weight for word in words])
        total = float(weights.sum())
        by_phrase = np.maximum.reduceat(alike, self._phrase_starts, axis=1)
        near, recall, dense = by_phrase.T @ weights / total, self._recall(alike), self._phrases @ vector
        both = recall + near
        harmonic = np.divide(2 * recall * near, both, out=np.zeros_like(both), where=both > 0)
        owners = self._owner[self._skill_starts]
        stretches = zip(self._skill_starts, [*self._skill_starts[1:], len(self._owner)], strict=True)
        best = np.array([start + int(np.argmax(harmonic[start:end])) for start, end in stretches])
        found = np.maximum.reduceat(by_phrase, self._skill_starts, axis=1)
        rows[owners, 0], rows[owners, 1] = harmonic[best], recall[best]
        rows[owners, 2] = found.T @ weights / total
        rows[owners, 3] = np.maximum.reduceat(dense, self._skill_starts)
        rows[owners, 4:6] = _left(words, found, weights, total)
        rows[owners, 6] = np.maximum.reduceat(recall, self._skill_starts) < _ENOUGH
        return rows

    def _recall(self, alike: NDArray[np.float64]) -> NDArray[np.float64]:
        said = np.bincount(self._phrase_of, alike.max(0) * self._weights, len(self._lengths))
        return np.asarray(said / self._lengths, np.float64)

    def _alike(self, words: Sequence[Word]) -> NDArray[np.float64]:
        """Return how much each word of a message is like each word of the phrases."""
        cosine = (self._embed([word.text for word in words]) @ self._words.T)[:, self._word_of]
        alike = np.clip((cosine - _COSINE_FROM) / (_COSINE_TO - _COSINE_FROM), 0, 1).astype(np.float64) * _COSINE_MOST
        for row, word in enumerate(words):
            if word.weight <= _NUMBER_WEIGHT or CJK.search(word.text):
                alike[row] = 0  # tokens of a character or a digit say nothing
            for key, value in word.keys.items():
                if (same := self._keys.get(key)) is not None:
                    places, others = same
                    alike[row, places] = np.maximum(alike[row, places], np.minimum(value, others))
        return np.asarray(alike, np.float64)

    def _phrase_words(self, phrase: str) -> list[Word]:
        plain = _PLACEHOLDER.sub(lambda hit: "\x00" * len(hit.group()), phrase)
        words = [word for piece in self._lexicon.read(plain) for word in _piece_words(piece)]
        # A phrase of slots only would be like anything that names something.
        return words + [_slot_word(name) for name in _PLACEHOLDER.findall(phrase)] if words else []


def _places_by_key(words: Sequence[Word]) -> dict[str, tuple[NDArray[np.intp], NDArray[np.float64]]]:
    found: dict[str, list[tuple[int, float]]] = {}
    for place, word in enumerate(words):
        for key, value in word.keys.items():
            found.setdefault(key, []).append((place, value))
    return {
        key: (np.array([place for place, _ in pairs], np.intp), np.array([value for _, value in pairs]))
        for key, pairs in found.items()
    }


def _left(
    words: Sequence[Word], found: NDArray[np.float64], weights: NDArray[np.float64], total: float
) -> NDArray[np.float64]:
    """Return how much of a message no phrase of a skill has, and how much of that speaks against it; (skills, 2)."""
    left = (found < _ENOUGH) * (1 - found) * weights[:, None]
    destroying = np.array([word.destroys for word in words], float)
    known = np.array([word.known for word in words], float)
    contrary = np.where(destroying @ left > 0, 1.0, known @ left / total)
    return np.column_stack([np.minimum(left.sum(0), 5.0), contrary])


def words_of(reading: Reading) -> Iterator[Word]:
    """Yield the words of a message that carry meaning, its slots among them."""
    for piece in reading.pieces:
        yield from _piece_words(piece)
    for slot in reading.slots:
        word = _slot_word(_SLOT_NAMES.get(slot.kind, slot.kind))
        if slot.kind == "service":
            word.text, word.weight = str(slot.value), _SAID_NAME_WEIGHT
            word.keys |= _keys(str(slot.value).lower())
        yield word


def _slot_word(name: str) -> Word:
    return Word(name, _SLOT_WEIGHT, {f"slot:{name}": 1.0})


def _piece_words(piece: Piece) -> Iterator[Word]:
    if piece.kind == "stop":
        return
    meant = {
        name: _SAME_FOREIGN if name.startswith("foreign:") else _SAME_CONCEPT / math.sqrt(len(piece.concepts))
        for name in piece.concepts
    }
    weight = _COMMON_WEIGHT if piece.kind == "common" else 1.0
    if CJK.match(piece.text):
        for part in _chinese_parts(piece):
            yield Word(
                part,
                weight if len(part) > 1 else _CHARACTER_WEIGHT,
                _keys(part) | meant,
                bool(meant),
                bool(_DESTROYING & meant.keys()),
            )
        return
    said = _WORD.findall(piece.text.lower())
    parts = said if len(said) < 2 else [" ".join(said)]
    for part in parts:
        yield Word(
            part,
            _NUMBER_WEIGHT if part[0].isdigit() else weight,
            _keys(part) | meant,
            bool(meant),
            bool(_DESTROYING & meant.keys()),
        )


def _chinese_parts(piece: Piece) -> list[str]:
    text = piece.text
    if piece.kind != "unknown" or len(text) <= 2:
        return [text]
    return [text[at : at + 2] for at in range(len(text) - 1)]


def _keys(text: str) -> dict[str, float]:
    """Return what makes a word the same as another: its stem, or its characters."""
    if CJK.match(text):
        half = {f"z:{character}": _SAME_CHARACTER for character in text} if len(text) == 2 else {}
        return half | {f"w:{text[at : at + 2]}": _SAME_PAIR for at in range(len(text) - 1)} | {f"w:{text}": 1.0}
    words = [stem(word) for word in text.split()]
    return {f"w:{' '.join(words)}": 1.0, f"w:{''.join(words)}": 1.0} | (
        {f"w:{word}": 0.7 for word in words if len(word) > 3} if len(words) > 1 else {}
    )


def _phrases(skill: Skill) -> tuple[str, ...]:
    title = skill.sheet.title
    return (*skill.sheet.phrases.en, *skill.sheet.phrases.zh, title.en, title.zh)
