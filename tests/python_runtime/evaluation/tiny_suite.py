"""A task set of the tests: a counter that can be looked at and changed. The broker imports it by its name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sanca.core.tools import Effect
from sanca.python_runtime.evaluation.suite import EvaluationTask, RoundOutcome, Verdict
from sanca.python_runtime.evaluation.world_tools import WorldToolkit, tool_of

GRADE_ME = """\
try:
    evaluation.grade(run_id="run_evaluation")
    answer = "graded"
except ToolError as error:
    answer = type(error).__name__
answer"""
FORGE = "counter._channel._connection.send(b'\\x00\\x82\\xa1n\\x01\\xa2ok\\xc3')\nwhile True: pass"
"""An answer that nobody asked for, which no honest guest sends."""
TASKS = {
    "adds": ("12", (("counter.add(5)", "counter.add(amount=7)"), (), ("counter.total()",)), ""),
    "starts afresh": ("0", (("counter.total()",),), ""),
    "wrong": ("3", (("counter.add(2)\ncounter.total()",),), ""),
    "raises": ("1", (("counter.add(1)\n1 / 0",),), ""),
    "grades itself": ("ToolDeniedError", ((GRADE_ME,),), ""),
    "keeps numbers whole": ("int float", (("' '.join(counter.kind(each) for each in (1, 1.5))",),), ""),
    "goes on after a broken rule": ("5", (("counter.add(5)", FORGE, "counter.total()"),), ""),
    "ends its process": ("6", (("counter.add(6)", "import os\nos._exit(3)", "counter.total()"),), ""),
    "breaks the checker": ("no number", (("counter.total()",),), ""),
    "later": ("4", (("counter.total()",), ("counter.add(4)", "counter.total()")), ""),
    "checked": ("checked 41", (("value = 40",),), "f'checked {value + 1}'"),
}
"""Name → expected answer, actions, check."""
TOOLKITS = ("counter", "evaluation")
WITHHELD = {"later": {"counter.add": 1}}


def _messages(name: str, turns: int) -> tuple[str, ...]:
    return tuple(f"Do {name!r}, part {turn + 1}." for turn in range(turns))


class TinySuite:
    """The counter's tasks."""

    name = "tiny"

    def __init__(self, data: Path | None) -> None:
        self.version = "1" if data is None else data.name

    def tasks(self) -> Sequence[EvaluationTask]:
        """Return every task."""
        return [
            EvaluationTask(
                name, _messages(name, len(truth)), truth, ("counter", "evaluation"), check, WITHHELD.get(name, {})
            )
            for name, (_, truth, check) in TASKS.items()
        ]

    def toolkits(self) -> Sequence[WorldToolkit]:
        """Return the counter."""
        tools = [tool_of(Counter.add, effect=Effect.WRITE), tool_of(Counter.total, effect=Effect.READ)]
        return [WorldToolkit("counter", "A counter.", [*tools, tool_of(Counter.kind, effect=Effect.READ)])]

    def world(self, task_id: str) -> Counter:
        """Return a counter at 0."""
        return Counter(TASKS[task_id][0])


class Counter:
    """Compares the last value with the expected one."""

    def __init__(self, expected: str) -> None:
        self._expected = expected
        self._answer = ""
        self._total = 0
        self._turns = 0

    def add(self, amount: int) -> None:
        """Add to the counter."""
        self._total += amount

    def total(self) -> int:
        """Return what it has come to."""
        return self._total

    def kind(self, number: float) -> str:
        """Return the type of a number."""
        return type(number).__name__

    def call(self, toolkit: str, tool: str, arguments: Mapping[str, Any]) -> Any:
        """Run a tool."""
        assert toolkit == "counter"
        return getattr(self, tool)(**arguments)

    def end_round(self, outcome: RoundOutcome) -> None:
        """Take the value, or a model's words, for the answer."""
        if not (outcome.is_answer and outcome.text.startswith("Nothing")):
            self._answer = outcome.error.strip().rpartition("\n")[2] or outcome.text

    def end_turn(self) -> None:
        """Count it."""
        self._turns += 1

    def verdict(self) -> Verdict:
        """Return whether the answer is the expected one, after at least one turn."""
        if self._expected == "no number":
            int(self._expected)
        passed = self._turns > 0 and self._answer == self._expected
        return Verdict(passed, "" if passed else f"expected {self._expected}, got {self._answer}")


class OnlyTotal(TinySuite):
    """The one task that wants nothing but a look."""

    name = "only-total"
    task = "starts afresh"

    def tasks(self) -> Sequence[EvaluationTask]:
        """Return it."""
        return [task for task in super().tasks() if task.id == self.task]


class OnlyLater(OnlyTotal):
    """The one task with a tool that comes later."""

    name = "only-later"
    task = "later"
