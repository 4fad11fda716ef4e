"""A column of values in one line: its kind, how many are missing, and the few statistics that say most."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from math import fsum, isnan
from typing import Any

from .safely import cell, class_name, cut, exact, is_a, number, shown

_COUNTED_KINDS = 6
_COUNTED_CHARS = 24
_TIME = re.compile(r"\d{4}-\d\d-\d\d")
_SAMPLE = 100_000


def describe_column(values: Sequence[Any]) -> str:
    """Return what a column holds, for instance `int, 3 missing, min 1, mean 4.2, max 9`."""
    present = [value for value in values[:_SAMPLE] if value is not None and not _is_nan(value)]
    if not present:
        return "always None or NaN"
    parts = [_kinds(present)]
    if missing := len(values[:_SAMPLE]) - len(present):
        parts.append(f"{missing:,} missing")
    parts.append(describe_values(present))
    if len(values) > _SAMPLE:
        parts.append(f"of the first {_SAMPLE:,}")
    return ", ".join(part for part in parts if part)


def is_constant(values: Sequence[Any]) -> bool:
    """Whether all values are one short text, number, boolean or nothing at all, so that a row need not repeat it."""
    first = values[0] if values else ...
    if not (first is None or is_a(first, str, int, float)) or len(values) < 3:
        return False
    kind = type(first)
    return all(type(value) is kind and value == first for value in values)


def describe_values(present: Sequence[Any]) -> str:
    """Return the statistics that fit the kind of the values; empty when none does."""
    if not present:
        return ""
    if all(is_a(value, bool) for value in present):
        return f"{sum(map(bool, present)):,} true"
    if all(is_a(value, int, float) for value in present):
        return describe_numbers(present)
    if all(is_a(value, str) for value in present):
        return _describe_texts([exact(value) for value in present])
    return ""


def describe_numbers(values: Sequence[Any]) -> str:
    """Return min, mean and max of plain numbers."""
    try:
        lowest, highest = min(values), max(values)
        mean = fsum(values) / len(values)
    except (ArithmeticError, ValueError):  # beyond what a float holds
        return ""
    if lowest == highest:
        return f"always {number(lowest)}"
    return f"min {number(lowest)}, mean {number(float(mean))}, max {number(highest)}"


def _describe_texts(texts: list[str]) -> str:
    if all(_TIME.match(text) for text in (texts[0], texts[-1])):
        return f"{min(texts)} … {max(texts)}" if len(texts) > 1 else ""
    counts = Counter(texts)
    if len(counts) == 1:
        return f"always {cell(texts[0])}"
    if len(counts) <= _COUNTED_KINDS and len(counts) < len(texts):
        return ", ".join(f"{cell(text, _COUNTED_CHARS)} {count:,}" for text, count in counts.most_common())
    if len(counts) == len(texts):
        return "all distinct"
    common, count = counts.most_common(1)[0]
    return f"{len(counts):,} distinct, most often {cut(shown(common), _COUNTED_CHARS)} ({count:,})"


def _kinds(present: Sequence[Any]) -> str:
    counts = Counter(class_name(value) for value in present)
    return "/".join(name for name, _ in counts.most_common(3)) or "nothing"


def _is_nan(value: Any) -> bool:
    return is_a(value, float) and isnan(value)
