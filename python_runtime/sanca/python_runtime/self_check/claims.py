"""Takes a claim apart: effects asserted, on what, with which values. Judges nothing."""

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

_ATTRIBUTE = re.compile(r"\b(?:its|their|his|her)\s+\w+", re.IGNORECASE)
"""What belongs to a thing is not what something is done to: "send its number to Chen"."""
_GOES_ON = re.compile(
    r"\.\w|,\s+(?:the\s+)?[\w.@\-]+(?:\s*,\s|\s*,?\s+(?:and|&)\s+(?:the\s+)?[\w.@\-]+\s*(?:$|[.,;!?]|(?:to|as|on|for|with|in|at|by|from|that|about|of)\b))"
)
"""The dot of `pool.size`, the commas of "north, south and west"."""
_PERFECT = re.compile(r"\b(?:has|have)(?: \w+)? been (?:\w+ly )?$", re.IGNORECASE)
_OF_ITSELF = re.compile(
    r"^(?:提高|降低|切换|扩大|缩短|缩小|延长|增大|减小|增加到|减少到|增至|减至|降至|升至|更新|扩容|缩容)$"
)
"""Chinese verbs that also tell of what changes by itself: 错误率已降低."""
_BY_SOMEBODY = re.compile(r"把|将|我|按|帮|为您|给您")


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


def asserted(claim: str, doings: Sequence[Doing], *, asked: Iterable[str], known: str = "") -> list[Assertion]:
    """Return the effects that a claim says were done by who speaks.

    Args:
        claim: The text.
        doings: The kinds of effect that are looked for.
        asked: Kinds that the goal asks for: of these a passive counts too ("checkout was restarted").
        known: What was given and read, in lower case: a passive that nobody asked for may tell of that.
    """
    wanted = set(asked)
    return [
        found for clause in clauses(claim) for doing in doings if (found := _asserted(clause, doing, wanted, known))
    ]


def _asserted(clause: str, doing: Doing, wanted: set[str], known: str) -> Assertion | None:
    for match in lexicon.compiled(rf"\b(?:{doing.claimed})\b").finditer(clause) if doing.claimed else ():
        before, after = clause[: match.start()], clause[match.end() :]
        is_asked = (
            doing.name in wanted or (doing.is_generic and bool(wanted)) or _is_report(doing, match, before, known)
        )
        if _speaks_of_itself(before, after, clause, is_asked=is_asked):
            is_passive = bool(lexicon.PASSIVE.search(before)) or _ends_clause(after)
            region = wide_object_in(after) if doing.is_strict else object_in(after)
            said = own_part(after)
            return _assertion(doing, clause, region + (f" {before}" if is_passive else ""), wide_object_in(after), said)
    if doing.chinese and (
        match_chinese := _chinese(doing, clause, is_asked=doing.name in wanted or (doing.is_generic and bool(wanted)))
    ):
        region = _chinese_region(clause, match_chinese)
        return _assertion(doing, clause, region, region, clause)
    return None


def _is_report(doing: Doing, match: re.Match[str], before: str, known: str) -> bool:
    """Whether a passive can only tell of this run: "Chen has been informed", of which nothing was read."""
    return doing.is_strict and bool(_PERFECT.search(before)) and match.group()[:4].casefold() not in known


def _ends_clause(after: str) -> bool:
    return len(_WORD.findall(object_in(after))) == 0


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


def _chinese(doing: Doing, clause: str, *, is_asked: bool) -> re.Match[str] | None:
    mixed = "" if doing.is_generic or not doing.asked else rf"|(?<![A-Za-z])(?:{doing.asked})(?![A-Za-z])"
    verb = rf"(?P<verb%d>{doing.chinese}{mixed})"
    pattern = rf"(?:已|已经|成功|刚刚?|刚才)(?P<lead>[^，。；！？\n]{{0,24}}?){verb % 1}|{verb % 2}(?:\s?过(?![程期滤高低大小多长载度渡])|[^，。；！？\n]{{0,16}}?(?:了|完成|成功|完毕|好了))"
    if not re.search(r"[一-鿿]", clause) or not (match := lexicon.compiled(pattern).search(clause)):
        return None
    if (
        not is_asked
        and _OF_ITSELF.match(match.group("verb1") or match.group("verb2"))
        and not _BY_SOMEBODY.search(clause)
    ):
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
    everything = all_in(wide)
    counted = _COUNTED.search(wide)
    count = counted.group("count").casefold() if counted else "0"
    return Assertion(
        doing=doing,
        words=clause.strip(),
        items=things_in(region, everything, counted),
        object=region,
        values=values_in(doing, said),
        everything=(everything.group("noun") or everything.group("zh") or "").casefold() if everything else "",
        count=_COUNTS.get(count, int(count) if count.isdigit() else 0),
    )


def all_in(text: str) -> re.Match[str] | None:
    """Return where a text speaks of all of a kind."""
    return _ALL.search(text)


def things_in(region: str, *quantities: re.Match[str] | None) -> tuple[tuple[str, ...], ...]:
    """Return the items of a region without the nouns that only count them: "all members", "three services"."""
    nouns = {(found.group("noun") or "").casefold().removesuffix("s") for found in quantities if found}
    kept = (
        tuple(name for name in item if name.removesuffix("s") not in nouns)
        for item in items_in(_ATTRIBUTE.sub(" ", region))
    )
    return tuple(item for item in kept if item)


def object_in(after: str) -> str:
    """What stands behind a verb as its object."""
    wide = wide_object_in(after)
    stops = re.search(r"\b(?:to|as)\b", wide)
    return wide[: stops.start()] if stops else wide


def own_part(after: str) -> str:
    """What belongs to a verb: up to the next one."""
    following = _NEXT_VERB.search(after)
    return after[: following.start()] if following else after


def values_in(doing: Doing, said: str) -> tuple[str, ...]:
    """Return what was set; of a payment every amount."""
    amounts = [found.group() for found in _AMOUNT.finditer(wide_object_in(said))] if doing.name == "pay" else []
    return (*(found.group("value") for found in _TO_VALUE.finditer(said)), *amounts)


def wide_object_in(after: str) -> str:
    """The object, and to whom or to what."""
    after = own_part(after)
    ends = lexicon.REGION_ENDS.search(after, 1) if after else None
    while ends and _GOES_ON.match(after, ends.start()):
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
