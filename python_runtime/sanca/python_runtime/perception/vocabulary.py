"""The words that perception knows, read from `vocabulary.yaml` and `homophones.json`. Data only."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import yaml

_HERE = "sanca.python_runtime.perception"


@dataclass(frozen=True)
class Vocabulary:
    """Word lists; English in lower case."""

    mend_english: tuple[str, ...]
    """What a slip is mended to."""
    mend_chinese: Mapping[str, tuple[str, ...]]
    """Likewise, with how their characters sound in them."""
    known: frozenset[str]
    """English words that are meant as they are."""
    nothing_english: frozenset[str]
    """Words that name nothing by themselves."""
    nothing_chinese: tuple[str, ...]
    """Such words of Chinese, the longest first."""
    deeds_english: frozenset[str]
    deeds_chinese: tuple[str, ...]
    sounds: Mapping[str, str]
    """Common Chinese character → how it sounds, without tone."""
    real: frozenset[str]
    """Words that only sound like one we know."""


@cache
def shipped_vocabulary() -> Vocabulary:
    """Return the vocabulary that comes with sanca."""
    # The base loader keeps every scalar a string: `off` and `no` are words here.
    data: dict[str, Any] = yaml.load(_read("vocabulary.yaml"), Loader=yaml.BaseLoader)
    homophones = json.loads(_read("homophones.json"))
    sounds = {character: sound for sound, characters in homophones["sounds"].items() for character in characters}
    return Vocabulary(
        mend_english=tuple(dict.fromkeys(data["mend"]["en"])),
        mend_chinese={word: tuple(said) for word, said in homophones["words"].items()},
        known=frozenset(data["mend"]["known"]),
        nothing_english=frozenset(data["nothing"]["en"]),
        nothing_chinese=_longest_first(data["nothing"]["zh"]),
        deeds_english=frozenset(data["deeds"]["en"]),
        deeds_chinese=_longest_first(data["deeds"]["zh"]),
        sounds=sounds,
        real=frozenset((*homophones["real"], *data["mend"]["real"], *data["nothing"]["zh"], *data["deeds"]["zh"])),
    )


def _read(name: str) -> str:
    return resources.files(_HERE).joinpath(name).read_text(encoding="utf-8")


def _longest_first(words: list[str]) -> tuple[str, ...]:
    return tuple(sorted(set(words), key=lambda word: (-len(word), word)))
