"""Runs tasks of a set in both modes with a scripted server that plays their solutions: `played.py SUITE COUNT [DATA]`.

Prints what the command prints with `--json`. In the evaluation's environment only, which has the sets. The server knows
turns by their words, so the first tasks must share no message.
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[3]
sys.path[:0] = [str(ROOT / folder) for folder in ("tests/support", "tests/fakes", "benchmarks")]

from _solutions import steps_of, trace  # noqa: E402 - found by the line above
from model_server import FakeModelServer, Reply  # noqa: E402
from sanca.python_runtime.cli.eval import ModelOptions, run_evaluation  # noqa: E402
from sanca.python_runtime.evaluation.suite import EvaluationTask, Suite, make_suite  # noqa: E402
from solution_player import SolutionPlayer, Steps  # noqa: E402


def steps(suite: Suite, task: EvaluationTask) -> list[Steps]:
    """Return a task's turns."""
    if not task.toolkits:
        return [Steps(task.messages[0], task.truth[0], (), "It is written.")]
    turns = trace(suite, task)
    answers = [str(turn.value) if suite.name == "agentdojo" and turn.value else "It is done." for turn in turns]
    return steps_of(task, turns, answers, look_at=("read",), shows=True)


def main(name: str, count: str, *data: str) -> int:
    """Serve and run."""
    os.environ.pop("OPENAI_API_KEY", None)
    folder = Path(data[0]) if data else None
    suite = make_suite(name, folder)
    tasks = suite.tasks()[: int(count)]
    said = Counter(message for task in tasks for message in task.messages)
    assert max(said.values()) == 1, f"the server cannot tell apart the turns {said.most_common(1)}"
    player = SolutionPlayer([each for task in tasks for each in steps(suite, task)])

    def reply(body: dict[str, Any]) -> Reply:
        played = player.play(body)
        return Reply(text=played.text, tool_calls=tuple(played.calls))

    with FakeModelServer(reply) as server:
        options = ModelOptions(url=server.openai_url, mode="both", rounds_most=40)
        return run_evaluation(name, truth=False, data=folder, limit=len(tasks), out=None, as_json=True, options=options)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
