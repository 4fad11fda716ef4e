"""Words out of text: normal form, light stems, Chinese characters and bigrams. No meaning, no weights."""

from __future__ import annotations

import re
import unicodedata

CJK = re.compile(r"[\u3400-\u9fff]+")
_WORD = re.compile(r"[A-Za-z]+|[0-9]+")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_PLAIN_QUOTES = {ord(quote): '"' for quote in "“”「」『』"} | {ord(quote): "'" for quote in "‘’"}
_SUFFIXES = ("ings", "ing", "ies", "ed", "es", "s")


def normalise(text: str) -> str:
    """Return `text` with full-width forms folded and typographic quotes made plain."""
    folded = unicodedata.normalize("NFKC", text)
    return folded.translate(_PLAIN_QUOTES)


def stem(word: str) -> str:
    """Return a light stem of a lower-case English word."""
    for suffix in _SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= 3:
            return word[: -len(suffix)]
    return word


def tokens(text: str) -> list[str]:
    """Return words split at camelCase, snake_case and dots, lightly stemmed; Chinese as characters and bigrams."""
    found: list[str] = []
    for run in CJK.findall(text):
        found += [*run, *(run[i : i + 2] for i in range(len(run) - 1))]
    words = _WORD.findall(_CAMEL.sub(" ", CJK.sub(" ", text)))
    return found + [stem(word.lower()) for word in words]


def index_terms(text: str) -> list[str]:
    """Return the terms under which stores index a text: those of `tokens`, in order, repeated as often as they occur.

    Each is lower-case letters, digits or Chinese characters only, so that a store may join them by spaces.
    """
    return tokens(normalise(text))


def language_of(text: str) -> str:
    """Return `zh` when Chinese characters carry the sentence, else `en`."""
    chinese = sum(len(run) for run in CJK.findall(text))
    english = len(re.findall(r"[A-Za-z]+", text))
    # A Chinese sentence keeps Latin names and technical words; two characters to a word is about even.
    return "zh" if chinese >= max(1, english) else "en"
