"""Scores how well a message fits each skill: concepts, hashed n-grams, a static embedding, what fits and what does not.

The features of a message and a skill, and what was learned of its words, are weighed by a softmax over all skills and
"none of them", so a score is a probability: it already holds how far the next skill is behind. The weights were fitted
by `benchmarks/skill_match.py --fit`; the test and the blind requests had no part in it.
"""

from __future__ import annotations

import copy
import math
import re
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from sanca.memory.matching.learned import Learned, places_of
from sanca.memory.matching.lexicon import Lexicon, Piece
from sanca.memory.matching.own_skills import OwnSkills
from sanca.memory.matching.parameters import names_value
from sanca.memory.matching.slots import Reading
from sanca.memory.skills import Skill
from sanca.memory.text import CJK, tokens

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Embed = Callable[[Sequence[str]], NDArray[np.float32]]

FEATURES = ("concepts", "lexical", "dense", "explained", "unexplained", "foreign", "missing", "surplus")
"""concepts, lexical, dense: likeness to the nearest phrase. explained: share of the message's meaning that the skill's
phrases have. unexplained, foreign: weight of words that no phrase of it has, and of things it surely does not do.
missing: required parameters not named. surplus: named things it has no use for."""

_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_SLOT_WORDS = {"quoted": "text", "payload": "json"}
_SLOT_WEIGHTS = {"json": 1.5, "setting": 1.0, "file": 1.0, "table": 1.2, "date": 1.0, "release": 0.8, "service": 0.6}
_OTHER_SLOT_WEIGHT = 0.4
_ARITHMETIC = re.compile(r"[\d)]\s*(?:[+*/^×÷]|\*\*|-(?!\d{1,2}-))\s*[\d(]|\d\s*(?:%|pct\b)")
_UNKNOWN_WEIGHT, _COMMON_WEIGHT = 1.0, 0.25
_HASH_PLACES = 1 << 15


@dataclass(frozen=True)
class Scored:
    """A skill's probability to be the one that is meant."""

    skill: Skill
    score: float
    features: NDArray[np.float64]
    learned: bool = True
    """False: it was not there when the weights were fitted."""


@dataclass(frozen=True)
class Seen:
    """What the ranker goes by."""

    rows: NDArray[np.float64]
    """The likeness features of every skill, shape (skills, len(FEATURES))."""
    places: dict[int, float]
    vector: NDArray[np.float32]


class Ranker:
    """Fitted to a list of skills once, then asked many times; safe to share between threads."""

    def __init__(self, skills: Sequence[Skill], lexicon: Lexicon, embed: Embed, learned: Learned) -> None:
        self._learned = learned
        self._skills = tuple(skill for skill in skills if skill.name in learned.classes)
        self._own = tuple(skill for skill in skills if skill.name not in learned.classes)
        self._own_skills = OwnSkills(self._own, lexicon, embed) if self._own else None
        self._lexicon = lexicon
        self.embed = embed
        phrases = [(index, phrase) for index, skill in enumerate(self._skills) for phrase in _phrases(skill)]
        self._owner = np.array([index for index, _ in phrases])
        templates = [_PLACEHOLDER.sub(r" \1 ", phrase) for _, phrase in phrases]
        readings = [self._phrase_concepts(phrase) for _, phrase in phrases]
        self._places = {
            name: place for place, name in enumerate(sorted({name for found in readings for name in found}))
        }
        self._idf = self._concept_idf(readings)
        self._concepts = np.array([self._vector(found) for found in readings]).reshape(len(readings), len(self._places))
        self._hashed = HashedIndex(
            [f"{text} {' '.join(sorted(found))}" for text, found in zip(templates, readings, strict=True)]
        )
        self._vectors = embed(templates)
        self._has = [self._union(readings, index) for index in range(len(self._skills))]
        self._words = [
            {
                token
                for text, owner in zip(templates, self._owner, strict=True)
                if owner == index
                for token in tokens(text)
            }
            for index in range(len(self._skills))
        ]

    def with_own(self, skills: Sequence[Skill]) -> Ranker:
        """Return a ranker of these skills and further ones that nothing was fitted for; this one stays as it is."""
        more = copy.copy(self)
        more._own = (*self._own, *skills)
        more._own_skills = OwnSkills(more._own, self._lexicon, self.embed) if more._own else None
        return more

    def rank(self, reading: Reading, *, service_known: bool = False) -> list[Scored]:
        """Return all skills, likeliest first; the scores and that of "none" add up to 1."""
        seen = self.see(reading, service_known=service_known)
        margins = self._learned.margins(seen.places, seen.vector)
        weights, constant = self._learned.likeness[:-1], float(self._learned.likeness[-1])
        rows = list(seen.rows)
        logits = [
            float(row @ weights) - constant + margins[skill.name] for skill, row in zip(self._skills, rows, strict=True)
        ]
        if self._own_skills is not None:
            rows += list(self._own_skills.features(reading, seen.vector))
            logits += [float(row @ self._learned.likeness_alone) for row in rows[len(self._skills) :]]
        shares = _softmax(np.array(logits))
        ranked = [
            Scored(skill, share, row, skill.name in margins)
            for skill, share, row in zip((*self._skills, *self._own), shares, rows, strict=True)
        ]
        return sorted(ranked, key=lambda scored: -scored.score)

    def see(self, reading: Reading, *, service_known: bool = False) -> Seen:
        """Return what the ranker goes by."""
        found = concepts_of(reading, service_known=service_known)
        template = template_of(reading)
        vector = self.embed([template])[0]
        return Seen(
            self._likeness(reading, found, template, vector, service_known), places_of(reading, template, found), vector
        )

    def _likeness(
        self, reading: Reading, found: dict[str, float], template: str, vector: NDArray[np.float32], service_known: bool
    ) -> NDArray[np.float64]:
        if not self._skills:
            return np.zeros((0, len(FEATURES)))
        like_concepts = self._concepts @ self._vector(found)
        like_lexical = self._hashed.scores(f"{template} {' '.join(sorted(found))}")
        like_dense = self._vectors @ vector
        rows = []
        for index, skill in enumerate(self._skills):
            own = self._owner == index
            explained, unexplained, foreign = self._coverage(reading.pieces, index)
            missing, surplus = _fit(skill, reading, service_known)
            if is_about_anything(skill) and set(skill.sheet.only_with) & set(found):
                # What follows `the runbooks say about …` is the topic: any words at all.
                explained, unexplained, foreign = max(explained, 0.8), 0.3 * unexplained, 0.3 * foreign
            like = (like_concepts[own].max(), like_lexical[own].max(), like_dense[own].max())
            rows.append([*like, explained, unexplained, foreign, missing, surplus])
        return np.array(rows)

    def _phrase_concepts(self, phrase: str) -> dict[str, float]:
        pieces = self._lexicon.read(_PLACEHOLDER.sub(lambda hit: "\x00" * len(hit.group()), phrase))
        slots = {f"slot:{name}" for name in _PLACEHOLDER.findall(phrase)}
        found = _weighted(piece for piece in pieces if piece.kind == "concept")
        if _ARITHMETIC.search(_PLACEHOLDER.sub("1", phrase)):
            found["calculate"] = 1.0
        # A phrase of slots only would be like anything that names a service.
        return found | _slot_weights(slots) if found else {}

    def _concept_idf(self, readings: Sequence[dict[str, float]]) -> dict[str, float]:
        owners: dict[str, set[int]] = {}
        for owner, found in zip(self._owner, readings, strict=True):
            for name in found:
                owners.setdefault(name, set()).add(int(owner))
        return {name: math.log(1 + len(self._skills) / len(having)) for name, having in owners.items()}

    def _vector(self, found: dict[str, float]) -> NDArray[np.float64]:
        """Unit vector over the concepts of the phrases; what no phrase has counts in its length only."""
        vector = np.zeros(len(self._places))
        length = 0.0
        highest = max(self._idf.values(), default=1.0)
        for name, weight in found.items():
            value = weight * self._idf.get(name, highest)
            length += value * value
            if (place := self._places.get(name)) is not None:
                vector[place] = value
        return vector / math.sqrt(length) if length else vector

    def _union(self, readings: Sequence[dict[str, float]], index: int) -> set[str]:
        return {name for found, owner in zip(readings, self._owner, strict=True) if owner == index for name in found}

    def _coverage(self, pieces: Sequence[Piece], index: int) -> tuple[float, float, float]:
        explained = unexplained = foreign = 0.0
        for piece in pieces:
            if piece.kind == "stop":
                continue
            weight = self._piece_weight(piece)
            if set(piece.concepts) & self._has[index] or (
                not piece.concepts and set(tokens(piece.text)) & self._words[index]
            ):
                explained += weight
            elif piece.kind == "foreign":
                foreign += 1
            else:
                unexplained += weight
        total = explained + unexplained + 2 * foreign
        return (explained / total if total else 0.5), min(unexplained, 5.0), min(foreign, 3.0)

    def _piece_weight(self, piece: Piece) -> float:
        if piece.concepts:
            return min(self._idf.get(name, 2.0) for name in piece.concepts) / 2
        if piece.kind == "common":
            return _COMMON_WEIGHT
        return min(2.0, 0.5 * len(piece.text)) if CJK.match(piece.text) else _UNKNOWN_WEIGHT


def _softmax(logits: NDArray[np.float64]) -> list[float]:
    """Return the shares; "none" has the logit 0 and the rest of them."""
    top = max(float(logits.max()), 0.0)
    odds = np.exp(logits - top)
    shares: list[float] = (odds / (odds.sum() + math.exp(-top))).tolist()
    return shares


def is_about_anything(skill: Skill) -> bool:
    """Whether a skill takes a topic in free words."""
    return any(parameter.take == "topic" for parameter in skill.sheet.parameters)


def concepts_of(reading: Reading, *, service_known: bool = False) -> dict[str, float]:
    """Return the concepts of a message with their weights, its slots among them."""
    slots = {f"slot:{_SLOT_WORDS.get(slot.kind, slot.kind)}" for slot in reading.slots}
    if service_known:
        slots.add("slot:service")
    found = _weighted(reading.pieces)
    if _ARITHMETIC.search(reading.text):
        found["calculate"] = 1.0
    return found | _slot_weights(slots)


def _slot_weights(slots: Iterable[str]) -> dict[str, float]:
    return {slot: _SLOT_WEIGHTS.get(slot.removeprefix("slot:"), _OTHER_SLOT_WEIGHT) for slot in slots}


def _weighted(pieces: Iterable[Piece]) -> dict[str, float]:
    found: dict[str, float] = {}
    for piece in pieces:
        for name in piece.concepts:
            if name.startswith("foreign:") and piece.kind == "concept":
                continue  # it may be meant so, and then it is not foreign
            # A word of two meanings says half of each.
            found[name] = max(found.get(name, 0.0), 1 / math.sqrt(len(piece.concepts)))
    return found


def _phrases(skill: Skill) -> tuple[str, ...]:
    title = skill.sheet.title
    return (*skill.sheet.phrases.en, *skill.sheet.phrases.zh, title.en, title.zh)


def template_of(reading: Reading) -> str:
    """Return the message with the kinds of its slots in place of what they name."""
    text = reading.text
    for slot in reversed(reading.slots):
        text = f"{text[: slot.start]} {_SLOT_WORDS.get(slot.kind, slot.kind)} {text[slot.end :]}"
    return text


def _fit(skill: Skill, reading: Reading, service_known: bool) -> tuple[float, float]:
    kinds = Counter(slot.kind for slot in reading.slots)
    if service_known:
        kinds["service"] += 1
    wanted: Counter[str] = Counter(parameter.kind for parameter in skill.sheet.parameters)
    required: Counter[str] = Counter(parameter.kind for parameter in skill.sheet.parameters if parameter.required)
    takes = {parameter.take for parameter in skill.sheet.parameters if parameter.kind == "text"}
    missing = sum(max(0, required[kind] - kinds[kind]) for kind in ("service", "release"))
    missing += "value" in takes and not (kinds["number"] or kinds["minutes"] or names_value(reading))
    missing += "payload" in takes and not (kinds["payload"] or kinds["quoted"])
    surplus = sum(max(0, kinds[kind] - wanted[kind]) for kind in ("service", "release", "setting"))
    surplus += 0 if takes & {"payload", "message"} else kinds["payload"]
    return float(missing), 0.5 * surplus if takes & {"message", "topic"} else float(surplus)


class HashedIndex:
    """TF-IDF over words and character 3-5-grams hashed to a fixed number of places; needs no weights."""

    def __init__(self, texts: Sequence[str]) -> None:
        counted = [_hashed_counts(text) for text in texts]
        seen = Counter(place for counts in counted for place in counts)
        self._idf = {place: math.log((1 + len(texts)) / (1 + count)) + 1 for place, count in seen.items()}
        # A place no text has counts in the length of a query: what is unknown makes it less like anything.
        self._unseen = math.log(1 + len(texts)) + 1
        postings: dict[int, list[tuple[int, float]]] = {}
        for row, counts in enumerate(counted):
            weights = {place: value * self._idf[place] for place, value in counts.items()}
            length = math.sqrt(sum(value * value for value in weights.values())) or 1.0
            for place, value in weights.items():
                postings.setdefault(place, []).append((row, value / length))
        self._postings = {
            place: (np.array([row for row, _ in rows]), np.array([value for _, value in rows]))
            for place, rows in postings.items()
        }
        self._size = len(texts)

    def scores(self, query: str) -> NDArray[np.float64]:
        """Return the cosine of the query and each text."""
        scores = np.zeros(self._size)
        length = 0.0
        for place, value in _hashed_counts(query).items():
            weight = value * self._idf.get(place, self._unseen)
            length += weight * weight
            if place in self._postings:
                rows, values = self._postings[place]
                scores[rows] += weight * values
        return scores / (math.sqrt(length) or 1.0)


def _hashed_counts(text: str) -> dict[int, float]:
    plain = " " + re.sub(r"[^a-z0-9\u3400-\u9fff]+", " ", text.lower()) + " "
    grams = [plain[at : at + size] for size in (3, 4, 5) for at in range(len(plain) - size + 1)]
    counts = Counter(zlib.crc32(part.encode()) % _HASH_PLACES for part in (*tokens(text), *grams))
    return {place: 1 + math.log(count) for place, count in counts.items()}
