"""Rules for what is said to have been read, tested or written to a file. Names the part of the claim that is not so."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from sanca.python_runtime.files import MEDIA_TYPES
from sanca.python_runtime.self_check import lexicon
from sanca.python_runtime.self_check.claims import clauses
from sanca.python_runtime.self_check.doubts import Doubt
from sanca.python_runtime.self_check.evidence import Evidence

_SOURCES = {"logs": "logs?|日志", "metrics": "metrics?|指标", "config": "config(?:uration)?s?|配置"}
"""Tools that read what has one source only, and the words for it."""
_TESTED = re.compile(r"\btest|\bassert\b|pytest|unittest|\.(?:probe|check|verify|validate)|测试", re.IGNORECASE)
_NOTHING = re.compile(r"\W*(?:nothing|none|no)\b", re.IGNORECASE)
_THEN = re.compile(r"\b(?:earlier|before|previous)|之前|先前", re.IGNORECASE)
_SHOWN_CHARS = 120


def unread(claim: str, evidence: Evidence, reads: Sequence[str]) -> Iterator[Doubt]:
    """Yield what is said to have been looked at or tested and was not.

    Args:
        claim: The text.
        evidence: What happened.
        reads: The names of the tools that read.
    """
    for part in clauses(claim):
        match = lexicon.READ.search(part)
        is_said = match and not _NOTHING.match(part[match.end() :]) and not _is_aside(part, match)
        if match and is_said and not _THEN.search(part) and _lacks_reading(part[match.start() :], evidence, reads):
            yield Doubt("not_read", part[:_SHOWN_CHARS])
        tested = lexicon.TESTED.search(part)
        if tested and not _is_aside(part, tested) and not _has_tested(evidence):
            yield Doubt("not_tested", part[:_SHOWN_CHARS])


def unwritten(claim: str, evidence: Evidence) -> Iterator[Doubt]:
    """Yield the files that are said to have been written and are not there."""
    there = {name.rpartition("/")[2].casefold() for name in evidence.files}
    calls = " ".join(call.text for call in evidence.done)
    for part in clauses(claim):
        for match in lexicon.FILE.finditer(part):
            groups = ("name", "name2", "name3", "name4")
            name = next(match.group(group) for group in groups if match.group(group)).rpartition("/")[2].casefold()
            is_file = f".{name.rpartition('.')[2]}" in MEDIA_TYPES
            if is_file and name not in there and name not in calls and not _is_aside(part, match):
                yield Doubt("no_file", name)


def _is_aside(part: str, match: re.Match[str]) -> bool:
    return lexicon.ASIDE.search(part[: match.start()]) is not None


def _lacks_reading(said: str, evidence: Evidence, reads: Sequence[str]) -> bool:
    if not (evidence.reads or evidence.acted or evidence.files):
        return True
    seen = [*evidence.codes, *(call.tool for call in evidence.reads)]
    named = [
        tool for tool, words in _SOURCES.items() if re.search(rf"(?<![\w.])(?:{words})(?!\w)", said, re.IGNORECASE)
    ]
    return any(tool in reads and not any(tool in text for text in seen) for tool in named)


def _has_tested(evidence: Evidence) -> bool:
    seen = [*evidence.codes, *(f".{call.tool}" for call in evidence.reads)]
    return any(_TESTED.search(text) for text in seen)
