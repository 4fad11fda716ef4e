"""A set of our own, run as real actions through sandbox, broker and gate: how it is graded, journalled and resumed."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest
from sanca.core.errors import ConfigurationError
from sanca.python_runtime.broker.journal_reader import JournalReader
from sanca.python_runtime.evaluation.authors import TruthAuthor
from sanca.python_runtime.evaluation.listener import APPROVED_BY
from sanca.python_runtime.evaluation.results import ResultFile, TaskResult
from sanca.python_runtime.evaluation.runner import open_runner, run_tasks
from sanca.python_runtime.evaluation.suite import Suite, make_suite

pytestmark = pytest.mark.anyio

NO_NUMBER = "invalid literal for int() with base 10: 'no number'"
TINY = "tiny_suite:TinySuite"


@pytest.fixture(autouse=True)
def importable(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let this process and the broker find the set."""
    folder = str(Path(__file__).parent)
    monkeypatch.syspath_prepend(folder)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([folder, os.environ.get("PYTHONPATH", "")]))


@pytest.fixture
def suite() -> Suite:
    return make_suite(TINY, None)


async def run(suite: Suite, out: Path | None, names: list[str], data: Path | None = None) -> list[TaskResult]:
    """Run tasks and return what was told, in the order it was."""
    told: list[TaskResult] = []
    tasks = [task for task in suite.tasks() if task.id in names]
    by_author = await run_tasks(
        suite, TINY, data, [TruthAuthor()], tasks=tasks, results=ResultFile(out), on_result=told.append
    )
    results = by_author["truth"]
    assert sorted(results, key=lambda one: one.task) == sorted(told, key=lambda one: one.task)
    return results


async def test_every_task_runs_on_a_fresh_state_and_is_graded_by_the_sets_own_checker(suite: Suite) -> None:
    found = {one.task: one for one in await run(suite, None, [task.id for task in suite.tasks()])}
    assert {name: one.reason for name, one in found.items() if not one.passed} == {
        "wrong": "expected 3, got 2",
        "breaks the checker": f"the set's checker failed: ValueError: {NO_NUMBER}",
        "raises": "expected 1, got ZeroDivisionError: division by zero",
    }
    adds = found["adds"]
    assert (adds.rounds, adds.calls, adds.approvals, adds.failed_actions) == (3, 3, 2, 0)
    for name in ("goes on after a broken rule", "ends its process"):
        assert (found[name].rounds, found[name].failed_actions, found[name].calls) == (3, 1, 2)
    assert (found["raises"].failed_actions, found["raises"].approvals) == (1, 1)
    assert (found["grades itself"].calls, found["grades itself"].failed_calls) == (1, 1)
    assert {(one.suite, one.version, one.author) for one in found.values()} == {("tiny", "1", "truth")}


async def test_an_effect_is_approved_by_the_policy_and_journalled_as_that(suite: Suite, tmp_path: Path) -> None:
    task = next(task for task in suite.tasks() if task.id == "adds")
    async with open_runner(TINY, None, tmp_path) as runner:
        await runner.run(task, suite, TruthAuthor())
    journal = JournalReader(tmp_path)
    run_id = next(run for session in sessions(tmp_path) for run in journal.runs(session) if run != "run_evaluation")
    answered = journal.rows(run_id, kinds=("approval_answered",))
    assert [(row.data["approved"], row.data["by"]) for row in answered] == [(True, APPROVED_BY)] * 2
    calls = journal.calls(run_id)
    assert [(each["tool"], each.get("approved_by"), each["round"]) for each in calls] == [
        ("add", APPROVED_BY, 1),
        ("add", APPROVED_BY, 2),
        ("total", None, 3),
    ]


def sessions(home: Path) -> list[str]:
    """Return the ids of all sessions in a journal."""
    import sqlite3

    with sqlite3.connect(home / "journal.db") as connection:
        return [found for (found,) in connection.execute("SELECT DISTINCT session_id FROM journal")]


async def test_a_finished_task_is_not_run_again_unless_the_set_or_the_author_is_another(
    suite: Suite, tmp_path: Path
) -> None:
    out = ResultFile(tmp_path / "results.jsonl")
    kept = TaskResult("tiny", "1", "truth", "adds", passed=True, seconds=1234.5)
    others = [replace(kept, task="starts afresh", version="0"), replace(kept, task="starts afresh", author="a model")]
    for each in [kept, *others]:
        out.append(each)
    with (tmp_path / "results.jsonl").open("a", encoding="utf-8") as file:
        file.write('{"suite": "tiny", "ver')  # it was killed while it wrote the next one
    found = await run(suite, tmp_path / "results.jsonl", ["adds", "starts afresh"])
    assert found[0] == kept
    assert (found[1].task, found[1].version, found[1].author) == ("starts afresh", "1", "truth")
    assert out.read() == [kept, *others, found[1]]


async def test_a_set_that_only_the_broker_cannot_load_is_told(suite: Suite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYTHONPATH")
    with pytest.raises(ConfigurationError, match=r"The broker cannot serve the task set: .*tiny_suite"):
        await run(suite, None, ["adds"])
