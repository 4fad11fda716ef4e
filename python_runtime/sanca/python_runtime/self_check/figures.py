"""Looks for a claim's figures in what the run has read and calculated. Where none was needed it says nothing."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from sanca.python_runtime.self_check import lexicon
from sanca.python_runtime.self_check.claims import clauses, plain
from sanca.python_runtime.self_check.doubts import Doubt
from sanca.python_runtime.self_check.evidence import Evidence, figures, literals, numbers_of

_SCALES = (1.0, 100.0, 60.0, 1_000.0, 3_600.0, 1_024.0, 1e6, 1_048_576.0, 1e9, 1_073_741_824.0, 10_000.0)
_SMALL = 12
_ABOUT = re.compile(
    r"(?:about|around|roughly|approximately|nearly|almost|over|more than|less than|under|~|≈"
    r"|约|大约|近|超过|不到|将近)\s*$",
    re.IGNORECASE,
)
_PART_OF_A_WORD = re.compile(r"[\w.:/#@\-]$")
_GOES_ON = re.compile(r"^(?:[:/]\d|[\w]*[_\-/]|-\d|\.\d|st\b|nd\b|rd\b|th\b|[A-Za-z]{3,}|年|月|日|号|点|：)")
_UNIT = re.compile(
    r"^\s?(?:%|％|percent|‰|ms|s\b|sec|min|h\b|MB|GB|KB|kB|TB|°|€|\$|£|¥|元|毫秒|秒|个百分点)", re.IGNORECASE
)
_LIST_MARK = re.compile(r"(?:^|\n)\s*$")
_MOST = 3
_NEAR = 32
"""Characters around a figure that tell what it is."""
_LOOKED_AT = 200
"""Figures of a claim that are looked for."""
_FOLLOWED = 40
"""Figures of which two may give a third."""


def unseen(claim: str, goal: str, evidence: Evidence, entities: Iterable[str]) -> Iterator[Doubt]:
    """Yield a doubt for the figures of a claim that nothing in the run has shown.

    A run that read nothing and speaks of nothing that it could have read answers from what its model knows: then no
    figure is doubted.
    """
    names = [name.casefold() for name in entities]
    low = f"{goal}\n{claim}".casefold()
    speaks_of_known = any(name in low for name in names)
    if not (speaks_of_known or evidence.acted or evidence.reads):
        return
    known = sorted(known_numbers(evidence))
    parts = [part for part in clauses(claim) if not lexicon.ASKS_BACK.search(part)]
    said = list(islice((figure for part in parts for figure in _figures_of(part)), _LOOKED_AT))
    seen = [number for number, _, _ in said if _is_known(number, "", known)] + _small(plain(claim))
    strange = [
        text
        for number, text, is_rough in said
        if not _is_known(number, text, known, is_rough=is_rough) and not _follows(number, text, seen[:_FOLLOWED])
    ]
    if strange and (len(strange) * 2 >= len(said) or not evidence.acted or len(strange) > 1 or speaks_of_known):
        yield Doubt("unseen_figure", ", ".join(dict.fromkeys(strange[:_MOST])))


def known_numbers(evidence: Evidence) -> set[float]:
    """Return the numbers that the run was given, called with, read or calculated."""
    known = set(numbers_of(evidence.given))
    for call in evidence.calls:
        known.update(numbers_of(call.value))
        known.update(numbers_of(dict(call.arguments)))
        known.update(numbers_of(call.error))
    known.add(float(len(evidence.calls)))
    for code, observation in zip(evidence.codes, evidence.observations, strict=True):
        # What a code has in it as a literal and prints again is no finding.
        known.update(set(numbers_of(observation)) - (literals(code) - known))
    return known


def _figures_of(text: str) -> Iterator[tuple[float, str, bool]]:
    for number, match in figures(text):
        before, after = text[max(match.start() - _NEAR, 0) : match.start()], text[match.end() : match.end() + _NEAR]
        if _PART_OF_A_WORD.search(before) or (_GOES_ON.match(after) and not _UNIT.match(after)):
            continue
        has_unit = bool(_UNIT.match(after)) or bool(re.search(r"[$€£¥]\s?$", before))
        is_whole = number.is_integer() and "." not in match.group()
        if is_whole and not has_unit and (abs(number) <= _SMALL or 1_900 <= number <= 2_100):
            continue
        if number in (0.0, 100.0) or (is_whole and _LIST_MARK.search(before) and re.match(r"[.)、]", after)):
            continue
        yield number, match.group(), bool(_ABOUT.search(before))


def _small(text: str) -> list[float]:
    return [number for number, _ in figures(text) if abs(number) <= _SMALL]


def _is_known(number: float, text: str, known: Sequence[float], *, is_rough: bool = False) -> bool:
    """Whether one of the known numbers, in order, is this one, as it is or in another unit."""
    slack = _slack(number, text, is_rough=is_rough)
    return any(
        _is_between((number - slack) * factor, (number + slack) * factor, known)
        for scale in _SCALES
        for factor in (scale, 1 / scale)
    )


def _is_between(low: float, high: float, known: Sequence[float]) -> bool:
    place = bisect_left(known, low)
    return place < len(known) and known[place] <= high


def _slack(number: float, text: str, *, is_rough: bool = False) -> float:
    """Half of the last place that is written; of rough figures five in a hundred."""
    decimals = len(text.rpartition(".")[2]) if "." in text else 0
    zeros = len(text) - len(text.rstrip("0")) if not decimals and text else 0
    place: float = 0.5 * 10.0 ** (zeros - decimals if zeros < len(text) - 1 else -decimals)
    return max(place * 1.01, abs(number) * 0.05 if is_rough else 0.0, 1e-9)


def _follows(number: float, text: str, seen: list[float]) -> bool:
    """Whether a figure follows from two others of the claim: a difference, a sum, a share, a change in percent."""
    slack = _slack(number, text)
    for one in seen:
        for other in seen:
            results = [one - other, one + other, one * other]
            results += (
                [one / other, 100 * one / other, 100 * (one - other) / other, 100 - 100 * one / other] if other else []
            )
            if any(abs(result - number) <= slack for result in results):
                return True
    return False
