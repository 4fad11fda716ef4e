"""Which Chinese words of a message name a service: 短信网关, 库存同步. Goes by grammar, knows no service.

A name is a run of nouns between words that are none (particles, verbs, punctuation). Ending in a head such as 系统 or
网关 it is a name wherever it stands; else only where a sentence has one: as the object of 把 or 重启, before 的 and
what a service has, or as the subject of what goes wrong with one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sanca.memory.matching.lexicon import Lexicon, NounWord
from sanca.memory.text import CJK

_LONGEST = 8
"""Characters of a name without its head."""
_ATTRIBUTES = frozenset(
    ["metrics", "config", "logs", "report", "disk", "memory", "latency", "traffic", "port", "deployments",
     "error_rate", "pool", "dependency", "errors", "release_port"]
)  # fmt: skip
"""Concepts of what a service has, after 的."""
_MODIFIERS = frozenset(["config", "disk", "memory", "file", "table", "latency", "traffic"])
"""Concepts of words that stand before a head like nouns: 配置中心, 日志平台."""
_VERBS = frozenset(["summary", "analyse", "probe", "deploy", "search", "calculate", "review", "metrics"])
"""Concepts of nouns that are verbs too: 统计订单系统 counts in 订单系统."""
_ACTS = frozenset(
    ["restart", "rollback", "deploy", "fix", "free", "probe", "cause", "checkup", "broken", "dependency", "review"]
)
"""Concepts of verbs that take a service as their object."""
_ILLS = frozenset(["broken", "slow", "restart", "rollback", "errors", "disk"])
"""Concepts of what is said of a service."""
_AFTER_NAMES = _ATTRIBUTES | _ACTS
"""Concepts of nouns that follow a name rather than end it."""
_TOWARDS = frozenset("对向朝往")
_BEFORE_OBJECTS = frozenset("把将对给帮让替向朝往")
_LOOKS = frozenset(
    [
        "看",
        "看看",
        "看下",
        "看一下",
        "查看",
        "查",
        "瞅",
        "瞅瞅",
        "戳",
        "戳一下",
        "停",
        "启动",
        "启",
        "问",
        "盯",
        "次",
        "遍",
    ]
)
_BETWEEN = frozenset(["一下", "下", "一遍", "掉", "了", "个", "着", "过", "一把", "一眼", "这个", "那个"])
_ADVERBS = frozenset(["又", "老", "老是", "总", "总是", "一直", "怎么", "快", "好像", "似乎", "为啥", "有点", "太"])
_DOWN = ("挂", "崩", "宕", "瘫", "罢工", "起不来", "没反应", "不响应")
_HERE = frozenset("这那该某本")
_OWN = frozenset(["我的", "我家的", "他的", "她的", "你的", "我家", "我"])
_CLAUSE_ENDS = " ,.;:!?、。\n"


@dataclass(frozen=True)
class ChineseName:
    """A stretch of the message that names a service."""

    start: int
    end: int
    text: str
    headed: bool
    """It ends in a word such as 系统 or 网关."""


def chinese_name(text: str, lexicon: Lexicon) -> ChineseName | None:
    """Return the likeliest Chinese name of a service in `text`, or None: first one with a head."""
    runs = [list(_words(hit.group(), hit.start(), lexicon)) for hit in CJK.finditer(text)]
    return next((name for run in runs if (name := _with_head(run, text))), None) or next(
        (name for run in runs if (name := _by_place(run, text, lexicon))), None
    )


def head_after(text: str, end: int, lexicon: Lexicon) -> int:
    """Return where a name that ends at `end` ends with its head: 结算 in 结算平台 ends behind 平台."""
    if (run := CJK.match(text, end)) is None:
        return end
    word = next(_words(run.group(), end, lexicon))
    return word.end if word.kind == "head" else end


def _words(run: str, offset: int, lexicon: Lexicon) -> Iterator[NounWord]:
    """Cut a run of Chinese characters into words, longest first; what is unknown is one character each."""
    at = 0
    while at < len(run):
        word = lexicon.noun_word(run, at, offset, _LONGEST)
        yield word
        at = word.end - offset


def _with_head(words: Sequence[NounWord], text: str) -> ChineseName | None:
    for at, head in enumerate(words):
        if head.kind == "noun" and head.headed:
            return ChineseName(head.start, head.end, head.text, headed=True)
        if head.kind != "head":
            continue
        first = at
        while first > 0 and _modifies(words[first - 1]):
            first -= 1
        if set(words[first].concepts) & _VERBS and words[at].start - words[first].end >= 2:
            first += 1
        last = at
        while last + 1 < len(words) and words[last + 1].kind == "head":
            last += 1
        start, end = words[first].start, words[last].end
        said = text[start : words[at].start]
        if not 2 <= len(said) <= _LONGEST or said[0] in _HERE:
            continue
        after = words[last + 1] if last + 1 < len(words) else None
        doing = all(word.kind == "concept" for word in words[first:at])
        if doing and (after is None or (after.kind == "concept" and not set(after.concepts) & _ILLS)):
            continue  # 分析系统日志 analyses the log of the system
        return ChineseName(start, end, text[start:end], headed=True)
    return None


def _modifies(word: NounWord) -> bool:
    """Whether a word may stand before a head as a part of the name."""
    if word.kind == "concept":
        return len(word.text) > 1 and set(word.concepts) <= _MODIFIERS
    return word.kind in ("noun", "unknown")


def _by_place(words: Sequence[NounWord], text: str, lexicon: Lexicon) -> ChineseName | None:
    """Return the first run of nouns that stands where a name stands."""
    first = 0
    while first < len(words):
        last = first
        while last < len(words) and _may_name(words[last], lexicon):
            last += 1
        if last - first > 1 and words[last - 1].kind == "unknown":
            last -= 1  # 图片存储发 3.0: a verb that nobody knows
        while last - first > 1 and set(words[last - 1].concepts) & _AFTER_NAMES and not words[last - 1].tail:
            last -= 1  # 库存同步日志: what the service has
        if last > first:
            start, end = words[first].start, words[last - 1].end
            if _is_noun(words[first:last], lexicon) and _stands(words, first, last, text, lexicon):
                return ChineseName(start, end, text[start:end], headed=False)
        first = last + 1
    return None


def _may_name(word: NounWord, lexicon: Lexicon) -> bool:
    """Whether a word may be a part of a name without a head."""
    return word.kind in ("noun", "unknown") or (word.kind == "head" and word.text in lexicon.service_words)


def _is_noun(run: Sequence[NounWord], lexicon: Lexicon) -> bool:
    """Whether a run may be a name without a head: two nouns, or one that services are often called."""
    said = "".join(word.text for word in run)
    if not 2 <= len(said) <= _LONGEST or run[-1].kind == "unknown":
        return False
    nouns = [word.text for word in run if word.kind != "unknown"]
    return len(said) >= 4 or (said == nouns[0] and said in lexicon.service_words and said not in lexicon.generic_nouns)


def _stands(words: Sequence[NounWord], first: int, last: int, text: str, lexicon: Lexicon) -> bool:
    long = words[last - 1].end - words[first].start >= 4
    after = words[last] if last < len(words) else None
    back = first - 1
    while back > 0 and words[back].text in _BETWEEN:
        back -= 1
    before = words[back] if back >= 0 else None
    if before is not None and before.text in _OWN:
        return False
    if after is not None and after.text == "的" and _has(text[after.end :], words[last + 1 :], lexicon):
        return True
    if before is None:
        starts = words[first].start == 0 or text[words[first].start - 1] in _CLAUSE_ENDS
        works = words[last - 1].tail
        if after is None or not starts:
            return starts and works and long and text[words[last - 1].end :][:1] in ("\x00", " ")
        return _is_said(after) or after.text in _ADVERBS or works if long else after.text.startswith(_DOWN)
    if before.text in _TOWARDS and long and after is not None and after.kind == "stop":
        return True
    if before.text in _BEFORE_OBJECTS:
        return any(set(word.concepts) & (_ACTS | _ILLS) for word in (words[last:] if long else words[last : last + 1]))
    acts = set(before.concepts) & _ACTS and not (back > 0 and words[back - 1].text == "的")
    doubtful = before.kind == "unknown" and back < first - 1  # 探一下: a verb that nobody knows
    looks = long and (before.text in _LOOKS or doubtful)
    return bool(acts or looks) and (after is None or after.kind == "stop" or (looks and _is_said(after)))


def _has(rest: str, words: Sequence[NounWord], lexicon: Lexicon) -> bool:
    """Whether what follows 的 is something that a service has."""
    if any(rest.startswith(form) for forms in lexicon.setting_words.values() for form in forms["zh"]):
        return True
    return bool(words) and bool(set(words[0].concepts) & _ATTRIBUTES)


def _is_said(word: NounWord) -> bool:
    return bool(set(word.concepts) & (_ILLS | _ATTRIBUTES | {"cause", "probe"}))
