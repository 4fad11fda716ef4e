"""What a person says about what was just done: to be remembered, or wrong, in both languages; and what is neither."""

from __future__ import annotations

import pytest
from sanca.python_runtime.learning.wishes import remember_wish, says_it_was_wrong


@pytest.mark.parametrize(
    ("message", "title", "run_id"),
    [
        ("remember this as pool size of checkout", "pool size of checkout", ""),
        ("Please save that as a skill called “warm up”", "warm up", ""),
        ("keep what you just did as the skill: weekly look", "weekly look", ""),
        ("remember run run_12ab as weekly look", "weekly look", "run_12ab"),
        ("remember the run 0b6f-11 as 'weekly look'", "weekly look", "0b6f-11"),
        ("把这个操作记为 查连接池", "查连接池", ""),
        ("请把刚才的保存为技能:查连接池", "查连接池", ""),
        ("把运行 run_12ab 记住为 查连接池", "查连接池", "run_12ab"),
    ],
)
def test_a_wish_to_remember_tells_the_title_and_the_run(message: str, title: str, run_id: str) -> None:
    wish = remember_wish(message)

    assert wish is not None
    assert (wish.title, wish.run_id) == (title, run_id)


@pytest.mark.parametrize(
    "message",
    [
        "remember that I like short answers", "save the report as report.pdf", "remember me",
        "how do you remember this?",
        "记住我喜欢简短的回答", "把报告保存为 report.pdf", "remember this as one\ntwo",
    ],
)  # fmt: skip
def test_other_things_to_remember_are_no_such_wish(message: str) -> None:
    assert remember_wish(message) is None


@pytest.mark.parametrize(
    "message",
    ["no, not that", "No, I meant storefront", "that's wrong", "that was not what I asked", "wrong service",
     "I didn't mean that one", "you misunderstood me", "不对,我要的是 storefront", "不是这个", "搞错了"],
)  # fmt: skip
def test_a_correction_is_heard(message: str) -> None:
    assert says_it_was_wrong(message)


@pytest.mark.parametrize(
    "message",
    ["no", "No, thanks.", "no problem", "no need, thank you", "nothing is wrong with checkout, is there?",
     "what is wrong with checkout?", "now restart checkout", "note the time", "不用了", "不要重启"],
)  # fmt: skip
def test_a_mere_no_and_other_messages_are_no_correction(message: str) -> None:
    assert not says_it_was_wrong(message)
