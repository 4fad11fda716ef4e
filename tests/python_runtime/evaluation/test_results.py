"""The file of results, and what they come to."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from sanca.core.errors import ConfigurationError
from sanca.python_runtime.evaluation.results import ResultFile, TaskResult, report_on

RESULT = TaskResult("tiny", "1", "truth", "a", passed=True, rounds=2, calls=3, approvals=1, seconds=0.5)


def test_results_come_back_as_they_were(tmp_path: Path) -> None:
    file = ResultFile(tmp_path / "out.jsonl")
    assert file.read() == []
    file.append(RESULT)
    file.append(replace(RESULT, task="é\n", passed=False, reason="no"))
    assert ResultFile(tmp_path / "out.jsonl").read() == [RESULT, replace(RESULT, task="é\n", passed=False, reason="no")]


@pytest.mark.parametrize("line", ["no JSON", "[]", "{}", '{"suite": "tiny"}'])
def test_a_file_of_something_else_is_refused_and_left_alone(tmp_path: Path, line: str) -> None:
    path = tmp_path / "notes.txt"
    path.write_text(line + "\n", encoding="utf-8")
    with pytest.raises(ConfigurationError, match="line 1, is no result of an evaluation; give --out another file"):
        ResultFile(path).read()
    assert path.read_text(encoding="utf-8") == line + "\n"


def test_a_file_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be written"):
        ResultFile(tmp_path / "missing" / "out.jsonl").append(RESULT)


def test_a_report_adds_up_and_names_what_failed() -> None:
    failed = replace(RESULT, task="b", passed=False, reason="why", failed_calls=1, failed_actions=1)
    report = report_on([RESULT, failed], suite="tiny", version="1", author="truth")
    assert (report.tasks, report.passed, report.rounds, report.calls, report.approvals) == (2, 1, 4, 6, 2)
    assert (report.failed_calls, report.failed_actions, report.seconds) == (1, 1, 1.0)
    assert report.failures == {"b": "why"}
