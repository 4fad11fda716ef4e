"""What a question asks: its terms, who it is about, what kind of answer it wants. Knows no records and no ranking."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from functools import lru_cache

from sanca.memory.retrieval.words import raw_words, terms

_ASKS = {
    "time": re.compile(
        r"\b(when|what (day|date|month|year|time)|how (long|often|soon|old)|which (day|month|year))\b"
        r"|什么时候|何时|几号|哪天|哪年|哪个月|几月|多久|几点|日期|星期几"
    ),
    "number": re.compile(r"\bhow (many|much|long|old|often|far|big|tall)\b|多少|几[个只次年天岁本张家人]|多[大高长远]"),
    "place": re.compile(
        r"\bwhere\b|\b(which|what) (city|country|place|town|park|beach)\b|哪里|哪儿|何处|什么地方|哪个城市"
    ),
    "reason": re.compile(r"\bwhy\b|\bwhat (made|motivated|inspired|caused)\b|为什么|为何|怎么会|原因"),
    "person": re.compile(r"\b(who|whom|whose)\b|谁"),
}
_POSSESSIVE = re.compile(r"['’]s?$")


@dataclass(frozen=True)
class Question:
    """A question as the ranking sees it."""

    text: str
    weights: dict[str, float]
    """Its terms, stemmed, each with how often it occurs."""
    words: frozenset[str]
    """Its words as they stand, in lower case."""
    wants: frozenset[str] = field(default_factory=frozenset)
    """Which of time, number, place, reason and person it asks for."""

    def names_among(self, speakers: Collection[str]) -> set[str]:
        """Return those speakers whom the question names, by their full or first name."""
        return {speaker for speaker in speakers if name_parts(speaker) & self.words or _stands_in(speaker, self.text)}

    def without(self, calls: Collection[str]) -> str:
        """Return its text without the names by which speakers are called; the whole text when nothing else is left."""
        kept = [word for word in self.text.split() if not any(call in word.lower() for call in calls)]
        return " ".join(kept) or self.text


def read_question(text: str) -> Question:
    """Return what a question asks."""
    words = frozenset(_POSSESSIVE.sub("", word) for word in raw_words(text))
    lowered = text.lower()
    wants = frozenset(kind for kind, asks in _ASKS.items() if asks.search(lowered))
    return Question(text, {term: float(often) for term, often in Counter(terms(text)).items()}, words, wants)


@lru_cache(maxsize=4096)
def name_parts(speaker: str) -> frozenset[str]:
    """Return the words of a name by which one calls a person."""
    return frozenset(word for word in raw_words(speaker) if len(word) > 1)


def _stands_in(speaker: str, text: str) -> bool:
    """Whether a Chinese name stands in a text, which has no blanks around it."""
    return bool(speaker) and speaker[0] >= "\u3400" and (speaker in text or (len(speaker) > 2 and speaker[1:] in text))
