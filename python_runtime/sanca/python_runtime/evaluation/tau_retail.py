"""tau-bench retail: conversations with a shop's customers. A task's scripted calls become one action.

The data (`db.json`, `tasks.json`, and for models `policy.md`) comes from outside. Graded by the database: it must equal
that of a direct replay of the scripted calls on a shop of its own. Of a script every answer must be the same too,
errors among them; a model may look things up as it likes, but must tell the customer what the task wants to be told.
"""

from __future__ import annotations

import hashlib
import inspect
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sanca.core.errors import ConfigurationError
from sanca.core.tools import Effect
from sanca.python_runtime.evaluation.retail_shop import RetailShop, ShopError
from sanca.python_runtime.evaluation.suite import EvaluationTask, RoundOutcome, Verdict, data_folder
from sanca.python_runtime.evaluation.world_tools import WorldToolkit, effect_of, tool_of

_TOOLKIT = "retail"
_HEAD = '''\
def tried(call, **arguments):
    """Call a tool; a look-up that finds nothing is an answer too."""
    try:
        return call(**arguments)
    except ToolError as error:
        return {"error": str(error)}

'''


class TauRetail:
    """The retail tasks of a data folder."""

    name = "tau-retail"

    def __init__(self, data: Path | None) -> None:
        folder = data_folder(data, suite=self.name, files=("db.json", "tasks.json"))
        self._database = (folder / "db.json").read_bytes()
        text = (folder / "tasks.json").read_bytes()
        policy = folder / "policy.md"
        self._policy = policy.read_text(encoding="utf-8") if policy.is_file() else ""
        try:
            self._tasks = {str(task["id"]): task for task in json.loads(text)}
        except (ValueError, TypeError, KeyError) as error:
            raise ConfigurationError(
                f"{str(folder / 'tasks.json')!r} is no list of tau-bench tasks: {error}."
            ) from error
        self.version = f"data {hashlib.sha256(self._database + text).hexdigest()[:12]}"

    def tasks(self) -> Sequence[EvaluationTask]:
        """Return every task."""
        return [
            EvaluationTask(
                id=task_id,
                messages=(_opening(task["user_scenario"]["instructions"]),),
                truth=((_HEAD + "\n".join(_line(call) for call in _calls(task)),),),
                toolkits=(_TOOLKIT,),
                rules=self._policy,
                customer=_scenario(task["user_scenario"]),
                to_say=_to_say(task),
            )
            for task_id, task in self._tasks.items()
        ]

    def toolkits(self) -> Sequence[WorldToolkit]:
        """Return the shop."""
        methods = inspect.getmembers(RetailShop, inspect.isfunction)
        tools = tuple(tool_of(method, effect=_effect(name)) for name, method in methods if not name.startswith("_"))
        return [WorldToolkit(_TOOLKIT, "A shop's orders, users and products.", tools)]

    def world(self, task_id: str) -> RetailWorld:
        """Return a shop with the set's database, and one beside it for the replay."""
        shop, beside = (RetailShop(json.loads(self._database)) for _ in range(2))
        task = self._tasks[task_id]
        return RetailWorld(shop, beside, _calls(task), _to_say(task))


class RetailWorld:
    """A shop, what it answered, and another one to replay the script on."""

    def __init__(
        self, shop: RetailShop, beside: RetailShop, script: Sequence[Mapping[str, Any]], to_say: Sequence[str]
    ) -> None:
        self._shop = shop
        self._beside = beside
        self._script = script
        self._to_say = to_say
        self._answers: list[str] = []
        self._words: list[str] = []
        """A model's own; a script has none."""

    def call(self, toolkit: str, tool: str, arguments: Mapping[str, Any]) -> Any:
        """Do it in the shop."""
        del toolkit  # there is one
        try:
            value = getattr(self._shop, tool)(**arguments)
        except ShopError as error:
            self._answers.append(f"error: {error}")
            raise
        self._answers.append(json.dumps(value))
        return value

    def end_round(self, outcome: RoundOutcome) -> None:
        """Keep what a model told the customer; of actions the database tells."""
        if outcome.is_answer:
            self._words.append(outcome.text)

    def end_turn(self) -> None:
        """Wait for the verdict: the script knows no turns."""

    def verdict(self) -> Verdict:
        """Replay the script and compare answers and databases."""
        answers = [_answer(self._beside, call) for call in self._script]
        if self._shop.database != self._beside.database:
            return Verdict(passed=False, reason="the database is not that of a direct replay")
        if self._words:  # a model may look things up in its own order, but must tell what was asked
            said = "\n".join(self._words).replace(",", "").lower()
            missing = [fact for fact in self._to_say if fact.replace(",", "").lower() not in said]
            return Verdict(not missing, f"the customer was not told {', '.join(missing)}" if missing else "")
        if self._answers != answers:
            return Verdict(passed=False, reason="the answers are not those of a direct replay")
        return Verdict(passed=True)


def _opening(instructions: Mapping[str, Any]) -> str:
    """Return what a customer says who says everything at once: who they are, and what they want."""
    parts = (instructions.get("known_info"), instructions["reason_for_call"])
    return "\n".join(part for part in parts if part)


def _scenario(scenario: Mapping[str, Any]) -> str:
    """Return the customer's part, for a model that plays it."""
    instructions = scenario["instructions"]
    parts = [
        ("Who you are", scenario.get("persona")),
        ("What you know", instructions.get("known_info")),
        ("What you do not know", instructions.get("unknown_info")),
        ("Why you call", instructions["reason_for_call"]),
        ("How you behave", instructions.get("task_instructions")),
    ]
    return "\n".join(f"{title}: {text}" for title, text in parts if text)


def _answer(shop: RetailShop, call: Mapping[str, Any]) -> str:
    try:
        return json.dumps(getattr(shop, call["name"])(**call["arguments"]))
    except ShopError as error:
        return f"error: {error}"


def _calls(task: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    found: Sequence[Mapping[str, Any]] = task["evaluation_criteria"]["actions"]
    return found


def _to_say(task: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(task["evaluation_criteria"].get("communicate_info") or ())


def _line(call: Mapping[str, Any]) -> str:
    arguments = "".join(f", {name}={value!r}" for name, value in call["arguments"].items())
    return f"tried({_TOOLKIT}.{call['name']}{arguments})"


def _effect(name: str) -> Effect:
    return Effect.DESTRUCTIVE if name.startswith("cancel") else effect_of(name)
