"""Runs the first tasks of a set with spoilt solutions and prints how many passed: `spoilt.py SUITE COUNT [DATA]`.

Each turn's last action loses its last two lines, or is left out when it has no more. A checker that lets all of these
pass checks nothing. In the evaluation's environment only, which has the sets.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import anyio
from sanca.python_runtime.evaluation.authors import TruthAuthor
from sanca.python_runtime.evaluation.results import ResultFile
from sanca.python_runtime.evaluation.runner import run_tasks
from sanca.python_runtime.evaluation.suite import EvaluationTask, make_suite
from sanca.python_runtime.sandbox import ActionResult


class SpoiltAuthor(TruthAuthor):
    """Gives the set's own solutions but for what they end with."""

    name = "spoilt"

    async def next_action(self, task: EvaluationTask, turn: int, so_far: Sequence[ActionResult]) -> str | None:
        """Return the next action, the last one shortened."""
        actions = [*task.truth[turn]]
        if actions:
            lines = actions.pop().rstrip().split("\n")[:-2]
            actions += ["\n".join(lines)] if lines else []
        return actions[len(so_far)] if len(so_far) < len(actions) else None


async def main(*arguments: str) -> None:
    """Run and print."""
    name, count, *data = arguments
    folder = Path(data[0]) if data else None
    suite = make_suite(name, folder)
    tasks = suite.tasks()[: int(count)]
    results = await run_tasks(
        suite, name, folder, [SpoiltAuthor()], tasks=tasks, results=ResultFile(None), on_result=lambda _: None
    )
    print(sum(one.passed for one in results["spoilt"]))  # noqa: T201 - its answer


if __name__ == "__main__":
    anyio.run(main, *sys.argv[1:])
