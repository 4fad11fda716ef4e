"""Rounds and tokens of solutions given as actions, beside the same work as tool calls at once: both really run.

A model that plays the solutions does every task in both modes of `sanca eval`: the engine's prompts, sandbox and
observations, and the loop of JSON tool calls; the sets' own checkers grade both. Tokens are those of the requests and
replies that passed.
"""

from __future__ import annotations

import ast
import json
import sys
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from _harness import Row
from _solutions import Kind, TracedTurn, steps_of, trace
from _tokens import TOKENIZER, count, rendered, rendered_message
from sanca.core.errors import ConfigurationError
from sanca.core.messages import ModelDelta, ModelRequest, PromptMessage, ToolCall, Usage
from sanca.core.tools import Effect
from sanca.python_runtime.evaluation.authors import Participant, TruthAuthor, Turn
from sanca.python_runtime.evaluation.engine_author import EngineAuthor
from sanca.python_runtime.evaluation.json_caller import JsonCaller
from sanca.python_runtime.evaluation.results import ResultFile, TaskResult
from sanca.python_runtime.evaluation.runner import run_tasks
from sanca.python_runtime.evaluation.suite import EvaluationTask, Suite, make_suite
from solution_player import Steps, next_step

SETS: Mapping[str, tuple[str, int]] = {
    "bfcl": ("", 8),
    "agentdojo": ("", 1),
    "m3tooleval": ("m3tooleval", 1),
    "tau-retail": ("tau_retail", 1),
}
"""Set → its folder in `--data`, and of how many tasks one is taken."""
PEER = "JSON tool calls, several at once"
ROUNDS_MOST = 40
_DONE = "It is done."
_REFUSES = "I cannot do that with what I have: something that it needs is missing."


@dataclass(frozen=True)
class Way:
    """How solutions are given as actions."""

    name: str
    suffix: str
    """Of its rows."""
    look_at: Sequence[Kind]
    shows: bool
    at_once: bool = True
    """An action that only reads words the answer itself, where that can be done without looking at its results."""


WAYS = (
    Way("shown", "", ("read",), shows=True),
    Way("strict", "_strict", ("read", "chosen"), shows=True),
    Way("apart", "_answered_apart", ("read",), shows=True, at_once=False),
    Way("written", "_as_written", (), shows=False, at_once=False),
)


class PlayedModel:
    """Plays one turn's solution at a time, and counts tokens as a provider would."""

    def __init__(self, name: str, *, as_calls: bool) -> None:
        self.name = name
        self._as_calls = as_calls
        self._steps = Steps("")
        self._done = 0
        self._before: list[str] = []

    def begin(self, steps: Steps) -> None:
        """Play these from now on."""
        self._steps, self._done = steps, 0

    async def stream(self, request: ModelRequest) -> AsyncIterator[ModelDelta]:
        """Give the next step."""
        played = next_step(self._steps, self._done, (), as_calls=self._as_calls)
        self._done += 1
        calls = tuple(
            ToolCall(id=f"call_{number}", name=one["name"], arguments_json=json.dumps(one["arguments"]))
            for number, one in enumerate(played.calls)
        )
        said = _as_sent(PromptMessage(role="assistant", content=played.text, tool_calls=calls))
        usage = self._usage(request, rendered_message(said))
        yield ModelDelta(text=played.text, tool_calls=calls, finish_reason="stop", usage=usage)

    def _usage(self, request: ModelRequest, reply: str) -> Usage:
        """Count: what the request before began with as well is what a cache would have kept."""
        tools = [{"type": "function", "function": one.model_dump()} for one in request.tools]
        texts = [rendered([], tools), *(rendered_message(_as_sent(one)) for one in request.messages)]
        same = next((i for i, (new, old) in enumerate(zip(texts, self._before, strict=False)) if new != old), None)
        same = min(len(texts), len(self._before)) if same is None else same
        self._before = texts
        sizes = [count(text) for text in texts]
        return Usage(
            model=self.name,
            input_tokens=sum(sizes),
            output_tokens=count(reply),
            cached_tokens=sum(sizes[:same]),
        )


def _as_sent(message: PromptMessage) -> dict[str, Any]:
    calls = [{"function": {"name": one.name, "arguments": one.arguments_json}} for one in message.tool_calls]
    return {"role": message.role, "content": message.content, "tool_calls": calls}


class _PlayedActions(EngineAuthor):
    """The engine's author with a solution for its model."""

    def __init__(self, way: Way, solutions: Mapping[str, Sequence[Steps]]) -> None:
        self._played = PlayedModel(way.name, as_calls=False)
        self._solutions = solutions
        super().__init__(self._played, rounds_most=ROUNDS_MOST)

    async def hear(self, task: EvaluationTask, turn: Turn) -> None:
        """Begin a turn, and its solution."""
        self._played.begin(self._solutions[task.id][turn.number])
        await super().hear(task, turn)


class _PlayedCalls(JsonCaller):
    """The caller of tools with a solution for its model."""

    def __init__(self, solutions: Mapping[str, Sequence[Steps]]) -> None:
        self._played = PlayedModel("calls", as_calls=True)
        self._solutions = solutions
        super().__init__(self._played, rounds_most=ROUNDS_MOST)

    async def hear(self, task: EvaluationTask, turn: Turn) -> None:
        """Begin a turn, and its solution."""
        self._played.begin(self._solutions[task.id][turn.number])
        await super().hear(task, turn)


async def measure_saved(data: Path | None, *, every: int, full: bool) -> list[Row]:
    """Return the rows of all sets that are there.

    Args:
        data: A folder with a folder a set, for those that no package carries.
        every: Take only one of so many tasks, beyond what a set has.
        full: Take all tasks of all sets.
    """
    rows: list[Row] = []
    for name, (folder, sample) in SETS.items():
        place = data / folder if data and folder else None
        try:
            suite = make_suite(name, place)
        except ConfigurationError as error:
            rows.append(Row(f"rounds_saved_ratio_{name}", None, "", note=str(error)))
            continue
        tasks = list(suite.tasks())[:: 1 if full else sample * every]
        rows += await _measure(suite, name, place, tasks)
    return rows


async def _measure(suite: Suite, name: str, data: Path | None, tasks: Sequence[EvaluationTask]) -> list[Row]:
    traced = {task.id: trace(suite, task) for task in tasks}
    authors: list[Participant] = [TruthAuthor()]
    played = [_PlayedActions(way, _solutions(suite, tasks, traced, way)) for way in WAYS]
    authors += [*played, _PlayedCalls(_solutions(suite, tasks, traced, WAYS[0]))]
    begin = time.monotonic()
    try:
        found = await run_tasks(
            suite, name, data, authors, tasks=tasks, results=ResultFile(None), on_result=lambda _: None
        )
    finally:
        for author in played:
            await author.close()
    print(f"{name}: {len(tasks)} tasks, {time.monotonic() - begin:.0f} s", file=sys.stderr)
    by_way = {author.split()[0]: results for author, results in found.items()}
    return _rows(name, by_way)


def _solutions(
    suite: Suite, tasks: Sequence[EvaluationTask], traced: Mapping[str, Sequence[TracedTurn]], way: Way
) -> dict[str, Sequence[Steps]]:
    found: dict[str, Sequence[Steps]] = {}
    for task in tasks:
        turns = traced[task.id]
        answers = _answers(suite, task, turns)
        steps = steps_of(task, turns, answers, look_at=way.look_at, shows=way.shows)
        found[task.id] = [_at_once(suite, *each) for each in zip(steps, turns, strict=True)] if way.at_once else steps
    return found


def _at_once(suite: Suite, steps: Steps, turn: TracedTurn) -> Steps:
    """Let the last action say the answer, when it changes nothing and needs no look at what it gave.

    That is a program whose value is the answer, or an answer without any figure of the results.
    """
    only_reads = all(call.tool.effect is Effect.READ for call in turn.calls)
    if not steps.actions or not only_reads:
        return steps
    *before, last = steps.actions
    if suite.name == "m3tooleval":
        body = ast.parse(last).body
        program, value = ast.unparse(ast.Module(body[:-1], [])), ast.unparse(body[-1])
        said = f"{program}\nfinal_answer(repr({value}))".strip()
    elif steps.answer == _DONE:
        said = f"{last}\nfinal_answer({_DONE!r})"
    else:
        return steps
    return replace(steps, actions=[*before, said])


def _answers(suite: Suite, task: EvaluationTask, turns: Sequence[TracedTurn]) -> list[str]:
    """Return what is said at the end of each turn, the same in all modes: what the checker wants to hear, or a word."""
    if suite.name == "m3tooleval":
        return [repr(turn.value) for turn in turns]
    if suite.name == "agentdojo":
        return [str(turn.value) or _DONE for turn in turns]
    told = ", ".join(task.to_say)
    return [f"{_DONE} {told}".strip() if turn.calls else _REFUSES for turn in turns]


def _rows(name: str, found: Mapping[str, Sequence[TaskResult]]) -> list[Row]:
    """Return what each way saves: 1 less the ratio of the sums over all tasks."""
    asked = {way: _sum(results, "model_calls") for way, results in found.items()}
    tokens = {way: _sum(results, "input_tokens") + _sum(results, "output_tokens") for way, results in found.items()}
    fresh = {way: tokens[way] - _sum(results, "cached_tokens") for way, results in found.items()}
    passed = ", ".join(f"{way} {sum(one.passed for one in results)}" for way, results in found.items())
    notes = {
        "rounds": f"{len(found['calls'])} tasks, passed: {passed}; {_both(asked)} model calls",
        "tokens": f"{_both(tokens)}; {TOKENIZER}",
        "fresh_tokens": f"{_both(fresh)}; without those that the request before began with",
    }
    rows = [
        Row(f"{what}_saved_ratio{way.suffix}_{name}", 1 - sums[way.name] / sums["calls"], "", PEER, note=note)
        for what, sums in (("rounds", asked), ("tokens", tokens), ("fresh_tokens", fresh))
        for way in WAYS[: 1 if what == "fresh_tokens" else None]
        for note in [notes[what] if way is WAYS[0] else ""]
    ]
    seconds = _sum(found["truth"], "seconds")
    return [*rows, Row(f"truth_tasks_per_second_{name}", len(found["truth"]) / seconds, "/s")]


def _both(sums: Mapping[str, float]) -> str:
    return f"{sums[WAYS[0].name]:,.0f} for {sums['calls']:,.0f}"


def _sum(results: Sequence[TaskResult], name: str) -> float:
    return float(sum(getattr(one, name) for one in results))
