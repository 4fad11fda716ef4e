"""What a text is compared by: stems of its words, Chinese characters and pairs of them, pieces of words. No ranking.

Finer than `sanca.memory.text.index_terms`, under which stores index: irregular forms are led back to their base and
stop words are told. It may change without any store being filled anew.
"""

from __future__ import annotations

import re
import zlib
from array import array
from functools import cache, lru_cache
from importlib.resources import files

from sanca.memory.text import normalise

_WORD = re.compile(r"[a-z]+(?:'[a-z]+)?|[0-9]+|[\u3400-\u9fff]+")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_PIECE_LENGTHS = (3, 4, 5)
PIECE_PLACES = 1 << 18
"""How many places pieces of words are hashed to."""

_STOP_TEXT = """
a an the and or but if of to in on at by for with from as into about than that this these those it its he she
    they them his her their hers him we us our you your yours i me my mine myself be do have will would can could should
    shall may might must not no so too very just also then there here what which who whom whose when where why how did
    does any some s t re ve ll d m don didn doesn isn wasn weren aren couldn wouldn yes oh ok okay hey hi hello wow
"""
STOP_WORDS = frozenset(_STOP_TEXT.split())
_STOP_CHARACTERS = frozenset(
    "的了吗呢吧啊呀么是在和与及也都就还又把被对从到给让我你他她它们这那哪谁什怎为何几多少有没不很会要能可以"
)


@cache
def _base_forms() -> dict[str, str]:
    lines = files("sanca.memory.retrieval").joinpath("irregular_forms.txt").read_text(encoding="utf-8").splitlines()
    rows = [line.split() for line in lines if line and not line.startswith("#")]
    return {form: row[0] for row in rows for form in row[1:]}


@cache
def _stemmer() -> object:
    from snowballstemmer import stemmer  # type: ignore[import-untyped]  # it has none

    return stemmer("english")


@lru_cache(maxsize=1 << 16)
def stem(word: str) -> str:
    """Return the stem of a lower-case English word; irregular forms have that of their base."""
    plain = word.split("'", 1)[0]
    plain = _base_forms().get(plain, plain)
    return str(_stemmer().stemWord(plain))  # type: ignore[attr-defined]  # the package has no types


def raw_words(text: str) -> list[str]:
    """Return lower-case words, numbers and runs of Chinese, in order."""
    return _WORD.findall(_CAMEL.sub(" ", normalise(text)).lower())


def terms(text: str) -> list[str]:
    """Return the terms of a text, in order, stop words left out."""
    found: list[str] = []
    for word in raw_words(text):
        found += _terms_of(word)
    return found


@lru_cache(maxsize=1 << 16)
def _terms_of(word: str) -> tuple[str, ...]:
    if word[0] >= "\u3400":
        return tuple(_chinese_terms(word))
    plain = word.split("'", 1)[0]
    if plain in STOP_WORDS or (base := stem(word)) in STOP_WORDS:
        return ()
    return (base,)


def _chinese_terms(run: str) -> list[str]:
    singles = [character for character in run if character not in _STOP_CHARACTERS]
    pairs = [run[at : at + 2] for at in range(len(run) - 1)]
    return singles + [pair for pair in pairs if not _STOP_CHARACTERS.issuperset(pair)]


@lru_cache(maxsize=1 << 14)  # some 200 bytes each
def pieces_of(word: str) -> array[int]:
    """Return the hashed pieces of 3 to 5 characters of a word with its ends marked; of Chinese those of 1 to 3."""
    chinese = word[0] >= "\u3400"
    marked = word if chinese else f" {word} "
    lengths = (1, 2, 3) if chinese else _PIECE_LENGTHS
    cut = [marked[at : at + length] for length in lengths for at in range(len(marked) - length + 1)]
    if not chinese:
        cut.append("=" + stem(word))
    return array("i", [zlib.crc32(piece.encode()) % PIECE_PLACES for piece in cut])


def pieces(text: str) -> list[int]:
    """Return the hashed pieces of all words of a text: what misspelt, joined and inflected words have in common."""
    return [piece for word in raw_words(text) for piece in pieces_of(word)]
