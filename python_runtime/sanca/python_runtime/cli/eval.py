"""`sanca eval`: runs a task set through sandbox and gate, shows how far it is, and tells how it ended."""

from __future__ import annotations

import json
from contextlib import nullcontext
from pathlib import Path

import anyio
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from sanca.core.errors import ConfigurationError
from sanca.python_runtime.evaluation.results import Report, ResultFile, TaskResult, report_on
from sanca.python_runtime.evaluation.runner import TruthAuthor, run_tasks
from sanca.python_runtime.evaluation.suite import make_suite

_SHOWN_FAILURES = 20


def run_evaluation(
    suite_name: str, *, truth: bool, data: Path | None, limit: int | None, out: Path | None, as_json: bool
) -> int:
    """Run a set's tasks and print a report; return 0 when all passed, else 1."""
    if not truth:
        raise ConfigurationError("Say whose actions to run: --truth runs the set's own solutions.", setting="--truth")
    suite, author = make_suite(suite_name, data), TruthAuthor()
    tasks = suite.tasks()[:limit]
    progress = _progress()
    bar = progress.add_task(suite.name, total=len(tasks), failed=0)
    failed = 0

    def show(result: TaskResult) -> None:
        nonlocal failed
        failed += not result.passed
        progress.update(bar, advance=1, failed=failed)

    async def run() -> list[TaskResult]:
        return await run_tasks(suite, suite_name, data, author, tasks=tasks, results=ResultFile(out), on_result=show)

    with nullcontext() if as_json else progress:
        results = anyio.run(run)
    report = report_on(results, suite=suite.name, version=suite.version, author=author.name)
    if as_json:
        print(json.dumps(report.as_json(), ensure_ascii=False))  # noqa: T201
    else:
        _show(report)
    return 0 if report.passed == report.tasks else 1


def _progress() -> Progress:
    """Return a bar on stderr: stdout is for the report."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[failed]} failed"),
    )
    return Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True))


def _show(report: Report) -> None:
    console = Console()
    table = Table("", "", box=None, pad_edge=False, show_header=False)
    table.add_row("set", f"{report.suite} ({report.version})")
    table.add_row("actions of", report.author)
    table.add_row("passed", f"{report.passed} of {report.tasks}")
    table.add_row("rounds", f"{report.rounds:,}, {report.failed_actions:,} of them failed")
    table.add_row(
        "tool calls", f"{report.calls:,}, {report.failed_calls:,} failed, {report.approvals:,} effects approved"
    )
    table.add_row("seconds", f"{report.seconds:,.1f}")
    console.print(table)
    for task, reason in list(report.failures.items())[:_SHOWN_FAILURES]:
        console.print(f"failed: {task}: {reason}", markup=False)
    if len(report.failures) > _SHOWN_FAILURES:
        console.print(f"and {len(report.failures) - _SHOWN_FAILURES} more; --json tells all")
