"""Reads the labelled messages and judges an interpreter by them. Gives counts only: nobody may see the test halves."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sanca.core.messages import Message
from sanca.python_runtime.perception import Interpreter, Surroundings
from sanca.python_runtime.run_record import PageContext

MESSAGES = Path(__file__).parent.parent / "python_runtime" / "perception" / "messages"
FLEET = ("gateway", "checkout", "payments", "orders", "inventory", "search", "accounts", "notifications")
RELEASES = tuple(f"v1.{minor}.{patch}" for minor in range(5) for patch in range(5))[:-2]
ENTITIES = {"service": FLEET, "release": RELEASES}
NOW = datetime(2026, 11, 21, 15, 30, tzinfo=UTC)


@dataclass
class Score:
    """How an interpreter did."""

    messages: Counter[str] = field(default_factory=Counter)
    right: Counter[str] = field(default_factory=Counter)
    unclear: int = 0
    asked: int = 0
    """Unclear ones that were asked about."""
    clear: int = 0
    asked_needlessly: int = 0

    @property
    def intents_right(self) -> float:
        """Share of all messages."""
        return self.right.total() / self.messages.total()

    def __str__(self) -> str:
        """Return the counts by intent."""
        intents = ", ".join(f"{name} {self.right[name]}/{count}" for name, count in sorted(self.messages.items()))
        return (
            f"intent {self.right.total()} of {self.messages.total()} ({intents}); "
            f"asked about {self.asked} of {self.unclear} unclear and {self.asked_needlessly} of {self.clear} clear ones"
        )


def rows(half: str) -> Iterator[dict[str, Any]]:
    """Yield the messages of `develop`, `develop_more`, `test` or `test_more`."""
    for line in (MESSAGES / f"{half}.jsonl").read_text(encoding="utf-8").splitlines():
        if line.strip():
            yield json.loads(line)


def surroundings(row: dict[str, Any]) -> Surroundings:
    """Return what is known beside a message."""
    history = [Message(id=f"h{place}", **said) for place, said in enumerate(row.get("history", ()))]
    page = PageContext(**row["page"]) if row.get("page") else None
    return Surroundings(
        now=NOW,
        history=history,
        entities=ENTITIES,
        page=page,
        names=row.get("names", {}),
        files=row.get("files", ()),
    )


def judge(interpreter: Interpreter, half: str) -> Score:
    """Return how an interpreter does on a half."""
    score = Score()
    for row in rows(half):
        found = interpreter.interpret(row["message"], surroundings(row))
        asks = found.clarification is not None
        score.messages[row["intent"]] += 1
        score.right[row["intent"]] += found.intent == row["intent"]
        if row["unclear"]:
            score.unclear += 1
            score.asked += asks
        else:
            score.clear += 1
            score.asked_needlessly += asks
    return score
