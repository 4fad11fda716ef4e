"""One attack: its code, what it must not achieve, and how that is seen from outside. Runs nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from sanca.python_runtime.sandbox.isolation.outside import Outside
from sanca.python_runtime.sandbox.isolation.watch import Watch
from sanca.python_runtime.sandbox.limits import SandboxLimits
from sanca.python_runtime.sandbox.ports import ActionResult

Bare = Literal["achieves", "as root", "differs"]


@dataclass(frozen=True)
class Evidence:
    """What an attack left behind, for its check."""

    outside: Outside
    result: ActionResult
    watch: Watch
    """What was seen of the session's processes while it ran."""
    output_dir: Path
    limits: SandboxLimits
    facts: dict[str, str] = field(default_factory=dict)
    """What was found out after the action, by probes that look for themselves."""


Check = Callable[[Evidence], str | None]
"""Returns how the attack got through, in a sentence; None when it did not."""


@dataclass(frozen=True)
class Probe:
    """One attack. What no attack may do is checked for each of them; `check` is for what is this one's own aim."""

    id: str
    """`category.name`."""
    must_not: str
    """What it must not achieve: completes "An action must not …"."""
    code: str
    """Python, after `prelude.py`; `@NAMES@` are filled in by `Outside`."""
    check: Check | None = None
    limit_seconds: float = 3.0
    lacking: str = ""
    """The ability (of `Abilities`) without which a level declares that it does not hold this attack."""
    bare: Bare = "achieves"
    """Whether the same code in a plain subprocess does it, so that a check that sees nothing would be noticed.

    `as root`: only when we are root; `differs`: it cannot be tried there, or is something only a sandbox can fail at.
    """

    @property
    def category(self) -> str:
        """The first part of the id."""
        return self.id.partition(".")[0]


def nothing_done(evidence: Evidence) -> str | None:
    """Check that the kernel refused everything the action tried."""
    done = [line for line in evidence.result.stdout.splitlines() if line.startswith("DONE ")]
    return f"it was allowed: {'; '.join(done)[:200]}" if done else None


def ended_in_time(evidence: Evidence) -> str | None:
    """Check that the action was ended when its time was up."""
    return f"it ran for {evidence.result.seconds:.1f} s" if evidence.facts.get("ran_on") else None


def told_number(evidence: Evidence, word: str) -> int:
    """Return the greatest number that the action printed after a word, on a line of its own; 0 when it told none."""
    lines = [line.split() for line in evidence.result.stdout.splitlines()]
    return max((int(line[1]) for line in lines if len(line) == 2 and line[0] == word and line[1].isdigit()), default=0)


def all_of(*checks: Check) -> Check:
    """Return a check that is the first of `checks` to find something."""

    def check(evidence: Evidence) -> str | None:
        return next((found for each in checks if (found := each(evidence)) is not None), None)

    return check
