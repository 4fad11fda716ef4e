"""Does the turns of a task: actions in the sandbox, or tool calls straight through the gate. Grades nothing."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from sanca.core.tools import CallOutcome
from sanca.python_runtime.broker.client import BrokerClient
from sanca.python_runtime.evaluation.authors import Author, CallAnswer, Caller, WantedCall
from sanca.python_runtime.evaluation.box import Box
from sanca.python_runtime.evaluation.suite import EvaluationTask
from sanca.python_runtime.observation import cut_middle
from sanca.python_runtime.sandbox import ActionResult

_ANSWER_CHARS = 8_000
"""Of a tool's answer, as many as of an action's observation."""
_BLOCK = re.compile(r"```(?:python3?|py)?[ \t]*\n(.*?)```", re.DOTALL)

Tell = Callable[[ActionResult], Awaitable[None]]
"""Hears how an action ended."""


@dataclass
class Count:
    """What a task's turns came to."""

    rounds: int = 0
    failed: int = 0


async def run_actions(task: EvaluationTask, turn: int, author: Author, box: Box, tell: Tell, count: Count) -> None:
    """Run the actions of a turn until the author has no more."""
    so_far: list[ActionResult] = []
    while (code := await author.next_action(task, turn, tuple(so_far))) is not None:
        result = await box.run(code)
        so_far.append(result)
        count.rounds += 1
        count.failed += result.status != "ok"
        await tell(result)


async def run_calls(
    task: EvaluationTask, turn: int, caller: Caller, client: BrokerClient, run_id: str, count: Count
) -> None:
    """Make the calls of a turn, batch by batch, until the caller wants no more. Those of a batch run in its order."""
    so_far: list[Sequence[CallAnswer]] = []
    while calls := await caller.next_calls(task, turn, tuple(so_far)):
        answers = [await _answer(task, turn, each, client, run_id) for each in calls]
        so_far.append(answers)
        count.rounds += 1
        count.failed += any(each.is_error for each in answers)


async def run_reply(text: str, box: Box, tell: Tell, count: Count) -> None:
    """Run the Python block of a reply: what a caller can do where a set has no tools."""
    if block := _BLOCK.search(text):
        result = await box.run(block[1])
        count.rounds += 1
        count.failed += result.status != "ok"
        await tell(result)


async def _answer(task: EvaluationTask, turn: int, call: WantedCall, client: BrokerClient, run_id: str) -> CallAnswer:
    if call.problem or not task.has_tool(call.toolkit, call.tool, turn):
        text = call.problem or f"There is no tool {call.tool!r}."
        return CallAnswer(call, f"Error: {text}", is_error=True)
    outcome = await client.call(run_id, call.toolkit, call.tool, call.arguments)
    return CallAnswer(call, answer_text(outcome), is_error=outcome.error is not None)


def answer_text(outcome: CallOutcome) -> str:
    """Return a call's outcome as a model reads it, with the same limit that observations have."""
    if outcome.error is not None:
        near = f" Close names: {', '.join(outcome.error.near)}." if outcome.error.near else ""
        return f"Error ({outcome.error.kind}): {outcome.error.message}{near}"
    value = outcome.value
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return cut_middle(text, _ANSWER_CHARS)
