"""Fits a prompt's segments and rounds into a budget of tokens, the least important first, and tells what it left out.

Rounds are left out in blocks: the start of the prompt then rests for several rounds, and a provider's cache finds it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from sanca.prompts.segments import Segment

_BLOCK = 4
"""So many rounds are left out together."""
_LAST_KEPT = 2
"""The last rounds stay whatever the budget, and the first."""
_LEAST_TOKENS = 60
"""A segment that would get less is left out."""


@dataclass(frozen=True)
class PastRound:
    """A round that is over, as two messages: its reply and what it gave."""

    reply: str
    reply_tokens: int
    observation: Segment

    @property
    def tokens(self) -> int:
        """Both together."""
        return self.reply_tokens + self.observation.tokens


@dataclass(frozen=True)
class Dropped:
    """What a prompt does not show."""

    segment: str
    tokens: int
    """About how many are missing."""
    rounds: int = 0


@dataclass
class Fitted:
    """What a prompt shows, and what not."""

    segments: list[Segment]
    rounds: list[tuple[int, PastRound]]
    """With their place among all."""
    dropped: list[Dropped] = field(default_factory=list)

    @property
    def tokens(self) -> int:
        """All together."""
        return sum(one.tokens for one in self.segments) + sum(one.tokens for _, one in self.rounds)


def fit(segments: Sequence[Segment], rounds: Sequence[PastRound], budget_tokens: int, rounds_priority: int) -> Fitted:
    """Return what fits: each segment within its own budget, and all together within `budget_tokens`.

    Args:
        segments: In the order of the prompt.
        rounds: The rounds that are over, oldest first.
        budget_tokens: For all of it.
        rounds_priority: When the middle rounds give way, among the segments' priorities.
    """
    fitted = Fitted(
        segments=[one.cut(one.rule.tokens) for one in segments],
        rounds=[
            (at, PastRound(one.reply, one.reply_tokens, one.observation.cut(one.observation.rule.tokens)))
            for at, one in enumerate(rounds)
        ],
    )
    for priority in sorted({rounds_priority, *(one.rule.priority for one in fitted.segments)}):
        if fitted.tokens <= budget_tokens:
            break
        if priority == rounds_priority:
            _leave_rounds_out(fitted, budget_tokens)
        for segment in [one for one in fitted.segments if one.rule.priority == priority]:
            _give_way(fitted, segment, budget_tokens)
    if fitted.tokens > budget_tokens:
        _shorten_rounds(fitted, budget_tokens)
    fitted.dropped = _missing(segments, rounds, fitted)
    return fitted


def _give_way(fitted: Fitted, segment: Segment, budget_tokens: int) -> None:
    """Halve a segment as often as it takes, or leave it out when next to nothing would stay; the task always stays.

    Halves, not what is just too much: that would be another size, and another prefix, in each round.
    """
    over = fitted.tokens - budget_tokens
    if over <= 0:
        return
    size, room = segment.tokens, max(segment.tokens - over, _LEAST_TOKENS if segment.name == "task" else 0)
    while size > room:
        size //= 2
    at = next(number for number, one in enumerate(fitted.segments) if one is segment)
    if size >= _LEAST_TOKENS or segment.name == "task":
        fitted.segments[at] = segment.cut(max(size, _LEAST_TOKENS))
    else:
        del fitted.segments[at]


def _leave_rounds_out(fitted: Fitted, budget_tokens: int) -> None:
    """Leave out blocks of rounds after the first, as many as it takes, up to the last ones."""
    while fitted.tokens > budget_tokens and len(fitted.rounds) > 1 + _LAST_KEPT:
        del fitted.rounds[1 : 1 + min(_BLOCK, len(fitted.rounds) - 1 - _LAST_KEPT)]


def _shorten_rounds(fitted: Fitted, budget_tokens: int) -> None:
    """The last resort: observations of the rounds that stay are cut to equal parts of what is left."""
    others = sum(one.tokens for one in fitted.segments) + sum(one.reply_tokens for _, one in fitted.rounds)
    room = max(_LEAST_TOKENS, (budget_tokens - others) // max(1, len(fitted.rounds)))
    fitted.rounds = [
        (at, PastRound(one.reply, one.reply_tokens, one.observation.cut(room))) for at, one in fitted.rounds
    ]


def _missing(segments: Sequence[Segment], rounds: Sequence[PastRound], fitted: Fitted) -> list[Dropped]:
    lost: Counter[str] = Counter()
    for one in segments:
        lost[one.name] += one.tokens
    for one in fitted.segments:
        lost[one.name] -= one.tokens
    missing = [Dropped(name, tokens) for name, tokens in lost.items() if tokens > 0]
    gone = len(rounds) - len(fitted.rounds)
    tokens = sum(one.tokens for one in rounds) - sum(one.tokens for _, one in fitted.rounds)
    if tokens > 0:
        missing.append(Dropped("rounds" if gone else "observation", tokens, gone))
    return missing
