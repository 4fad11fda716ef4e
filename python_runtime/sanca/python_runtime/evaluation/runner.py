"""Runs tasks of a set: each in a sandbox session and run of its own, its actions' calls through the broker's gate."""

from __future__ import annotations

import dataclasses
import tempfile
import time
import uuid
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Protocol

import anyio
from sanca.core.errors import ConfigurationError, RunError
from sanca.python_runtime.broker.client import BrokerClient
from sanca.python_runtime.broker.journal_reader import JournalReader
from sanca.python_runtime.broker.records import BrokerSettings, RunBudget, RunContext
from sanca.python_runtime.evaluation import served
from sanca.python_runtime.evaluation.box import Box
from sanca.python_runtime.evaluation.listener import Listener
from sanca.python_runtime.evaluation.results import ResultFile, TaskResult
from sanca.python_runtime.evaluation.suite import EvaluationTask, RoundOutcome, Suite, Verdict
from sanca.python_runtime.sandbox import ActionResult, Sandbox, open_sandbox

_OPEN_SECONDS = 180.0
"""How long the broker may take to import a set's packages."""
_ERROR_CHARS = 2_000
_CONTROL_RUN = "run_evaluation"
_CONTROL_BUDGET = RunBudget(calls=10**9, seconds=1e9, argument_bytes=2**50)


class Author(Protocol):
    """Writes the actions of tasks."""

    @property
    def name(self) -> str:
        """Whose actions these are, for the results."""

    async def next_action(self, task: EvaluationTask, turn: int, so_far: Sequence[ActionResult]) -> str | None:
        """Return the next action for a turn's message; None when the turn is done.

        Args:
            task: Its `messages` up to this turn are known, the others are not to be looked at.
            turn: Which, from 0; they come in order.
            so_far: How the actions of this turn ended.
        """


class TruthAuthor:
    """Gives the set's own solutions."""

    name = "truth"

    async def next_action(self, task: EvaluationTask, turn: int, so_far: Sequence[ActionResult]) -> str | None:
        """Return the solution's next action, however those before ended."""
        return task.truth[turn][len(so_far)] if len(so_far) < len(task.truth[turn]) else None


async def run_tasks(
    suite: Suite,
    suite_name: str,
    data: Path | None,
    author: Author,
    *,
    tasks: Sequence[EvaluationTask],
    results: ResultFile,
    on_result: Callable[[TaskResult], None],
) -> list[TaskResult]:
    """Run those tasks that have no result yet, one after the other.

    Args:
        suite: The set.
        suite_name: By which the broker makes it too.
        data: Its data folder, if it needs one.
        author: Who writes the actions.
        tasks: Which tasks.
        results: Where results are kept, and looked up.
        on_result: Told of every result, those of an earlier run first.

    Returns:
        A result a task, in the order of the tasks.
    """
    known = {each.task: each for each in results.read() if _is_of(each, suite, author)}
    for task in tasks:
        if task.id in known:
            on_result(known[task.id])
    if any(task.id not in known for task in tasks):
        async with open_runner(suite_name, data) as runner:
            for task in tasks:
                if task.id not in known:
                    known[task.id] = result = await runner.run(task, suite, author)
                    results.append(result)
                    on_result(result)
    return [known[task.id] for task in tasks]


@asynccontextmanager
async def open_runner(suite_name: str, data: Path | None, home: Path | None = None) -> AsyncIterator[Runner]:
    """Open a sandbox and a broker that serves a set; their state folder is gone at the end unless it is given.

    Raises:
        SancaError: The sandbox or the broker cannot start, or the broker cannot serve the set; says why.
    """
    with tempfile.TemporaryDirectory(prefix="sanca-evaluation-") as scratch:
        folder = home or Path(scratch)
        served.describe(folder, suite_name, data)
        settings = BrokerSettings(folder, "warning", (served.FACTORY,), tool_failures=0)
        listener = Listener()
        async with open_sandbox() as sandbox, BrokerClient.open(settings, listener) as client:
            listener.client = client
            await _await_toolkits(client, listener)
            await client.open_run(
                RunContext(_CONTROL_RUN, "ses_evaluation", rights=(served.RIGHT,), budget=_CONTROL_BUDGET)
            )
            yield Runner(sandbox, client, listener, folder)


class Runner:
    """Runs one task after the other. See `open_runner`."""

    def __init__(self, sandbox: Sandbox, client: BrokerClient, listener: Listener, home: Path) -> None:
        self._sandbox = sandbox
        self._client = client
        self._listener = listener
        self._journal = JournalReader(home)

    async def run(self, task: EvaluationTask, suite: Suite, author: Author) -> TaskResult:
        """Run a task and grade it."""
        begun = time.monotonic()
        run_id = f"run_{uuid.uuid4().hex}"
        await self._control("begin", run_id=run_id, task_id=task.id)
        await self._client.open_run(RunContext(run_id, f"ses_{run_id}", user="evaluation", channel="api"))
        try:
            rounds = await self._run_actions(task, run_id, author)
        finally:
            with anyio.CancelScope(shield=True):
                await self._client.close_run(run_id)
        verdict = Verdict(**await self._control("grade", run_id=run_id))
        counts = await self._count(run_id)
        return TaskResult(
            suite.name,
            suite.version,
            author.name,
            task.id,
            verdict.passed,
            verdict.reason,
            rounds=len(rounds),
            failed_actions=sum(one.status != "ok" for one in rounds),
            seconds=round(time.monotonic() - begun, 4),
            **counts,
        )

    async def _run_actions(self, task: EvaluationTask, run_id: str, author: Author) -> list[ActionResult]:
        box = Box(self._sandbox, self._client, run_id, task.toolkits)
        self._listener.box = box
        rounds: list[ActionResult] = []
        try:
            for turn in range(len(task.messages)):
                rounds += await self._run_turn(task, turn, box, author)
                await self._control("end_turn", run_id=run_id)
            if task.check:
                checked = await box.run(task.check)
                await self._tell(run_id, checked, is_check=True)
        finally:
            with anyio.CancelScope(shield=True):
                self._listener.box = None
                await box.close()
        return rounds

    async def _run_turn(self, task: EvaluationTask, turn: int, box: Box, author: Author) -> list[ActionResult]:
        rounds: list[ActionResult] = []
        while (code := await author.next_action(task, turn, tuple(rounds))) is not None:
            rounds.append(await box.run(code))
            await self._tell(box.run_id, rounds[-1])
        return rounds

    async def _tell(self, run_id: str, result: ActionResult, *, is_check: bool = False) -> None:
        error = (result.error or "")[-_ERROR_CHARS:]
        outcome = RoundOutcome(result.status, result.value or "", result.value_json, error, is_check)
        await self._control("end_round", run_id=run_id, outcome=dataclasses.asdict(outcome))

    async def _control(self, tool: str, **arguments: object) -> Any:
        outcome = await self._client.call(_CONTROL_RUN, served.CONTROL, tool, arguments)
        if outcome.error is not None:
            raise RunError(f"The evaluation cannot go on: {outcome.error.message}")
        return outcome.value

    async def _count(self, run_id: str) -> dict[str, int]:
        """Count a run's calls and approvals in the journal."""
        await self._client.flush()
        kinds = ("call_finished", "approval_answered")
        rows = await anyio.to_thread.run_sync(lambda: self._journal.rows(run_id, kinds=kinds))
        ended = [row for row in rows if row.kind == "call_finished"]
        failed = sum(not row.data["ok"] for row in ended)
        return {"calls": len(ended), "failed_calls": failed, "approvals": len(rows) - len(ended)}


def _is_of(result: TaskResult, suite: Suite, author: Author) -> bool:
    return (result.suite, result.version, result.author) == (suite.name, suite.version, author.name)


async def _await_toolkits(client: BrokerClient, listener: Listener) -> None:
    """Wait until the broker serves the set.

    Raises:
        ConfigurationError: It cannot; says why.
    """
    with anyio.move_on_after(_OPEN_SECONDS):
        while not any(toolkit.name == served.CONTROL for toolkit in client.toolkits):
            with anyio.move_on_after(0.5):
                await listener.changed()
            if problem := (await client.health()).problems.get(served.FACTORY):
                raise ConfigurationError(f"The broker cannot serve the task set: {problem}")
        return
    raise ConfigurationError(f"The broker has not loaded the task set within {_OPEN_SECONDS:g} seconds.")
