"""Folds older rounds of a long run into a summary, so that its prompts keep their size. Decides nothing else.

Many rounds at once and seldom: each fold changes the middle of the prompt, which a provider's cache has to read anew.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence

from sanca.core.messages import ModelRequest
from sanca.core.ports import Model
from sanca.python_runtime.planning.evidence import bound_names
from sanca.python_runtime.rounds import CallFact, Round, RoundsSummary, RunState
from sanca.python_runtime.side_questions import ask_aside

_LINE_CHARS = 240
_NAMES = 12
_EFFECTS = {"WRITE", "DESTRUCTIVE"}

FoldRequest = Callable[[RunState, Sequence[Round], Model], Awaitable[ModelRequest]]
"""Builds what a model is asked for a summary of these rounds."""


class Compaction:
    """Keeps what earlier rounds cost in a prompt below a bound."""

    def __init__(
        self,
        *,
        fold_chars: int,
        keeps: int,
        model: Callable[[], Model | None],
        request: FoldRequest,
        limit_seconds: float,
    ) -> None:
        """Take when and how it folds.

        Args:
            fold_chars: Characters of earlier rounds above which the older are folded.
            keeps: The newest rounds, which stay as they are.
            model: Gives a model for the wording; None: the facts are taken out by rule.
            request: Builds the question.
            limit_seconds: What the model may take.
        """
        self._fold_chars = fold_chars
        self._keeps = keeps
        self._model = model
        self._request = request
        self._limit_seconds = limit_seconds

    async def fold(self, state: RunState) -> None:
        """Add a summary when the rounds before this one have grown beyond the bound."""
        goal = state.round.sub_goal_id
        told = [one for one in state.summaries if one.sub_goal_id == goal]
        last = max((one.last for one in told), default=0)
        whole = [one for one in state.rounds[:-1] if one.sub_goal_id == goal and one.number > last]
        if len(whole) <= self._keeps or sum(map(_size, whole)) <= self._fold_chars:
            return
        folded = whole[: -self._keeps]
        facts = facts_of(folded, self._fold_chars // 4)
        text = await self._worded(state, folded, facts) or facts
        first = folded[0].number
        if sum(len(one.text) for one in told) + len(text) > self._fold_chars // 2:
            text = _shorter([*(one.text for one in told), text], self._fold_chars // 4)
            first = min((one.first for one in told), default=first)
        summary = RoundsSummary(first=first, last=folded[-1].number, text=text, sub_goal_id=goal)
        state.summaries.append(summary)
        state.note("rounds_folded", {"round": state.round.number, **vars(summary)})

    async def _worded(self, state: RunState, folded: Sequence[Round], facts: str) -> str:
        """Return a model's wording with the effects and names, which must not be lost, below it."""
        model = self._model()
        if model is None:
            return ""
        request = await self._request(state, folded, model)
        words = await ask_aside(model, request, state, limit_seconds=self._limit_seconds, what="compaction")
        if not words.strip():
            return ""
        sure = [line for line in facts.splitlines() if line.startswith(("  effect", "  names"))]
        return "\n".join([words.strip()[: self._fold_chars // 4], *sure])


def facts_of(rounds: Sequence[Round], limit_chars: int) -> str:
    """Return what is to be kept of rounds: what was meant, called, changed, bound, found and refused, in few lines."""
    room = max(limit_chars // max(len(rounds), 1), 160)
    return "\n".join(_facts(one, room) for one in rounds)


def _facts(round_: Round, room: int) -> str:
    lines = [f"- Round {round_.number} ({round_.status}): {_cut(round_.sub_goal or 'an action', 120)}"]
    lines += [f"  effect {_call(call)}" for call in round_.calls.values() if call.effect in _EFFECTS]
    reads = Counter(f"{call.toolkit}.{call.tool}" for call in round_.calls.values() if call.effect not in _EFFECTS)
    reads += round_.more_calls
    if reads:
        lines.append("  read " + ", ".join(f"{name} ×{count}" for name, count in reads.most_common(_NAMES)))
    if names := bound_names(round_.code):
        lines.append("  names " + ", ".join(names[:_NAMES]))
    if round_.error:
        lines.append(f"  error {_cut(round_.error, _LINE_CHARS)}")
    elif found := round_.value or round_.observation:
        left = max(room - sum(map(len, lines)), 60)
        lines.append(f"  found {_cut(found, left)}")
    return "\n".join(lines)


def _call(call: CallFact) -> str:
    arguments = ", ".join(f"{name}={value!r}" for name, value in call.arguments.items())
    return f"{call.toolkit}.{call.tool}({_cut(arguments, _LINE_CHARS)}) → {call.status}: {_cut(call.summary, 120)}"


def _shorter(texts: Sequence[str], limit_chars: int) -> str:
    """Join summaries into one: the effects, names and errors of all, the rest of the newest as far as there is room."""
    lines = [line for text in texts for line in text.splitlines()]
    kept = {number for number, line in enumerate(lines) if line.startswith(("  effect", "  names", "  error"))}
    room = limit_chars - sum(len(lines[number]) for number in kept)
    for number in range(len(lines) - 1, -1, -1):
        if number not in kept and room >= len(lines[number]):
            kept.add(number)
            room -= len(lines[number])
    dropped = len(lines) - len(kept)
    said = [f"({dropped} lines of earlier rounds left out)"] if dropped else []
    return "\n".join([*said, *(lines[number] for number in sorted(kept))])


def _size(round_: Round) -> int:
    return len(round_.reply or round_.code) + len(round_.observation)


def _cut(text: str, limit: int) -> str:
    line = " ".join(text.split())
    return line if len(line) <= limit else f"{line[:limit]}…"
