"""AgentDojo: 97 user tasks in four suites. The calls of a task's ground truth become one action.

Graded by each task's own `utility` on the environment before and after, the answer, and the calls made.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field
from pydantic_core import to_jsonable_python
from sanca.python_runtime.evaluation.suite import EvaluationTask, RoundOutcome, Verdict, needed, version_of
from sanca.python_runtime.evaluation.world_tools import WorldTool, WorldToolkit, effect_of

_PACKAGE = "agentdojo"
_BENCHMARK = "v1.2.2"
_DESCRIPTIONS = {
    "workspace": "Mail, calendar and files of the user's office.",
    "travel": "Hotels, restaurants, cars and flights, the user's calendar and mail.",
    "banking": "The user's bank account.",
    "slack": "Channels, messages and web pages of the user's team.",
}


class AgentDojo:
    """The user tasks of the package `agentdojo`, without injections."""

    name = "agentdojo"

    def __init__(self, data: Path | None) -> None:
        del data  # the package has it
        self._suites = _module("agentdojo.task_suite.load_suites").get_suites(_BENCHMARK)
        self._environments = {
            name: suite.load_and_inject_default_environment({}) for name, suite in self._suites.items()
        }
        self.version = f"{version_of(_PACKAGE)}, {_BENCHMARK}"

    def tasks(self) -> Sequence[EvaluationTask]:
        """Return every user task."""
        return [
            self._task(name, task_id, task)
            for name, suite in self._suites.items()
            for task_id, task in suite.user_tasks.items()
        ]

    def toolkits(self) -> Sequence[WorldToolkit]:
        """Return a toolkit a suite."""
        return [
            WorldToolkit(name, _DESCRIPTIONS.get(name, name), tuple(_tool(each) for each in suite.tools))
            for name, suite in self._suites.items()
        ]

    def world(self, task_id: str) -> AgentDojoWorld:
        """Return a fresh environment."""
        name, _, task = task_id.partition("/")
        suite = self._suites[name]
        return AgentDojoWorld(suite, suite.user_tasks[task], self._environment(name, suite.user_tasks[task]))

    def _environment(self, name: str, task: Any) -> Any:
        return task.init_environment(self._environments[name].model_copy(deep=True))

    def _task(self, name: str, task_id: str, task: Any) -> EvaluationTask:
        calls = task.ground_truth(self._environment(name, task))
        lines = [f"{name}.{call.function}({_arguments(call.args)})" for call in calls]
        return EvaluationTask(
            id=f"{name}/{task_id}",
            messages=(task.PROMPT,),
            truth=(("\n".join([*lines, repr(task.GROUND_TRUTH_OUTPUT)]),),),
            toolkits=(name,),
        )


class AgentDojoWorld:
    """A task's environment before and after, and the calls between."""

    def __init__(self, suite: Any, task: Any, environment: Any) -> None:
        self._task = task
        self._before = environment.model_copy(deep=True)
        self._after = environment
        runtime = _module("agentdojo.functions_runtime")
        self._runtime = runtime.FunctionsRuntime(suite.tools)
        self._function_call = runtime.FunctionCall
        self._calls: list[Any] = []
        self._answer = ""

    def call(self, toolkit: str, tool: str, arguments: Mapping[str, Any]) -> Any:
        """Run a tool of the suite on the environment."""
        del toolkit  # a task has one
        self._calls.append(self._function_call(function=tool, args=to_jsonable_python(dict(arguments))))
        value, _ = self._runtime.run_function(self._after, tool, arguments, raise_on_error=True)
        return value

    def end_round(self, outcome: RoundOutcome) -> None:
        """Take an action's last value for the answer."""
        self._answer = outcome.text or outcome.error

    def end_turn(self) -> None:
        """Wait for the verdict: there is one turn."""

    def verdict(self) -> Verdict:
        """Ask the task itself."""
        passed = self._task.utility_from_traces(self._answer, self._before, self._after, self._calls)
        if passed is None:
            passed = self._task.utility(self._answer, self._before, self._after)
        return Verdict(bool(passed), "" if passed else f"the task's utility is not reached; answer: {self._answer}")


def _tool(function: Any) -> WorldTool:
    """Return a tool of a suite: what its dependencies fill in is left out."""
    fields = function.parameters.model_fields
    parameters = [
        each.replace(annotation=Annotated[fields[name].annotation, Field(description=fields[name].description)])
        for name, each in inspect.signature(function.run).parameters.items()
        if name not in function.dependencies
    ]
    return WorldTool(function.name, function.description, tuple(parameters), effect=effect_of(function.name))


def _arguments(arguments: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={to_jsonable_python(value)!r}" for name, value in arguments.items())


def _module(name: str) -> Any:
    return needed(name, package=_PACKAGE, suite=AgentDojo.name)
