"""Malformed replies in the manner of many model families: each is taken for what it must be, and none breaks it."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from sanca.python_runtime.models import extract_action
from sanca.python_runtime.models.reply_repair import continued

_FOLDER = Path(__file__).parent / "replies"
CASES = [
    pytest.param(case, id=f"{path.stem}: {case['name']}")
    for path in sorted(_FOLDER.glob("*.yaml"))
    for case in yaml.safe_load(path.read_text("utf-8"))
]


def test_the_corpus_is_large_enough() -> None:
    assert len(CASES) >= 60
    assert len({case.id for case in CASES}) == len(CASES)


@pytest.mark.parametrize("case", CASES)
def test_reply_is_taken_for_what_it_is(case: dict[str, Any]) -> None:
    reply = extract_action(case["text"], finish_reason=case.get("finish_reason", ""))
    assert reply.kind == case["kind"], reply
    assert reply.code == case.get("code", "")
    assert case.get("answer_has", "") in reply.answer
    assert case.get("reason_has", "") in reply.reason
    assert "\n" not in reply.reason
    assert case.get("repairs_have", "") in "; ".join(reply.repairs)
    assert bool(reply.repairs) or "repairs_have" not in case
    assert reply.is_cut == case.get("is_cut", False)
    assert reply.partial == case.get("partial", "")


_MARKS = (
    "```", "```python\n", "```json\n", "~~~", "\n```\n", "<think>", "</think>", "<tool_call>", "</tool_call>",
    "<|python_tag|>", "<execute>", "</execute>", "<|im_end|>", "<|channel|>final<|message|>", "> ```python\n> ",
    '{"name": "f", "arguments": {}}', "Action: x\nAction Input: {}", ">>> ", "1 ", "!pip x\n", "x = f(1)\n",
    "print(x)\n", "&lt;", "“", "\u00a0", "\u200b", "\x00", "\r", "\r\n", "\u2028", "[" * 300, "(" * 300, "：", ":",
    "你好", "a" * 50,
)  # fmt: skip
texts = st.lists(st.one_of(st.sampled_from(_MARKS), st.text(max_size=20)), max_size=25).map("".join)
reasons = st.sampled_from(["", "stop", "length", "tool_calls", "content_filter", "unknown", "新"])


@given(texts, reasons)
def test_no_reply_breaks_it_and_each_is_exactly_one_of_the_three(text: str, finish_reason: str) -> None:
    reply = extract_action(text, finish_reason=finish_reason)
    filled = {"action": bool(reply.code), "answer": bool(reply.answer), "malformed": bool(reply.reason)}
    assert filled == {kind: kind == reply.kind for kind in filled}
    assert "\n" not in reply.reason
    assert not reply.partial or reply.is_cut


@given(texts, texts)
def test_no_continuation_breaks_it(text: str, more: str) -> None:
    assert continued(text, more).startswith(text)


@pytest.mark.parametrize(
    ("text", "more", "whole"),
    [
        ("```python\nx = [1,", " 2]\n```", "```python\nx = [1, 2]\n```"),
        ("```python\nx = [1,", "```python\n 2]\n```", "```python\nx = [1, 2]\n```"),
        (
            "```python\nrows = system.logs()\ntot",
            "rows = system.logs()\ntotal = 1\n```",
            "```python\nrows = system.logs()\ntotal = 1\n```",
        ),
        (
            "```python\nrows = system.logs(",
            "= system.logs(service='a')\n```",
            "```python\nrows = system.logs(service='a')\n```",
        ),
        ("The services are up and", " running.", "The services are up and running."),
    ],
)
def test_what_was_cut_off_and_what_continues_it_become_one(text: str, more: str, whole: str) -> None:
    assert continued(text, more) == whole


@pytest.mark.parametrize(
    "piece", [" ", "\n", "[", "{", "`", "<think>", "<execute>", "```\n", "```python\n", "a:", ">>> "]
)
def test_long_reply_of_one_thing_is_read_in_time(piece: str) -> None:
    started = time.perf_counter()
    extract_action("x" + piece * (60_000 // len(piece)), finish_reason="stop")
    assert time.perf_counter() - started < 5
