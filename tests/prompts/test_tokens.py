"""The estimate of tokens, held against Qwen's tokenizer, which comes with dashscope."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest
from sanca.prompts import estimate_tokens
from sanca.prompts.tokens import cut_to_tokens

ROOT = Path(__file__).parents[2]
WITHIN = 0.15
_RANDOM = random.Random(7)  # noqa: S311 - samples, no secrets
TEXTS = {
    "prose": (ROOT / "docs/reference/contracts.md").read_text("utf-8"),
    "code": (ROOT / "prompts/sanca/prompts/builder.py").read_text("utf-8"),
    "prompt": (ROOT / "tests/prompts/golden/all_segments_in_chinese.txt").read_text("utf-8"),
    "mixed": (ROOT / "memory/sanca/memory/skills/show_logs/SKILL.md").read_text("utf-8"),
    "chinese": "为什么结账服务很慢？请先查看最近十五分钟的错误日志，再比较两个发布版本的差异，最后告诉我原因。" * 5,
    "json": json.dumps([{"service": "checkout", "latency_ms": _RANDOM.randint(1, 999), "ok": True} for _ in range(60)]),
    "csv": "\n".join(f"north,2026-01-{n % 28 + 1:02},${_RANDOM.randint(100, 9999)}" for n in range(200)),
    "logs": "\n".join(
        f"2026-01-02 03:04:{n % 60:02} ERROR [exec-{n % 9}] dev.acme.CheckoutController - Timeout after {n} ms"
        for n in range(120)
    ),
    "traceback": "Traceback (most recent call last):\n  File \"action\", line 3, in <module>\nKeyError: 'Revenue'\n"
    * 9,
}


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    from dashscope import get_tokenizer

    return get_tokenizer("qwen-turbo")


@pytest.mark.parametrize("name", TEXTS)
def test_estimate_is_near_the_tokenizer(name: str, tokenizer: Any) -> None:
    real = len(tokenizer.encode(TEXTS[name]))
    assert abs(estimate_tokens(TEXTS[name]) / real - 1) <= WITHIN


def test_nothing_has_no_tokens_and_anything_has_one() -> None:
    assert estimate_tokens("") == 0
    assert estimate_tokens(" ") == estimate_tokens("a") == 1


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize("limit", [60, 300])
def test_cut_text_is_within_its_limit_and_says_what_is_missing(name: str, limit: int) -> None:
    text = TEXTS[name]
    cut = cut_to_tokens(text, limit)
    if cut != text:
        assert estimate_tokens(cut) <= limit
        assert "characters left out …]" in cut
        assert cut.startswith(text[:10]) and cut.endswith(text[-5:])
