"""What a checker of actions is and what it finds. No implementation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from sanca.core.tools import ToolkitDefinition


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found in an action."""

    line: int
    """1, 2, 3 … in the action."""
    column: int
    """The first character it is about, from 0."""
    end_column: int
    """The first one behind it, in the same line."""
    error_type: str
    """What it would raise: `NameError`, `ToolNotFoundError`, `ToolArgumentError` …; of a remark the checker's rule."""
    message: str
    near: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What came of a check."""

    stops: tuple[Finding, ...] = ()
    """What surely fails when it is reached: an action with one of these is not run."""
    remarks: tuple[Finding, ...] = ()
    """What may be wrong."""
    seconds: float = 0.0
    skipped: str = ""
    """Why the action was not checked; empty: it was."""


class ActionChecker(Protocol):
    """Checks actions, many at once. What it cannot do it says in the report: it never raises, and no run waits long."""

    @property
    def detail(self) -> str:
        """Why actions are not checked now; empty when they are."""

    async def check(
        self,
        code: str,
        toolkits: Sequence[ToolkitDefinition],
        names: Mapping[str, str] | None,
        *,
        is_for_now: bool = True,
    ) -> CheckReport:
        """Return what is found in an action.

        Args:
            code: Python that parses.
            toolkits: Those the action finds.
            names: What earlier rounds left in the session, name → type as the guest tells; None when it is not known.
            is_for_now: Whether it was written for this moment. Parts of others may be for other days, and only what is
                sure to be reached counts.
        """

    async def close(self) -> None:
        """End what it runs. Called once, after the last check."""
