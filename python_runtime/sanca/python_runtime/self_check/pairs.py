"""Rules for old and new values: what a claim says a thing was before and after, against what the calls gave back."""

# ruff: noqa: E501 - patterns read better in one line

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from sanca.python_runtime.self_check.claims import plain
from sanca.python_runtime.self_check.doubts import Doubt
from sanca.python_runtime.self_check.evidence import Call, rows_of
from sanca.python_runtime.self_check.things import has_number

_NUMBER = r"-?\d[\d,]*(?:\.\d+)?(?![\w.]*\.\d)"
_PAIR = re.compile(
    rf"(?:\bfrom|由|从)\s*[`'\"]?(?P<old>{_NUMBER})\D{{0,24}}?(?:\bto\b|到|至|为|成)\s*[`'\"]?(?P<new>{_NUMBER})"
    rf"|\bwas (?P<old3>{_NUMBER})(?:,| and| but|;)? (?:it )?(?:is|are)(?: now)? (?P<new3>{_NUMBER})"
    rf"|(?P<old2>{_NUMBER})\s?[a-z%]{{0,3}}\s*(?:→|->|=>|⇒)\s*(?P<new2>{_NUMBER})",
    re.IGNORECASE,
)
_BEFORE = re.compile(
    rf"(?:\b(?:old|previous|former|original|earlier)(?: \w+)?\s*(?:value)?(?: (?:is|was))?\s*[:=|]?|\b(?:it|that|value) was(?: (?:previously|originally|formerly))?|\b(?:before|previously|formerly|originally)\s*[:=|]?"
    rf"|(?:旧值|原值|原来(?:的)?(?:值)?|之前(?:的)?(?:值)?|以前|改前|修改前|变更前|原先|原)(?:是|为)?\s*[:：=|]?)\s*[`'\"]?(?P<value>{_NUMBER})(?!\s*(?:→|->|times|次|seconds?|minutes?|ms\b|分钟))",
    re.IGNORECASE,
)
_AFTER = re.compile(
    rf"(?:\b(?:new|current)(?: \w+)?\s*(?:value)?(?: (?:is|was))?\s*[:=|]?|\b(?:after|is now|now)\s*[:=|]?|(?:新值|现值|现在(?:的)?(?:值)?|改后|修改后|变更后|目前|当前)(?:是|为)?\s*[:：=|]?)\s*[`'\"]?(?P<value>{_NUMBER})(?!\s*(?:times|次|seconds?|minutes?|ms\b|分钟))",
    re.IGNORECASE,
)
_BEFORE_FIELDS = re.compile(r"^(?:before|old|previous|prior|former|original|from|was)(?:_|$)|_(?:before|was)$")
_AFTER_FIELDS = re.compile(r"^(?:after|new|current|now|to|value)(?:_|$)|_(?:after|now)$")


def swapped(claim: str, done: Sequence[Call]) -> Iterator[Doubt]:
    """Yield an old value told that no call found: where the new one is that of a call, or the two are swapped.

    Args:
        claim: The text.
        done: The effects that succeeded.
    """
    changes = [
        (call, old, new) for call in done for old, new in [_told_by(call)] if old is not None and new is not None
    ]
    if not changes:
        return
    for old, new in _pairs(re.sub(r"[|*_]+", " ", plain(claim))):
        of_new = [one for one in changes if has_number({one[2]}, new)]
        if any(has_number({one[1] for one in changes}, old) for _ in of_new):
            continue
        is_turned = any(has_number({one[1]}, new) and has_number({one[2]}, old) for one in changes)
        if is_turned or of_new:
            yield Doubt(
                "wrong_value",
                f"{old} → {new}",
                ", ".join(f"{call.told}: {was:g} → {now:g}" for call, was, now in changes)[:400],
            )


def _pairs(claim: str) -> Iterator[tuple[float, float]]:
    for match in _PAIR.finditer(claim):
        old, new = (next(filter(None, match.group(name, f"{name}2", f"{name}3"))) for name in ("old", "new"))
        yield _number(old), _number(new)
    before, after = _BEFORE.search(claim), _AFTER.search(claim)
    if before and after:
        yield _number(before.group("value")), _number(after.group("value"))


def _number(text: str) -> float:
    return float(text.replace(",", ""))


def _told_by(call: Call) -> tuple[float | None, float | None]:
    """Return the old and the new value that a call gave back, where both are numbers."""
    old = new = None
    for row in rows_of(call.value, depth=1):
        for name, value in row.items():
            if isinstance(value, int | float) and not isinstance(value, bool):
                old = float(value) if old is None and _BEFORE_FIELDS.search(name) else old
                new = float(value) if new is None and _AFTER_FIELDS.search(name) else new
    if new is None:
        given = [value for value in call.arguments.values() if isinstance(value, int | float)]
        new = float(given[-1]) if given else None
    return old, new
