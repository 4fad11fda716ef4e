"""Counts calls by tool: how many, how many failed, how long. Never more than so many names. Tells nobody by itself."""

from __future__ import annotations

import threading
from dataclasses import asdict, dataclass
from typing import Any

MOST_TOOLS = 1_000
OTHER = "other"
"""Counts for all tools beyond the first so many: toolkits come and go while a broker runs."""


@dataclass(slots=True)
class ToolCount:
    """The calls of one tool since the broker began."""

    tool: str
    """`toolkit.tool`."""
    calls: int = 0
    failures: int = 0
    """Of these, those that gave no value, for whatever reason."""
    attempts: int = 0
    """How often they were tried: more than calls, when some were tried again."""
    seconds: float = 0.0
    """In all, without those a person took."""
    longest_seconds: float = 0.0


class CallCounts:
    """Any thread."""

    def __init__(self) -> None:
        self._counts: dict[str, ToolCount] = {}
        self._lock = threading.Lock()

    def note(self, name: str, seconds: float, *, failed: bool, attempts: int = 1) -> None:
        """Count a call that ended; of a tool that there is."""
        with self._lock:
            count = self._counts.get(name)
            if count is None:
                name = name if len(self._counts) < MOST_TOOLS else OTHER
                count = self._counts.setdefault(name, ToolCount(name))
            count.calls += 1
            count.failures += failed
            count.attempts += attempts
            count.seconds += seconds
            count.longest_seconds = max(count.longest_seconds, seconds)

    def told(self) -> list[dict[str, Any]]:
        """Return the counts, the most called tool first."""
        with self._lock:
            counts = [asdict(count) for count in self._counts.values()]
        return sorted(counts, key=lambda count: -int(count["calls"]))
