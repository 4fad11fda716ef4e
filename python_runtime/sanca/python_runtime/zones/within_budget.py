"""The cognitive zone within its budgets: in a run's last round it sums up instead, and long runs are folded before."""

from __future__ import annotations

from typing import Protocol

from sanca.python_runtime.rounds import RunState, Zone


class LastWords(Protocol):
    """Sums a run up."""

    async def say(self, state: RunState) -> None:
        """Set the round's claim."""


class Folding(Protocol):
    """Sums up older rounds."""

    async def fold(self, state: RunState) -> None:
        """Add to `state.summaries` when the rounds have become too long."""


class WithinBudget:
    """Wraps the zone that decides: who may use no tools any more decides nothing."""

    name = "cognitive"

    def __init__(self, inner: Zone, last_words: LastWords, folding: Folding) -> None:
        self._inner = inner
        self._last_words = last_words
        self._folding = folding

    async def run(self, state: RunState) -> None:
        """Decide, or say the last words."""
        if state.closing is not None:
            await self._last_words.say(state)
            return
        await self._folding.fold(state)
        await self._inner.run(state)
