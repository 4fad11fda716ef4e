"""What model calls used and cost: stamped with the role they were made in, and summed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from typing import Literal

from sanca.core.messages import ModelDelta, ModelRequest, Usage
from sanca.core.ports import Model
from sanca.python_runtime.models.streams import closing

_COUNTS = ("input_tokens", "output_tokens", "reasoning_tokens", "cached_tokens", "cost")
Effort = Literal["", "off", "low", "medium", "high"]


def summed(usages: Iterable[Usage]) -> list[Usage]:
    """Return one row for each role, model and currency, the dearest first."""
    rows: dict[tuple[str, str, str], Usage] = {}
    for usage in usages:
        key = (usage.role, usage.model, usage.currency)
        known = rows.get(key)
        rows[key] = usage if known is None else added(known, usage)
    return sorted(rows.values(), key=lambda row: (-row.cost, -row.input_tokens - row.output_tokens))


def added(one: Usage, other: Usage) -> Usage:
    """Return two rows of the same role and model as one."""
    return one.model_copy(update={name: getattr(one, name) + getattr(other, name) for name in _COUNTS})


class UsageLedger:
    """Everything used since the engine began, by role and model."""

    def __init__(self) -> None:
        self._rows: list[Usage] = []

    def add(self, usage: Usage) -> None:
        """Count a call."""
        self._rows = summed([*self._rows, usage])

    def rows(self) -> list[Usage]:
        """Return the sums, the dearest first."""
        return list(self._rows)


class RoleModel:
    """A model asked in a role: its usage says so, and thinks as much as the role should where the request is silent."""

    def __init__(self, inner: Model, role: str, ledger: UsageLedger, *, reasoning: Effort = "") -> None:
        self._inner = inner
        self._role = role
        self._ledger = ledger
        self._reasoning = reasoning

    @property
    def name(self) -> str:
        """The inner model's name."""
        return self._inner.name

    async def stream(self, request: ModelRequest) -> AsyncIterator[ModelDelta]:
        """Stream one reply."""
        if self._reasoning and not request.reasoning:
            request = request.model_copy(update={"reasoning": self._reasoning})
        async with closing(self._inner.stream(request)) as deltas:
            async for delta in deltas:
                if delta.usage is None:
                    yield delta
                    continue
                usage = delta.usage.model_copy(update={"role": self._role})
                self._ledger.add(usage)
                yield delta.model_copy(update={"usage": usage})
