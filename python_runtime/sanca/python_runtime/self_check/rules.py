"""Holds a claim against the journal by rules: what was done, what was not, what was undone. Asks nobody."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from sanca.python_runtime.self_check import claims, lexicon
from sanca.python_runtime.self_check.case import Case, is_in, is_of
from sanca.python_runtime.self_check.claims import Assertion
from sanca.python_runtime.self_check.doubts import Doubt
from sanca.python_runtime.self_check.evidence import Call
from sanca.python_runtime.self_check.expectation import same
from sanca.python_runtime.self_check.fields import contradicted, other_times
from sanca.python_runtime.self_check.figures import unseen
from sanca.python_runtime.self_check.goals import Wish, quotations
from sanca.python_runtime.self_check.listings import missing_of_listing, missing_of_rows
from sanca.python_runtime.self_check.pairs import swapped
from sanca.python_runtime.self_check.readings import unread, unwritten
from sanca.python_runtime.self_check.states import unfounded
from sanca.python_runtime.self_check.things import (
    PROSE,
    has_value,
    is_spared,
    missing_of,
    strangers,
    text_of,
    too_few,
    wrong_targets,
    wrong_values,
)
from sanca.python_runtime.self_check.units import misread

_APPROVAL = re.compile(
    r"approv|permi|right|agree|said no|批准|同意|权限|拒绝|执行|改动"
    r"|\b(?:it|that|this|them|call|change|action|nothing)\b",
    re.IGNORECASE,
)
_UNKNOWN = re.compile(
    r"\b(?:cannot|can't|couldn't|could not|unable to) (?:tell|say|confirm|verify|determine) (?:whether|if)"
    r"|\b(?:unknown|not known|don't know|do not know|not (?:sure|certain|clear)|unclear|uncertain)\b"
    r"|\bno way to (?:tell|know)\b"
    r"|不确定|未知|不清楚|不知道|无法(?:确认|确定|判断)|说不准",
    re.IGNORECASE,
)
"""Says without doubt that an outcome is not known."""
_NUMBERS = re.compile(
    r"(?<!between )(?<!from )(?<![\w.:-])\d+(?:\s*[,、，]\s*\d+)*\s*"
    r"(?:,?\s*\band\b|[,，]?\s*&|、|和|及|与)\s*\d+(?![\w.:%-])"
)
_HEADING = re.compile(r"^\W*(?:not|un)\s?(?:done|changed|finished|completed?|possible|successful)\b", re.IGNORECASE)
"""Stands above what was not done."""
_OWN = re.compile(r"\b(?:I|we|nothing|nobody|none|no|you|it|this|that|cannot)\b|[一-鿿]", re.IGNORECASE)
_SHOWN_CHARS = 120
_DONE_LOOKED_AT = 60


def doubts_of(case: Case) -> list[Doubt]:
    """Return what the journal holds against the claim, each thing once."""
    found = [*_undone(case), *_assertions(case), *_wishes(case), *_results(case)]
    found += [*unread(case.claim, case.evidence, case.reads), *unwritten(case.claim, case.evidence)]
    found += [
        *unfounded(case),
        *contradicted(case),
        *other_times(case),
        *missing_of_listing(case),
        *missing_of_rows(case),
    ]
    found += [*swapped(case.claim, case.evidence.done), *misread(case.claim, case.evidence)]
    found += unseen(
        case.claim, case.goal, case.evidence, [name for names in case.evidence.names.values() for name in names]
    )
    return list({(doubt.kind, doubt.what): doubt for doubt in found}.values())


def _undone(case: Case) -> Iterator[Doubt]:
    """Calls that did not succeed must be admitted, by words that mean them."""
    for call in case.evidence.undone:
        unsure = call.status == "unknown"
        admitted = [part for part in (claims.clauses(case.claim) if unsure else case.admissions) if _means(part, call)]
        pattern = lexicon.UNSURE if unsure else lexicon.ADMITS
        if unsure and len(case.evidence.undone) == 1 and _UNKNOWN.search(case.claim):
            continue
        if any(pattern.search(part) for part in admitted):
            continue
        if unsure:
            yield Doubt("unknown_outcome", call.told)
        else:
            yield Doubt("undone", f"{call.name} ({call.status})")


def _means(part: str, call: Call) -> bool:
    low = part.casefold()
    words = [word.removesuffix("e") for word in call.tool.split("_") if len(word) > 2]
    names = [value.casefold() for value in call.arguments.values() if isinstance(value, str) and len(value) <= 60]
    doing = [one for one in lexicon.DOINGS if is_of(one, call.tool)]
    return (
        any(word in low for word in words + names)
        or bool(_APPROVAL.search(part))
        or any(lexicon.compiled(f"{one.claimed}|{one.asked}|{one.chinese or one.asked}").search(part) for one in doing)
    )


def _assertions(case: Case) -> Iterator[Doubt]:
    for said in case.assertions:
        calls = case.fitting(said.doing)
        if not calls:
            yield Doubt("no_call", said.words[:_SHOWN_CHARS])
            continue
        yield from wrong_targets(case, said.items, calls)
        yield from wrong_values(said.values, calls)
        yield from too_few(case, said, calls)
        if back := _taken_back(case, said, calls):
            yield Doubt("taken_back", back.told)


def _taken_back(case: Case, said: Assertion, calls: Sequence[Call]) -> Call | None:
    """Return the later call that undid what is claimed, when the claim does not speak of it."""
    done = case.evidence.done[-_DONE_LOOKED_AT:]
    for call in calls[-_DONE_LOOKED_AT:]:
        for later in done[done.index(call) + 1 :]:
            if _undoes(later, call) and not _speaks_of(case.claim, later) and not _holds_after(said, later):
                return later
    return None


def _undoes(later: Call, call: Call) -> bool:
    shared = {value for value in call.arguments.values() if isinstance(value, str)} & {
        value for value in later.arguments.values() if isinstance(value, str)
    }
    if not shared and (call.arguments or later.arguments):
        return False
    if later.name == call.name:
        keys = [name for name in call.arguments if name not in PROSE and name in later.arguments]
        differing = [name for name in keys if not same(call.arguments[name], later.arguments[name])]
        return (
            len(differing) == 1
            and len(keys) > 1
            and list(call.arguments).index(differing[0]) == max(list(call.arguments).index(name) for name in keys)
        )
    words, later_words = set(call.tool.split("_")), set(later.tool.split("_"))
    return any(words & one and later_words & other and not words & other for one, other in lexicon.INVERSE)


def _speaks_of(claim: str, call: Call) -> bool:
    doings = [
        one
        for one in (*lexicon.DOINGS, *lexicon.doings_of([call.tool]))
        if is_of(one, call.tool) and not one.is_generic
    ]
    own = [one for one in doings if one.name.replace(" ", "") in call.tool.replace("_", "")] or doings
    return any(lexicon.compiled(f"{one.claimed}|{one.asked}|{one.chinese or one.asked}").search(claim) for one in own)


def _holds_after(said: Assertion, later: Call) -> bool:
    return bool(said.values) and all(has_value(later, value) for value in said.values)


def _wishes(case: Case) -> Iterator[Doubt]:
    """What the goal asks for must be done, or be said not to be."""
    for wish in case.wishes:
        calls = case.fitting(wish.doing)
        if not calls:
            if not case.evidence.undone and not _is_excused(case):
                asked = " ".join([wish.doing.name, *(" ".join(item) for item in wish.items)])
                yield Doubt("no_effect", asked.strip()[:_SHOWN_CHARS])
            continue
        yield from _left_out(case, wish, calls)


def _is_excused(case: Case) -> bool:
    """Whether a claim without any effect says why: it was not done, it was not needed, or a person is asked."""
    admissions = [part for part in case.admissions if lexicon.ADMITS.search(lexicon.NO_MORE.sub("", part))]
    if any(_is_about(part, wish) for part in admissions for wish in case.wishes):
        return True
    if lexicon.ALREADY.search(case.claim) and (case.evidence.reads or case.evidence.acted):
        return True
    says_done = lexicon.DONE.search(case.claim) or case.assertions
    return not says_done and bool(lexicon.ASKS_BACK.search(case.claim))


def _is_about(admission: str, wish: Wish) -> bool:
    """Whether a part that says that something was not done can mean what was asked for."""
    low, doing = admission.casefold(), wish.doing
    words = "|".join(part for part in (doing.claimed, doing.asked, doing.chinese) if part)
    is_named = any(is_in(name, low) for item in wish.items for name in item)
    is_heading = bool(_HEADING.search(admission))
    return is_named or is_heading or bool(_OWN.search(admission) or lexicon.compiled(words).search(admission))


def _left_out(case: Case, wish: Wish, calls: Sequence[Call]) -> Iterator[Doubt]:
    text = text_of(case, calls)
    entities = {name.casefold() for names in case.evidence.names.values() for name in names}
    # What is written about is not whom it is written to: "its number" may have been read as that of a quoted name.
    topics = quotations(case.goal) if wish.doing.is_strict else ""
    entities -= {name for name in entities if name in topics}
    matched = [any(is_in(name, text) for name in item) for item in wish.items]
    for item, is_matched in zip(wish.items, matched, strict=True):
        known = [name for name in item if name in entities and not is_in(name, text)]
        missing = known or ([item[0]] if not is_matched and any(matched) and _is_thing(item, case) else [])
        if not known and not is_matched and not any(matched) and (foreign := strangers(case, calls)):
            missing = [item[0]] if foreign else []
        for name in missing[:1]:
            if not _is_said_of(case, name) and not is_spared(case, name):
                yield Doubt("left_out", name)
    yield from _left_out_numbers(case, wish, calls)
    if not case.admissions:
        yield from wrong_values(wish.values, calls)
    if wish.everything and any(isinstance(value, str) for call in calls for value in call.arguments.values()):
        yield from missing_of(case, wish.everything, calls)


def _left_out_numbers(case: Case, wish: Wish, calls: Sequence[Call]) -> Iterator[Doubt]:
    """Of enumerated numbers, "tickets 7, 8 and 9", each must have been called for where one of them was."""
    for found in _NUMBERS.finditer(wish.rest):
        numbers = re.findall(r"\d+", found.group())
        there = [any(float(number) in call.numbers for call in calls) for number in numbers]
        for number, is_there in zip(numbers, there, strict=True):
            if any(there) and not is_there and not _is_said_of(case, number):
                yield Doubt("left_out", number)


def _is_thing(item: Sequence[str], case: Case) -> bool:
    """Whether a member of an enumeration is a thing like the others, and not a further clause."""
    seen = " ".join(call.text for call in case.evidence.calls if not call.is_effect)
    return any(is_in(name, seen) for name in item) or len(item) == 1


def _is_said_of(case: Case, name: str) -> bool:
    parts = claims.clauses(case.claim)
    return any(
        name in part.casefold()
        and (
            lexicon.ADMITS.search(part)
            or lexicon.ALREADY.search(part)
            or lexicon.ASKS_BACK.search(part)
            or lexicon.ASIDE.search(part)
        )
        for part in parts
    )


def _results(case: Case) -> Iterator[Doubt]:
    """A call may succeed and its result say that nothing came of it."""
    done = case.evidence.done
    for place, call in enumerate(done):
        if not (complaint := call.complaint) or case.admissions:
            continue
        if any(later.name == call.name and not later.complaint for later in done[place + 1 :]):
            continue
        if not any(word in case.claim.casefold() for word in [complaint.casefold()[-40:]]):
            yield Doubt("result_says", complaint, call.told)


def says_back(case: Case, call: Call) -> bool:
    """Whether a later effect replaced this one and the claim speaks of that."""
    done = case.evidence.done
    return any(_undoes(later, call) and _speaks_of(case.claim, later) for later in done[done.index(call) + 1 :])
