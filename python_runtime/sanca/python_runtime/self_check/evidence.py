"""What really happened in a run, from its journal: calls with arguments and values, texts, figures. Judges nothing."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from typing import Any

from sanca.core.syntax import tree_of
from sanca.python_runtime.rounds import RunState

EFFECTS = frozenset({"WRITE", "DESTRUCTIVE"})
_ENGINES_OWN = frozenset({"sanca", "card", "page"})
_FAILED_FIELDS = (
    "outcome",
    "status",
    "state",
    "result",
    "error",
    "success",
    "ok",
    "succeeded",
    "deleted",
    "removed",
    "changed",
    "updated",
    "sent",
    "affected",
    "affected_rows",
)
_FAILED_WORDS = re.compile(
    r"^\W*(?:fail|error|den(?:y|ied)|reject|refus|abort|cancel|unhealthy|timeout|timed out|not[ _]|unable|could not"
    r"|失败|错误|拒绝)",
    re.IGNORECASE,
)
_COUNT_FIELDS = frozenset({"deleted", "removed", "changed", "updated", "sent", "affected", "affected_rows"})
_TEXT_CHARS = 20_000
_NUMBERS = 2_000


@dataclass(frozen=True)
class Call:
    """One call, as the journal has it."""

    call_id: str
    toolkit: str
    tool: str
    arguments: Mapping[str, Any]
    effect: str
    status: str
    round: int
    value: Any = None
    error: str = ""
    error_kind: str = ""

    @property
    def name(self) -> str:
        """`toolkit.tool`."""
        return f"{self.toolkit}.{self.tool}"

    @property
    def is_effect(self) -> bool:
        """Whether it changes something."""
        return self.effect in EFFECTS and self.toolkit not in _ENGINES_OWN

    @property
    def told(self) -> str:
        """The call as it would be written."""
        arguments = ", ".join(f"{name}={value!r}" for name, value in self.arguments.items())
        return f"{self.name}({arguments[:200]})"

    @cached_property
    def argument_text(self) -> str:
        """All arguments, as one text in lower case."""
        return flat(dict(self.arguments)).casefold()

    @cached_property
    def text(self) -> str:
        """Arguments and value, as one text in lower case."""
        return f"{self.argument_text} {flat(self.value).casefold()}"

    @cached_property
    def numbers(self) -> frozenset[float]:
        """The numbers it was given and gave back."""
        return frozenset([*islice(numbers_of(self.value), _NUMBERS), *numbers_of(dict(self.arguments))])

    @cached_property
    def complaint(self) -> str:
        """What its own value says went wrong, though the call as such did not fail; empty when nothing."""
        return complaint_of(self.value)


@dataclass
class Evidence:
    """All that a claim can be held against."""

    calls: Sequence[Call]
    observations: Sequence[str] = ()
    """Of the rounds whose action ran, in order."""
    codes: Sequence[str] = ()
    given: str = ""
    """What was known before: message, history, page, names."""
    files: frozenset[str] = frozenset()
    """Names of files that came in or were handed over."""
    names: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Names that the environment knows, by kind."""
    acted: bool = False
    """Whether an action of this run ended well."""

    @property
    def done(self) -> list[Call]:
        """Effects that succeeded, in order."""
        return [call for call in self.calls if call.is_effect and call.status == "ok"]

    @property
    def undone(self) -> list[Call]:
        """Effects that did not succeed and were not made good by a later call."""
        found = []
        for place, call in enumerate(self.calls):
            if call.is_effect and call.status not in {"ok", "running", "waiting"} and not self._made_good(place, call):
                found.append(call)
        return found

    @property
    def reads(self) -> list[Call]:
        """Reads that succeeded, without those the engine made before any action."""
        return [
            call
            for call in self.calls
            if not call.is_effect and call.status == "ok" and call.round in self._rounds_with_code
        ]

    _rounds_with_code: frozenset[int] = frozenset()

    def _made_good(self, place: int, call: Call) -> bool:
        slip = call.error_kind in {"argument", "not_found"}
        for later in self.calls[place + 1 :]:
            if later.status == "ok" and later.name == call.name:
                if later.arguments == call.arguments or slip or not call.arguments:
                    return True
                if _subject(later) == _subject(call):
                    return True
        return slip and any(later.status == "ok" and later.is_effect for later in self.calls[place + 1 :])


def gather(state: RunState, rows: Sequence[Mapping[str, Any]], files: Sequence[str]) -> Evidence:
    """Put together what is known of a run.

    Args:
        state: The run.
        rows: Its calls, as the journal has them; where it has none, what the state knows counts.
        files: Names of the session's files that were handed over or came in.
    """
    percept = state.round.percept
    page = state.request.page
    ran = [one for one in state.rounds if one.result is not None]
    given = [state.request.text, state.request.message, state.goal, percept.meant if percept else ""]
    given += [message.content for message in state.history]
    given += [page.url, page.title, page.selection] if page else []
    given += [" ".join(names) for names in (percept.entities if percept else {}).values()]
    given += list((percept.facts if percept else {}).values())
    given += [f"{summary.text}" for summary in state.summaries]
    evidence = Evidence(
        calls=_calls(state, rows),
        observations=[one.observation for one in ran],
        codes=[one.code for one in ran],
        given="\n".join(part for part in given if part),
        files=frozenset({*files, *state.files}),
        names=dict(percept.entities) if percept else {},
        acted=any(one.status == "ok" for one in ran),
    )
    evidence._rounds_with_code = frozenset(one.number for one in state.rounds if one.code)
    return evidence


def _calls(state: RunState, rows: Sequence[Mapping[str, Any]]) -> list[Call]:
    known = {call.call_id: (call, one.number) for one in state.rounds for call in one.calls.values()}
    found = []
    for row in rows:
        fact = known.pop(row["call_id"], (None, 0))[0]
        ended = row.get("finished") or {}
        error = ended.get("error") or {}
        arguments = (
            json.loads(row["arguments_json"]) if row.get("arguments_json") else dict(fact.arguments) if fact else {}
        )
        found.append(
            Call(
                call_id=row["call_id"],
                toolkit=str(row.get("toolkit", fact.toolkit if fact else "")),
                tool=str(row.get("tool", fact.tool if fact else "")),
                arguments=arguments if isinstance(arguments, dict) else {},
                effect=str(row.get("effect") or (fact.effect if fact else "READ")),
                status=fact.status if fact else _status(ended),
                round=int(row.get("round") or 0),
                value=ended.get("value", ended.get("sample")),
                error=str(error.get("message", "")),
                error_kind=str(error.get("kind", "")),
            )
        )
    for fact, number in known.values():
        found.append(
            Call(fact.call_id, fact.toolkit, fact.tool, fact.arguments, fact.effect, fact.status, number, fact.summary)
        )
    return sorted(found, key=lambda call: _number(call.call_id))


def _status(ended: Mapping[str, Any]) -> str:
    if not ended:
        return "unknown"
    kind = str((ended.get("error") or {}).get("kind", "failed"))
    return "ok" if ended.get("ok") else kind if kind in {"denied", "cancelled", "unknown"} else "failed"


def _number(call_id: str) -> int:
    tail = call_id.rpartition("/")[2]
    return int(tail) if tail.isdigit() else 1 << 30


def _subject(call: Call) -> Any:
    """What a call is about: its first argument that is a text."""
    return next((value for value in call.arguments.values() if isinstance(value, str)), None)


def complaint_of(value: Any) -> str:
    """Return what a result says went wrong, by the fields that usually say it; empty when nothing."""
    if isinstance(value, str):
        return value[:200] if _FAILED_WORDS.match(value) else ""
    if not isinstance(value, Mapping):
        return ""
    for name in _FAILED_FIELDS:
        if name not in value:
            continue
        said = value[name]
        if isinstance(said, str) and said and (_FAILED_WORDS.match(said) or name == "error"):
            return f"{name}: {said}"[:200]
        if said is False or (name in _COUNT_FIELDS and said == 0 and not isinstance(said, bool)):
            return f"{name}: {said}"
    return ""


def rows_of(value: Any, depth: int = 3) -> Iterator[Mapping[str, Any]]:
    """Yield the records in a value, inner ones too."""
    if isinstance(value, Mapping):
        yield value
    if depth and isinstance(value, Mapping | list | tuple):
        for part in list(value.values() if isinstance(value, Mapping) else value)[:1_000]:
            yield from rows_of(part, depth - 1)


def flat(value: Any) -> str:
    """Return all that is in a value as one text."""
    if isinstance(value, Mapping):
        return " ".join(f"{name} {flat(part)}" for name, part in value.items())
    if isinstance(value, list | tuple):
        return " ".join(map(flat, value[:2_000]))
    return str(value)[:_TEXT_CHARS]


def numbers_of(value: Any) -> Iterator[float]:
    """Yield the numbers in a value or text, at any depth."""
    if isinstance(value, bool) or value is None:
        return
    if isinstance(value, int | float):
        yield float(value)
    elif isinstance(value, Mapping):
        for part in value.values():
            yield from numbers_of(part)
        yield float(len(value))
    elif isinstance(value, list | tuple):
        for part in value[:5_000]:
            yield from numbers_of(part)
        yield float(len(value))
    else:
        yield from (number for number, _ in figures(str(value)[:_TEXT_CHARS]))


_FIGURE = re.compile(
    r"(?<![\w.])[-−+]?\d+(?:[,  ]\d{3})+(?:\.\d+)?|(?<![\w.])[-−+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?(?![\w]*\.\d)"
)


def figures(text: str) -> Iterator[tuple[float, re.Match[str]]]:
    """Yield the numbers that stand in a text, each with where."""
    for match in _FIGURE.finditer(text):
        try:
            yield float(re.sub(r"[,  ]", "", match.group()).replace("−", "-")), match
        except (ValueError, OverflowError):
            continue


def literals(code: str) -> set[float]:
    """Return the numbers that are written in code, in texts of it too: what it prints of these it has not found out."""
    tree = tree_of(code)
    if tree is None:
        return set()
    constants = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)]
    return {number for value in constants if isinstance(value, str | int | float) for number in numbers_of(value)}
