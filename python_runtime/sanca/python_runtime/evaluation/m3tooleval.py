"""M3ToolEval's 48 expression tasks: several tools composed into one answer. Its web tasks are left out.

The instructions and expected answers (`tasks.json`) come from outside; tools and solutions are ours. The answer must
be the expected one, numbers to a relative 1e-6.
"""

from __future__ import annotations

import ast
import hashlib
import json
import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sanca.core.errors import ConfigurationError
from sanca.core.tools import Effect
from sanca.python_runtime.evaluation.m3_programs import programs
from sanca.python_runtime.evaluation.m3_tools import TOOLS
from sanca.python_runtime.evaluation.suite import EvaluationTask, RoundOutcome, Verdict, data_folder
from sanca.python_runtime.evaluation.world_tools import WorldToolkit, tool_of

_FILE = "tasks.json"
_ANSWER_FORM = "End with the answer alone on the last line, as a Python literal and without any words or units."


class M3ToolEval:
    """The expression tasks of a data folder."""

    name = "m3tooleval"

    def __init__(self, data: Path | None) -> None:
        path = data_folder(data, suite=self.name, files=(_FILE,)) / _FILE
        text = path.read_bytes()
        self._programs = programs()
        try:
            self._tasks = {each["name"]: each for each in json.loads(text)["tasks"] if each["name"] in self._programs}
        except (ValueError, TypeError, KeyError) as error:
            raise ConfigurationError(f"{str(path)!r} is no export of M3ToolEval's tasks: {error}.") from error
        if len(self._tasks) != len(self._programs):
            found = f"{len(self._tasks)} of the {len(self._programs)}"
            raise ConfigurationError(f"{str(path)!r} has only {found} expression tasks of M3ToolEval.")
        self.version = f"data {hashlib.sha256(text).hexdigest()[:12]}"

    def tasks(self) -> Sequence[EvaluationTask]:
        """Return every task that is solved by an expression."""
        return [
            EvaluationTask(
                name,
                (task["instruction"],),
                ((self._programs[name][1],),),
                (self._programs[name][0],),
                answer_form=_ANSWER_FORM,
            )
            for name, task in self._tasks.items()
        ]

    def toolkits(self) -> Sequence[WorldToolkit]:
        """Return a toolkit a category; none of their tools changes anything."""
        return [
            WorldToolkit(
                toolkit,
                f"Tools of M3ToolEval: {toolkit.replace('_', ' ')}.",
                tuple(tool_of(function, name=name, effect=Effect.READ) for name, function in functions.items()),
            )
            for toolkit, functions in TOOLS.items()
        ]

    def world(self, task_id: str) -> ExpectedAnswer:
        """Return what knows the expected answer."""
        return ExpectedAnswer(self._tasks[task_id]["expected"])


class ExpectedAnswer:
    """Compares the value of the last action with what is expected."""

    def __init__(self, expected: Any) -> None:
        self._expected = expected
        self._answer: Any = None
        self._error = "there was no action"

    def call(self, toolkit: str, tool: str, arguments: Mapping[str, Any]) -> Any:
        """Work something out."""
        return TOOLS[toolkit][tool](**arguments)

    def end_round(self, outcome: RoundOutcome) -> None:
        """Take an action's value, or a model's last line, for the answer."""
        self._error = outcome.error
        if outcome.is_answer:
            self._answer = read_answer(outcome.text)
        else:
            self._answer = json.loads(outcome.value_json) if outcome.value_json is not None else outcome.text

    def end_turn(self) -> None:
        """Wait for the verdict: there is one turn."""

    def verdict(self) -> Verdict:
        """Return whether the answer is the expected one."""
        if not self._error and is_same(self._answer, self._expected):
            return Verdict(passed=True)
        return Verdict(passed=False, reason=f"expected {self._expected!r}, got {self._answer!r} {self._error}".rstrip())


def read_answer(text: str) -> Any:
    """Return what the last line of a model's words says: a literal, or else the words."""
    line = (text.strip().splitlines() or [""])[-1].strip().strip("`*").strip()
    line = re.sub(r"^(final )?answer\s*[:=]\s*", "", line, flags=re.IGNORECASE).strip("`* ").removesuffix(".")
    try:
        found = ast.literal_eval(line)
    except (ValueError, SyntaxError):
        return line
    return list(found) if isinstance(found, tuple) else found


def is_same(answer: Any, expected: Any) -> bool:
    """Return whether two JSON values are the same, numbers to a relative 1e-6."""
    if isinstance(answer, bool) or isinstance(expected, bool):
        return answer is expected
    if isinstance(answer, int | float) and isinstance(expected, int | float):
        return math.isclose(answer, expected, rel_tol=1e-6)
    if isinstance(answer, list) and isinstance(expected, list):
        return len(answer) == len(expected) and all(map(is_same, answer, expected))
    return bool(answer == expected)
