"""BFCL multi-turn: 800 tasks over eight stateful classes. The calls of a turn's solution become one action.

Graded after each turn as the set does it: its `state_checker` compares our objects with those of the solution, executed
by the set itself, and its `response_checker` looks for the solution's answers among ours. Calls of a turn that should
have none fail the task, as its `multi_turn_irrelevance_checker` says. In the category `miss_func` some functions are
withheld until a later turn, whose message says that there are more now: before it a call of one finds no tool.
"""

from __future__ import annotations

import ast
import copy
import importlib.resources
import inspect
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from pydantic_core import to_jsonable_python
from sanca.core.errors import ToolNotFoundError
from sanca.core.syntax import parse_expression
from sanca.python_runtime.evaluation.suite import EvaluationTask, RoundOutcome, Verdict, needed, version_of
from sanca.python_runtime.evaluation.world_tools import WorldTool, WorldToolkit, tool_of

_PACKAGE = "bfcl-eval"
_CATEGORIES = ("base", "miss_func", "miss_param", "long_context")
_CLASSES = (
    "GorillaFileSystem",
    "MathAPI",
    "MessageAPI",
    "TwitterAPI",
    "TicketAPI",
    "TradingBot",
    "TravelAPI",
    "VehicleControlAPI",
)
_CHECKERS = "bfcl_eval.eval_checker.multi_turn_eval"
_OWNER = "sanca_solution"
"""Under which name the set keeps the objects of its solution."""
_TEXTS_TOO = ("ticket_id",)
"""A defect of the set: four solutions close a ticket 'ticket_001', which then is not found."""


class BfclMultiTurn:
    """The four multi-turn categories of the package `bfcl-eval`."""

    name = "bfcl"

    def __init__(self, data: Path | None) -> None:
        del data  # the package has it
        _module(f"{_CHECKERS}.multi_turn_checker")
        self.version = version_of(_PACKAGE)
        self._entries = {entry["id"]: entry for category in _CATEGORIES for entry in _entries(category)}

    def tasks(self) -> Sequence[EvaluationTask]:
        """Return every task; a turn's calls are one round."""
        return [_task(entry) for entry in self._entries.values()]

    def toolkits(self) -> Sequence[WorldToolkit]:
        """Return a toolkit a class, with its public methods as tools."""
        return [_toolkit(name) for name in _CLASSES]

    def world(self, task_id: str) -> BfclWorld:
        """Return fresh objects of the task's classes."""
        return BfclWorld(self._entries[task_id])


class BfclWorld:
    """The objects of one task, and what their methods answered so far."""

    def __init__(self, entry: Mapping[str, Any]) -> None:
        self._entry = entry
        self._is_long = "long_context" in entry["id"]
        self._objects = {name: self._object(name) for name in entry["involved_classes"]}
        self._withheld = _withheld(entry)
        self._answers: list[str] = []
        self._calls_in_turn = 0
        self._turn = 0
        self._failure = ""
        self._errors: list[str] = []

    def call(self, toolkit: str, tool: str, arguments: Mapping[str, Any]) -> Any:
        """Call a method, and keep its answer in the form in which the set compares answers."""
        if self._turn < self._withheld.get(tool, 0):
            raise ToolNotFoundError(f"There is no tool {toolkit}.{tool}.", tool_name=f"{toolkit}.{tool}")
        self._calls_in_turn += 1
        value = getattr(self._objects[_class_of(toolkit)], tool)(**arguments)
        text, value = _answer(value)
        self._answers.append(text)
        return value

    def end_round(self, outcome: RoundOutcome) -> None:
        """Keep what went wrong, for the reason."""
        self._errors.append(outcome.error)

    def end_turn(self) -> None:
        """Compare with the solution's turn."""
        problem = self._compare(self._entry["ground_truth"][self._turn])
        if problem and not self._failure:
            self._failure = f"turn {self._turn}: {problem} {' '.join(self._errors)}".strip()
        self._turn, self._calls_in_turn, self._errors = self._turn + 1, 0, []

    def verdict(self) -> Verdict:
        """Return whether every turn was right."""
        missing = len(self._entry["ground_truth"]) - self._turn
        self._forget()
        if not self._failure and missing > 0:
            self._failure = f"{missing} turns are missing"
        return Verdict(not self._failure, self._failure)

    def _compare(self, solution: list[str]) -> str:
        """Return what is wrong with this turn; empty: nothing."""
        answers, objects = _module(f"{_CHECKERS}.multi_turn_utils").execute_multi_turn_func_call(
            func_call_list=solution,
            initial_config=self._entry["initial_config"],
            involved_classes=self._entry["involved_classes"],
            model_name=_OWNER,
            test_entry_id=self._entry["id"],
            long_context=self._is_long,
        )
        if not solution:
            return "there were calls where none should be" if self._calls_in_turn else ""
        if not self._calls_in_turn:
            return "there was no call"
        checker = _module(f"{_CHECKERS}.multi_turn_checker")
        for found in (
            checker.state_checker(self._objects, objects),
            checker.response_checker(self._answers, answers, self._turn),
        ):
            if not found["valid"]:
                details = found["details"]
                return f"{found['error_message']} {details.get('missing_items') or details.get('differences')}"
        return ""

    def _object(self, name: str) -> Any:
        made = _class(name)()
        if hasattr(made, "_load_scenario"):
            scenario = copy.deepcopy(self._entry["initial_config"].get(name, {}))
            made._load_scenario(scenario, long_context=self._is_long)
        return made

    def _forget(self) -> None:
        """Take the solution's objects out of the set's module, which keeps them for ever."""
        kept = vars(_module(f"{_CHECKERS}.multi_turn_utils"))
        for key in [key for key in kept if key.startswith(f"{_OWNER}_{self._entry['id']}_")]:
            del kept[key]


def _withheld(entry: Mapping[str, Any]) -> dict[str, int]:
    """Return the methods that become available only with a later turn, and which that is.

    A defect of the set: the solution of `multi_turn_miss_func_49` uses one that is withheld; it is there from then on.
    """
    found: Mapping[str, Sequence[str]] = entry.get("missed_function", {})
    used = [{call.partition("(")[0] for call in turn} for turn in entry["ground_truth"]]
    return {
        method: next((number for number, names in enumerate(used) if method in names and number < int(turn)), int(turn))
        for turn, methods in found.items()
        for method in methods
    }


def _task(entry: Mapping[str, Any]) -> EvaluationTask:
    more = _module("bfcl_eval.constants.default_prompts").DEFAULT_USER_PROMPT_FOR_ADDITIONAL_FUNCTION_FC
    owners = {tool.name: _toolkit_of(name) for name in entry["involved_classes"] for tool in _toolkit(name).tools}
    return EvaluationTask(
        id=entry["id"],
        messages=tuple("\n".join(message["content"] for message in turn) or more for turn in entry["question"]),
        truth=tuple((_action(turn, owners),) if turn else () for turn in entry["ground_truth"]),
        toolkits=tuple(_toolkit_of(name) for name in entry["involved_classes"]),
        withheld={f"{owners[method]}.{method}": turn for method, turn in _withheld(entry).items()},
    )


def _action(calls: Sequence[str], owners: Mapping[str, str]) -> str:
    """Return a turn's calls as an action, each with its toolkit in front."""
    lines = []
    for call in calls:
        tree = parse_expression(call.strip())
        if not isinstance(tree, ast.Call) or not isinstance(tree.func, ast.Name):
            raise ValueError(f"{call!r} is no call")
        lines.append(f"{owners[tree.func.id]}.{ast.unparse(tree)}")
    return "\n".join(lines)


@cache
def _toolkit(class_name: str) -> WorldToolkit:
    kind = _class(class_name)
    methods = inspect.getmembers(kind, inspect.isfunction)
    tools = tuple(_accepting(tool_of(method)) for name, method in methods if not name.startswith("_"))
    return WorldToolkit(_toolkit_of(class_name), inspect.getdoc(kind) or class_name, tools)


def _accepting(tool: WorldTool) -> WorldTool:
    """Let texts pass for the parameters to which solutions give them although a number is declared."""
    parameters = (
        each.replace(annotation=int | str) if each.name in _TEXTS_TOO and each.annotation is int else each
        for each in tool.parameters
    )
    return replace(tool, parameters=tuple(parameters))


def _answer(value: Any) -> tuple[str, Any]:
    """Return a method's answer as the set compares it, and as the action gets it."""
    given = to_jsonable_python(value, fallback=repr)  # long lists of the set hold a literal `...`
    if isinstance(value, str):
        return value, given
    if not isinstance(value, dict):
        return str(value), given
    try:
        return json.dumps(value), given
    except TypeError:  # what the set does then
        return str(value), given


def _entries(category: str) -> list[dict[str, Any]]:
    file = f"BFCL_v4_multi_turn_{category}.json"
    answers = {entry["id"]: entry["ground_truth"] for entry in _lines(f"possible_answer/{file}")}
    return [entry | {"ground_truth": answers[entry["id"]]} for entry in _lines(file)]


def _lines(file: str) -> list[dict[str, Any]]:
    text = (importlib.resources.files("bfcl_eval") / "data" / file).read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def _toolkit_of(class_name: str) -> str:
    """Return the toolkit's name of a class: `GorillaFileSystem` is `gorilla_file_system`."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", class_name).lower()


def _class_of(toolkit: str) -> str:
    return next(name for name in _CLASSES if _toolkit_of(name) == toolkit)


def _class(name: str) -> Any:
    places = _module("bfcl_eval.constants.executable_backend_config").CLASS_FILE_PATH_MAPPING
    return getattr(_module(places[name]), name)


def _module(name: str) -> Any:
    return needed(name, package=_PACKAGE, suite=BfclMultiTurn.name)
