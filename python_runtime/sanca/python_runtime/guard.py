"""Budgets of a run since the last human message: how much is spent and which is near its end. Stops nothing itself."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict, Field
from sanca.python_runtime.language import sentence

if TYPE_CHECKING:
    from sanca.python_runtime.rounds import RunState

NEAR = 0.8
"""From this share on a person and the model are warned."""


class Budgets(BaseModel):
    """What one run may use up. A person's answer begins rounds and seconds anew."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rounds_max: int = Field(default=12, ge=1, le=100)
    """Rounds since the last human message; the one after sums up and ends the run with `budget`."""
    calls_max: int = Field(default=2_000, ge=1)
    """Tool calls of the whole run; the gate refuses more, also in the middle of an action."""
    tokens_max: int = Field(default=2_000_000, ge=0)
    """Tokens in and out of all model calls of the run; 0: not bounded."""
    cost_max: float = Field(default=0.0, ge=0)
    """Money for model calls, in the currency of `SANCA_MODEL_PRICES`; 0: not bounded."""
    quiet_seconds_max: float = Field(default=1_800.0, gt=0)
    """Seconds since the last human message: the message, an approval or another answer."""


@dataclass(frozen=True)
class Closing:
    """Why the round that begins is the last, and may use no tools."""

    code: Literal["budget", "stuck"]
    why: str
    """One sentence for the person."""


class Guard:
    """The budgets of one run, and when a person was last heard."""

    def __init__(self, budgets: Budgets | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self.budgets = budgets or Budgets()
        self._clock = clock
        self._heard_at = clock()
        self._round_then = 0
        self._warned: set[str] = set()

    def heard(self, state: RunState) -> None:
        """Begin rounds and seconds anew: a person has answered, and may answer again."""
        self._heard_at = self._clock()
        self._round_then = max(len(state.rounds) - 1, 0)
        self._warned -= {"rounds", "seconds"}
        state.rounds_max = self._round_then + self.budgets.rounds_max

    def shares(self, state: RunState) -> dict[str, float]:
        """Return what is spent of each budget, 1.0 being all of it; 0.0 of one that is not bounded."""
        budgets = self.budgets
        tokens = sum(one.input_tokens + one.output_tokens for one in state.usage)
        cost = sum(one.cost for one in state.usage)
        rounds_max = state.rounds_max - self._round_then
        shares = {
            "rounds": (len(state.rounds) - self._round_then) / max(rounds_max, 1),
            "calls": state.calls_total / budgets.calls_max,
            "tokens": tokens / budgets.tokens_max if budgets.tokens_max else 0.0,
            "money": cost / budgets.cost_max if budgets.cost_max else 0.0,
            "seconds": (self._clock() - self._heard_at) / budgets.quiet_seconds_max,
        }
        return {name: round(share, 3) for name, share in shares.items()}

    def closing(self, state: RunState) -> Closing | None:
        """Return why no further round may use tools; None while every budget lasts."""
        for name, share in self.shares(state).items():
            if share >= 1:
                return Closing("budget", sentence(f"spent_{name}", state.language, most=self._most(name, state)))
        return None

    def warnings(self, state: RunState) -> list[str]:
        """Return a sentence for each budget that is near its end, once each."""
        near = [name for name, share in self.shares(state).items() if NEAR <= share < 1 and name not in self._warned]
        self._warned.update(near)
        return [sentence(f"near_{name}", state.language, most=self._most(name, state)) for name in near]

    def _most(self, name: str, state: RunState) -> str:
        budgets = self.budgets
        most = {
            "rounds": state.rounds_max - self._round_then,
            "calls": budgets.calls_max,
            "tokens": budgets.tokens_max,
            "money": budgets.cost_max,
            "seconds": budgets.quiet_seconds_max,
        }[name]
        currency = next((one.currency for one in state.usage if one.currency), "") if name == "money" else ""
        return f"{most:,.10g} {currency}".rstrip()
