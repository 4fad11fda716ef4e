"""A task set's own solutions as two authors would give them: as actions, and as batches of tool calls at once.

A turn's solution is run once, directly on a fresh state of the task, and every call is noted with its arguments and
its result. What a call waits for is told from the values, by one rule for all sets. Each text and number in its
arguments is

1. known, when it stands in a message so far, in the set's rules or in a result of an earlier turn, or nowhere at all
   (then it is the author's own);
2. else taken from the first call of the turn whose result has it: as a field of its own (`whole`), as one of several
   in a list or as the key of a table (`chosen`), or inside a longer text (`read`).

Tool calls: a call goes one batch after those it takes values from. Calls of a batch run in their order, so a call that
changes something waits for nothing but values; reads may move ahead to an earlier batch as long as no change is
between. Actions: `whole` and `chosen` values flow in the code; after a `read` one the author has to look at the text,
and a new action begins. The strict rule looks at `chosen` ones too. Solutions that are programs (M3ToolEval) are one
action.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic_core import to_jsonable_python
from sanca.core.errors import ToolError
from sanca.core.tools import Effect
from sanca.python_runtime.evaluation.suite import EvaluationTask, RoundOutcome, Suite, World
from sanca.python_runtime.evaluation.world_tools import WorldTool
from solution_player import Steps

Kind = Literal["whole", "chosen", "read"]
_SHORTEST_READ = 3
"""Characters of a value that counts as found inside a longer text."""


@dataclass(frozen=True)
class TracedCall:
    """A call that a solution made."""

    toolkit: str
    tool: WorldTool
    arguments: Mapping[str, Any]
    result: Any


@dataclass
class TracedTurn:
    """A turn's calls, and the value of its last action as JSON."""

    message: str
    code: str = ""
    calls: list[TracedCall] = field(default_factory=list)
    value: Any = None


@dataclass(frozen=True)
class Need:
    """That a call takes a value from an earlier one."""

    call: int
    kind: Kind


def trace(suite: Suite, task: EvaluationTask) -> list[TracedTurn]:
    """Run a task's solution on a fresh state and note its calls."""
    world = suite.world(task.id)
    names: dict[str, Any] = {"ToolError": ToolError, "__builtins__": __builtins__}
    turns = []
    for message, actions in zip(task.messages, task.truth, strict=True):
        turn = TracedTurn(message, "\n".join(actions))
        for toolkit in suite.toolkits():
            if toolkit.name in task.toolkits:
                tools = {tool.name: tool for tool in toolkit.tools}
                names[toolkit.name] = _Recorder(world, toolkit.name, tools, turn)
        turn.value = _run(turn.code, names)
        world.end_round(RoundOutcome("ok", str(turn.value), json.dumps(turn.value)))
        world.end_turn()
        turns.append(turn)
    return turns


class _Recorder:
    """A toolkit whose calls are noted."""

    def __init__(self, world: World, name: str, tools: Mapping[str, WorldTool], turn: TracedTurn) -> None:
        self._world = world
        self._name = name
        self._tools = tools
        self._turn = turn

    def __getattr__(self, name: str) -> Any:
        tool = self._tools[name]

        def call(*given: Any, **named: Any) -> Any:
            places = zip((each.name for each in tool.parameters), given, strict=False)
            arguments = json.loads(json.dumps({**dict(places), **named}))
            try:
                result = to_jsonable_python(self._world.call(self._name, name, arguments))
            except Exception as error:
                self._turn.calls.append(TracedCall(self._name, tool, arguments, f"Error: {error}"))
                raise ToolError(str(error)) from error
            self._turn.calls.append(TracedCall(self._name, tool, arguments, result))
            return result

        return call


def _run(code: str, names: dict[str, Any]) -> Any:
    """Run an action and return the value of its last expression."""
    body = ast.parse(code).body
    last = body.pop() if body and isinstance(body[-1], ast.Expr) else None
    exec(compile(ast.Module(body, []), "solution", "exec"), names)  # noqa: S102 - a set's own solution
    return to_jsonable_python(eval(ast.unparse(last), names)) if last else None  # noqa: S307 - as above


def needs_of(turn: TracedTurn, known: str) -> list[list[Need]]:
    """Return for each call of a turn what it takes from earlier ones.

    Args:
        turn: The turn.
        known: All that was to be read before the turn's first call.
    """
    found: list[list[Need]] = []
    for number, call in enumerate(turn.calls):
        values = [value for value in leaves(call.arguments) if not stands_in(value, known)]
        needs = (_need(value, turn.calls[:number]) for value in values)
        found.append([need for need in needs if need])
    return found


def _need(value: Any, earlier: Sequence[TracedCall]) -> Need | None:
    for number, call in enumerate(earlier):
        if kind := _how(value, call.result):
            return Need(number, kind)
    return None


def _how(value: Any, result: Any, *, among: bool = False) -> Kind | None:
    """Return how a result has a value."""
    match result:
        case dict():
            if isinstance(value, str) and value in result:
                return "chosen"
            # A table of records by id is a list in all but form.
            is_table = among or (len(result) > 1 and all(isinstance(each, dict) for each in result.values()))
            kinds = [_how(value, each, among=is_table) for each in result.values()]
        case list():
            kinds = [_how(value, each, among=True) for each in result]
        case str() if result != value:
            return "read" if _is_inside(value, result) else None
        case _:
            return ("chosen" if among else "whole") if _same(value, result) else None
    order: tuple[Kind, ...] = ("whole", "chosen", "read")
    return next((kind for kind in order if kind in kinds), None)


def _same(value: Any, other: Any) -> bool:
    if isinstance(value, bool) or isinstance(other, bool):
        return False
    return bool(value == other) or str(value) == str(other)


def _is_inside(value: Any, text: str) -> bool:
    return len(str(value)) >= _SHORTEST_READ and stands_in(value, text)


def stands_in(value: Any, text: str) -> bool:
    """Return whether a text has the value as a word of its own."""
    return bool(re.search(rf"(?<![\w.]){re.escape(str(value))}(?![\w])", text, re.IGNORECASE))


def leaves(value: Any) -> Iterator[Any]:
    """Yield the texts and numbers in a value; booleans, nothing and empty texts tell nothing."""
    if isinstance(value, Mapping):
        for each in value.values():
            yield from leaves(each)
    elif isinstance(value, list):
        for each in value:
            yield from leaves(each)
    elif isinstance(value, int | float | str) and not isinstance(value, bool) and value != "":
        yield value


def batches_of(turn: TracedTurn, needs: Sequence[Sequence[Need]]) -> list[list[TracedCall]]:
    """Return the turn's calls in as few batches as the rule allows."""
    places: list[int] = []
    last_change = latest = 0
    for call, wanted in zip(turn.calls, needs, strict=True):
        after = max((places[need.call] + 1 for need in wanted), default=0)
        place = max(after, latest if call.tool.effect is not Effect.READ else last_change)
        places.append(place)
        latest = max(latest, place)
        last_change = place if call.tool.effect is not Effect.READ else last_change
    batches: list[list[TracedCall]] = [[] for _ in range(latest + 1 if places else 0)]
    for call, place in zip(turn.calls, places, strict=True):
        batches[place].append(call)
    return batches


def actions_of(turn: TracedTurn, needs: Sequence[Sequence[Need]], *, look_at: Sequence[Kind], shows: bool) -> list[str]:
    """Return the turn's solution as actions.

    Args:
        turn: The turn.
        needs: What its calls take from earlier ones.
        look_at: A new action begins after values of these kinds.
        shows: Each action ends in a list of all results, so that as much is seen as of tool calls.
    """
    head, lines = _lines(turn)
    if lines is None:
        return [turn.code] if turn.code else []
    places: list[int] = []
    for wanted in needs:
        looks = (places[need.call] + 1 for need in wanted if need.kind in look_at)
        places.append(max(max(looks, default=0), places[-1] if places else 0))
    parts: list[list[str]] = [[] for _ in range(places[-1] + 1 if places else 0)]
    for line, place in zip(lines, places, strict=True):
        parts[place].append(line)
    texts = ["[\n" + "".join(f"    {line},\n" for line in part) + "]" if shows else "\n".join(part) for part in parts]
    return [head + texts[0], *texts[1:]] if texts else []


def _lines(turn: TracedTurn) -> tuple[str, list[str] | None]:
    """Return what a solution defines first and its calls, a line each; None when it is a program."""
    body = ast.parse(turn.code).body
    head = [ast.unparse(each) for each in body if isinstance(each, ast.FunctionDef)]
    rest = [each for each in body if not isinstance(each, ast.FunctionDef)]
    calls = [each for each in rest if isinstance(each, ast.Expr) and isinstance(each.value, ast.Call)]
    answers = [each for each in rest if isinstance(each, ast.Expr) and isinstance(each.value, ast.Constant)]
    if len(calls) + len(answers) != len(rest) or len(calls) != len(turn.calls):
        return "", None
    return "".join(f"{each}\n\n" for each in head), [ast.unparse(each) for each in calls]


def steps_of(
    task: EvaluationTask, turns: Sequence[TracedTurn], answers: Sequence[str], *, look_at: Sequence[Kind], shows: bool
) -> list[Steps]:
    """Return a task's turns for a player; each message is known to be the turn's by its place, not by its words."""
    known, steps = task.rules, []
    for turn, answer in zip(turns, answers, strict=True):
        known += f"\n{turn.message}"
        needs = needs_of(turn, known)
        calls = [
            [{"name": each.tool.name, "arguments": each.arguments} for each in one] for one in batches_of(turn, needs)
        ]
        steps.append(Steps(turn.message, actions_of(turn, needs, look_at=look_at, shows=shows), calls, answer))
        known += "".join(f"\n{json.dumps(call.result, ensure_ascii=False)}" for call in turn.calls)
    return steps
