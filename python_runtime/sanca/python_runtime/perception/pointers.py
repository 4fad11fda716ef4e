"""Finds the words of a message that point at something: it, that release, the second one, 那个. Resolves none."""

from __future__ import annotations

import re
from dataclasses import dataclass

_ENGLISH_KINDS = {
    "service": "service", "app": "service", "application": "service", "release": "release", "version": "release",
    "build": "release", "process": "process", "pid": "process", "port": "port", "table": "data", "data": "data",
    "dataframe": "data", "dataset": "data", "file": "data", "csv": "data", "spreadsheet": "data", "list": "data",
    "column": "data", "rows": "data", "numbers": "data", "series": "data",
}  # fmt: skip
_CHINESE_KINDS = {
    "服务": "service", "service": "service", "版本": "release", "release": "release", "进程": "process", "端口": "port",
    "表格": "data", "张表": "data", "份表": "data", "表": "data", "数据": "data", "文件": "data",
    "份数据": "data", "列表": "data",
}  # fmt: skip
_FOLLOWING = (
    "please|pls|plz|again|now|into|in|to|for|up|out|back|off|down|as|on|by|mean|come|came|too|and|or|with|from|over|is|are"
    "|was|were|happen|happened|then|instead|thing|one|ones|go|goes|went|work|works|so"
)
"""What follows a `that` which stands alone: before a noun or a clause it points at nothing outside."""
_ALONE = rf"(?=\s*(?:$|[.,;:!?，。；：！？、)]|[\u3400-\u9fff]|(?:{_FOLLOWING})\b))"
_KINDS, _ZH_KINDS = "|".join(_ENGLISH_KINDS), "|".join(_CHINESE_KINDS)
_THAT = "that|this|those|these|the same|the (?:above|attached|uploaded|selected|highlighted|previous)"
_POINTER = re.compile(
    "|".join(
        [
            r"\b(?:the )?(?P<ordinal>first|second|third|fourth|fifth|last)"
            rf"(?: (?:one|service|release|file|table|item))?{_ALONE}",
            rf"\b(?:{_THAT}) (?P<kind>{_KINDS})s?\b",
            r"\b(?P<selection>(?:the|this) (?:selected|highlighted|marked) \w+|the selection)",
            r"\b(?P<answer>(?:the|that|this) (?:number|chart|plot|result|answer|text|announcement|summary|message)"
            r"(?: above| before)?|the above)\b",
            r"\b(?P<thing>(?:that|this) (?:one|thing)|the other (?:one|service|thing)|the thing"
            r"|the (?:new|old)(?:er)? ones?"
            r"|(?:those|these|the) two|both of (?:them|those))\b",
            rf"(?<=[a-z] )(?P<noun>(?:that|this|those|these) (?!(?:{_FOLLOWING}|one|is|will|are)\b)[a-z]+)"
            r"(?=\W*(?:off|on|up|down|back|please|pls|now|again|asap)?\W*$)",
            r"\b(?P<pronoun>it's|its|it|them)\b",
            rf"\b(?P<deictic>that|this|those|these)\b{_ALONE}",
            r"(?P<chinese_ordinal>第[一二三四五六七八九十\d]+(?:个|张|份|条|行|步)?|最后一个)",
            rf"(?:这|那|该|上面的?|刚才的?|之前的?|刚上传的?|同一)(?:个|些|份|张)?\s*(?P<chinese_kind>{_ZH_KINDS})",
            r"(?P<chinese_selection>选中的\S{0,4}|所选\S{0,3})",
            r"(?P<chinese_answer>刚才那[步部]|上一步|那一步|这条|那条|这段|那段|这份|那份|这句|这件事|那件事|这次(?:故障|事故|\s?incident))",
            r"(?P<chinese_before>之前那个)",
            r"(?P<chinese_thing>[上刚][面才]那个|上次那个|另一个|另外那个|[那这](?:俩|两个|几个)|[那这]一?个(?!人|月|星期|礼拜|时候)|那些|这些)",
            r"(?P<chinese_pronoun>它们?)",
        ]
    ),
    re.IGNORECASE,
)
_EXPLETIVE = re.compile(
    r"\bwhat (?:time|date|day) is it\b|\bis it (?:possible|true|ok|okay|allowed|safe|normal|raining|time|worth"
    r"|friday|monday|correct|right)\b"
    r"|\b(?:it is|it's|its) (?:friday|monday|late|time|raining|ok|fine|me|possible|a pity|all good)\b"
    r"|\bhow's it going\b|\bhow is it going\b"
    r"|\b(?:could it be|is it that|was it) (?:the|that)\b|\bhow long does it take\b|\bdoes it make sense\b"
    r"|\bmake it (?:short|brief|simple)\b"
    r"|\btake it easy\b|\b(?:would|could) it be\b|\bif it (?:is|was) possible\b|\bgot it\b|\bthat(?:'s"
    r"| is) (?:all|it|great|fine|ok|good)\b",
    re.IGNORECASE,
)
_ORDINALS = {"first": 0, "second": 1, "third": 2, "fourth": 3, "fifth": 4, "last": -1}
_CHINESE_NUMBERS = "一二三四五六七八九十"


@dataclass(frozen=True)
class Pointer:
    """A word that points at something."""

    words: str
    start: int
    end: int
    kind: str
    """service, release, process, port, data, selection, item, answer (what was said last), noun (of a sort
    that we don't know), or empty: anything."""
    is_deictic: bool
    """It can point at what the person looks at: this, 这个."""
    place: int | None = None
    """Of an ordinal: which one, from 0; -1 the last."""


def pointers_in(text: str) -> list[Pointer]:
    """Return the pointing words of a text that stand for something outside it."""
    empty = [hit.span() for hit in _EXPLETIVE.finditer(text)]
    found = []
    for hit in _POINTER.finditer(text):
        if any(start <= hit.start() < end for start, end in empty):
            continue
        found.append(_pointer(hit))
    return found


def _pointer(hit: re.Match[str]) -> Pointer:
    group = hit.lastgroup or ""
    words, said = hit.group().strip(), hit.group(group).lower()
    kind, place = "", None
    if group == "kind":
        kind = _ENGLISH_KINDS[said]
    elif group == "chinese_kind":
        kind = _CHINESE_KINDS[said]
    elif "selection" in group:
        kind = "selection"
    elif "answer" in group:
        kind = "answer"
    elif "before" in group:
        kind = "release"
    elif group == "noun":
        kind = "noun"
    elif "ordinal" in group:
        kind, place = "item", _ORDINALS.get(said, _chinese_place(said))
    is_deictic = words.lower().startswith(("this", "these", "that", "这", "那", "该")) or kind == "selection"
    return Pointer(words, hit.start(), hit.end(), kind, is_deictic, place)


def _chinese_place(said: str) -> int:
    digits = re.sub(r"\D", "", said)
    if digits:
        return int(digits) - 1
    return next((place for place, number in enumerate(_CHINESE_NUMBERS) if number in said), -1)
