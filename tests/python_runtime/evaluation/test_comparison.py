"""Paired differences: what they are, and how sure."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sanca.python_runtime.evaluation.comparison import compare, comparison_in_markdown
from sanca.python_runtime.evaluation.results import TaskResult, report_on

CODE = [
    TaskResult("tiny", "1", "m code", f"task {n}", passed=n != 3, model_calls=2, input_tokens=100 + n)
    for n in range(40)
]
JSON = [replace(one, author="m json", passed=True, model_calls=4, input_tokens=200 + one.input_tokens) for one in CODE]


def test_differences_are_of_the_same_tasks_with_intervals_that_hold_them() -> None:
    found = {one.measure: one for one in compare(CODE, JSON)}
    assert (found["input_tokens"].difference, found["input_tokens"].low, found["input_tokens"].high) == (-200,) * 3
    assert found["model_calls"].saved == 0.5
    passed = found["passed"]
    assert passed.difference == pytest.approx(-1 / 40)
    assert passed.low < passed.difference < passed.high == 0
    assert found["cost"].saved is None


def test_the_interval_is_the_same_each_time_and_wider_where_tasks_differ() -> None:
    spread = [replace(one, input_tokens=one.input_tokens + 50 * (n % 5)) for n, one in enumerate(CODE)]
    one, other = ({each.measure: each for each in compare(spread, JSON)}["input_tokens"] for _ in range(2))
    assert one == other
    assert one.high - one.low > 20


def test_results_of_other_tasks_are_refused() -> None:
    with pytest.raises(ValueError, match="not of the same tasks"):
        compare(CODE, JSON[1:])


def test_the_report_says_who_passed_what() -> None:
    reports = [report_on(each, suite="tiny", version="1", author=each[0].author) for each in (CODE, JSON)]
    text = comparison_in_markdown(reports, {"m code": CODE, "m json": JSON})
    assert "| passed | 39 of 40 | 40 of 40 |" in text
    assert "Both passed 39, only the first 0, only the second 1, of 40 tasks." in text
    assert "| model calls a task | 2 | 4 | -2 | -2 to -2 | 50.0% |" in text
    alone = comparison_in_markdown(reports[:1], {"m code": CODE})
    assert "Differences" not in alone
