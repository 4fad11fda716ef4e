"""Runs tasks of a set: each in a sandbox session and run of its own, all its calls through the broker's gate."""

from __future__ import annotations

import dataclasses
import tempfile
import time
import uuid
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import anyio
from sanca.core.errors import ConfigurationError, ModelError, ModelOutputError, RunError
from sanca.core.tools import ToolkitDefinition
from sanca.python_runtime.broker.client import BrokerClient
from sanca.python_runtime.broker.journal_reader import JournalReader
from sanca.python_runtime.broker.records import BrokerSettings, RunBudget, RunContext
from sanca.python_runtime.evaluation import served
from sanca.python_runtime.evaluation.authors import Author, Caller, Participant, Turn
from sanca.python_runtime.evaluation.box import Box
from sanca.python_runtime.evaluation.listener import Listener
from sanca.python_runtime.evaluation.persons import FixedPerson, Person
from sanca.python_runtime.evaluation.results import ResultFile, TaskResult
from sanca.python_runtime.evaluation.suite import EvaluationTask, RoundOutcome, Suite, Verdict
from sanca.python_runtime.evaluation.turns import Count, run_actions, run_calls, run_reply
from sanca.python_runtime.sandbox import ActionResult, Sandbox, open_sandbox

_OPEN_SECONDS = 180.0
"""How long the broker may take to import a set's packages."""
_ERROR_CHARS = 2_000
_REFUSALS_MOST = 3
"""Tasks in a row that a model may refuse before it counts as one that refuses all."""
_CONTROL_RUN = "run_evaluation"
_CONTROL_BUDGET = RunBudget(calls=10**9, seconds=1e9, argument_bytes=2**50)


async def run_tasks(
    suite: Suite,
    suite_name: str,
    data: Path | None,
    authors: Sequence[Participant],
    *,
    tasks: Sequence[EvaluationTask],
    results: ResultFile,
    on_result: Callable[[TaskResult], None],
    person: Person | None = None,
) -> dict[str, list[TaskResult]]:
    """Run those tasks that have no result yet, one after the other, each by all authors in turn.

    So they share the good and bad hours of machine and model server.

    Args:
        suite: The set.
        suite_name: By which the broker makes it too.
        data: Its data folder, if it needs one.
        authors: Who does the tasks.
        tasks: Which tasks.
        results: Where results are kept, and looked up.
        on_result: Told of every result, those of an earlier run first.
        person: Who says the messages; by default they are the task's own.

    Returns:
        The name of each author, with a result a task in the order of the tasks.

    Raises:
        ModelError: A model cannot be asked; the results so far are kept.
    """
    person = person or FixedPerson()
    names = [_full_name(author, person) for author in authors]
    known = {(one.author, one.task): one for one in results.read() if (one.suite, one.version) == _set_of(suite)}
    wanted = [(name, task) for task in tasks for name in names]
    for name, task in wanted:
        if (name, task.id) in known:
            on_result(known[name, task.id])
    if any((name, task.id) not in known for name, task in wanted):
        async with open_runner(suite_name, data) as runner:
            for task in tasks:
                for name, author in zip(names, authors, strict=True):
                    if (name, task.id) not in known:
                        result = replace(await runner.run(task, suite, author, person), author=name)
                        known[name, task.id] = result
                        results.append(result)
                        on_result(result)
    return {name: [known[name, task.id] for task in tasks] for name in names}


def _full_name(author: Participant, person: Person) -> str:
    """Return whose work it is, and who played the person where somebody did: other answers come of that."""
    return f"{author.name}, person {person.name}" if person.name else author.name


def _set_of(suite: Suite) -> tuple[str, str]:
    return suite.name, suite.version


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
        self._is_answered = False
        """Whether the model has answered anything yet."""
        self._refused = 0
        """Tasks in a row that ended by a fault of the model."""

    async def run(
        self, task: EvaluationTask, suite: Suite, author: Participant, person: Person | None = None
    ) -> TaskResult:
        """Run a task and grade it. What a model is at fault for counts as not passed.

        Raises:
            ModelError: The model cannot be asked.
        """
        begun, run_id, count = time.monotonic(), f"run_{uuid.uuid4().hex}", Count()
        await self._control("begin", run_id=run_id, task_id=task.id)
        await self._client.open_run(RunContext(run_id, f"ses_{run_id}", user="evaluation", channel="api"))
        turns, fault = 0, ""
        try:
            turns = await self._run_turns(task, run_id, author, person or FixedPerson(), count)
        except ModelError as error:
            fault = self._fault(error, author)
        finally:
            with anyio.CancelScope(shield=True):
                await self._client.close_run(run_id)
        verdict = Verdict(**await self._control("grade", run_id=run_id))
        if fault:
            verdict = Verdict(passed=False, reason=fault)
        self._refused = self._refused + 1 if fault else 0
        self._is_answered = self._is_answered or author.spent.model_calls > 0
        counts: dict[str, Any] = await self._count(run_id)
        return TaskResult(
            suite.name,
            suite.version,
            author.name,
            task.id,
            verdict.passed,
            verdict.reason,
            rounds=count.rounds,
            failed_actions=count.failed,
            seconds=round(time.monotonic() - begun, 4),
            turns=turns,
            **counts,
            **dataclasses.asdict(author.spent),
        )

    def _fault(self, error: ModelError, author: Participant) -> str:
        """Return why a task counts as not passed by the model's own fault.

        A reply that cannot be used, or a refusal of this one task (too long, not allowed), is that; a model that cannot
        be reached, or that refuses everything, is not: it would spoil the results of all tasks to come.

        Raises:
            ModelError: The same one.
        """
        if isinstance(error, ModelOutputError):
            return str(error)
        has_answered = self._is_answered or author.spent.model_calls > 0
        if error.retryable or not has_answered or self._refused >= _REFUSALS_MOST:
            raise error
        return f"the model refused: {error}"

    async def _run_turns(
        self, task: EvaluationTask, run_id: str, author: Participant, person: Person, count: Count
    ) -> int:
        """Do a task's turns and run its check; return how many there were."""
        box = Box(self._sandbox, self._client, run_id, task.toolkits)
        self._listener.box = box
        said: list[tuple[str, str]] = []
        try:
            while (message := await person.next_message(task, said)) is not None:
                said.append((message, await self._run_turn(task, Turn(len(said), message), box, author, count)))
                await self._control("end_turn", run_id=run_id)
            if task.check:
                await self._tell(run_id, await box.run(task.check), is_check=True)
        finally:
            with anyio.CancelScope(shield=True):
                self._listener.box = None
                await box.close()
        return len(said)

    async def _run_turn(self, task: EvaluationTask, turn: Turn, box: Box, author: Participant, count: Count) -> str:
        """Do a turn and return what was answered."""
        tell = partial(self._tell, box.run_id)
        self._listener.toolkits = there = _there(self._client.toolkits, task, turn.number)
        await author.hear(task, replace(turn, toolkits=there))
        if isinstance(author, Author):
            await run_actions(task, turn.number, author, box, tell, count)
        elif isinstance(author, Caller):
            await run_calls(task, turn.number, author, self._client, box.run_id, count)
            if not task.toolkits:
                await run_reply(author.answer() or "", box, tell, count)
        answer = author.answer()
        if answer is not None:
            outcome = RoundOutcome("ok", answer, is_answer=True)
            await self._control("end_round", run_id=box.run_id, outcome=dataclasses.asdict(outcome))
        return answer or ""

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


def _there(toolkits: Sequence[ToolkitDefinition], task: EvaluationTask, turn: int) -> list[ToolkitDefinition]:
    """Return a task's toolkits with the tools that are there in a turn."""
    return [
        toolkit.model_copy(
            update={"tools": tuple(tool for tool in toolkit.tools if task.has_tool(toolkit.name, tool.name, turn))}
        )
        for toolkit in toolkits
        if toolkit.name in task.toolkits and toolkit.name != served.CONTROL
    ]


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
