"""English words beside Chinese ones, so that a question in one language finds tools described in the other.

Reads glossary.yaml; longest match, no grammar, no translation.
"""

from __future__ import annotations

from functools import cache
from importlib import resources

import yaml
from sanca.memory.text import CJK

_LONGEST = 8


def with_english(text: str) -> str:
    """Return the text, and behind it English words for its Chinese ones; the text alone when it has none."""
    runs = CJK.findall(text)
    english = [word for run in runs for word in _glosses(run)]
    return f"{text} {' '.join(dict.fromkeys(english))}" if english else text


def _glosses(run: str) -> list[str]:
    words = _words()
    found: list[str] = []
    at = 0
    while at < len(run):
        length = next((n for n in range(min(_LONGEST, len(run) - at), 0, -1) if run[at : at + n] in words), 0)
        if length:
            found.append(words[run[at : at + length]])
        at += length or 1
    return [gloss for gloss in found if gloss]


@cache
def _words() -> dict[str, str]:
    """Return what stands for each Chinese word; an empty gloss: it is known, and says nothing about a tool."""
    words: dict[str, str] = {}
    text = resources.files("sanca.memory.tool_search").joinpath("glossary.yaml").read_text(encoding="utf-8")
    sections: dict[str, dict[str, str]] = yaml.load(text, Loader=getattr(yaml, "CBaseLoader", yaml.BaseLoader))  # noqa: S506
    for section in sections.values():
        for english, chinese in section.items():
            words.update(dict.fromkeys(chinese.split(), "" if english == "-" else english))
    return words
