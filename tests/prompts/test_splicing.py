"""The middle of an action: cut out where it failed, and put back."""

from __future__ import annotations

import ast

import pytest
from prompt_cases import fim_inputs
from sanca.core.errors import ModelOutputError
from sanca.prompts import FimInputs, complete, cut_for_repair, failing_line, repair

ACTION = "import json\nrows = load()\ntotal = sum(\n    row['Revenue']\n    for row in rows\n)\nprint(total)\ntotal\n"
MENDED = "total = sum(row['Revenue '] for row in rows)"


@pytest.mark.parametrize(
    ("before", "after", "reply", "whole"),
    [
        ("x = sys", "\ny", "tem.logs()", "x = system.logs()\ny"),
        ("x = ", "", "```python\n1 + 2\n```", "x = 1 + 2"),
        ("x = ", "", "1 + 2\n```", "x = 1 + 2"),
        ("x = ", "", "<think>what is it</think>1 + 2", "x = 1 + 2"),
        ("a\nb = ", "\nc\n", "2\nc\n", "a\nb = 2\nc\n"),
        ("a\nb = ", "", "a\nb = 2", "a\nb = 2"),
        ("f(a", ")", ", a", "f(a, a)"),
        ("if a:\n    b = 1\n", "", "    c = 2\n", "if a:\n    b = 1\n    c = 2\n"),
        ("x = 1\n", "", "x = 1\ny = 2\n", "x = 1\ny = 2\n"),
        ("x = 1<|fim_middle|>".replace("<|fim_middle|>", ""), "", " + 1<|endoftext|>", "x = 1 + 1"),
    ],
)
def test_reply_is_joined_without_fences_and_repeated_edges(before: str, after: str, reply: str, whole: str) -> None:
    assert complete(FimInputs(before, after), reply) == whole
    ast.parse(whole)


@pytest.mark.parametrize("reply", ["", "<|endoftext|>", "```python\n```", "\n\n"])
def test_empty_middle_is_refused(reply: str) -> None:
    with pytest.raises(ModelOutputError, match="empty"):
        complete(FimInputs("x = 1\n"), reply)


def test_middle_that_makes_no_python_is_refused_with_the_reason() -> None:
    with pytest.raises(ModelOutputError, match=r"line 2: .*never closed"):
        complete(FimInputs("x = 1\n", "\n"), "y = (2")


def test_repaired_action_runs_only_from_the_failing_statement_on() -> None:
    inputs = cut_for_repair(ACTION, line=4, error="KeyError: 'Revenue'")
    assert inputs is not None
    assert inputs.failing == "total = sum(\n    row['Revenue']\n    for row in rows\n)"
    assert inputs.done == "import json\nrows = load()\n"
    assert repair(inputs, MENDED) == f"{MENDED}\nprint(total)\ntotal\n"


def test_reply_with_the_whole_action_is_the_same_as_its_middle() -> None:
    inputs = cut_for_repair(ACTION, line=4, error="KeyError: 'Revenue'")
    assert inputs is not None
    whole = f"```python\n{inputs.before}{MENDED}\n{inputs.after}```"
    assert repair(inputs, whole) == repair(inputs, f"```python\n{MENDED}\n```")


def test_action_that_never_ran_runs_whole_once_mended() -> None:
    inputs = cut_for_repair("a = 1\nb = (2\nc = 3\n", line=2, error="SyntaxError: '(' was never closed")
    assert inputs is not None and inputs.done == ""
    assert repair(inputs, "b = (2)") == "a = 1\nb = (2)\nc = 3\n"
    checked = cut_for_repair(ACTION, line=4, error="no such column", has_run=False)
    assert checked is not None
    assert repair(checked, MENDED) == f"import json\nrows = load()\n{MENDED}\nprint(total)\ntotal\n"


def test_gap_inside_a_block_keeps_its_indentation() -> None:
    code = "def f(x):\n    y = (x +\n    return y\nf(1)\n"
    inputs = cut_for_repair(code, line=2, error="SyntaxError: '(' was never closed")
    assert inputs is not None
    assert repair(inputs, "y = (x + 1)") == "def f(x):\n    y = (x + 1)\n    return y\nf(1)\n"


@pytest.mark.parametrize(
    "reply", ["total = sum(row['Revenue'] for row in rows)", "total = sum(\n row['Revenue'] for row in rows)"]
)
def test_the_same_middle_again_is_refused(reply: str) -> None:
    inputs = cut_for_repair(ACTION, line=4, error="KeyError: 'Revenue'")
    assert inputs is not None
    with pytest.raises(ModelOutputError, match="failed before"):
        repair(inputs, reply)


@pytest.mark.parametrize(
    ("code", "line"),
    [
        ("a = 1\nfor i in x:\n    change(i)\n    b[i]\n", 4),
        ("with open('x') as f:\n    f.write('1')\n    b[1]\nc = 2\n", 3),
        ("a = 1; b = a[2]\nc = 3\nd = 4\n", 1),
        ("a = b\n", 1),
        ("a = 1\nb = 2\nc = 3\n", 9),
        ("x = [\n" + "    1,\n" * 40 + "]\ny = 2\nz = 3\n", 20),
    ],
)
def test_nothing_is_cut_where_mending_would_repeat_or_gain_nothing(code: str, line: int) -> None:
    assert cut_for_repair(code, line=line, error="x") is None


@pytest.mark.parametrize(
    ("observation", "line"),
    [
        (
            'Error (error):\nTraceback (most recent call last):\n  File "action", line 3, in <module>\nNameError: b',
            3,
        ),
        (
            'Error (error):\nTraceback (most recent call last):\n  File "action", line 5, in <module>\n    [r["a"]]\n'
            "  File \"action\", line 5, in <listcomp>\nKeyError: 'a'",
            5,
        ),
        ("line 2: b = (\nSyntaxError: '(' was never closed", 2),
        (
            'Error (error):\nTraceback (most recent call last):\n  File "action", line 9, in <module>\n    f()\n'
            '  File "action", line 2, in f\n    x["k"]\nKeyError: \'k\'',
            None,
        ),
        (
            "The action was checked before it ran, and was not run.\n\nline 3:\n    x.y\n    ^\nAttributeError: y",
            None,
        ),
        ("[1, 2]", None),
        ("Your reply was empty.", None),
        ('Output:\nTraceback (most recent call last):\n  File "action", line 7, in <module>\n', None),
    ],
)
def test_failing_line_is_read_from_observations(observation: str, line: int | None) -> None:
    assert failing_line(observation) == line


def test_a_repair_of_the_messy_table_parses_and_keeps_what_ran() -> None:
    inputs = fim_inputs()
    action = repair(inputs, "by_region = sales.groupby('Region')['Revenue '].sum()\n")
    assert action == "by_region = sales.groupby('Region')['Revenue '].sum()\nby_region.to_dict()\n"
