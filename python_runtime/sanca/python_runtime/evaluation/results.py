"""How tasks of a set ended: one JSON line each, kept so that a run can be resumed, and what they come to together."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import MISSING, Field, asdict, dataclass, fields
from pathlib import Path
from typing import Any

from sanca.core.errors import ConfigurationError


@dataclass(frozen=True, slots=True)
class TaskResult:
    """How a task ended."""

    suite: str
    version: str
    """Of the set."""
    author: str
    """Whose work it was: `truth`, or a model and its mode: `qwen3-coder-plus code`, `… json`."""
    task: str
    passed: bool
    reason: str = ""
    """Why it did not pass, as the set's checker says."""
    rounds: int = 0
    """Actions, or batches of tool calls."""
    calls: int = 0
    """Tool calls that passed the gate."""
    failed_calls: int = 0
    """Calls that gave an error, those that were refused among them."""
    approvals: int = 0
    """Effects that the evaluation's policy agreed to."""
    failed_actions: int = 0
    """Of tool calls: batches in which one failed."""
    seconds: float = 0.0
    turns: int = 0
    """Messages of the person."""
    model_calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    cost: float = 0.0
    """In `currency`; 0 when the price is not known."""
    currency: str = ""
    malformed: int = 0
    """Replies, or calls in them, that could not be used."""


class ResultFile:
    """Results in a file; one that does not exist is made with the first of them. Without a path nothing is kept."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._ends_torn = False

    def read(self) -> list[TaskResult]:
        """Return the results so far. Half a line at the end, of a run that was killed, counts as none.

        Raises:
            ConfigurationError: The file cannot be read or holds something else.
        """
        if self._path is None or not self._path.exists():
            return []
        try:
            text = self._path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigurationError(
                f"The file {str(self._path)!r} cannot be read: {error}.", setting="--out"
            ) from error
        self._ends_torn = bool(text) and not text.endswith("\n")
        lines = text.split("\n")[:-1]
        return [self._parsed(number, line) for number, line in enumerate(lines, 1) if line.strip()]

    def append(self, result: TaskResult) -> None:
        """Add a result; it is in the file when this returns.

        Raises:
            ConfigurationError: The file cannot be written.
        """
        if self._path is None:
            return
        line = json.dumps(asdict(result), ensure_ascii=False) + "\n"
        try:
            if self._ends_torn:
                self._cut_torn_line()
            with self._path.open("a", encoding="utf-8") as file:
                file.write(line)
        except OSError as error:
            text = f"The results cannot be written to {str(self._path)!r}: {error.strerror}."
            raise ConfigurationError(text, setting="--out") from error

    def _cut_torn_line(self) -> None:
        assert self._path is not None  # noqa: S101 - only what was read can be torn
        whole, _, _ = self._path.read_bytes().rpartition(b"\n")
        self._path.write_bytes(whole + b"\n" if whole else b"")
        self._ends_torn = False

    def _parsed(self, number: int, line: str) -> TaskResult:
        try:
            content = json.loads(line)
            return TaskResult(**{each.name: content[each.name] for each in fields(TaskResult) if _must(each, content)})
        except (ValueError, KeyError, TypeError) as error:
            text = f"{str(self._path)!r}, line {number}, is no result of an evaluation; give --out another file."
            raise ConfigurationError(text, setting="--out") from error


def _must(field: Field[Any], content: dict[str, Any]) -> bool:
    """Whether a field is taken from a line: files of an earlier version lack those that have a default."""
    return field.name in content or field.default is MISSING


@dataclass(frozen=True, slots=True)
class Report:
    """What results come to together."""

    suite: str
    version: str
    author: str
    tasks: int
    passed: int
    rounds: int
    calls: int
    failed_calls: int
    approvals: int
    failed_actions: int
    seconds: float
    """Of the tasks, one after the other; those of an earlier run included."""
    turns: int
    model_calls: int
    input_tokens: int
    output_tokens: int
    cached_tokens: int
    cost: float
    currency: str
    malformed: int
    failures: dict[str, str]
    """Task → why."""

    def as_json(self) -> dict[str, Any]:
        """Return it for a script."""
        return asdict(self)


def report_on(results: Iterable[TaskResult], *, suite: str, version: str, author: str) -> Report:
    """Add results up."""
    found = list(results)
    return Report(
        suite=suite,
        version=version,
        author=author,
        tasks=len(found),
        passed=sum(one.passed for one in found),
        rounds=sum(one.rounds for one in found),
        calls=sum(one.calls for one in found),
        failed_calls=sum(one.failed_calls for one in found),
        approvals=sum(one.approvals for one in found),
        failed_actions=sum(one.failed_actions for one in found),
        seconds=round(sum(one.seconds for one in found), 2),
        turns=sum(one.turns for one in found),
        model_calls=sum(one.model_calls for one in found),
        input_tokens=sum(one.input_tokens for one in found),
        output_tokens=sum(one.output_tokens for one in found),
        cached_tokens=sum(one.cached_tokens for one in found),
        cost=round(sum(one.cost for one in found), 6),
        currency=next((one.currency for one in found if one.currency), ""),
        malformed=sum(one.malformed for one in found),
        failures={one.task: one.reason for one in found if not one.passed},
    )
