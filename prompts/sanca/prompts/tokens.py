"""How many tokens a text has, about: counted by the kinds of its characters, without any vocabulary. Cuts to size too.

A tokenizer would be exact for one family of models, and takes seconds and 140 MB to load. The weights are fitted to
Qwen's; tests/prompts/test_tokens.py holds the estimate against it: prose, code, Chinese, JSON, tables and logs.
"""

from __future__ import annotations

import re
from functools import lru_cache

_LETTERS = re.compile(r"[A-Za-z]{1,12}")
_SIGNS = re.compile(r"[!-/:-@\[-`{-~]+")
_SIGN = re.compile(r"[!-/:-@\[-`{-~]")
_DIGIT = re.compile(r"[0-9]")
_LINES = re.compile(r"\n\s*")
_HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]")
_OTHER = re.compile(r"[^\x00-\x7f\u3400-\u9fff\uf900-\ufaff]")
_WEIGHTS = (
    (_LETTERS, 1.0),
    (_DIGIT, 1.0),  # Qwen, like Llama 3's kin before it, has a token for each digit
    (_SIGNS, 0.55),
    (_SIGN, 0.35),
    (_LINES, 0.85),
    (_HAN, 0.66),
    (_OTHER, 0.9),
)
_MARK_TOKENS = 14
"""What the line takes that says how much is missing."""


@lru_cache(maxsize=512)  # the same rounds and stubs come again with every prompt
def estimate_tokens(text: str) -> int:
    """Return about how many tokens a text has, for Qwen's tokenizer within some 15 %; at least 1 for any text."""
    if not text:
        return 0
    return max(1, round(sum(weight * len(pattern.findall(text)) for pattern, weight in _WEIGHTS)))


def cut_to_tokens(text: str, limit_tokens: int) -> str:
    """Return the text with its middle left out beyond about `limit_tokens`, and say how much is missing."""
    tokens = estimate_tokens(text)
    if tokens <= limit_tokens:
        return text
    room = max(0, limit_tokens - _MARK_TOKENS)
    keep = int(len(text) * room / tokens)
    cut = _without_middle(text, keep)
    while keep and estimate_tokens(cut) > limit_tokens:  # dense at the edges: characters are no even measure
        keep = keep * 9 // 10
        cut = _without_middle(text, keep)
    return cut


def _without_middle(text: str, keep: int) -> str:
    head = keep * 2 // 3
    tail = keep - head
    return f"{text[:head]}\n[… {len(text) - keep} characters left out …]\n{text[len(text) - tail :] if tail else ''}"
