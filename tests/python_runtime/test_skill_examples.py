"""A skill's example as a person can send it."""

from __future__ import annotations

from sanca.python_runtime.skill_examples import filled_example

NAMES = {"service": ["checkout", "payment"], "release": ["v2", "v1"]}


def test_placeholders_become_names_that_exist_each_of_its_own() -> None:
    phrase = "what changed between {release} and {release} of {service}?"

    assert filled_example(phrase, NAMES) == "what changed between v2 and v1 of checkout?"


def test_numbers_need_no_names() -> None:
    assert filled_example("calculate {number} plus {number}", {}) == "calculate 20 plus 15"


def test_an_example_whose_names_are_unknown_is_not_shown_half_filled() -> None:
    assert filled_example("restart {service}", {}) == ""
