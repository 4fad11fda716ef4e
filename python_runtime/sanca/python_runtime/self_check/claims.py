"""Takes a claim and a goal apart: effects asserted or asked for, on what, with which values. Judges nothing."""

# ruff: noqa: E501 - patterns read better in one line

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sanca.python_runtime.self_check import lexicon
from sanca.python_runtime.self_check.lexicon import Doing

_WORD = re.compile(r"[\w@][\w.@/#+-]*[\w]|\w", re.ASCII)
_CODE_BLOCK = re.compile(r"^[ \t]*(`{3,}|~{3,}).*?^[ \t]*\1[ \t]*$", re.MULTILINE | re.DOTALL)
_TO_VALUE = re.compile(
    r"(?:\bto|=|\bas|为|到|成|至)\s*[`'\"“]?(?P<value>-?\d[\d,]*(?:\.\d+)*|true|false|v\d+(?:\.\d+)+|(?-i:[A-Z]{3,}))",
    re.IGNORECASE,
)
_ALL = re.compile(
    r"\b(?:all|every|each)(?: of)?(?: the)?(?: \d+| two| three| four| five)? (?P<noun>\w+)|(?:所有|全部|每个|各个)的?(?P<zh>\w{1,6})",
    re.IGNORECASE,
)
_COUNTED = re.compile(
    r"\b(?:all |both |the )*(?P<count>\d{1,3}|two|three|four|five|six|seven|eight|nine|ten) (?:\w+ )?(?P<noun>[a-z]{3,})s\b",
    re.IGNORECASE,
)
_COUNTS = {
    word: number
    for number, word in enumerate(["two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"], 2)
}
_NEXT_VERB = re.compile(
    r"\b(?:and|then)(?: then| also| just| now)? (?:I |we )?(?:\w+ly )?(?:\w+ed|set|sent|put|wrote|ran|made|took|shut)\b",
    re.IGNORECASE,
)
_AMOUNT = re.compile(r"(?<![\w#.\-])\d[\d,]*(?:\.\d+)?(?![\w\-])")
_ITEMS = re.compile(r",|\band\b|&|\bplus\b|、|以及|及|与|和|\bas well as\b", re.IGNORECASE)
_QUESTION = re.compile(
    r"^\W*(?:what|when|who|which|how|why|where|is|are|was|were|did|does|do|has|have|explain|describe|show|list|tell|compare|summari[sz]e|count|find|look|check|read)\b"
    r"|^(?:什么|为什么|怎么|如何|哪|谁|何时|多少|几|解释|说明|查看|列出|显示|比较|看看|查一下)|(?:吗|呢|么)[?？]?\s*$",
    re.IGNORECASE,
)
_POLITE = re.compile(
    r"^\W*(?:(?:can|could|would|will) you|please|kindly|now|then|ok(?:ay)?|hi|hello|hey|so|and|also|first|just|i (?:want|need|would like|'d like) (?:you )?to|let'?s|go ahead and)[\s,]+",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Assertion:
    """One effect that a text claims, or asks for."""

    doing: Doing
    words: str
    """The part of the text that says it."""
    items: tuple[tuple[str, ...], ...]
    """The names of each thing it was done to, as the text has them."""
    object: str = ""
    """All that stands behind the verb."""
    values: tuple[str, ...] = ()
    """What was set: `20` of "set to 20"."""
    everything: str = ""
    """The noun of "all services"."""
    count: int = 0
    """The number of "three services"."""


def plain(text: str) -> str:
    """Return a claim without code blocks and marks of Markdown that stand inside sentences."""
    return re.sub(r"\*\*|__|(?<!\w)\*(?=\w)|(?<=\w)\*(?!\w)|`", "", _CODE_BLOCK.sub("", text))


def clauses(text: str) -> list[str]:
    """Return the parts of a text that say one thing each."""
    return [part.strip() for part in lexicon.SPLIT.split(plain(text)) if part and part.strip()]


def asserted(claim: str, doings: Sequence[Doing], *, asked: Iterable[str]) -> list[Assertion]:
    """Return the effects that a claim says were done by who speaks.

    Args:
        claim: The text.
        doings: The kinds of effect that are looked for.
        asked: Kinds that the goal asks for: of these a passive counts too ("checkout was restarted").
    """
    wanted = set(asked)
    return [found for clause in clauses(claim) for doing in doings if (found := _asserted(clause, doing, wanted))]


def _asserted(clause: str, doing: Doing, wanted: set[str]) -> Assertion | None:
    for match in re.finditer(rf"\b(?:{doing.claimed})\b", clause, re.IGNORECASE) if doing.claimed else ():
        before, after = clause[: match.start()], clause[match.end() :]
        if _speaks_of_itself(
            before, after, clause, is_asked=doing.name in wanted or (doing.is_generic and bool(wanted))
        ):
            is_passive = bool(lexicon.PASSIVE.search(before)) or _ends_clause(after)
            region = _wide_region(after) if doing.is_strict else _region(after)
            said = _own_part(after)
            return _assertion(doing, clause, region + (f" {before}" if is_passive else ""), _wide_region(after), said)
    if doing.chinese and (match_chinese := _chinese(doing, clause)):
        region = _chinese_region(clause, match_chinese)
        return _assertion(doing, clause, region, region, clause)
    return None


def _ends_clause(after: str) -> bool:
    return len(_WORD.findall(_region(after))) == 0


def _speaks_of_itself(before: str, after: str, clause: str, *, is_asked: bool) -> bool:
    """Whether a past form means something that the speaker has done in this run."""
    nearest = " ".join(before.split()[-7:])
    if lexicon.ASIDE.search(nearest) or re.match(
        r"\s*(?:nothing|none|no)\b|\s*(?:failed|fails|was (?:denied|refused|rejected))", after
    ):
        return False
    is_passive = bool(lexicon.PASSIVE.search(f"{before.rstrip()} "))
    if lexicon.FIRST_PERSON.search(before) and not is_passive:
        return True
    if lexicon.PAST_OF_OTHERS.search(clause):
        return False
    if lexicon.LEADS.match(before):
        return is_asked or bool(before.strip(" -*•#>\t")) or bool(re.match(r"\s+\w", after))
    return is_asked


def _chinese(doing: Doing, clause: str) -> re.Match[str] | None:
    verb = doing.chinese
    pattern = rf"(?:已|已经|成功|刚刚?|刚才)(?P<lead>[^，。；！？\n]{{0,24}}?)(?:{verb})|(?:{verb})[^，。；！？\n]{{0,16}}?(?:了|完成|成功|完毕|好了)"
    if not (match := re.search(pattern, clause)):
        return None
    before = clause[: match.start()][-8:] + (match.group("lead") or "")
    if lexicon.ASIDE_CHINESE.search(before) or re.search(
        r"失败|未成功|没有成功|被拒", clause[match.end() :][:12] + clause[match.start() : match.end()]
    ):
        return None
    is_ours = lexicon.FIRST_PERSON.search(clause) or not lexicon.PAST_OF_OTHERS.search(clause)
    return match if is_ours else None


def _chinese_region(clause: str, match: re.Match[str]) -> str:
    reason = re.search(r"因为|由于|以便|依赖", clause)
    return clause[: reason.start()] if reason and reason.start() > match.start() else clause


def _assertion(doing: Doing, clause: str, region: str, wide: str, said: str) -> Assertion:
    everything = _ALL.search(wide)
    counted = _COUNTED.search(wide)
    count = counted.group("count").casefold() if counted else "0"
    return Assertion(
        doing=doing,
        words=clause.strip(),
        items=_things(region, everything, counted),
        object=region,
        values=_values(doing, said),
        everything=(everything.group("noun") or everything.group("zh") or "").casefold() if everything else "",
        count=_COUNTS.get(count, int(count) if count.isdigit() else 0),
    )


def _things(region: str, *quantities: re.Match[str] | None) -> tuple[tuple[str, ...], ...]:
    """Return the items of a region without the nouns that only count them: "all members", "three services"."""
    nouns = {(found.group("noun") or "").casefold().removesuffix("s") for found in quantities if found}
    kept = (tuple(name for name in item if name.removesuffix("s") not in nouns) for item in items_in(region))
    return tuple(item for item in kept if item)


def _region(after: str) -> str:
    """What stands behind a verb as its object."""
    wide = _wide_region(after)
    stops = re.search(r"\b(?:to|as)\b", wide)
    return wide[: stops.start()] if stops else wide


def _own_part(after: str) -> str:
    """What belongs to a verb: up to the next one."""
    following = _NEXT_VERB.search(after)
    return after[: following.start()] if following else after


def _values(doing: Doing, said: str) -> tuple[str, ...]:
    """Return what was set; of a payment every amount."""
    amounts = [found.group() for found in _AMOUNT.finditer(_wide_region(said))] if doing.name == "pay" else []
    return (*(found.group("value") for found in _TO_VALUE.finditer(said)), *amounts)


def _wide_region(after: str) -> str:
    """The object, and to whom or to what."""
    after = _own_part(after)
    ends = lexicon.REGION_ENDS.search(after, 1) if after else None
    while ends and ends.group() == "." and re.match(r"\.\w", after[ends.start() :]):  # the dot of pool.size
        ends = lexicon.REGION_ENDS.search(after, ends.end())
    return after[: ends.start()] if ends else after


def names_in(region: str) -> tuple[str, ...]:
    """Return the words of an object that may be names, in order."""
    words = [word for word in _WORD.findall(region) if word.casefold() not in lexicon.STOPPERS]
    return tuple(
        dict.fromkeys(
            word.casefold() for word in words if not word.replace(",", "").replace(".", "").isdigit() and len(word) > 1
        )
    )


def items_in(region: str) -> list[tuple[str, ...]]:
    """Return the names of each member of an enumeration: "north and the south bed"."""
    return [names for part in _ITEMS.split(region) if (names := names_in(part))]


@dataclass(frozen=True)
class Wish:
    """An effect that the goal asks for."""

    doing: Doing
    items: tuple[tuple[str, ...], ...]
    """The names of each thing it is to be done to."""
    values: tuple[str, ...]
    everything: str
    object: str = ""


def asked_for(goal: str, doings: Sequence[Doing]) -> list[Wish]:
    """Return the effects that a goal asks for; a question asks for none."""
    found: list[Wish] = []
    for sentence in re.split(r"(?<=[.!?;])\s+|(?<=[。！？；])|\n+", plain(goal)):
        said = sentence.strip()
        while (polite := _POLITE.match(said)) and polite.end():
            said = said[polite.end() :]
        if said and not _QUESTION.search(said):
            found += _wishes(said, doings)
    return found


def _wishes(sentence: str, doings: Sequence[Doing]) -> list[Wish]:
    found = []
    for doing in doings:
        if match := re.search(
            rf"(?:^|[,;]\s*|\b(?:and|then|to|please|also)\s+)(?:{doing.asked})\b", sentence, re.IGNORECASE
        ):
            after = sentence[match.end() :]
            region = _wide_region(after) if doing.is_strict else _region(after)
            found.append(_wish(doing, region, after))
        elif doing.chinese and re.search(doing.chinese, sentence) and not re.search(r"已|了(?:吗|没)|过", sentence):
            found.append(_wish(doing, sentence, sentence))
    return found


def _wish(doing: Doing, region: str, rest: str) -> Wish:
    everything = _ALL.search(_wide_region(rest))
    return Wish(
        doing=doing,
        items=_things(region, everything, None),
        values=_values(doing, rest),
        object=region,
        everything=(everything.group("noun") or everything.group("zh") or "").casefold() if everything else "",
    )
