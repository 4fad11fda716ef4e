"""Tokens as Qwen's tokenizer counts them (it comes with dashscope), and requests as the text that a model reads."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

TOKENIZER = "Qwen's tokenizer (dashscope)"


def tokens_of(text: str) -> list[int]:
    """Return a text's tokens."""
    found: list[int] = _tokenizer().encode(text, allowed_special="all")
    return found


@cache
def count(text: str) -> int:
    """Return how many tokens a text has; texts come again and again."""
    return len(tokens_of(text))


def rendered(messages: Sequence[Mapping[str, Any]], tools: Sequence[Mapping[str, Any]] = ()) -> str:
    """Return what Qwen's chat template makes of a request: roles, contents, calls, and tools as JSON lines."""
    head = ""
    if tools:
        lines = "\n".join(json.dumps(tool, ensure_ascii=False) for tool in tools)
        head = f"<|im_start|>system\n# Tools\n\n<tools>\n{lines}\n</tools><|im_end|>\n"
    return head + "".join(map(rendered_message, messages))


def rendered_message(message: Mapping[str, Any]) -> str:
    """Return one message of it."""
    calls = "".join(_call(each["function"]) for each in message.get("tool_calls") or ())
    return f"<|im_start|>{message['role']}\n{message.get('content') or ''}{calls}<|im_end|>\n"


def shared_start(one: Sequence[int], other: Sequence[int]) -> int:
    """Return how many tokens two requests begin with alike."""
    for position, (left, right) in enumerate(zip(one, other, strict=False)):
        if left != right:
            return position
    return min(len(one), len(other))


def _call(function: Mapping[str, Any]) -> str:
    return f'\n<tool_call>\n{{"name": "{function["name"]}", "arguments": {function["arguments"]}}}\n</tool_call>'


@cache
def _tokenizer() -> Any:
    from dashscope import get_tokenizer  # type: ignore[import-untyped,unused-ignore]

    return get_tokenizer("qwen-turbo")
