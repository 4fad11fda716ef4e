"""What goes into a search beside the question, and what comes out of it, as data. Imports nothing heavy."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ToolUse:
    """How a tool did in earlier calls."""

    calls: int = 0
    succeeded: int = 0

    @property
    def success(self) -> float:
        """The share of calls that succeeded, 0.5 as long as there were none."""
        return (self.succeeded + 1) / (self.calls + 2)


@dataclass(frozen=True)
class FoundTool:
    """A tool of the answer; the first has the highest score, which lies between 0 and 1."""

    name: str
    score: float
