"""What a person sees of a reply while it comes: words, and no line that is meant for the planner."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import cast

import pytest
from sanca.python_runtime.planning.speech import Speech
from sanca.python_runtime.reporter import RunReporter


@dataclass
class Stream:
    """Keeps what is shown."""

    shown: list[str] = field(default_factory=list)

    def add(self, piece: str) -> None:
        self.shown.append(piece)

    def end(self) -> None:
        pass


@dataclass
class Page:
    """Gives the two streams of a reply."""

    words: Stream = field(default_factory=Stream)
    thoughts: Stream = field(default_factory=Stream)

    def text(self) -> Stream:
        return self.words

    def reasoning(self) -> Stream:
        return self.thoughts


REPLIES = {
    "I look first.\n\n```python\nx = 1\n```": "I look first.",
    "First a list.\n\n```plan\n1. Read\n2. Sum (after 1)\n```\n\nNow the first.\n\n```python\nx = 1\n```":
        "First a list.\n\n\nNow the first.",
    "Goal 1: done - there are two beds (evidence: beds, garden.beds)\n\nTwo beds, goal reached.":
        "Two beds, goal reached.",
    "**Goal 2: abandon** - there is no such tool at all, sorry for that\nThe rest is done, as asked.":
        "The rest is done, as asked.",
    "<think>Goal 1: done</think>All is well with the north bed today.": "All is well with the north bed today.",
    "A code block in an answer:\n```text\nGoal line\n```\nThat was it.":
        "A code block in an answer:\n```text\nGoal line\n```\nThat was it.",
}  # fmt: skip


@pytest.mark.parametrize("size", [1, 2, 3, 7, 12, 25, 60, 500])
@pytest.mark.parametrize(("reply", "seen"), REPLIES.items())
def test_only_words_are_shown_however_the_reply_is_cut(reply: str, seen: str, size: int) -> None:
    page = Page()
    speech = Speech(cast("RunReporter", page))
    for start in range(0, len(reply), size):
        speech.say(reply[start : start + size])
    speech.end()

    assert "".join(page.words.shown).strip() == seen
    assert speech.text == reply
