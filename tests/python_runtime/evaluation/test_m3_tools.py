"""M3ToolEval's tools as its descriptions want them, and answers compared with what is expected."""

from __future__ import annotations

import ast
from typing import Any

import pytest
from sanca.core.tools import Effect
from sanca.python_runtime.evaluation.m3_programs import programs
from sanca.python_runtime.evaluation.m3_tools import TOOLS, caesar_decode, translate_mrna_to_amino_acid
from sanca.python_runtime.evaluation.m3tooleval import ExpectedAnswer, is_same
from sanca.python_runtime.evaluation.suite import RoundOutcome
from sanca.python_runtime.evaluation.world_tools import effect_of


def test_letters_move_round_the_alphabet_and_nothing_else_moves() -> None:
    assert caesar_decode("Abc, Zé 1!", 2) == "Yza, Xé 1!"


def test_codons_become_amino_acids_of_the_standard_code() -> None:
    assert translate_mrna_to_amino_acid("AUGUUUUAAGGA") == "MF*G"
    assert translate_mrna_to_amino_acid("AUGNNNA") == "MXX"


def test_a_tariff_is_in_percent() -> None:
    tools = TOOLS["trade_calculator"]
    assert tools["estimate_final_value"](150, tools["calculate_tariff"](150, 7.5)) == 161.25
    assert tools["calculator"]("2 + (3 * 4)") == 14


def test_hotels_have_all_that_is_wanted() -> None:
    found = TOOLS["travel_planning"]["book_hotel"]("A", ["wifi", "pool"])
    assert found == [{"location": "A", "preferences": ("wifi", "pool"), "price_per_night": 120, "rating": 4}]


def test_every_program_is_python_that_calls_tools_of_its_toolkit() -> None:
    assert len(programs()) == 48
    for name, (toolkit, code) in programs().items():
        calls = [
            node.func.attr
            for node in ast.walk(ast.parse(code))
            if isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and isinstance(node.func.value, ast.Name)
            and node.func.value.id == toolkit
        ]
        assert calls, name
        assert set(calls) <= set(TOOLS[toolkit]), name


@pytest.mark.parametrize(
    ("answer", "expected", "same"),
    [
        (1.0, 1, True),
        (72720.00000001, 72720.0, True),
        (1.01, 1, False),
        (True, 1, False),
        (False, False, True),
        (["A", 3], ["A", 3], True),
        (["A"], ["A", 3], False),
        ({"T": 1}, {"T": 1}, True),
        ("3", 3, False),
    ],
)
def test_answers_are_compared_as_json_values(answer: Any, expected: Any, same: bool) -> None:
    assert is_same(answer, expected) is same


def test_an_action_that_failed_or_never_ran_gives_no_answer() -> None:
    assert not ExpectedAnswer(None).verdict().passed
    world = ExpectedAnswer("")
    world.end_round(RoundOutcome("error", error="ZeroDivisionError"))
    assert not world.verdict().passed
    world.end_round(RoundOutcome("ok", text="", value_json='""'))
    assert world.verdict().passed


@pytest.mark.parametrize(
    ("name", "effect"),
    [("get_x", "READ"), ("ls", "READ"), ("lsof", "WRITE"), ("displayCarStatus", "READ"), ("send_x", "WRITE")],
)
def test_what_a_tool_does_is_told_by_its_name_and_in_doubt_it_changes_things(name: str, effect: str) -> None:
    assert effect_of(name) is Effect(effect)
