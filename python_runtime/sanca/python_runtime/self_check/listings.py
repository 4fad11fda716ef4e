"""Rules for "all" and for lists: what a listing of the run has of a kind, and what a claim's own list says was done."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

from sanca.python_runtime.self_check import claims, lexicon
from sanca.python_runtime.self_check.case import Case, is_in
from sanca.python_runtime.self_check.doubts import Doubt
from sanca.python_runtime.self_check.evidence import Call

_ALL = re.compile(
    r"\b(?:all|every|each|entire|whole)\b|所有|全部|每个|每一个|一律|统统|全都|都(?:已|删|清)", re.IGNORECASE
)
_CHOSEN = re.compile(
    r"\b(?:that|which|whose|who|with|without|except|but|older|newer|over|under|above|below|than|before|after|since|unless|not|only|other|matching|least|most|more|less)\b"
    r"|除了|以外|之外|超过|大于|小于|早于|晚于|以上|以下|之前|之后|的话|最|其他|其余|不",
    re.IGNORECASE,
)
_ROW = re.compile(r"^\s*(?:[-*•+]|\d+[.)、]|\|)\s*(?P<name>[^:：|–—→\n]{2,60})(?P<rest>[^\n]*)$")
_NOT_DONE = re.compile(
    r"❌|✗|✘|⚠|⏭|\b(?:no|not|skipped|pending|unchanged|n/a|open|todo|error|unknown)\b|跳过|未|待|不变|没", re.IGNORECASE
)
_ROWS_LOOKED_AT = 200
_KEYS = ("id", "name", "path", "key", "file", "filename", "title", "email", "number", "url")


def missing_of_listing(case: Case) -> Iterator[Doubt]:
    """Yield what a listing of this run has of the kind that was all to be dealt with, and no call was made on."""
    for region, calls in _all_regions(case):
        if _CHOSEN.search(region):
            continue
        given = [text for call in calls for text in _texts(dict(call.arguments))]
        for listing in _listings(case, calls):
            touched = [row for row in listing if any(_touches(text, row) for text in given)]
            kind = _kind(region, touched[0]) if touched else None
            if kind is None:
                continue
            for row in listing:
                is_alike = all(is_in(word, _told(row)) for word in kind)
                if is_alike and row not in touched and not _is_admitted(case, row):
                    yield Doubt("left_out", _key(row))
                    return


def _all_regions(case: Case) -> Iterator[tuple[str, list[Call]]]:
    """Yield the texts that speak of all of a kind, each with the calls that did it."""
    for wish in case.wishes:
        if wish.everything or _ALL.search(wish.rest):
            yield claims.own_part(wish.rest), case.fitting(wish.doing)
    for said in case.assertions:
        if said.everything or _ALL.search(said.words):
            yield said.words, case.fitting(said.doing)


def _listings(case: Case, calls: Sequence[Call]) -> Iterator[list[Any]]:
    first = min((case.evidence.calls.index(call) for call in calls), default=0)
    for call in list(case.evidence.calls)[:first][-20:]:
        if not call.is_effect and call.status == "ok":
            yield from _lists_in(call.value)


def _lists_in(value: Any, depth: int = 2) -> Iterator[list[Any]]:
    if isinstance(value, list) and len(value) > 1:
        yield [row for row in value[:_ROWS_LOOKED_AT] if isinstance(row, str | Mapping)]
    elif isinstance(value, Mapping) and depth:
        for part in value.values():
            yield from _lists_in(part, depth - 1)


def _texts(value: Any) -> list[str]:
    if isinstance(value, Mapping | list | tuple):
        return [text for part in (value.values() if isinstance(value, Mapping) else value) for text in _texts(part)]
    return [str(value)] if isinstance(value, str | int) and not isinstance(value, bool) and str(value) else []


def _touches(given: str, row: Any) -> bool:
    """Whether an argument names a row, by its text, its key, or as a glob."""
    own = [row] if isinstance(row, str) else [str(row[key]) for key in row if key in _KEYS or key.endswith("_id")]
    return any(given == name or ("*" in given and fnmatchcase(name, given)) for name in own)


def _kind(region: str, row: Any) -> list[str] | None:
    """Return the words of a region that a row bears out; None when some word of it is not borne out by any row."""
    told = _told(row)
    behind = region[match.end() :] if (match := _ALL.search(region)) else region
    words = [word for word in claims.names_in(region) if is_in(word, told)]
    open_words = [word for word in claims.names_in(behind) if not is_in(word, told) and word.isascii()]
    return words if words or not open_words else None


def _told(row: Any) -> str:
    if isinstance(row, str):
        return row.casefold()
    return " ".join(f"{name} {value}" for name, value in row.items() if isinstance(value, str | int)).casefold()


def _key(row: Any) -> str:
    if isinstance(row, str):
        return row
    return str(next((row[key] for key in _KEYS if key in row), next(iter(row.values()), "")))


def _is_admitted(case: Case, row: Any) -> bool:
    name = _key(row).casefold().rpartition("/")[2]
    return any(name in part.casefold() for part in case.admissions) or bool(
        name in case.claim.casefold() and lexicon.ADMITS.search(case.claim)
    )


def missing_of_rows(case: Case) -> Iterator[Doubt]:
    """Yield the things that the claim's own list, right under what was done, has and no call was made on."""
    if not case.assertions or not case.evidence.done:
        return
    entities = {name.casefold() for names in case.evidence.names.values() for name in names}
    text = " ".join(call.text for call in case.evidence.done)
    for lead, rows in _lists_of(case.claim):
        last = [*claims.clauses(lead), ""][-2 if lead.strip() else -1]
        if not any(said.words[:40] in last for said in case.assertions):
            continue
        named = [(name, rest) for name, rest in rows if name in entities]
        if not any(name in text for name, _ in named):
            continue
        for name, rest in named:
            if name not in text and not _NOT_DONE.search(rest) and not lexicon.ADMITS.search(rest):
                yield Doubt("left_out", name)


def _lists_of(claim: str) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Yield the lists of a claim, each with the line above it."""
    lead, rows = "", list[tuple[str, str]]()
    for line in [*claims.plain(claim).splitlines(), "."]:
        if not line.strip():
            continue
        if match := _ROW.match(line):
            rows.append((match.group("name").strip(" *`|").casefold(), match.group("rest")))
            continue
        if rows:
            yield lead, rows
        lead, rows = line, []
