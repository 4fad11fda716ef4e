"""Fits how much each measure of recall counts: a softmax over a conversation's turns, small weights. Fits nothing else.

Two looks are fitted one after the other, the second on what the first found; then a line that turns sums into chances.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from _recall_sets import Asked, Conversation, pool_of
from numpy.typing import NDArray
from sanca.memory.retrieval.features import compare
from sanca.memory.retrieval.question import Question, name_parts, read_question
from sanca.memory.retrieval.ranking import look_again

_SHRINK = 2e-3
_STEPS = 250
_RATE = 0.15


@dataclass
class Case:
    """A question compared with every turn of its conversation."""

    conversation: str
    asked: Asked
    question: Question
    columns: dict[str, NDArray[np.float64]]
    evidence: NDArray[np.bool_]
    pool: Any
    vectors: NDArray[np.float32]
    weight: float = 1.0
    """How much its conversation counts in a fit."""


def cases_of(conversation: Conversation, embed: Any, weight: float = 1.0) -> list[Case]:
    """Return the conversation's questions, compared."""
    pool = pool_of(conversation)
    vectors = embed([turn["text"] for turn in conversation.turns])
    found = []
    for asked in conversation.questions:
        question = read_question(asked.question)
        meaning = vectors @ embed([_asked_plainly(question, pool.speakers)])[0]
        columns = compare(question, pool, meaning, date(2026, 1, 1)).columns
        evidence = np.array([record.id in asked.evidence for record in pool.records])
        if evidence.any():
            found.append(Case(conversation.name, asked, question, columns, evidence, pool, vectors, weight))
    return found


def _asked_plainly(question: Question, speakers: Sequence[str]) -> str:
    """Return the question as the retriever embeds it: without the names of the few who speak."""
    named = question.names_among(speakers) if len(speakers) <= 3 else set()
    return question.without(frozenset[str]().union(*(name_parts(name) for name in named)))


def fit(cases: Sequence[Case]) -> dict[str, Any]:
    """Return the weights as `weights.json` keeps them."""
    names = [name for name in cases[0].columns if not name.startswith("again_")]
    first = fit_weights(cases, names)
    with_second_look(cases, first)
    second = fit_weights(cases, list(cases[0].columns))
    slope, bias = fit_line(cases, second)
    return {"first": first, "second": second, "slope": slope, "bias": bias}


def with_second_look(cases: Sequence[Case], first: dict[str, float]) -> None:
    """Add the columns of the second look, made by these weights of the first, to each case."""
    for case in cases:
        sums = total(case, first)
        case.columns.update(look_again(case.question, case.pool, sums, case.vectors))


def total(case: Case, weights: dict[str, float]) -> NDArray[np.float64]:
    """Return the weighted sums of a case."""
    return np.asarray(sum(case.columns[name] * weight for name, weight in weights.items()))


def second_sums(case: Case, weights: dict[str, Any]) -> NDArray[np.float64]:
    """Return the sums of both looks by fitted weights."""
    with_second_look([case], weights["first"])
    return total(case, weights["second"])


def fit_weights(cases: Sequence[Case], names: Sequence[str]) -> dict[str, float]:
    """Return the weights by which the evidence is likeliest, each conversation by its weight (Adam, fixed steps)."""
    tables = [np.stack([case.columns[name] for name in names], 1) for case in cases]
    wanted = [case.evidence / case.evidence.sum() for case in cases]
    counts = {name: sum(case.conversation == name for case in cases) for name in {case.conversation for case in cases}}
    share = np.array([case.weight / counts[case.conversation] for case in cases])
    share /= share.sum()
    weights, mean, square = (np.zeros(len(names)) for _ in range(3))
    for step in range(1, _STEPS + 1):
        slope = _SHRINK * weights
        for table, goal, weight in zip(tables, wanted, share, strict=True):
            sums = table @ weights
            chances = np.exp(sums - sums.max())
            slope += weight * (table.T @ (chances / chances.sum() - goal))
        mean, square = 0.9 * mean + 0.1 * slope, 0.99 * square + 0.01 * slope**2
        weights -= _RATE * mean / (1 - 0.9**step) / (np.sqrt(square / (1 - 0.99**step)) + 1e-8)
    return {name: round(float(weight), 3) for name, weight in zip(names, weights, strict=True)}


def fit_line(cases: Sequence[Case], weights: dict[str, float]) -> tuple[float, float]:
    """Return slope and bias of the logistic line from a turn's sum to the chance that it is evidence."""
    sums = np.concatenate([total(case, weights) for case in cases])
    evidence = np.concatenate([case.evidence for case in cases]).astype(float)
    slope, bias = 1.0, -float(sums.mean())
    for _ in range(60):  # Newton's steps for two parameters
        chances = 1 / (1 + np.exp(-(slope * sums + bias)))
        spread = np.maximum(chances * (1 - chances), 1e-9)
        pull = np.array([((chances - evidence) * sums).sum() + 1e-3 * slope, (chances - evidence).sum()])
        bend = np.array(
            [[(spread * sums**2).sum() + 1e-3, (spread * sums).sum()], [(spread * sums).sum(), spread.sum()]]
        )
        slope, bias = np.array([slope, bias]) - np.linalg.solve(bend, pull)
    return round(float(slope), 4), round(float(bias), 4)
