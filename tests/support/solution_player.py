"""A scripted model that plays solutions: the next action, or the same work as tool calls at once. Knows no set."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Body = Mapping[str, Any]
"""A chat completion request, as it goes over the wire."""


@dataclass(frozen=True)
class Steps:
    """A turn's solution."""

    message: str
    """By which the turn is known: it stands in the request."""
    actions: Sequence[str] = ()
    batches: Sequence[Sequence[Mapping[str, Any]]] = ()
    """The same work as calls, `{"name", "arguments"}`; those of a batch are made at once."""
    answer: str | None = None
    """None: what was seen last."""


@dataclass(frozen=True)
class Played:
    """One reply."""

    text: str = ""
    calls: Sequence[Mapping[str, Any]] = field(default=())


class SolutionPlayer:
    """Answers requests of the turns it knows."""

    def __init__(self, turns: Sequence[Steps]) -> None:
        # Longer messages first: a short one may stand in a long one.
        self._turns = sorted(turns, key=lambda one: -len(one.message))

    def play(self, body: Body) -> Played:
        """Return the next step of the turn that the request is in."""
        messages = body["messages"]
        place, steps = self._turn_of(messages)
        done = sum(message["role"] == "assistant" for message in messages[place:])
        return next_step(steps, done, messages, as_calls=bool(body.get("tools")))

    def _turn_of(self, messages: Sequence[Mapping[str, Any]]) -> tuple[int, Steps]:
        """Return the last message that begins a turn, and the turn."""
        for place in range(len(messages) - 1, -1, -1):
            if messages[place]["role"] == "user":
                text = _words(_task_in(str(messages[place]["content"])))
                for steps in self._turns:
                    if _words(steps.message) in text:
                        return place, steps
        raise ValueError(f"no turn is known for {json.dumps(messages[-1])[:200]}")


def next_step(steps: Steps, done: int, messages: Sequence[Mapping[str, Any]], *, as_calls: bool) -> Played:
    """Return a turn's next step, when so many were made."""
    if as_calls and done < len(steps.batches):
        return Played(calls=steps.batches[done])
    if not as_calls and done < len(steps.actions):
        return Played(text=f"```python\n{steps.actions[done]}\n```")
    return Played(text=_last_seen(messages) if steps.answer is None else steps.answer)


def _words(text: str) -> str:
    """Return a text as prompts may have it too, whatever spaces are around its lines."""
    return " ".join(text.split())


def _task_in(text: str) -> str:
    """Return the part of an engine's prompt that says what is asked now, or the text."""
    begin = text.rfind("<task>")
    return text[begin:] if begin >= 0 else text


def _last_seen(messages: Sequence[Mapping[str, Any]]) -> str:
    text = str(messages[-1]["content"])
    return text.partition("Value:\n")[2].partition("\n")[0] or text
