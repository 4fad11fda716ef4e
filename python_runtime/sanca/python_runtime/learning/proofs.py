"""Tries a learned skill: the type checker reads it, and one that only reads is run once more. Changes nothing."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from typing import Any, Literal, Protocol

import anyio
import structlog
from sanca.core.errors import SancaError
from sanca.core.ids import RunId, SessionId, new_run_id
from sanca.core.syntax import tree_of
from sanca.core.tools import Effect, ToolDefinition, ToolkitDefinition
from sanca.memory.skills import Skill
from sanca.python_runtime.action_check import ActionChecker
from sanca.python_runtime.run_record import RunRequest
from sanca.python_runtime.sandbox.ports import ActionResult

log = structlog.get_logger()

Proof = Literal["", "loaded", "checked", "ran"]
_TYPES = {"number": "float", "minutes": "float"}


class Workers(Protocol):
    """The sandbox workers of all sessions (`SessionWorkers`)."""

    async def wake(self, request: RunRequest, code: str) -> dict[str, Any]:
        """Make the session's worker ready."""

    async def run(self, request: RunRequest, code: str, *, round_number: int) -> ActionResult:
        """Run an action in it, bound to the run's gate."""

    async def let_go(self, session_id: str) -> None:
        """End it."""


class Gate(Protocol):
    """Lets a run's calls through (`BrokerKeeper`)."""

    async def open_run(self, request: RunRequest) -> None:
        """Begin."""

    async def close_run(self, run_id: str) -> None:
        """End."""


class Proofs:
    """Tries skills in sessions of their own, which nobody sees and which hold nothing afterwards."""

    def __init__(
        self,
        checker: ActionChecker,
        toolkits: Callable[[], Sequence[ToolkitDefinition]],
        workers: Workers,
        gate: Gate,
        *,
        limit_seconds: float,
    ) -> None:
        """Take what it tries with; `limit_seconds` bounds a run, 0: none is run."""
        self._checker = checker
        self._toolkits = toolkits
        self._workers = workers
        self._gate = gate
        self._limit_seconds = limit_seconds

    async def check(self, skill: Skill) -> str:
        """Return what surely fails in a skill's action, in a sentence; empty when nothing is known to."""
        names = {one.name: _TYPES.get(one.kind, "str") for one in skill.sheet.parameters} | {"language": "str"}
        report = await self._checker.check(skill.code(), self._toolkits(), names, is_for_now=False)
        return f"{report.stops[0].error_type}: {report.stops[0].message}" if report.stops else ""

    def only_reads(self, code: str) -> bool:
        """Whether every tool that an action mentions, in whatever branch, only reads and asks nobody.

        What is outside counts as an effect: asking another agent once more is a second question to it.
        """
        toolkits = self._toolkits()
        inside = [toolkit for toolkit in toolkits if not toolkit.gives_outside_data]
        quiet = {f"{one.name}.{tool.name}" for one in inside for tool in one.tools if _is_quiet(tool)}
        roots = {toolkit.name.partition(".")[0] for toolkit in toolkits}
        tree = tree_of(code)
        if tree is None:
            return False
        read = {
            id(_root(node)) for node in ast.walk(tree) if isinstance(node, ast.Attribute) and _dotted(node) in quiet
        }
        mentioned = [node for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id in roots]
        return all(id(node) in read for node in mentioned)

    async def run(self, skill: Skill, values: dict[str, Any], like: RunRequest) -> bool | None:
        """Run a skill that only reads with what its message said; None when that was not possible just now.

        Args:
            skill: Read from its folder.
            values: Its parameters.
            like: The request of the run that taught it: the same person asks, with the same rights.
        """
        if not self._limit_seconds:
            return None
        run_id, session_id = RunId(new_run_id()), SessionId(f"proof_{new_run_id()}")
        request = like.model_copy(
            update={"run_id": run_id, "agui_run_id": run_id, "session_id": session_id, "file_ids": ()}
        )
        lines = [f"{name} = {value!r}" for name, value in {**values, "language": "en"}.items()]
        code = "\n".join([*lines, "", skill.code()])
        try:
            with anyio.fail_after(self._limit_seconds):
                await self._gate.open_run(request)
                await self._workers.wake(request, code)
                result = await self._workers.run(request, code, round_number=1)
        except (SancaError, TimeoutError) as error:
            log.info("skill_not_tried", skill=skill.name, reason=str(error))
            return None
        finally:
            with anyio.CancelScope(shield=True):
                await self._gate.close_run(run_id)
                await self._workers.let_go(session_id)
        return result.status == "ok" and (result.value is not None or bool(result.final_answer))


def _is_quiet(tool: ToolDefinition) -> bool:
    return tool.effect is Effect.READ and tool.approval != "ALWAYS" and tool.interaction == "none"


def _root(node: ast.expr) -> ast.expr:
    while isinstance(node, ast.Attribute):
        node = node.value
    return node


def _dotted(node: ast.Attribute) -> str:
    return ast.unparse(node) if isinstance(_root(node), ast.Name) else ""
