"""What is asked for by itself: one thing as a question, several as one form; and what came back."""

from __future__ import annotations

from typing import Any

import pytest
from sanca.python_runtime.asks import Answer
from sanca.python_runtime.expression.forms import Wanted, answers_to, ask_for

SERVICE = Wanted("service", "Which service?", ("checkout", "payment"))
KEY = Wanted("key", "Which setting?")


def test_one_value_is_a_question_and_two_are_a_form() -> None:
    one = ask_for([SERVICE], "run_1", "Change a setting")
    assert (one.kind, one.message) == ("question", "Which service?")
    assert one.response_schema["properties"]["value"]["enum"] == ["checkout", "payment"]

    two = ask_for([SERVICE, KEY], "run_1", "Change a setting")
    assert (two.kind, two.message, two.id) == ("form", "Change a setting", "run_1/form-service-key")
    assert [(field["name"], field["type"]) for field in two.arguments["fields"]] == [
        ("service", "choice"), ("key", "text"),
    ]  # fmt: skip
    assert two.response_schema["required"] == ["service", "key"]


@pytest.mark.parametrize(
    ("wanted", "value", "found"),
    [
        ([SERVICE], {"value": "payment"}, {"service": "payment"}),
        ([SERVICE], "payment", {"service": "payment"}),
        ([SERVICE], "", None),
        ([SERVICE, KEY], {"service": "payment", "key": "pool"}, {"service": "payment", "key": "pool"}),
        ([SERVICE, KEY], {"service": "payment"}, None),
        ([SERVICE, KEY], "payment", None),
    ],
)
def test_answers_come_back_by_name_and_a_gap_is_none(wanted: list[Wanted], value: Any, found: Any) -> None:
    assert answers_to(wanted, Answer(approved=True, value=value)) == found
    assert answers_to(wanted, Answer(approved=False, value=value)) is None
