"""What holds sessions to their share of the machine, told for people and journals. Makes no group."""

from __future__ import annotations

from dataclasses import dataclass

_WORDS = {"cpu": "processor", "memory": "memory", "pids": "processes"}


@dataclass(frozen=True)
class CgroupReport:
    """Which limits of a whole session the kernel's control groups hold on this machine."""

    versions: tuple[tuple[str, int], ...] = ()
    """Controller (`cpu`, `memory`, `pids`) and the version of control groups that has it."""

    @property
    def held(self) -> frozenset[str]:
        """The controllers in force."""
        return frozenset(controller for controller, _ in self.versions)

    @property
    def sentence(self) -> str:
        """What holds, and what is watched instead. The number of processes has a limit of its own in any case."""
        watched = [_WORDS[controller] for controller in ("cpu", "memory") if controller not in self.held]
        verb = "is" if len(watched) == 1 else "are"
        watching = f"{_joined(watched)} {verb} watched every 50 ms"
        if not self.versions:
            return f"A session's {watching}."
        words = _joined([_WORDS[controller] for controller, _ in self.versions])
        numbers = _joined(sorted({str(version) for _, version in self.versions}))
        held = f"Control groups (version {numbers}) hold a session's {words}"
        return f"{held}; its {watching}." if watched else f"{held}."


def _joined(words: list[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
