"""Mends slips of the keyboard: misspelt English words and names, and Chinese words written by their sound.

Only towards words it knows, and only where nobody could have meant what stands there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

from rapidfuzz import process
from rapidfuzz.distance import OSA
from sanca.python_runtime.perception.vocabulary import Vocabulary

_CHARS = 2_000
_LONG_WORD = 7
_WORD = re.compile(r"(?<![\w./@\\-])[A-Za-z]{4,}(?![\w/@\\]|[.-]\w|')")
_LITERAL = re.compile(r"`[^`]*`|\"[^\"]*\"|“[^”]*”|「[^」]*」|https?://\S+|[{\[][^\n]*[}\]]|\S*[\\/_]\S*")
"""Quotations, addresses, JSON, paths: their letters are meant as they are."""
_HAN = re.compile(r"[\u3400-\u9fff]+")


@dataclass(frozen=True)
class Mended:
    """A text with its slips mended."""

    text: str
    slips: Mapping[str, str] = field(default_factory=dict)
    """What stood there → what it was meant to be."""


class Mender:
    """Mends texts; safe to share."""

    def __init__(self, vocabulary: Vocabulary, is_word: Callable[[str], bool]) -> None:
        """Take the words it mends to.

        Args:
            vocabulary: The words, and how Chinese characters sound.
            is_word: Whether an English word is a usual one, so that it was meant.
        """
        self._words = vocabulary.mend_english
        self._sounds = vocabulary.sounds
        self._real = vocabulary.real | vocabulary.mend_chinese.keys()
        self._known = vocabulary.known | frozenset(vocabulary.mend_english)
        self._is_word = is_word
        self._by_sound: dict[tuple[str, ...], str] = {}
        for word, sound in vocabulary.mend_chinese.items():
            self._by_sound.setdefault(sound, word)
            self._by_sound.setdefault(self._sound(word), word)  # a character may sound otherwise by itself: 重
        self._lengths = sorted({len(word) for word in vocabulary.mend_chinese if len(word) > 1}, reverse=True)

    def mend(self, text: str, names: Collection[str] = ()) -> Mended:
        """Return the text as it was probably meant.

        Args:
            text: A message; a very long one is left as it is.
            names: Things that exist now: what is close to one of them was meant to be it, and they are never changed.
        """
        if len(text) > _CHARS:
            return Mended(text)
        slips = self._english(text, names) | self._chinese(text)
        mended = text
        for start, end in sorted(slips, reverse=True):
            mended = mended[:start] + slips[start, end] + mended[end:]
        return Mended(mended, {text[start:end]: right for (start, end), right in sorted(slips.items())})

    def _english(self, text: str, names: Collection[str]) -> dict[tuple[int, int], str]:
        literal = [hit.span() for hit in _LITERAL.finditer(text)]
        plain = [name for name in names if name.isascii() and name.isalpha()]
        meant = {part for name in names for part in re.split(r"\W+", name.lower())}
        found: dict[tuple[int, int], str] = {}
        for hit in _WORD.finditer(text):
            word = hit.group()
            if any(start <= hit.start() < end for start, end in literal) or not _is_plain(word):
                continue
            if word.lower() in meant or self._is_known(word.lower()):
                continue
            if right := _nearest(word.lower(), [*self._words, *plain]):
                found[hit.span()] = right
        return found

    def _is_known(self, word: str) -> bool:
        return any(one in self._known or self._is_word(one) for one in (word, word.removesuffix("s")))

    def _chinese(self, text: str) -> dict[tuple[int, int], str]:
        found: dict[tuple[int, int], str] = {}
        for run in _HAN.finditer(text):
            at = 0
            while at < len(run.group()):
                size, right = self._word_at(run.group(), at)
                if right:
                    found[run.start() + at, run.start() + at + size] = right
                at += size
        return found

    def _word_at(self, run: str, at: int) -> tuple[int, str]:
        """Return how many characters belong together here, and what they were meant to be when that is another word."""
        for size in self._lengths:
            part = run[at : at + size]
            if len(part) < size:
                continue
            if part in self._real:
                return size, ""
            right = self._by_sound.get(self._sound(part))
            if right and any(one == other for one, other in zip(part, right, strict=True)):
                following = run[at + 1 : at + 1 + size]
                return (1, "") if len(following) == size and following in self._real else (size, right)
        return 1, ""

    def _sound(self, word: str) -> tuple[str, ...]:
        return tuple(self._sounds.get(character, character) for character in word)


def _is_plain(word: str) -> bool:
    """Whether it is written like a word, not like a name in code."""
    return word.islower() or word.isupper() or word.istitle()


def _nearest(word: str, words: Sequence[str]) -> str:
    """Return the one word that is a slip away; empty when there is none, or several as near."""
    most = 2 if len(word) >= _LONG_WORD else 1
    found = process.extract(word, words, scorer=OSA.distance, score_cutoff=most, limit=3)
    near = [(right, distance) for right, distance, _ in found if right[0] == word[0]]
    nearest = {right for right, distance in near if distance == min(other for _, other in near)}
    return nearest.pop() if len(nearest) == 1 else ""
