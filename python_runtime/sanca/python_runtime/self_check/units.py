"""Rules for units: a field that names its unit (`latency_ms`, `size_bytes`) is not told in another one as it stands."""

# ruff: noqa: E501 - data: a kind of words a line

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from sanca.python_runtime.self_check.claims import plain
from sanca.python_runtime.self_check.doubts import Doubt
from sanca.python_runtime.self_check.evidence import Evidence, figures

_UNITS: dict[str, tuple[str, float, str]] = {
    "us": ("time", 1e-6, "us|µs|microseconds?|微秒"),
    "ms": ("time", 1e-3, "ms|msecs?|millis|milliseconds?|毫秒"),
    "s": ("time", 1.0, "s|secs?|seconds?|秒钟?"),
    "min": ("time", 60.0, "min|mins|minutes?|分钟"),
    "h": ("time", 3600.0, "h|hrs?|hours?|个?小时"),
    "d": ("time", 86400.0, "days?|天"),
    "b": ("size", 1.0, "bytes?|字节"),
    "kb": ("size", 1e3, "kb|kib|kilobytes?"),
    "mb": ("size", 1e6, "mb|mib|megabytes?|兆"),
    "gb": ("size", 1e9, "gb|gib|gigabytes?"),
    "tb": ("size", 1e12, "tb|tib|terabytes?"),
    "g": ("mass", 1.0, "g|grams?|克"),
    "kg": ("mass", 1e3, "kg|kilograms?|公斤|千克"),
    "m": ("length", 1.0, "meters?|metres?|米"),
    "km": ("length", 1e3, "km|kilomet(?:er|re)s?|公里|千米"),
    "cm": ("length", 1e-2, "cm|centimet(?:er|re)s?|厘米"),
    "celsius": ("celsius", 1.0, "°C|celsius|摄氏度"),
    "fahrenheit": ("fahrenheit", 1.0, "°F|fahrenheit|华氏度"),
    "cents": ("money", 1e-2, "cents?|分(?!钟|之)"),
}  # fmt: skip
"""Unit → its dimension, its factor, and the words for it behind a figure."""

_SUFFIXES = {
    word: unit
    for unit, words in {
        "us": "us micros microseconds", "ms": "ms millis msec milliseconds", "s": "s sec secs second seconds", "min": "min mins minutes",
        "h": "h hours hrs", "d": "days", "b": "bytes", "kb": "kb kib", "mb": "mb mib megabytes", "gb": "gb gib", "tb": "tb tib", "g": "g grams", "kg": "kg",
        "m": "meters metres", "km": "km", "cm": "cm", "celsius": "celsius", "fahrenheit": "fahrenheit", "cents": "cents",
    }.items()
    for word in words.split()
}  # fmt: skip
_BEHIND = [(unit, re.compile(rf"\s?(?:{words})(?![A-Za-z/])", re.IGNORECASE)) for unit, (_, _, words) in _UNITS.items()]
_ALIKE = 0.051
"""What a rough figure may be off; sizes of 1,024 are told by those of 1,000 too."""
_LOOKED_AT = 2_000


def misread(claim: str, evidence: Evidence) -> Iterator[Doubt]:
    """Yield the figures that are told in another unit than the field's name says they have."""
    united, bare = _known(evidence)
    if not united:
        return
    text = plain(claim)
    for number, match in figures(text):
        unit = _unit_behind(text[match.end() : match.end() + 16])
        if not unit or not number or number in bare:
            continue
        dimension, factor, _ = _UNITS[unit]
        same = [(value, own) for value, own in united if _UNITS[own][0] == dimension]
        if any(_is_alike(number * factor, value * _UNITS[own][1]) for value, own in same):
            continue
        wrong = [own for value, own in same if own != unit and _is_rounded(number, value)]
        if wrong:
            yield Doubt("wrong_unit", f"{match.group()} {unit}", wrong[0])


def _unit_behind(after: str) -> str:
    return next((unit for unit, pattern in _BEHIND if pattern.match(after)), "")


def _is_alike(told: float, known: float) -> bool:
    return abs(told - known) <= _ALIKE * max(abs(told), abs(known))


def _is_rounded(told: float, known: float) -> bool:
    return abs(told - known) <= 0.5 if abs(known) >= 10 else abs(told - known) <= 0.05 * abs(known)


def _known(evidence: Evidence) -> tuple[list[tuple[float, str]], set[float]]:
    """Return the numbers whose fields name a unit, and those of which nothing is known but the number."""
    united: list[tuple[float, str]] = []
    bare = {number for number, _ in figures(evidence.given)}
    for call in evidence.calls[-200:]:
        _collect(call.value, "", united, bare)
        _collect(dict(call.arguments), "", united, bare)
    return united[:_LOOKED_AT], bare


def _collect(value: Any, unit: str, united: list[tuple[float, str]], bare: set[float], depth: int = 4) -> None:
    if isinstance(value, bool) or value is None or depth < 0 or len(united) > _LOOKED_AT:
        return
    if isinstance(value, Mapping):
        for name, part in list(value.items())[:200]:
            last = re.split(r"[_.\-]", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", str(name)).casefold())[-1]
            _collect(part, _SUFFIXES.get(last, "") if len(str(name)) > len(last) else "", united, bare, depth - 1)
    elif isinstance(value, list | tuple):
        for part in value[:200]:
            _collect(part, unit, united, bare, depth - 1)
    elif isinstance(value, int | float):
        united.append((float(value), unit)) if unit else bare.add(float(value))
    else:
        for number, match in figures(str(value)[:2_000]):
            behind = unit or _unit_behind(str(value)[match.end() : match.end() + 16])
            united.append((number, behind)) if behind else bare.add(number)
