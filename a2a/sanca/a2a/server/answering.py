"""A message with a task's id, as the answer to what the task waits for. Decides nothing; asks again when in doubt."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sanca.a2a.server.incoming import data_of, words_of
from sanca.core.agent_runner import PendingAsk

from a2a.types.a2a_pb2 import Message

REASON_CHARS = 2_000
_END = re.compile(r"[\s.!,;:。！，；：]+$")
_AGREED = frozenset(
    {
        *("yes", "y", "yes please", "yes, please", "yes, go ahead", "ok", "okay", "approve", "approved", "i approve"),
        *("agreed", "i agree", "go ahead", "do it", "confirm", "confirmed", "proceed", "sure"),
        *("是", "是的", "好", "好的", "可以", "同意", "批准", "确认", "执行", "继续"),
    }
)
_REFUSED = frozenset(
    {
        *("no", "n", "no thanks", "no, thanks", "deny", "denied", "i deny", "reject", "rejected", "refuse", "refused"),
        *("stop", "cancel", "do not", "don't", "do not do it", "don't do it", "decline", "declined"),
        *("不", "不要", "不行", "不可以", "不同意", "拒绝", "取消", "停止"),
    }
)


@dataclass(frozen=True)
class Answer:
    """What a person or an agent said to a question."""

    approved: bool
    reason: str = ""
    value: Any = None


@dataclass(frozen=True)
class Unclear:
    """Nothing that answers it: it is asked again."""

    why: str


def read_answer(message: Message, ask: PendingAsk) -> Answer | Unclear:
    """Return what a message says to a question."""
    words, data = words_of(message), data_of(message.parts)
    if (
        isinstance(data, dict)
        and isinstance(data.get("approved"), bool)
        and (ask.kind == "approval" or not data["approved"])
    ):
        return Answer(data["approved"], str(data.get("reason") or words)[:REASON_CHARS])
    match ask.kind:
        case "approval":
            return _approval(words)
        case "form":
            return _form(data, words, ask)
        case _:
            return _question(data, words)


def _approval(words: str) -> Answer | Unclear:
    plain = _END.sub("", words).strip().lower()
    if plain in _AGREED:
        return Answer(approved=True)
    if plain in _REFUSED:
        return Answer(approved=False)
    return Unclear(
        'Please answer with yes or no, or with data: {"approved": true} or {"approved": false, "reason": "…"}.'
    )


def _form(data: Any, words: str, ask: PendingAsk) -> Answer | Unclear:
    values = data.get("value", data) if isinstance(data, dict) else None
    if isinstance(values, dict) and values:
        return Answer(approved=True, value=values)
    names = list(_properties(ask))
    if words.strip() and len(names) == 1 and _properties(ask)[names[0]].get("type", "string") == "string":
        return Answer(approved=True, value={names[0]: words})
    if _END.sub("", words).strip().lower() in _REFUSED:
        return Answer(approved=False)
    return Unclear(f'Please answer with data: {{"value": {{…}}}} with {", ".join(names) or "the form’s fields"}.')


def _question(data: Any, words: str) -> Answer | Unclear:
    value = data.get("value") if isinstance(data, dict) else data
    if value is None:
        value = words.strip() or None
    if value is None:
        return Unclear("Please answer in words.")
    return Answer(approved=True, value=value if isinstance(value, dict) and "value" in value else {"value": value})


def _properties(ask: PendingAsk) -> Mapping[str, Mapping[str, Any]]:
    found = ask.response_schema.get("properties")
    return {name: one for name, one in found.items() if isinstance(one, dict)} if isinstance(found, dict) else {}
