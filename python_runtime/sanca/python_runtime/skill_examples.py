"""Fills a skill's example phrase with names that exist now, so that a person can send it as it stands."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_NUMBERS = ("20", "15", "30")


def filled_example(phrase: str, entities: Mapping[str, Sequence[str]]) -> str:
    """Return the phrase with real names; empty when a name of some kind is not known.

    Args:
        phrase: For instance `restart {service}`.
        entities: The names that exist now, by kind, the best to show first.
    """
    left = {kind: iter(names) for kind, names in {"number": _NUMBERS, **entities}.items()}
    found = [(match.group(), next(left.get(match.group(1), iter(())), "")) for match in _PLACEHOLDER.finditer(phrase)]
    if not all(name for _, name in found):
        return ""
    for placeholder, name in found:
        phrase = phrase.replace(placeholder, name, 1)
    return phrase
