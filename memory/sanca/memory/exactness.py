"""Whether a message asks for just what a skill does, or for something beside it. Looks at words, not at likeness."""

from __future__ import annotations

import re
from collections import Counter

from sanca.memory.skills import SkillSheet
from sanca.memory.slots import Reading
from sanca.memory.text import stem

_PARAMETER_KINDS = {"quoted": "text", "payload": "text", "file": "text", "table": "text"}
_TURNS = (
    re.compile(
        r"\b(?:don'?t|do not|doesn'?t|not|never|without|no longer|except|but|instead|rather)\b|不要|不用|无需|勿"
        r"|除了|而不是|但|(?<![特分个区识])别(?!名)",
        re.IGNORECASE,
    ),
    re.compile(
        r"\b(?:if|unless|until|when(?:ever)?|once|after|before|while)\b|如果|若|除非|直到|等到|之后|以后|之前",
        re.IGNORECASE,
    ),
    re.compile(r"\b(?:undo|revert|cancel|stop|abort|opposite|reverse)\b|撤销|取消|停止|恢复成|相反", re.IGNORECASE),
    re.compile(r"\b(?:every|each|all|both|any|other|another)\b|每|所有|全部|其他|其它|另", re.IGNORECASE),
    re.compile(
        r"\b(?:yesterday|tomorrow|tonight|later|next|ago|since|daily|hourly|weekly)\b|昨|明天|今晚|稍后|下[周个]|以来|定时",
        re.IGNORECASE,
    ),
)
"""Words that turn a sentence into another one; likeness hardly sees them."""
_ASKS = re.compile(
    r"^\W*(?:who|what|when|where|why|which|how|did|does|do|is|are|was|were|has|have|had|should|may|will|would it|can i|"
    r"could i)\b|[吗呢么][??]?\s*$|是否|有没有|什么|为何|怎么|谁|哪|多少|多大|多久|几",
    re.IGNORECASE,
)


def is_said(sheet: SkillSheet, reading: Reading) -> bool:
    """Whether the message has all the words that the skill takes for granted."""
    said = reading.text.casefold()
    return all(has_words(said, word.casefold()) for word in sheet.says)


def is_exact(sheet: SkillSheet, reading: Reading) -> bool:
    """Whether the message names nothing that the skill has no use for, and no word turns its meaning."""
    wanted: Counter[str] = Counter(parameter.kind for parameter in sheet.parameters)
    named = Counter(
        kind for kind, _ in {(_PARAMETER_KINDS.get(one.kind, one.kind), one.value) for one in reading.slots}
    )
    if any(count > wanted[kind] for kind, count in named.items()):
        return False
    phrases = (*sheet.phrases.en, *sheet.phrases.zh)
    said = _outside_slots(reading)
    if any(turn.search(said) and not any(turn.search(phrase) for phrase in phrases) for turn in _TURNS):
        return False
    # What changes something is not done because somebody asks about it.
    return not sheet.changes or not _ASKS.search(said) or any(_ASKS.search(phrase) for phrase in phrases)


def _outside_slots(reading: Reading) -> str:
    text = reading.text
    for slot in reversed(reading.slots):
        text = f"{text[: slot.start]} {text[slot.end :]}"
    return text


def has_words(said: str, words: str) -> bool:
    """Whether a text in small letters has these words, in their order; `tulip` is said in `tulips`."""
    if not words.isascii():
        return words in said
    wanted, there = _stems(words), _stems(said)
    if not wanted:
        return words in said
    return any(there[at : at + len(wanted)] == wanted for at in range(len(there) - len(wanted) + 1))


def _stems(text: str) -> list[str]:
    return [stem(word) for word in re.findall(r"[a-z0-9]+", text)]
