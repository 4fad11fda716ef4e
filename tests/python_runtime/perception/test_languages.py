"""Who asks for a language gets it, until they ask for another."""

from __future__ import annotations

import pytest
from sanca.python_runtime.perception.languages import is_only_a_wish, script_language, wished_language


@pytest.mark.parametrize(
    ("text", "wish"),
    [
        ("answer in Chinese please", "Chinese"),
        ("please reply to me in english from now on", "English"),
        ("switch to German", "German"),
        ("以后都用中文回答我", "Chinese"),
        ("换成英文", "English"),
        ("用英语说", "English"),
        ("换 English 吧,再 short 一点", "English"),
        ("don't answer in english", ""),
        ("translate this report into English", ""),
        ("write a mail in German to the team", ""),
        ("把这段翻译成英文", ""),
        ("the chinese warehouse is slow", ""),
    ],
)
def test_a_wish_for_a_language_is_told_from_a_task_in_one(text: str, wish: str) -> None:
    assert wished_language(text) == wish


def test_a_mere_wish_says_nothing_else() -> None:
    assert is_only_a_wish("please answer in Chinese from now on")
    assert is_only_a_wish("以后都用中文回答我")
    assert not is_only_a_wish("show the errors of orders and answer in Chinese")


def test_other_scripts_tell_their_language() -> None:
    assert script_language("サーバーは大丈夫ですか") == "Japanese"
    assert script_language("почему медленно") == "Russian"
    assert script_language("is checkout ok 吗") == ""
