"""The bilingual lexicon: which concepts the words of a text stand for. Reads lexicon.yaml; knows nothing of skills."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import yaml
from sanca.memory.text import CJK

_ENGLISH = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:['_-][A-Za-z0-9]+)*|\d+[a-z]*")
_LONGEST_ENGLISH = 5
_LONGEST_CHINESE = 8


@dataclass(frozen=True)
class Piece:
    """A stretch of text and what it stands for."""

    start: int
    end: int
    text: str
    kind: str
    """concept, foreign, stop, common or unknown."""
    concepts: tuple[str, ...] = ()


@dataclass(frozen=True)
class NounWord:
    """A Chinese word as the grammar of names sees it."""

    start: int
    end: int
    text: str
    kind: str
    """head, noun, stop, concept, foreign or unknown."""
    concepts: tuple[str, ...] = ()
    headed: bool = False
    """A noun that ends in a head: 用户中心."""
    tail: bool = False
    """What a service does, at the end of its name: 同步 of 库存同步."""


class Lexicon:
    """Looks words up by plural-folded form (English) and longest match (Chinese).

    No stemming beyond plurals: a service may well be called `shipping` while `shipped` is a concept.
    """

    def __init__(self, data: dict[str, Any]) -> None:
        self._english: dict[tuple[str, ...], dict[str, None]] = {}
        self._exact: set[str] = set()
        self._chinese: dict[str, dict[str, None]] = {}
        for section in ("concepts", "foreign"):
            for concept, forms in data[section].items():
                name = concept if section == "concepts" else f"foreign:{concept}"
                self._add(name, forms)
        self._stop_english = {word.lower() for word in data["stop"]["en"]}
        self._stop_chinese = set(data["stop"]["zh"])
        self._common = {_fold(word) for word in data["common"]}
        self.setting_words: dict[str, dict[str, list[str]]] = data["setting_words"]
        """Plain names of settings: canonical English words -> surface forms per language."""
        self.service_words: dict[str, list[str]] = data["service_words"]
        """Chinese words for what services are often called in English."""
        self.service_nouns = frozenset(data["service_nouns"])
        """What services are often called; an everyday word among them may be a name where a name stands."""

        self.setting_nouns = frozenset(data["setting_nouns"])
        """The last part of what settings are often called: `size` of `pool_size`."""
        names = data["chinese_names"]
        self._heads = frozenset(names["heads"])
        self._nouns = frozenset(noun for nouns in names["nouns"] for noun in nouns) | self.service_words.keys()
        self.generic_nouns = frozenset(names["generic"])
        """Chinese nouns that mean the thing itself, no service, when they stand alone."""
        self._tails = frozenset(names["tails"])
        self._particles = frozenset(names["particles"]) | self._stop_chinese

    def _add(self, concept: str, forms: dict[str, list[str]]) -> None:
        for form in forms["en"]:
            key = tuple(_fold(word) for word in _ENGLISH.findall(form))
            self._english.setdefault(key, {})[concept] = None
            self._exact.add(form.lower())
        for form in forms["zh"]:
            self._chinese.setdefault(form, {})[concept] = None

    def read(self, text: str) -> list[Piece]:
        """Return the pieces of `text` in order, longest forms first; punctuation is left out."""
        pieces: list[Piece] = []
        for run in CJK.finditer(text):
            pieces += self._read_chinese(run.group(), run.start())
        pieces += self._read_english(CJK.sub(lambda run: " " * len(run.group()), text))
        return sorted(pieces, key=lambda piece: piece.start)

    def is_everyday(self, word: str) -> bool:
        """Whether an English word is in the lexicon in any part: never the name of a service by itself."""
        key = _fold(word)
        return word.lower() in self._stop_english or key in self._common or tuple(key.split("-")) in self._english

    def _read_english(self, text: str) -> Iterable[Piece]:
        words = list(_ENGLISH.finditer(text))
        folded = [_fold(word.group()) for word in words]
        at = 0
        while at < len(words):
            length, concepts = self._longest_english(folded, at, words[at].group().lower())
            start, end = words[at].start(), words[at + length - 1].end()
            if concepts:
                yield Piece(start, end, text[start:end], _kind(concepts), concepts)
            else:
                yield Piece(start, end, text[start:end], self._plain_kind(words[at].group()))
            at += length

    def _longest_english(self, folded: list[str], at: int, word: str) -> tuple[int, tuple[str, ...]]:
        for length in range(min(_LONGEST_ENGLISH, len(folded) - at), 0, -1):
            # `service` is a stop word although it folds like the concept `services`.
            if length == 1 and word in self._stop_english and word not in self._exact:
                break
            if found := self._english.get(tuple(folded[at : at + length])):
                return length, tuple(found)
        # `power-cycle` means what `power cycle` does.
        return 1, tuple(self._english.get(tuple(folded[at].split("-")), ()))

    def _plain_kind(self, word: str) -> str:
        if word.lower() in self._stop_english:
            return "stop"
        return "common" if _fold(word) in self._common or word.isdigit() else "unknown"

    def _read_chinese(self, run: str, offset: int) -> Iterable[Piece]:
        at = 0
        unknown = ""
        while at < len(run):
            length, kind, concepts = self._longest_chinese(run, at)
            if kind == "unknown":
                unknown += run[at]
            else:
                if unknown:
                    yield Piece(offset + at - len(unknown), offset + at, unknown, "unknown")
                    unknown = ""
                yield Piece(offset + at, offset + at + length, run[at : at + length], kind, concepts)
            at += length
        if unknown:
            yield Piece(offset + at - len(unknown), offset + at, unknown, "unknown")

    def noun_word(self, run: str, at: int, offset: int, longest: int) -> NounWord:
        """Return the longest word at a place of a Chinese run, as the grammar of names sees it."""
        for length in range(min(longest, len(run) - at), 0, -1):
            part = run[at : at + length]
            if kind := self._noun_kind(part):
                headed = kind == "noun" and any(part.endswith(head) for head in self._heads if 2 <= len(head) < length)
                concepts = tuple(self._chinese.get(part, ()))
                return NounWord(offset + at, offset + at + length, part, kind, concepts, headed, part in self._tails)
        if run[at : at + 2] == 2 * run[at]:
            return NounWord(offset + at, offset + at + 2, run[at : at + 2], "stop")  # 戳戳: only verbs are doubled
        return NounWord(offset + at, offset + at + 1, run[at], "unknown")

    def has_head(self, name: str) -> bool:
        """Whether a Chinese name ends in a word such as 系统 or 网关."""
        return any(name.endswith(head) for head in self._heads)

    def _noun_kind(self, part: str) -> str:
        """Return what a word is in the grammar of names, or an empty string."""
        if part in self._heads:
            return "head"
        if part in self._nouns:
            return "noun"
        if part in self._particles:
            return "stop"
        return _kind(tuple(self._chinese[part])) if part in self._chinese else ""

    def _longest_chinese(self, run: str, at: int) -> tuple[int, str, tuple[str, ...]]:
        for length in range(min(_LONGEST_CHINESE, len(run) - at), 0, -1):
            part = run[at : at + length]
            if found := self._chinese.get(part):
                return length, _kind(tuple(found)), tuple(found)
            if part in self._stop_chinese:
                return length, "stop", ()
        return 1, "unknown", ()


def _kind(concepts: tuple[str, ...]) -> str:
    return "foreign" if all(concept.startswith("foreign:") for concept in concepts) else "concept"


def _fold(word: str) -> str:
    word = word.lower()
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word


@cache
def shipped_lexicon() -> Lexicon:
    """Return the lexicon that comes with sanca."""
    text = resources.files("sanca.memory.matching").joinpath("lexicon.yaml").read_text(encoding="utf-8")
    # The base loader keeps every scalar a string: `on`, `off`, `no` and `500` are words here.
    return Lexicon(yaml.load(text, Loader=getattr(yaml, "CBaseLoader", yaml.BaseLoader)))  # noqa: S506
