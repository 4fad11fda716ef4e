"""What all actions of one sandbox session may use together: its wall time and its processor time. Only counts."""

from __future__ import annotations

from sanca.python_runtime.sandbox.limits import SandboxLimits
from sanca.python_runtime.sandbox.ports import Used


class SessionBudget:
    """One for each session; what it counted is carried over to a session that goes on with its names."""

    def __init__(self, limits: SandboxLimits) -> None:
        self._limits = limits
        self._seconds = 0.0
        self._cpu_seconds = self._cpu_before = 0.0

    @property
    def used(self) -> Used:
        """What was used so far."""
        return Used(seconds=self._seconds, cpu_seconds=self._cpu_used, is_spent=self.refusal() is not None)

    def carry_over(self, used: Used) -> None:
        """Count what was used before this session."""
        self._seconds, self._cpu_before = used.seconds, used.cpu_seconds

    def spend(self, seconds: float, cpu_seconds: float) -> None:
        """Count a round.

        Args:
            seconds: Its own time, without what was waited.
            cpu_seconds: Processor time of the whole session so far.
        """
        self._seconds += max(seconds, 0.0)
        self._cpu_seconds = max(self._cpu_seconds, cpu_seconds)

    def cut(self, limit_seconds: float) -> float:
        """Return how long an action may run that would be allowed `limit_seconds` for itself."""
        return min(limit_seconds, max(self._limits.session_seconds - self._seconds, 0.0))

    def cut_cpu(self, cpu_seconds: int) -> int:
        """The same for processor time, in whole seconds and at least one."""
        return min(cpu_seconds, max(int(self._limits.session_cpu_seconds - self._cpu_used), 1))

    def refusal(self) -> str | None:
        """Return why no further action can run in this session; None when one can."""
        for used, most, what in (
            (self._seconds, self._limits.session_seconds, "seconds"),
            (self._cpu_used, self._limits.session_cpu_seconds, "seconds of processor time"),
        ):
            if used >= most:
                spent = f"This session has used up its {most:g} {what}"
                return f"{spent}; the next action begins in a new one, without its names."
        return None

    @property
    def _cpu_used(self) -> float:
        return self._cpu_before + self._cpu_seconds
