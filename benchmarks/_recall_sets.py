"""Conversations with questions whose answering turns are known, from files. Ranks nothing."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sanca.core.memory import MemoryRecord
from sanca.memory.retrieval.pool import Pool

DATA = Path(__file__).parent / "data" / "memory_recall"


@dataclass(frozen=True)
class Asked:
    """A question with the ids of the turns that answer it."""

    question: str
    evidence: frozenset[str]
    kind: str


@dataclass(frozen=True)
class Conversation:
    """Turns (`id`, `speaker`, `time`, `text`) and what is asked of them."""

    name: str
    turns: Sequence[dict[str, Any]]
    questions: Sequence[Asked]


def read_conversation(path: Path) -> Conversation:
    """Return the conversation of `NAME.jsonl` with the questions of `NAME.questions.jsonl` beside it."""
    turns = _lines(path)
    asked = [
        Asked(line["question"], frozenset(line["evidence"]), line["kind"])
        for line in _lines(path.with_suffix(".questions.jsonl"))
    ]
    return Conversation(path.stem, turns, [*asked, *confused(turns, asked)])


def confused(turns: Sequence[dict[str, Any]], asked: Sequence[Asked]) -> list[Asked]:
    """Return every second question for a single fact again with the other one's name: people mix up who it was.

    What is asked is answered by the same turns ("that was not Owen but Nadia"). Only where two talk.
    """
    speakers = sorted({turn["speaker"] for turn in turns})
    facts = [one for one in asked if one.kind == "single fact" and sum(name in one.question for name in speakers) == 1]
    if len(speakers) != 2:
        return []
    other = dict(zip(speakers, reversed(speakers), strict=True))
    return [
        Asked(one.question.replace(name, other[name]), one.evidence, "the wrong one named")
        for one in facts[::2]
        for name in speakers
        if name in one.question
    ]


def read_folder(folder: Path = DATA) -> list[Conversation]:
    """Return all conversations of a folder, by name."""
    paths = [path for path in sorted(folder.glob("*.jsonl")) if not path.name.endswith(".questions.jsonl")]
    return [read_conversation(path) for path in paths]


def records_of(conversation: Conversation) -> list[MemoryRecord]:
    """Return the turns as records of a session named as the conversation."""
    return [
        MemoryRecord(
            tenant="default", user="bench", session_id=conversation.name, layer="message", id=turn["id"],
            text=turn["text"], speaker=turn["speaker"], time=turn["time"], position=place,
        )
        for place, turn in enumerate(conversation.turns, 1)
    ]  # fmt: skip


def pool_of(conversation: Conversation) -> Pool:
    """Return the conversation made ready to be compared."""
    return Pool(records_of(conversation))


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
