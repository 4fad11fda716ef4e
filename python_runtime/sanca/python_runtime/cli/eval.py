"""`sanca eval`: runs a task set through sandbox and gate, shows how far it is, and tells how it ended."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast, get_args

import anyio
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from sanca.core.errors import ConfigurationError
from sanca.core.ports import Model
from sanca.python_runtime.evaluation.ask_model import keys, model_at
from sanca.python_runtime.evaluation.authors import Participant, TruthAuthor
from sanca.python_runtime.evaluation.comparison import comparison_as_json, comparison_in_markdown
from sanca.python_runtime.evaluation.persons import FixedPerson, Person, PlayedPerson
from sanca.python_runtime.evaluation.results import Report, ResultFile, TaskResult, report_on
from sanca.python_runtime.evaluation.runner import run_tasks
from sanca.python_runtime.evaluation.suite import Suite, make_suite

_SHOWN_FAILURES = 20
Mode = Literal["code", "json", "both"]


@dataclass(frozen=True)
class ModelOptions:
    """Which model does the tasks, and how."""

    url: str = ""
    """Empty: the set's own solutions are run."""
    name: str = ""
    mode: Mode = "both"
    user_url: str = ""
    """Of the model that plays the person; empty: messages are fixed."""
    user_name: str = ""
    rounds_most: int = 20
    """Model calls of a turn at most, in either mode."""


def model_options(url: str, name: str, mode: str, user_url: str, user_name: str, rounds_most: int) -> ModelOptions:
    """Return the options as they were typed.

    Raises:
        ConfigurationError: There is no such mode.
    """
    if mode not in get_args(Mode):
        raise ConfigurationError(f"There is no mode {mode!r}; there are {', '.join(get_args(Mode))}.", setting="--mode")
    return ModelOptions(url, name, cast("Mode", mode), user_url, user_name, rounds_most)


def run_evaluation(
    suite_name: str,
    *,
    truth: bool,
    data: Path | None,
    limit: int | None,
    out: Path | None,
    as_json: bool,
    options: ModelOptions | None = None,
    report_path: Path | None = None,
) -> int:
    """Run a set's tasks and print a report; return 0 when it went through and, of solutions, all passed; else 1."""
    options = options or ModelOptions()
    _check(truth=truth, options=options)
    suite = make_suite(suite_name, data)
    tasks = suite.tasks()[:limit]
    progress = _progress()
    bar = progress.add_task(suite.name, total=None, failed=0, cost="")
    failed, cost = 0, 0.0

    def show(result: TaskResult) -> None:
        nonlocal failed, cost
        failed, cost = failed + (not result.passed), cost + result.cost
        said = f"{cost:.4f} {result.currency}" if cost else ""
        progress.update(bar, advance=1, failed=failed, cost=said)

    async def run() -> dict[str, list[TaskResult]]:
        async with _participants(options) as (authors, person):
            progress.update(bar, total=len(tasks) * len(authors))
            results = ResultFile(out)
            return await run_tasks(
                suite, suite_name, data, authors, tasks=tasks, results=results, on_result=show, person=person
            )

    with nullcontext() if as_json else progress:
        by_author = anyio.run(run)
    reports = [
        report_on(results, suite=suite.name, version=suite.version, author=author)
        for author, results in by_author.items()
    ]
    _tell(suite, by_author, reports, as_json=as_json, report_path=report_path)
    return 0 if not truth or all(one.passed == one.tasks for one in reports) else 1


def _check(*, truth: bool, options: ModelOptions) -> None:
    if truth == bool(options.url):
        text = "Say whose work to run: --truth runs the set's own solutions, --model URL asks a model"
        raise ConfigurationError(f"{text}; not both." if truth else f"{text}.", setting="--truth")


@asynccontextmanager
async def _participants(options: ModelOptions) -> AsyncIterator[tuple[Sequence[Participant], Person]]:
    """Open who does the tasks, and who says the messages."""
    if not options.url:
        yield [TruthAuthor()], FixedPerson()
        return
    key, user_key = keys(os.environ, options.url, options.user_url)
    async with AsyncExitStack() as stack:
        model = await stack.enter_async_context(model_at(options.url, options.name, key))
        person: Person = FixedPerson()
        if options.user_url:
            played = model_at(options.user_url, options.user_name, user_key)
            person = PlayedPerson(await stack.enter_async_context(played))
        yield _authors(options, model, stack), person


def _authors(options: ModelOptions, model: Model, stack: AsyncExitStack) -> list[Participant]:
    from sanca.python_runtime.evaluation.engine_author import EngineAuthor
    from sanca.python_runtime.evaluation.json_caller import JsonCaller

    authors: list[Participant] = []
    if options.mode != "json":
        author = EngineAuthor(model, rounds_most=options.rounds_most)
        stack.push_async_callback(author.close)
        authors.append(author)
    if options.mode != "code":
        authors.append(JsonCaller(model, rounds_most=options.rounds_most))
    return authors


def _progress() -> Progress:
    """Return a bar on stderr: stdout is for the report."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[failed]} failed {task.fields[cost]}"),
    )
    return Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True))


def _tell(
    suite: Suite,
    by_author: dict[str, list[TaskResult]],
    reports: Sequence[Report],
    *,
    as_json: bool,
    report_path: Path | None,
) -> None:
    """Print the reports, and write the comparison where one was asked for."""
    content = reports[0].as_json() if len(reports) == 1 else comparison_as_json(reports, by_author)
    if report_path is not None:
        _write(report_path.with_suffix(".json"), json.dumps(content, ensure_ascii=False, indent=1) + "\n")
        _write(report_path.with_suffix(".md"), comparison_in_markdown(reports, by_author))
    if as_json:
        print(json.dumps(content, ensure_ascii=False))  # noqa: T201
        return
    for report in reports:
        _show(report)
    if len(reports) > 1:
        Console().print(comparison_in_markdown(reports, by_author), markup=False)


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        said = f"The report cannot be written to {str(path)!r}: {error.strerror}."
        raise ConfigurationError(said, setting="--report") from error


def _show(report: Report) -> None:
    console = Console()
    table = Table("", "", box=None, pad_edge=False, show_header=False)
    table.add_row("set", f"{report.suite} ({report.version})")
    table.add_row("work of", report.author)
    table.add_row("passed", f"{report.passed} of {report.tasks}")
    table.add_row("rounds", f"{report.rounds:,} in {report.turns:,} turns, {report.failed_actions:,} of them failed")
    table.add_row(
        "tool calls", f"{report.calls:,}, {report.failed_calls:,} failed, {report.approvals:,} effects approved"
    )
    if report.model_calls:
        table.add_row("model calls", f"{report.model_calls:,}, {report.malformed:,} replies or calls unusable")
        tokens = f"{report.input_tokens:,} in ({report.cached_tokens:,} cached), {report.output_tokens:,} out"
        table.add_row("tokens", tokens)
        table.add_row("cost", f"{report.cost:,.4f} {report.currency}" if report.cost else "no price known")
    table.add_row("seconds", f"{report.seconds:,.1f}")
    console.print(table)
    for task, reason in list(report.failures.items())[:_SHOWN_FAILURES]:
        console.print(f"failed: {task}: {reason}", markup=False)
    if len(report.failures) > _SHOWN_FAILURES:
        console.print(f"and {len(report.failures) - _SHOWN_FAILURES} more; --json tells all")
