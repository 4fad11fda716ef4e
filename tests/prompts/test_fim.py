"""Completing a half-written action."""

from __future__ import annotations

import pytest
from sanca.prompts import FimBuilder, FimInputs
from sanca.prompts.fim import complete


def test_request_has_prefix_suffix_and_middle_in_order() -> None:
    inputs = FimInputs("rows = system.", "\nlen(rows)", toolkits="class system: ...", names=("x",))
    content = FimBuilder().build(inputs).messages[0].content
    assert content == (
        "<|fim_prefix|>class system: ...\n\n# names held: x\n\nrows = system.<|fim_suffix|>\nlen(rows)<|fim_middle|>"
    )


def test_special_tokens_in_code_do_not_reach_the_model() -> None:
    inputs = FimInputs("a<|fim_middle|>b", "<|endoftext|>c", toolkits="<|fim_suffix|>")
    content = FimBuilder().build(inputs).messages[0].content
    assert content.count("<|") == 3
    assert content.endswith("<|fim_suffix|>c<|fim_middle|>")


@pytest.mark.parametrize(
    ("before", "after", "reply", "whole"),
    [
        ("x = sys", "\ny", "tem.logs()", "x = system.logs()\ny"),
        ("x = ", "", "```python\n1 + 2\n```", "x = 1 + 2"),
        ("a\nb = ", "\nc\n", "2\nc\n", "a\nb = 2\nc\n"),
        ("a\nb = ", "", "a\nb = 2", "a\nb = 2"),
        ("x = 1", "", "<|endoftext|>", "x = 1"),
        ("f(a", ")", ", a", "f(a, a)"),
    ],
)
def test_reply_is_joined_without_fences_and_repeated_edges(before: str, after: str, reply: str, whole: str) -> None:
    assert complete(FimInputs(before, after), reply) == whole
