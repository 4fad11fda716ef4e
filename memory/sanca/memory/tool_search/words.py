"""Words of tools and of questions for tool search: split names, stems, character grams, the parts of a question.

No index and no weights. Stems go further than those of `sanca.memory.text`: a tool is found by `converter` and
`conversion` alike, and a wrong join costs little among so many other words.
"""

from __future__ import annotations

import re

from sanca.memory.text import CJK

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_WORD = re.compile(r"[A-Za-z]+|[0-9]+")
_JOINERS = str.maketrans("_.-/", "    ")
_ENDINGS = (
    *("ions", "ion", "ings", "ing", "ments", "ment", "ies", "ers", "er", "ors", "or", "ed"),
    *("es", "ly", "al", "s", "e", "y"),
)
_SHORTEST_STEM = 4
_GRAM = 4
_PART_WORDS = 2
"""A part of a question with fewer words that say something is left to the whole."""
MOST_PARTS = 8
_ASKING = (
    "what|how|who|where|when|which|can|could|find|get|calculate|compute|tell|show|provide|recommend|suggest|also|give|i"
    "|help|check|convert|list|book|play|see|search|let|send|create|make|draw|add|set|turn|translate|write"
)
_PART_ENDS = re.compile(
    r"(?<=[.!?;。！？；\n])\s*"
    r"|,\s*(?:and|then|also|plus|but)\b\s*(?:then|also)?"
    r"|\b(?:and then|and also|as well as|also|then|plus|after that|additionally)\b"
    rf"|(?<=[,，])\s*(?=(?:{_ASKING})\b)"
    rf"|\band\b(?=\s+(?:{_ASKING})\b)"
    r"|[，、]?(?:然后|并且|同时|另外|顺便|接着|之后再|再帮我|以及)",
    re.IGNORECASE,
)
_SAYING_NOTHING = """
    a an the of to in on for and or is are was were be been being it its this that these those with by from at as
    into about i me my we our you your he she they them their what which who whom whose how when where why can could
    would should will shall may might must do does did done have has had not no yes if then than so such there here any
    some all each please need want like help get give tell show provide find let know using use make also just more most
    very much many one ones us im
"""
STOP_WORDS = frozenset(_SAYING_NOTHING.split())


def spoken(name: str) -> str:
    """Return a name as words: `exchangeRates.get_latest` is `exchange Rates get latest`."""
    return _CAMEL.sub(" ", name.translate(_JOINERS))


def content_words(text: str) -> list[str]:
    """Return the lower-case words that say something: no stop words, no numbers, no Chinese."""
    words = (word.lower() for word in _WORD.findall(_CAMEL.sub(" ", CJK.sub(" ", text))))
    return [word for word in words if word not in STOP_WORDS and not word.isdigit()]


def stem(word: str) -> str:
    """Return the stem of a lower-case English word."""
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _SHORTEST_STEM:
            return word[: -len(ending)]
    return word


def terms(text: str) -> list[str]:
    """Return what is looked up as a whole: stems, Chinese characters and pairs of them."""
    found = [stem(word) for word in content_words(text)]
    for run in CJK.findall(text):
        found += [*run, *(run[at : at + 2] for at in range(len(run) - 1))]
    return found


def grams(text: str) -> list[str]:
    """Return the character grams of the words that say something, over the spaces between them too."""
    line = f" {' '.join(content_words(text))} "
    return [line[at : at + _GRAM] for at in range(len(line) - _GRAM + 1)]


def parts_of(question: str) -> list[str]:
    """Return the sentences and clauses that may each ask for a tool of their own; none when it is only one."""
    found = [part for part in _PART_ENDS.split(question) if part and _says_enough(part)]
    return found[:MOST_PARTS] if len(found) > 1 else []


def _says_enough(part: str) -> bool:
    return len(content_words(part)) >= _PART_WORDS or sum(map(len, CJK.findall(part))) >= _PART_WORDS
