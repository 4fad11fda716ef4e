"""How names and questions are taken apart for tool search."""

from __future__ import annotations

import pytest
from sanca.memory.tool_search.glossary import with_english
from sanca.memory.tool_search.words import content_words, parts_of, spoken, stem, terms


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("system.disk_usage", "system disk usage"),
        ("getExchangeRate", "get Exchange Rate"),
        ("HTTPServer-restart", "HTTP Server restart"),
    ],
)
def test_names_are_split_into_words(name: str, words: str) -> None:
    assert spoken(name) == words


@pytest.mark.parametrize("forms", [("convert", "converter", "converts"), ("translate", "translation", "translating")])
def test_forms_of_a_word_share_a_stem(forms: tuple[str, ...]) -> None:
    assert len({stem(form) for form in forms}) == 1


def test_words_that_say_nothing_and_numbers_are_left_out() -> None:
    assert content_words("Could you please show me the 20 logs of checkout?") == ["logs", "checkout"]


def test_chinese_is_looked_up_by_characters_and_pairs() -> None:
    assert terms("查日志") == ["查", "日", "志", "查日", "日志"]


@pytest.mark.parametrize(
    ("question", "count"),
    [
        ("What is the weather in Rome?", 0),
        ("Book a hotel in Rome, and then send an email to Lena.", 2),
        ("I am on a long journey. Where is the nearest hotel? How warm is the water there?", 3),
        ("查一下汇率，然后给客户退款", 2),
        ("research and development report", 0),
    ],
)
def test_a_question_is_split_where_another_thing_is_asked(question: str, count: int) -> None:
    assert len(parts_of(question)) == count


def test_chinese_words_get_english_ones_beside_them() -> None:
    assert with_english("帮我查一下北京的天气") == "帮我查一下北京的天气 query weather"
    assert with_english("weather") == "weather"
