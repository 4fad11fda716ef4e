"""Rules for named values: "with high priority" against the field `priority` of the calls that did it."""

# ruff: noqa: E501 - data: a kind of words a line

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from sanca.python_runtime.self_check.case import Case
from sanca.python_runtime.self_check.claims import plain
from sanca.python_runtime.self_check.doubts import Doubt
from sanca.python_runtime.self_check.evidence import Call, rows_of
from sanca.python_runtime.self_check.lexicon import STOPPERS

_FIELD_WORDS = {
    "priority": "优先级", "severity": "严重(?:程度|级别)", "size": "尺寸|规格|大小", "color": "颜色", "colour": "颜色", "region": "区域|地区", "mode": "模式", "level": "级别|等级",
    "role": "角色", "category": "类别|分类", "plan": "套餐", "currency": "币种|货币", "language": "语言", "environment": "环境", "env": "环境", "visibility": "可见性", "format": "格式", "assignee": "负责人", "owner": "负责人|所有者", "label": "标签", "branch": "分支", "status": "状态",
}  # fmt: skip
"""Fields whose values are words, and the Chinese words for them."""
_SCALES = tuple(
    {word: place for place, words in enumerate(line.split("; ")) for word in words.split()}
    for line in (
        "lowest trivial 最低; low minor 低; normal medium default 中 普通 一般; high major 高; highest urgent critical blocker 最高 紧急",
        "small s 小; medium m 中; large l 大; xl xlarge 特大", "private 私有 私密; internal 内部; public 公开", "dev development 开发; test testing qa 测试; staging stage 预发; prod production 生产",
        "reader viewer read-only 只读; editor writer member 成员; admin administrator owner 管理员", "debug 调试; info 信息; warn warning 警告; error 错误", "red 红 红色; green 绿 绿色; blue 蓝 蓝色; yellow 黄 黄色; black 黑 黑色; white 白 白色",
        "economy 经济舱; business 商务舱; first 头等舱", "eur euro euros 欧元; usd dollar dollars 美元; cny rmb 人民币; gbp pounds 英镑", "csv; json; xml; pdf; xlsx excel", "main master; develop dev",
    )
)  # fmt: skip
"""Words of one scale: no two of different places mean the same."""


def contradicted(case: Case) -> Iterator[Doubt]:
    """Yield the values that the claim, or only the goal, names for a field of a call that had another one."""
    done = case.evidence.done
    if not done:
        return
    claim, goal = plain(case.claim).casefold(), plain(case.goal).casefold()
    for field in _FIELD_WORDS:
        had = [(call, value) for call in done for value in _values_of(call, field)]
        if not had:
            continue
        told, asked = _named(claim, field), _named(goal, field)
        for word in told or ([] if case.admissions else asked):
            if all(_differ(word, value) for _, value in had) and not _is_told(claim, [value for _, value in had]):
                yield Doubt(
                    "wrong_value",
                    f"{field}: {word}",
                    ", ".join(f"{call.told} → {field}={value}" for call, value in had)[:400],
                )


_CLOCK = re.compile(r"(?<![\d:.])(\d{1,2}):(\d\d)(?!\d|:?\d*(?:\.\d+)?(?:Z|[+-]\d\d))", re.IGNORECASE)


def other_times(case: Case) -> Iterator[Doubt]:
    """Yield the clock times of goal and claim of which the calls had others; times with a zone are left alone."""
    both = _times(case.goal) & _times(case.claim)
    for call in case.evidence.done if both else ():
        had = _times(call.argument_text)
        if had and not had & both:
            yield Doubt("wrong_value", "{}:{:02}".format(*min(both)), call.told)


def _times(text: str) -> set[tuple[int, int]]:
    return {(int(hour), int(minute)) for hour, minute in _CLOCK.findall(text)}


def _values_of(call: Call, field: str) -> list[str]:
    rows: list[Mapping[str, object]] = [call.arguments, *rows_of(call.value, depth=1)]
    values = [row[name] for row in rows for name in row if name.casefold() == field]
    return [value.casefold() for value in values if isinstance(value, str) and 0 < len(value) <= 24]


def _named(text: str, field: str) -> list[str]:
    """Return the words that a text names as the value of a field: "priority: high", "with high priority", 优先级为高."""
    chinese = _FIELD_WORDS[field]
    patterns = (
        rf"\b{field}\b(?:\s+(?:is|was|of|to|as|set to)\b|\s*[:=|])*\s*(?P<word>[a-z][a-z\-]*)",
        rf"\b(?P<word>[a-z]+(?:-only)?)[\s\-]{field}\b",
        rf"(?:{chinese})\s*(?:已)?(?:设)?(?:为|是|成|：|:|=)?\s*[“\"]?(?P<word>[a-z]+|[一-鿿]{{1,3}})",
        rf"(?P<word>[a-z]+|最高|最低|高|中|低|普通|紧急)\s*(?:的)?(?:{chinese})",
    )
    words = [match.group("word") for pattern in patterns for match in re.finditer(pattern, text)]
    return [word for word in dict.fromkeys(words) if word not in STOPPERS and _scale_of(word) is not None]


def _scale_of(word: str) -> Mapping[str, int] | None:
    return next((scale for scale in _SCALES if word in scale), None)


def _differ(word: str, value: str) -> bool:
    """Whether two words are of one scale and at different places of it."""
    return any(word in scale and value in scale and scale[word] != scale[value] for scale in _SCALES)


def _is_told(claim: str, values: Sequence[str]) -> bool:
    """Whether the claim names the value that it really had."""
    return any(re.search(rf"(?<![a-z]){re.escape(value)}(?![a-z])", claim) for value in values)
