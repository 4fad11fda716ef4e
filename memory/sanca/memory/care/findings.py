"""What a search for secrets finds, and how findings that overlap are settled. Searches nothing itself.

Everything is looked for in UTF-8 bytes and by RE2, whose time grows with the text and not with how cunning it is.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

Kind = str
"""What a secret was, in the words that stand in its place: `api key`, `phone number`."""

KINDS = (
    "password", "api key", "token", "secret", "private key", "cookie",
    "email", "phone number", "id number", "card number", "bank account", "passport number",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Finding:
    """A piece of the text that must not be kept."""

    start: int
    end: int
    kind: Kind


class Match(Protocol):
    """What RE2 gives, as far as it is used here."""

    def span(self, group: int = 0) -> tuple[int, int]:
        """Where a group begins and ends; (-1, -1) when it is not there."""

    def groups(self) -> tuple[bytes | None, ...]:
        """What the groups hold."""


class Pattern(Protocol):
    """A compiled pattern of RE2."""

    def finditer(self, text: bytes) -> Iterator[Match]:
        """Yield the matches, none overlapping another."""


@functools.cache
def pattern(expression: str) -> Pattern:
    """Return the pattern compiled; RE2's words, no look-around and no back-references."""
    import re2

    options: Any = re2.Options()
    options.log_errors = False
    compiled: Pattern = re2.compile(expression, options=options)
    return compiled


MASK = re.compile(rb"\[(?:" + "|".join(KINDS).encode() + rb") [0-9a-f]{6}\]")
"""What stands in place of a finding: never searched again, so masking twice is masking once."""


def settled(findings: Iterable[Finding], text: bytes) -> list[Finding]:
    """Return findings that do not overlap, in order; what is masked already is left alone.

    Of two that overlap the earlier given wins where it holds the other, else both become one.
    """
    kept: list[Finding] = []
    for finding in sorted(_outside(findings, text), key=lambda one: (one.start, -one.end)):
        last = kept[-1] if kept else None
        if last is None or finding.start >= last.end:
            kept.append(finding)
        elif finding.end > last.end:
            kept[-1] = Finding(last.start, finding.end, last.kind)
    return kept


def _outside(findings: Iterable[Finding], text: bytes) -> Iterator[Finding]:
    masks = [found.span() for found in MASK.finditer(text)]
    if not masks:
        yield from findings
        return
    import bisect

    starts = [start for start, _ in masks]
    for finding in findings:
        at = bisect.bisect_left(starts, finding.end) - 1  # the last mask that begins before the finding ends
        if at < 0 or masks[at][1] <= finding.start:
            yield finding
