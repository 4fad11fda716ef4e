"""What a task set is, for runner and broker alike, and where the sets are found. Runs nothing."""

from __future__ import annotations

import importlib
import importlib.metadata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from sanca.core.errors import ConfigurationError
from sanca.python_runtime.evaluation.world_tools import WorldToolkit

_PLACES = {
    "humaneval": "sanca.python_runtime.evaluation.humaneval:HumanEval",
    "bfcl": "sanca.python_runtime.evaluation.bfcl:BfclMultiTurn",
    "agentdojo": "sanca.python_runtime.evaluation.agentdojo:AgentDojo",
    "m3tooleval": "sanca.python_runtime.evaluation.m3tooleval:M3ToolEval",
    "tau-retail": "sanca.python_runtime.evaluation.tau_retail:TauRetail",
}
"""Name → `module:class`."""


@dataclass(frozen=True, slots=True)
class EvaluationTask:
    """One task of a set."""

    id: str
    messages: tuple[str, ...]
    """What the person asks, a message a turn."""
    truth: tuple[tuple[str, ...], ...]
    """The set's own solution as Python: the actions of each turn, one a round; a turn may have none."""
    toolkits: tuple[str, ...] = ()
    """The toolkits that the task's actions find."""
    check: str = ""
    """An action run after the last turn in the same session, by which the set grades; empty: it needs none."""
    withheld: Mapping[str, int] = field(default_factory=dict)
    """`toolkit.tool` → the turn from which it is there; before that it is neither shown nor found."""
    rules: str = ""
    """What who does the task must keep to (a shop's policy); solutions do not need to be told."""
    customer: str = ""
    """Who the person is and what they want, for a model that plays them; empty: their messages are fixed."""
    to_say: tuple[str, ...] = ()
    """What the checker wants the person to be told; part of the solution."""
    answer_form: str = ""
    """How a model is to give its answer, so that the checker can read it."""

    def has_tool(self, toolkit: str, tool: str, turn: int) -> bool:
        """Return whether a tool is there in a turn."""
        return toolkit in self.toolkits and turn >= self.withheld.get(f"{toolkit}.{tool}", 0)


@dataclass(frozen=True, slots=True)
class RoundOutcome:
    """How an action of a task ended, as the checker sees it."""

    status: str
    text: str = ""
    """The action's value as text."""
    value_json: str | None = None
    """The value as JSON, when it is JSON-like and not too long."""
    error: str = ""
    is_check: bool = False
    is_answer: bool = False
    """These are a model's own words at the end of a turn, not what an action gave."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the set's checker says of a task."""

    passed: bool
    reason: str = ""


class World(Protocol):
    """A task's own state with its tools, fresh for each task. Lives in the broker's process, used by one run.

    `call` may come from several threads at once when an action calls so; the others come one by one, after the
    action's last call.
    """

    def call(self, toolkit: str, tool: str, arguments: Mapping[str, Any]) -> Any:
        """Run a tool of the task and return a JSON-like value; what it raises is told to the action."""

    def end_round(self, outcome: RoundOutcome) -> None:
        """Hear how an action ended."""

    def end_turn(self) -> None:
        """Hear that whoever writes the actions takes a turn's message for answered."""

    def verdict(self) -> Verdict:
        """Grade by the set's own checker; asked once, at the end."""


class Suite(Protocol):
    """A task set. Made once in the process that runs the tasks and once in the broker, with the same data folder."""

    name: str
    version: str
    """Of the set; results of another version are not resumed."""

    def tasks(self) -> Sequence[EvaluationTask]:
        """Return every task, always in the same order."""

    def toolkits(self) -> Sequence[WorldToolkit]:
        """Return the toolkits of all tasks; which of them a task's actions find, the task says."""

    def world(self, task_id: str) -> World:
        """Return a task's fresh state."""


def suite_names() -> tuple[str, ...]:
    """Return the names of the sets that come with us."""
    return tuple(_PLACES)


def make_suite(name: str, data: Path | None) -> Suite:
    """Return a set, ready to be run.

    Args:
        name: One of `suite_names`, or `module:class` of a set of one's own; the class takes the data folder.
        data: The folder with its data, for those that no package carries.

    Raises:
        ConfigurationError: There is no such set, or what it needs is not there; says what to do.
    """
    module, _, kind = _PLACES.get(name, name).partition(":")
    try:
        made: Suite = getattr(importlib.import_module(module), kind)(data)
    except (ModuleNotFoundError, AttributeError, ValueError) as error:
        if name in _PLACES:
            raise
        text = f"There is no task set {name!r} ({error}); there are {', '.join(_PLACES)}"
        raise ConfigurationError(f"{text}, or give module:class of your own.", setting="--suite") from error
    return made


def needed(module: str, *, package: str, suite: str) -> Any:
    """Return a module of a set's package, imported now.

    Raises:
        ConfigurationError: The package, or something it needs, is not installed; says what installs it.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        text = f"The task set {suite!r} needs the package {package}, which cannot be imported here ({error}); "
        mend = "`make .venv-evaluation/.installed` makes an environment that has it: .venv-evaluation/bin/sanca eval …"
        raise ConfigurationError(text + mend) from error


def version_of(package: str) -> str:
    """Return `package version` of an installed package."""
    return f"{package} {importlib.metadata.version(package)}"


def data_folder(data: Path | None, *, suite: str, files: Sequence[str]) -> Path:
    """Return the data folder of a set that no package carries.

    Raises:
        ConfigurationError: None was given, or a file is not in it.
    """
    names = " and ".join(files)
    if data is None:
        raise ConfigurationError(f"No package carries the data of {suite!r}: give --data, a folder with {names}.")
    missing = [name for name in files if not (data / name).is_file()]
    if missing:
        raise ConfigurationError(f"The folder {str(data)!r} has no {missing[0]}; {suite!r} needs {names}.")
    return data
