"""Code actions beside JSON tool calls on the same tasks: paired differences with confidence intervals, as a report."""

from __future__ import annotations

import random
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sanca.python_runtime.evaluation.results import Report, TaskResult

_RESAMPLES = 2_000
_SEED = 20_261_121
_MEASURES: Mapping[str, tuple[str, Callable[[TaskResult], float]]] = {
    "passed": ("tasks passed, share", lambda one: float(one.passed)),
    "model_calls": ("model calls a task", lambda one: one.model_calls),
    "input_tokens": ("input tokens a task", lambda one: one.input_tokens),
    "output_tokens": ("output tokens a task", lambda one: one.output_tokens),
    "cost": ("cost a task", lambda one: one.cost),
    "seconds": ("seconds a task", lambda one: one.seconds),
    "calls": ("tool calls a task", lambda one: one.calls),
}


@dataclass(frozen=True, slots=True)
class Difference:
    """One measure of two authors on the same tasks."""

    measure: str
    one: float
    """The first author's mean."""
    other: float
    difference: float
    """First minus second, mean of the tasks' own differences."""
    low: float
    """95 % interval of the difference: percentiles of resampled tasks."""
    high: float
    saved: float | None
    """How much less the first one needs, as a share of the second; None where the second has none."""


def compare(ones: Sequence[TaskResult], others: Sequence[TaskResult]) -> list[Difference]:
    """Return the differences of two authors, task by task."""
    if [one.task for one in ones] != [other.task for other in others]:
        raise ValueError("the results are not of the same tasks")
    return [
        _difference(name, [measure(one) for one in ones], [measure(other) for other in others])
        for name, (_, measure) in _MEASURES.items()
    ]


def comparison_as_json(reports: Sequence[Report], by_author: Mapping[str, Sequence[TaskResult]]) -> dict[str, Any]:
    """Return reports, differences, and each task's results, for a script."""
    one, other = by_author.values()
    return {
        "reports": [report.as_json() for report in reports],
        "differences": [asdict(each) for each in compare(one, other)],
        "tasks": [asdict(each) for results in by_author.values() for each in results],
    }


def comparison_in_markdown(reports: Sequence[Report], by_author: Mapping[str, Sequence[TaskResult]]) -> str:
    """Return the report for people; of one author alone without differences."""
    first = reports[0]
    lines = [f"# {first.suite} ({first.version}), {first.tasks} tasks", ""]
    lines += ["| | " + " | ".join(report.author for report in reports) + " |", "| --- |" + " --- |" * len(reports)]
    for title, of in _SUMS.items():
        lines.append(f"| {title} | " + " | ".join(of(report) for report in reports) + " |")
    if len(reports) == 2:
        lines += ["", *_differences(reports, by_author)]
    return "\n".join(lines) + "\n"


def _differences(reports: Sequence[Report], by_author: Mapping[str, Sequence[TaskResult]]) -> list[str]:
    one, other = by_author.values()
    lines = [f"Differences, {reports[0].author} minus {reports[1].author}, task by task (95 % intervals):", ""]
    lines += ["| a task | first | second | difference | interval | saved |", "| --- | --- | --- | --- | --- | --- |"]
    for each in compare(one, other):
        saved = "" if each.saved is None or each.measure == "passed" else f"{each.saved:.1%}"
        figures = " | ".join(f"{value:.4g}" for value in (each.one, each.other, each.difference))
        lines.append(f"| {_MEASURES[each.measure][0]} | {figures} | {each.low:.4g} to {each.high:.4g} | {saved} |")
    both = sum(left.passed and right.passed for left, right in zip(one, other, strict=True))
    only = sum(left.passed and not right.passed for left, right in zip(one, other, strict=True))
    turned = sum(right.passed and not left.passed for left, right in zip(one, other, strict=True))
    return [*lines, "", f"Both passed {both}, only the first {only}, only the second {turned}, of {len(one)} tasks."]


def _difference(name: str, ones: list[float], others: list[float]) -> Difference:
    pairs = [one - other for one, other in zip(ones, others, strict=True)]
    draw = random.Random(_SEED)  # noqa: S311 - resampling, no secret
    means = sorted(statistics.fmean(draw.choices(pairs, k=len(pairs))) for _ in range(_RESAMPLES))
    one, other = statistics.fmean(ones), statistics.fmean(others)
    return Difference(
        name,
        one,
        other,
        difference=statistics.fmean(pairs),
        low=means[int(_RESAMPLES * 0.025)],
        high=means[int(_RESAMPLES * 0.975) - 1],
        saved=1 - one / other if other else None,
    )


_SUMS: Mapping[str, Callable[[Report], str]] = {
    "passed": lambda report: f"{report.passed} of {report.tasks}",
    "turns": lambda report: f"{report.turns:,}",
    "model calls": lambda report: f"{report.model_calls:,}",
    "rounds with actions or calls (failed)": lambda report: f"{report.rounds:,} ({report.failed_actions:,})",
    "tool calls (failed)": lambda report: f"{report.calls:,} ({report.failed_calls:,})",
    "unusable replies or calls": lambda report: f"{report.malformed:,}",
    "input tokens (cached)": lambda report: f"{report.input_tokens:,} ({report.cached_tokens:,})",
    "output tokens": lambda report: f"{report.output_tokens:,}",
    "cost": lambda report: f"{report.cost:,.4f} {report.currency}".strip() if report.cost else "no price known",
    "seconds": lambda report: f"{report.seconds:,.1f}",
}
