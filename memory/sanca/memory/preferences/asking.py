"""Tells what a message asks of memory itself: what is known, what is to be forgotten. Keeps and forgets nothing."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from sanca.memory.preferences import cues
from sanca.memory.text import normalise

_MOST_CHARS = 300
_OWN = re.compile(r"\b(?:me|my|i|i'm|mine)\b|我", re.IGNORECASE)
_ENDING = re.compile(r"\s*(?:please|pls|ok(?:ay)?|thanks|thank you|谢谢|吧|了|好吗)?[\s.!?。！？]*$", re.IGNORECASE)


@dataclass(frozen=True)
class Asked:
    """What is asked of memory."""

    wants: Literal["about_me", "forget_all", "forget_last", "forget_this"]
    words: str = ""
    """What is to be forgotten is about this."""
    is_own: bool = False
    """Whether it is said of the person, so that nothing else can be meant."""


def asked_of_memory(message: str) -> Asked | None:
    """Return what a message asks of memory; None when it asks something else."""
    if len(message) > _MOST_CHARS:
        return None
    text = cues.POLITE.sub("", normalise(message).strip())
    if cues.ABOUT_ME.search(text):
        return Asked("about_me")
    if cues.FORGET_ALL.search(text):
        return Asked("forget_all")
    if cues.FORGET_LAST.search(text):
        return Asked("forget_last")
    if (hit := cues.FORGET_THIS.match(text)) and not text.rstrip().endswith(("?", "？")):
        words = _ENDING.sub("", text[hit.end() :])
        return Asked("forget_this", words, is_own=_OWN.search(text) is not None) if words else None
    return None
