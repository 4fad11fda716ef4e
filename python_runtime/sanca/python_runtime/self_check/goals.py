"""Takes a goal apart: which effects it asks for, on what, with which values. A question and a quotation ask for none."""

# ruff: noqa: E501 - patterns read better in one line

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from sanca.python_runtime.self_check import lexicon
from sanca.python_runtime.self_check.claims import (
    all_in,
    object_in,
    own_part,
    plain,
    things_in,
    values_in,
    wide_object_in,
)
from sanca.python_runtime.self_check.lexicon import Doing

_QUESTION = re.compile(
    r"^\W*(?:what|when|who|which|how|why|where|is|are|was|were|did|does|do|has|have)\b", re.IGNORECASE
)
_READING = re.compile(
    r"^\W*(?:(?:explain|describe|show|list|tell (?:me|us)|compare|summari[sz]e|count|find|look|check|read|inspect|examine|analy[sz]e|investigate)\b|(?:解释|说明|查看|列出|显示|比较|看看|查一下))",
    re.IGNORECASE,
)
"""Begins a sentence that asks for words; what is to be done may follow."""
_THEN_DO = re.compile(
    r"(?:,\s*(?:and\s+|then\s+)*|\b(?:and|then)\s+(?:then\s+)?)(?=\w+(?: back| up| down)? (?:the|it|its|them|this|that|all|a|an|my|our|their|every)\b|\w+ \w+ (?:by|to)\b)|[，；]",
    re.IGNORECASE,
)
_QUESTION_CHINESE = re.compile(
    r"怎么|怎样|如何|为什么|为何|什么|哪|谁|何时|多少|几(?!乎)|是不是|有没有|是否|(?:吗|呢|么)\s*[?？]?\s*$"
)
_REQUEST_CHINESE = re.compile(
    r"^\W*(?:请|麻烦|你?(?:能不能|能否|可不可以|可否|可以|能))(?:你|您)?(?:帮|给|把|将|替|请|麻烦)?"
)
_TOLD_CHINESE = re.compile(r"^[^，。；]{0,4}(?:了|过)(?!吧)|^(?:的|失败|成功|记录|历史|情况|时间|日志|策略|流程)")
_EARLIER_CHINESE = re.compile(r"(?:已经?|刚刚?|刚才|曾|昨天|上次|之前|不要|别|先不|不用|无需|没有?|未)[^，。；]{0,8}$")
_POLITE = re.compile(
    r"^\W*(?:(?:can|could|would|will) you|please|kindly|now|then|ok(?:ay)?|hi|hello|hey|so|and|also|first|just|i (?:want|need|would like|'d like) (?:you )?to|let'?s|go ahead and)[\s,]+",
    re.IGNORECASE,
)
_QUOTED = re.compile(
    r"(?<!\w)'[^'\n]*\s[^'\n]*'(?!\w)|\"[^\"\n]*\s[^\"\n]*\"|“[^”\n]*”|「[^」\n]*」|『[^』\n]*』|《[^》\n]*》|‘[^’\n]*\s[^’\n]*’|«[^»\n]*»"
)
_TO_WHO_ASKS = re.compile(r"^\s*(?:me|us|myself)\b|^\s*(?:给|一下)?(?:我|我们|咱们?)(?!的)", re.IGNORECASE)
_TELLING = re.compile(r"(?:tell|inform|let|reply|say|report|give|notify|告诉|告知|回复|通知|发给|汇报)", re.IGNORECASE)
_SAYS_OR_LOOKS = re.compile(
    r"(?:check|verify|confirm|tell|report|see|look|make|test|wait|show|describe|summari[sz]e|write|explain|watch|let|give|say|keep|find|list|compare|ask|do|don't|be|go|come|then)\b",
    re.IGNORECASE,
)
_LET_ME_KNOW = re.compile(r"\blet (?:me|us) know\b", re.IGNORECASE)


@dataclass(frozen=True)
class Wish:
    """An effect that the goal asks for."""

    doing: Doing
    items: tuple[tuple[str, ...], ...]
    """The names of each thing it is to be done to."""
    values: tuple[str, ...]
    everything: str
    object: str = ""
    rest: str = ""
    """All of the sentence behind the verb; in Chinese the whole sentence."""


def unquoted(text: str) -> str:
    """Return a text without its quotations: what stands in them is data and names nothing to work on."""
    return _QUOTED.sub(" … ", text)


def quotations(text: str) -> str:
    """Return what stands in a text's quotations, in lower case."""
    return "\n".join(_QUOTED.findall(text)).casefold()


def asked_for(goal: str, doings: Sequence[Doing]) -> list[Wish]:
    """Return the effects that a goal asks for; a question asks for none."""
    found: list[Wish] = []
    for sentence in re.split(r"(?<=[.!?;])\s+|(?<=[。！？；])|\n+", unquoted(plain(goal))):
        said = sentence.strip()
        while (polite := _POLITE.match(said)) and polite.end():
            said = said[polite.end() :]
        if reading := _READING.match(said):
            following = _THEN_DO.search(said, reading.end())
            said = said[following.start() :] if following else ""
        if said and not _QUESTION.search(said):
            found += [wish for doing in doings if (wish := _wish(doing, said, doings))]
    return found


def _wish(doing: Doing, sentence: str, doings: Sequence[Doing]) -> Wish | None:
    for match in _asking(doing).finditer(sentence):
        after = sentence[match.end() :]
        if bool(match.group("by")) != bool(match.group("gerund")) or _is_for_who_asks(match.group(), after):
            continue
        if _is_chinese(sentence) and (_is_narrated(sentence, match) or _is_question(sentence, match.start())):
            continue
        region = wide_object_in(after) if doing.is_strict else object_in(after)
        return _made(doing, _without_verbs(region, doings) + _enumerated(after, region, doings), after)
    return _wish_in_chinese(doing, sentence)


@lru_cache(maxsize=2_048)
def _asking(doing: Doing) -> re.Pattern[str]:
    pattern = rf"(?:^|[,;]\s*|[，、；：]|\b(?:and|then|to|please|also)\s+|(?<=[一-鿿])\s?|\b(?P<by>by) )(?:{doing.asked}|(?P<gerund>{gerunds(doing.asked)}))(?![\w-])"
    return re.compile(pattern, re.IGNORECASE)


def gerunds(verbs: str) -> str:
    """Return the forms of English verbs that stand behind "by": "set|raise" → "setting|raising", as a pattern."""
    words = [word for word in verbs.split("|") if word.isalpha()]
    return "|".join(f"{word.removesuffix('e')}(?:{word[-1]})?ing" for word in words) or "(?!)"


def _wish_in_chinese(doing: Doing, sentence: str) -> Wish | None:
    if not doing.chinese:
        return None
    for match in re.finditer(doing.chinese, sentence):
        is_told = _is_narrated(sentence, match) or _is_for_who_asks(match.group(), sentence[match.end() :])
        if not is_told and not _is_question(sentence, match.start()):
            return _made(doing, sentence, sentence)
    return None


def _is_narrated(sentence: str, match: re.Match[str]) -> bool:
    """Whether a Chinese verb tells of something that has been done, or is not to be."""
    after = sentence[match.end() :]
    return bool(_TOLD_CHINESE.match(after) or _EARLIER_CHINESE.search(sentence[: match.start()]))


def _is_question(sentence: str, place: int) -> bool:
    """Whether the part of a Chinese sentence around a place asks something, and asks for nothing to be done."""
    start = max(sentence.rfind(mark, 0, place) for mark in "，,；：") + 1
    ends = [end for mark in "，,；" if (end := sentence.find(mark, place)) >= 0]
    part = sentence[start : min(ends, default=len(sentence))]
    if request := _REQUEST_CHINESE.match(part):
        return bool(re.search(r"怎么|如何|为什么|什么|哪|多少", part[request.end() :]))
    return bool(_QUESTION_CHINESE.search(part))


def _is_chinese(text: str) -> bool:
    return bool(re.search(r"[一-鿿]", text))


def _is_for_who_asks(verb: str, after: str) -> bool:
    """Whether something is to be said to the person who asks: the answer does that."""
    return bool((_TELLING.search(verb) and _TO_WHO_ASKS.match(after)) or _LET_ME_KNOW.search(verb))


def _without_verbs(region: str, doings: Sequence[Doing]) -> str:
    """Return an object up to the next thing to do: "a ticket and send its number" is about a ticket."""
    for joint in re.finditer(r"\b(?:and|then)\s+(?:then\s+|also\s+)?", region):
        rest = region[joint.end() :]
        if _SAYS_OR_LOOKS.match(rest) or any(
            lexicon.compiled(rf"(?:{doing.asked})\b").match(rest) for doing in doings if doing.asked
        ):
            return region[: joint.start()]
    return region


def _enumerated(after: str, region: str, doings: Sequence[Doing]) -> str:
    """Return the things that stand enumerated behind the value: "to 10 on north, south and west"."""
    wide = _without_verbs(own_part(after), doings)[len(region) :]
    found = re.search(
        r"\b(?:on|for|of|in|at|across|to)\s+(?P<tail>[\w.@\-]+(?:\s*(?:,\s*(?:and\s+)?|\band\s+|&\s*)[\w.@\-]+)+)(?=\s*(?:$|[.,;!?]|(?:to|as|on|for|with|in|at|by|from)\b))",
        wide,
    )
    return f", {found.group('tail')}" if found else ""


def _made(doing: Doing, region: str, rest: str) -> Wish:
    everything = all_in(wide_object_in(rest))
    return Wish(
        doing=doing,
        items=things_in(region, everything, None),
        values=values_in(doing, rest),
        object=region,
        everything=(everything.group("noun") or everything.group("zh") or "").casefold() if everything else "",
        rest=rest,
    )
