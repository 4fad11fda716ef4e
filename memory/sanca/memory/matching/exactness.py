"""Whether a message asks for just what a skill does, or for something beside it. Looks at words, not at likeness.

Likeness hardly tells "the highest" from "the lowest", nor "restart it" from "do not restart it". A skill that was
learned from one run must not serve the other: every word that carries meaning has to be in a phrase of it, and back.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Literal

from sanca.memory.matching.lexicon import Lexicon, Piece
from sanca.memory.matching.slots import Reading
from sanca.memory.skills import SkillSheet
from sanca.memory.text import CJK, stem

Fit = Literal["whole", "most", "no"]
"""whole: the message says a phrase, in words of the same meaning. most: a word of the phrase is left out."""

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
        r"\b(?:yesterday|tomorrow|tonight|later|next|ago|since|daily|hourly|weekly)\b"
        r"|昨|明天|今晚|稍后|下[周个]|以来|定时",
        re.IGNORECASE,
    ),
)  # fmt: skip
"""Words that turn a sentence into another one."""
_ASKS = re.compile(
    r"^\W*(?:who|what|when|where|why|which|how|did|does|do|is|are|was|were|has|have|had|should|may|will|would it|can i|"
    r"could i)\b|[吗呢么][??]?\s*$|是否|有没有|什么|为何|怎么|谁|哪|多少|多大|多久|几",
    re.IGNORECASE,
)
_POLITE = re.compile(
    r"(?:please|kindly|just|now|right now|again|currently|at the moment|show|tell|give|list|let|see|look(?: at| up)?|"
    r"check|find(?: out)?|get|"
    r"display|print|view|want|need|like|know|what(?: is|'s| was| are)?|is|was|be|there|"
    r"请|帮|帮忙|帮我|麻烦|查|查一下|查查|查看|看|看看|看一下|告诉|告诉我|给我?|显示|列出|想|知道|了解|现在|目前|当前|是多少|多少|是|一下|"
    r"将|把|并|并且|然后|且|再|和|以及)",
    re.IGNORECASE,
)
"""Ways of asking, which say nothing of what is asked for."""
_SMALL = frozenset(
    ["the", "a", "an", "of", "to", "in", "at", "for", "on", "how", "what", "is", "was", "are", "me", "it", "that"]
)
_FEWEST = 3
"""A phrase of so many words may have one left out, where nothing is changed by it."""


def is_said(sheet: SkillSheet, reading: Reading) -> bool:
    """Whether the message has all the words that the skill takes for granted."""
    said = reading.text.casefold()
    return all(has_words(said, word.casefold()) for word in sheet.says)


def fit_of(sheet: SkillSheet, reading: Reading, lexicon: Lexicon) -> Fit:
    """Return how well a message says what the skill's phrases say, word for word; what else it names counts too."""
    if _names_more(sheet, reading) or _is_turned(sheet, reading):
        return "no"
    said = _content(reading.pieces)
    phrases = [_phrase(phrase, lexicon) for phrase in dict.fromkeys((*sheet.phrases.en, *sheet.phrases.zh))]
    title = _phrase(sheet.title.en, lexicon)
    known = [piece for phrase in (*phrases, title) for piece in phrase]
    if not said or not all(_is_among(piece, known) for piece in said):
        return "no"
    left_out = [[piece for piece in phrase if not _is_among(piece, said)] for phrase in (*phrases, title) if phrase]
    if any(not left for left in left_out):
        return "whole"
    long_ones = [left for phrase, left in zip(phrases, left_out, strict=False) if len(phrase) >= _FEWEST]
    return "most" if not sheet.changes and any(len(left) == 1 for left in long_ones) else "no"


def has_words(said: str, words: str) -> bool:
    """Whether a text in small letters has these words, in their order; `tulip` is said in `tulips`."""
    if not words.isascii():
        return words in said
    wanted, there = _stems(words), _stems(said)
    if not wanted:
        return words in said
    return any(there[at : at + len(wanted)] == wanted for at in range(len(there) - len(wanted) + 1))


def _names_more(sheet: SkillSheet, reading: Reading) -> bool:
    """Whether the message names something that the skill has no use for."""
    wanted: Counter[str] = Counter(parameter.kind for parameter in sheet.parameters)
    slots = {(_PARAMETER_KINDS.get(one.kind, one.kind), one.value) for one in reading.slots}
    return any(count > wanted[kind] for kind, count in Counter(kind for kind, _ in slots).items())


def _is_turned(sheet: SkillSheet, reading: Reading) -> bool:
    phrases = (*sheet.phrases.en, *sheet.phrases.zh)
    said = reading.text
    if any(turn.search(said) and not any(turn.search(phrase) for phrase in phrases) for turn in _TURNS):
        return True
    # What changes something is not done because somebody asks about it.
    return sheet.changes and _ASKS.search(said) is not None and not any(_ASKS.search(phrase) for phrase in phrases)


@lru_cache(maxsize=4096)
def _phrase(phrase: str, lexicon: Lexicon) -> tuple[Piece, ...]:
    plain = re.sub(r"\{\w+\}|…", lambda hit: "\x00" * len(hit.group()), phrase)
    return tuple(_content(lexicon.read(plain)))


def _content(pieces: Iterable[Piece]) -> list[Piece]:
    """Return the words that carry meaning."""
    return [one for one in pieces if one.kind != "stop" and not _POLITE.fullmatch(one.text.strip().lower())]


def _is_among(piece: Piece, others: Sequence[Piece]) -> bool:
    """Whether some of the words mean the same, or are the same."""
    meant = {name for name in piece.concepts if not name.startswith("foreign:")}
    if any(meant & set(other.concepts) for other in others):
        return True
    text = piece.text.strip().lower()
    if CJK.search(text):
        return any(text in other.text or other.text in text for other in others if CJK.search(other.text))
    own = {one for one in _stems(text) if one not in _SMALL}
    there = {one for other in others for one in _stems(other.text.lower())}
    return bool(own) and own <= there


def _stems(text: str) -> list[str]:
    return [stem(word) for word in re.findall(r"[a-z0-9]+", text)]
