"""What texts are compared by."""

from __future__ import annotations

import pytest
from sanca.memory.retrieval.question import read_question
from sanca.memory.retrieval.words import pieces, stem, terms


@pytest.mark.parametrize(
    ("one", "other"),
    [("bought", "buy"), ("children", "child"), ("running", "runs"), ("mom", "mother's"), ("hobbies", "hobby")],
)
def test_forms_of_a_word_have_one_stem(one: str, other: str) -> None:
    assert stem(one) == stem(other)


def test_stop_words_are_left_out_and_names_in_code_are_split() -> None:
    assert terms("What did the OrderService do?") == [stem("order"), stem("service")]


def test_chinese_is_compared_by_characters_and_pairs() -> None:
    assert {"面馆", "面", "馆"} <= set(terms("妈妈的面馆"))
    assert "的" not in terms("妈妈的面馆")


def test_a_misspelt_word_shares_most_of_its_pieces() -> None:
    right, wrong = set(pieces("kubernetes")), set(pieces("kubernets"))
    assert len(right & wrong) > len(right) / 2


@pytest.mark.parametrize(
    ("text", "wants"),
    [("When did she leave?", "time"), ("他几号走的？", "time"), ("Where is it?", "place"), ("为什么失败？", "reason")],
)
def test_what_kind_of_answer_is_wanted_is_read(text: str, wants: str) -> None:
    assert wants in read_question(text).wants


def test_who_is_named_is_found_by_first_name_possessive_and_in_chinese() -> None:
    assert read_question("What is Ada's job?").names_among(["Ada Lovelace", "Bob"]) == {"Ada Lovelace"}
    assert read_question("晓雨的职业是什么？").names_among(["林晓雨", "陈浩"]) == {"林晓雨"}
