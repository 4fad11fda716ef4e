"""Rules for what effects were done to: names, values, how many. Names the calls that speak against a claim."""

# ruff: noqa: E501 - patterns read better in one line

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from sanca.python_runtime.self_check.case import Case, is_in, words_of
from sanca.python_runtime.self_check.claims import Assertion
from sanca.python_runtime.self_check.doubts import Doubt
from sanca.python_runtime.self_check.evidence import Call, Evidence, flat, rows_of

PROSE = frozenset(
    [
        "reason",
        "message",
        "text",
        "note",
        "comment",
        "body",
        "description",
        "content",
        "title",
        "subject",
        "query",
        "code",
        "why",
        "summary",
    ]
)

_READS_LOOKED_AT = 50
_ROWS_LOOKED_AT = 200
_SCALES = (1.0, 100.0, 1_000.0, 60.0, 3_600.0, 1_024.0, 1_048_576.0, 1_000_000.0)


def wrong_targets(case: Case, items: Sequence[Sequence[str]], calls: Sequence[Call]) -> Iterator[Doubt]:
    """Yield names that the claim has for things that the calls were not made on."""
    text = text_of(case, calls)
    entities = {name.casefold() for names in case.evidence.names.values() for name in names}
    asked = {name for wish in case.wishes for item in wish.items for name in item}
    for item in items:
        unmatched = [name for name in item if not is_in(name, text)]
        known = [name for name in unmatched if name in entities]
        elsewhere = strangers(case, calls) if any(name in asked for name in unmatched) else []
        others = len(unmatched) == len(item) and any(name in asked for name in unmatched) and len(items) > 1
        if known or (elsewhere and any(name in asked for name in unmatched)) or others:
            yield Doubt("wrong_target", (known or unmatched)[0], ", ".join(call.told for call in calls)[:400])


def strangers(case: Case, calls: Sequence[Call]) -> list[str]:
    """Return what the calls were made on and neither goal nor claim names."""
    spoken = f"{case.goal}\n{case.claim}".casefold()
    given = [
        value
        for call in calls
        for name, values in call.arguments.items()
        if name not in PROSE
        for value in (values if isinstance(values, list) else [values])
    ]
    values = [one.casefold() for one in given if isinstance(one, str) and 0 < len(one) <= 40 and " " not in one]
    known = text_of(case, calls) if values else ""
    values = [value for value in values if "*" not in value and not is_in(value.rpartition("/")[2], spoken)]
    return [value for value in values if not is_in(value, spoken) and not _is_explained(value, calls, known, spoken)]


def _is_explained(value: str, calls: Sequence[Call], known: str, spoken: str) -> bool:
    """Whether a stranger is only the id of what is spoken of: a reading has both in one row."""
    own = " ".join(call.text for call in calls)
    return any(word not in own and len(word) > 3 and word in spoken for word in words_of(known))


def text_of(case: Case, calls: Sequence[Call]) -> str:
    """Return what calls were about: their arguments and values, and the rows of readings that their arguments name."""
    key = tuple(call.call_id for call in calls)
    if key not in case.known:
        given = [value for call in calls for value in call.arguments.values() if isinstance(value, str)]
        keys = {value.casefold() for value in given if 0 < len(value) <= 60}
        reads = [call for call in case.evidence.calls if not call.is_effect and call.round][-_READS_LOOKED_AT:]
        rows = [row for call in reads for row in islice(rows_of(call.value), _ROWS_LOOKED_AT)]
        named = [flat(row).casefold() for row in rows if any(f"{value}".casefold() in keys for value in row.values())]
        case.known[key] = " ".join([*(f"{call.tool.replace('_', ' ')} {call.text}" for call in calls), *named[:50]])
    return case.known[key]


def wrong_values(values: Sequence[str], calls: Sequence[Call]) -> Iterator[Doubt]:
    """Yield values that no call was given and none gave back."""
    for value in values:
        if not any(has_value(call, value) for call in calls):
            told = ", ".join(call.told for call in calls)[:400]
            yield Doubt("wrong_value", value, told)


def has_value(call: Call, value: str) -> bool:
    """Whether a call was given or gave back a value, in the same or a related unit."""
    try:
        wanted = float(value.replace(",", ""))
    except ValueError:
        return value.casefold() in call.text
    return has_number(call.numbers, wanted)


def has_number(numbers: Iterable[float], wanted: float) -> bool:
    """Whether a number is among others, in the same or a related unit."""
    return any(
        abs(number * scale - wanted) <= 1e-6 * max(abs(wanted), 1)
        or abs(number / scale - wanted) <= 1e-6 * max(abs(wanted), 1)
        for number in numbers
        for scale in _SCALES
    )


def too_few(case: Case, said: Assertion, calls: Sequence[Call]) -> Iterator[Doubt]:
    """Yield a claimed number of things, or all of a kind, of which the calls are fewer."""
    different = {
        call.argument_text for call in calls if any(isinstance(value, str) for value in call.arguments.values())
    }
    told = any(float(said.count) in call.numbers for call in calls)
    if said.count > len(different) > 0 and not told:
        yield Doubt("too_few", f"{said.count}", f"{len(different)}")
    if said.everything and different:
        yield from missing_of(case, said.everything, calls)


def missing_of(case: Case, noun: str, calls: Sequence[Call]) -> Iterator[Doubt]:
    """Yield the things of a kind that no call was made on and that the claim does not speak of as left out."""
    text = text_of(case, calls)
    for name in _all_of(case.evidence, noun):
        if is_in(name.casefold(), text) or is_spared(case, name):
            continue
        if not any(name.casefold().rpartition("/")[2] in part.casefold() for part in case.admissions):
            yield Doubt("left_out", name)


def is_spared(case: Case, name: str) -> bool:
    """Whether goal or claim leaves a thing out of "all": "all but payments", "payments was left out"."""
    own = re.escape(name)
    pattern = (
        rf"\b(?:except|excluding|besides|other than|apart from|all but|but not|without)\b[^.;\n]{{0,40}}\b{own}\b|(?:除了?|不含|不包括)[^，。；\n]{{0,20}}{own}"
        rf"|\b{own}\b[^.;,\n]{{0,20}}\b(?:left (?:out|alone|as)|skipped|spared|untouched|excluded|kept)\b|{own}[^，。；\n]{{0,8}}(?:除外|以外|之外|跳过|保留|不动)"
    )
    return bool(re.search(pattern, f"{case.goal}\n{case.claim}", re.IGNORECASE))


def _all_of(evidence: Evidence, noun: str) -> list[str]:
    """Return the names of all things of a kind: those the environment knows, or that a read of that name listed."""
    stem = noun.removesuffix("s")
    for kind, names in evidence.names.items():
        if kind in (noun, stem) or (kind == "service" and noun.startswith("服务")):
            return list(names)
    for call in evidence.calls:
        if not call.is_effect and call.tool.removesuffix("s").endswith(stem) and isinstance(call.value, list):
            rows = [
                row if isinstance(row, str) else row.get("name") or row.get("id")
                for row in call.value
                if isinstance(row, str | dict)
            ]
            return [str(row) for row in rows if row]
    return []
