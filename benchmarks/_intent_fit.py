"""Fits the weights that tell a message's intent from its words, and measures how well they carry over.

What it learns from: the develop half of the labelled messages, requests drawn from the patterns of `phrases.txt`, and
the skills' development requests whose intent their skill tells. Each is also shown in copies of which some words are
lost or misspelt, as words of strangers will be. The test half has no part in it. Not run by itself.
"""

from __future__ import annotations

import json
import random
import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from _skill_fit import Patterns
from _skill_fit import read as skill_requests
from sanca.memory import SkillLibrary
from sanca.python_runtime.perception.classifier import EMBEDDING_SCALE, PLACES, places_of
from sanca.python_runtime.perception.intents import Intent

if TYPE_CHECKING:
    from numpy.typing import NDArray

DATA = Path(__file__).resolve().parent.parent / "tests" / "python_runtime" / "perception" / "messages"
FLEET = ("gateway", "checkout", "payments", "orders", "inventory", "search", "accounts", "notifications")
ENTITIES = {"service": FLEET, "release": tuple(f"v1.{minor}.{patch}" for minor in range(5) for patch in range(5))}
PER_PATTERN, COPIES = 22, 3
LOST_WORDS, MISSPELT = 0.15, 0.12
SOURCE_WEIGHTS = {"develop": 6.0, "phrases": 1.0, "skills": 0.5}
PENALTY, ROUNDS, BATCH, STEP = 2e-5, 8, 256, 0.02

_OF_SKILL = {
    "analyse_table": Intent.ANALYSE_DATA, "calculate": Intent.ANALYSE_DATA, "date_time": Intent.ANALYSE_DATA,
    "format_json": Intent.ANALYSE_DATA, "change_setting": Intent.CHANGE, "compare_releases": Intent.ASK_STATE,
    "deploy_release": Intent.CHANGE, "deployments_history": Intent.ASK_STATE, "error_summary": Intent.ASK_STATE,
    "explain_dependency": Intent.LOOK_UP, "fleet_status": Intent.ASK_STATE, "probe_service": Intent.ASK_STATE,
    "release_port": Intent.CHANGE, "restart_service": Intent.CHANGE, "rollback_service": Intent.CHANGE,
    "search_runbook": Intent.LOOK_UP, "service_config": Intent.ASK_STATE, "show_disk": Intent.ASK_STATE,
    "show_logs": Intent.ASK_STATE, "show_metrics": Intent.ASK_STATE, "show_ports": Intent.ASK_STATE,
    "who_changed": Intent.ASK_STATE, "write_incident_report": Intent.WRITE, "free_disk": Intent.CHANGE,
}  # fmt: skip
"""Skills whose requests have one intent; those of a diagnosis may want a cause or a repair."""


@dataclass(frozen=True)
class Said:
    """A message to learn from."""

    text: str
    intent: Intent
    source: str


def develop() -> list[Said]:
    """Return the clear messages of the develop half: what is unclear is no matter of words alone."""
    lines = (DATA / "develop.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines if line.strip()]
    return [Said(row["message"], Intent(row["intent"]), "develop") for row in rows if not row["unclear"]]


def gathered() -> list[Said]:
    """Return all messages that are learned from, those of the develop half first."""
    chance = random.Random(1)  # noqa: S311 - reproducible draws, no secret
    patterns = Patterns((DATA / "phrases.txt").read_text(encoding="utf-8"), chance, per_pattern=PER_PATTERN)
    phrases = [
        Said(row["message"].strip(), Intent.UNCLEAR if row["skill"] == "vague" else Intent(row["skill"]), "phrases")
        for row in patterns.requests(in_passing=False)
    ]
    skills = [
        Said(row["message"], _OF_SKILL[row["skill"]], "skills")
        for row in skill_requests("development")
        if row["skill"] in _OF_SKILL
    ]
    return [*develop(), *phrases, *skills]


def blurred(text: str, chance: random.Random) -> str:
    """Return the text as a hurried stranger writes it: words left out, letters turned round."""
    words = [_misspelt(word, chance) for word in text.split() if chance.random() >= LOST_WORDS]
    return " ".join(words) or text


def _misspelt(word: str, chance: random.Random) -> str:
    if len(word) < 4 or chance.random() >= MISSPELT:
        return word
    at = chance.randrange(1, len(word) - 1)
    swapped = word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    return chance.choice([swapped, word[:at] + word[at + 1 :], word[:at] + word[at] + word[at:]])


@dataclass
class Examples:
    """What the fit goes by, one entry a message or a copy of one."""

    places: list[dict[int, float]]
    vectors: NDArray[np.float32]
    wanted: NDArray[np.int64]
    weights: NDArray[np.float32]

    def dense(self, chosen: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return the places and vectors of some of them as one matrix."""
        matrix = np.zeros((len(chosen), PLACES + self.vectors.shape[1]), np.float32)
        for row, index in enumerate(chosen):
            places = self.places[index]
            matrix[row, list(places)] = list(places.values())
        matrix[:, PLACES:] = EMBEDDING_SCALE * self.vectors[chosen]
        return matrix


def examples(library: SkillLibrary, said: Sequence[Said]) -> Examples:
    """Look at the messages, each in copies; every intent weighs the same altogether."""
    chance = random.Random(2)  # noqa: S311 - reproducible draws, no secret
    classes = list(Intent)
    counts = Counter(one.intent for one in said)
    places, vectors, wanted, weights = [], [], [], []
    for one in said:
        for copy in range(COPIES):
            text = blurred(one.text, chance) if copy else one.text
            view = library.view(text, ENTITIES if (copy + len(one.text)) % 4 else None)
            places.append(places_of(view))
            vectors.append(view.vector)
            wanted.append(classes.index(one.intent))
            weights.append(SOURCE_WEIGHTS[one.source] / COPIES / counts[one.intent] ** 0.5)
    return Examples(places, np.stack(vectors), np.array(wanted), np.array(weights, np.float32))


def fit(data: Examples, chosen: NDArray[np.int64]) -> NDArray[np.float32]:
    """Return the weights, fitted on the chosen entries by Adam."""
    chance = np.random.default_rng(5)
    shape = (PLACES + data.vectors.shape[1], len(Intent))
    value, mean, square = (np.zeros(shape, np.float32) for _ in range(3))
    steps = 0
    for turn in range(ROUNDS):
        size = STEP * (1 - turn / ROUNDS)
        for batch in np.array_split(chance.permutation(chosen), max(1, len(chosen) // BATCH)):
            matrix = data.dense(batch)
            error = _softmax(matrix @ value)
            error[np.arange(len(batch)), data.wanted[batch]] -= 1
            weights = data.weights[batch]
            gradient = matrix.T @ (error * (weights / weights.sum())[:, None]) + PENALTY * value
            steps += 1
            mean += 0.1 * (gradient - mean)
            square += 0.01 * (gradient * gradient - square)
            value -= size * (mean / (1 - 0.9**steps)) / (np.sqrt(square / (1 - 0.99**steps)) + 1e-6)
    return value


def _softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    odds = np.exp(logits - logits.max(1, keepdims=True))
    shares: NDArray[np.float32] = odds / odds.sum(1, keepdims=True)
    return shares


def carried_over(library: SkillLibrary, folds: int = 4) -> list[tuple[Said, Intent, float]]:
    """Return the develop messages with the intent they get when they are not learned from, and its share."""
    said = gathered()
    data = examples(library, said)
    fold_of = [zlib.crc32(one.text.encode()) % folds if one.source == "develop" else -1 for one in said]
    group = np.repeat(fold_of, COPIES)
    first = np.arange(len(group)) % COPIES == 0
    found: list[tuple[Said, Intent, float]] = []
    for fold in range(folds):
        weights = fit(data, np.flatnonzero(group != fold))
        held = np.flatnonzero((group == fold) & first)
        shares = _softmax(data.dense(held) @ weights)
        found += [
            (said[index // COPIES], list(Intent)[int(row.argmax())], float(row.max()))
            for index, row in zip(held, shares, strict=True)
        ]
    return found


def save(library: SkillLibrary, path: Path) -> None:
    """Fit on everything and write the weights as bytes with a scale for each intent."""
    data = examples(library, gathered())
    weights = fit(data, np.arange(len(data.wanted)))
    scale = np.maximum(np.abs(weights).max(0), 1e-6) / 127
    np.savez_compressed(
        path,
        classes=np.array([str(intent) for intent in Intent]),
        weights=np.round(weights / scale).astype(np.int8),
        scale=scale.astype(np.float32),
    )
