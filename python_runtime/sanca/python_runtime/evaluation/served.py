"""A task set in the broker's process: its toolkits, each run's world, and the tools by which the runner steers them.

Worlds are begun, told and graded by tools of the toolkit `evaluation`, which pass the gate like all others and want a
right that only the runner's own run has: an action that calls them is refused.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import structlog
from sanca.core.errors import ToolFailedError
from sanca.core.ports import Toolkit
from sanca.core.tools import CallContext
from sanca.python_runtime.evaluation.suite import RoundOutcome, Suite, Verdict, World, make_suite
from sanca.python_runtime.evaluation.world_tools import python_toolkit
from sanca.toolkit_bridge import PythonToolkit, tool

log = structlog.get_logger(__name__)

Result = TypeVar("Result")

CONTROL = "evaluation"
RIGHT = "evaluation:control"
FILE_NAME = "evaluation.json"
FACTORY = f"{__name__}:load_toolkits"


def describe(home: Path, suite: str, data: Path | None) -> None:
    """Write into a state folder which set its broker is to serve."""
    content = {"suite": suite, "data": None if data is None else str(data.absolute())}
    (home / FILE_NAME).write_text(json.dumps(content), encoding="utf-8")
    (home / "toolkits.json").write_text("{}", encoding="utf-8")  # without it the broker asks no factory


def load_toolkits(home: Path) -> list[Toolkit]:
    """Return the toolkits of the set that the state folder names, and the one that steers it."""
    content = json.loads((home / FILE_NAME).read_text(encoding="utf-8"))
    suite = make_suite(content["suite"], None if content["data"] is None else Path(content["data"]))
    control = Control(suite)
    return [*(python_toolkit(each, control.call_world) for each in suite.toolkits()), control]


class Control(PythonToolkit):
    """Begins, tells and grades the tasks of an evaluation; for the runner only."""

    name = CONTROL

    def __init__(self, suite: Suite) -> None:
        self._suite = suite
        self._worlds: dict[str, World] = {}
        self._broken: dict[str, str] = {}
        """Run → how the set's checker failed at it."""
        super().__init__()

    def call_world(self, context: CallContext, toolkit: str, tool_name: str, arguments: Mapping[str, Any]) -> Any:
        """Run a tool of the set on the world of the run that calls."""
        if (world := self._worlds.get(context.run_id)) is None:
            raise ToolFailedError(f"The run {context.run_id!r} has no task under way.", tool_name=tool_name)
        return world.call(toolkit, tool_name, arguments)

    @tool(right=RIGHT, timeout_seconds=600)
    def begin(self, run_id: str, task_id: str) -> None:
        """Make a task's fresh state for a run."""
        self._worlds[run_id] = self._suite.world(task_id)

    @tool(right=RIGHT, timeout_seconds=600)
    def end_round(self, run_id: str, outcome: RoundOutcome) -> None:
        """Tell how an action of a run ended."""
        self._told(run_id, lambda world: world.end_round(outcome))

    @tool(right=RIGHT, timeout_seconds=600)
    def end_turn(self, run_id: str) -> None:
        """Tell that a turn's message counts as answered."""
        self._told(run_id, lambda world: world.end_turn())

    @tool(right=RIGHT, timeout_seconds=600)
    def grade(self, run_id: str) -> Verdict:
        """Grade a run and forget its state. A checker that cannot cope with what was done has not let it pass."""
        verdict = self._told(run_id, lambda world: world.verdict())
        del self._worlds[run_id]
        broken = self._broken.pop(run_id, "")
        return Verdict(passed=False, reason=broken) if broken or verdict is None else verdict

    def _told(self, run_id: str, tell: Callable[[World], Result]) -> Result | None:
        try:
            return tell(self._worlds[run_id])
        except Exception as error:
            log.warning("checker_failed", run_id=run_id, exc_info=True)
            self._broken.setdefault(run_id, f"the set's checker failed: {type(error).__name__}: {error}")
            return None
