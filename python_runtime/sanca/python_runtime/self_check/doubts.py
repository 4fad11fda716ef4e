"""What speaks against a claim, as data: for the model that goes on with it, and in words for the person."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Kind = Literal[
    "no_call", "no_effect", "undone", "unknown_outcome", "wrong_target", "left_out", "wrong_value", "too_few",
    "result_says", "taken_back", "not_read", "not_tested", "no_file", "unseen_figure", "world_says", "judge_says",
    "read_says", "wrong_unit",
]  # fmt: skip

_WORDS: dict[Kind, tuple[str, str]] = {
    "no_call": (
        "the journal shows no call that changes anything of that kind for {what!r}",
        "日志中没有与{what!r}相应的成功改动",
    ),
    "no_effect": (
        "{what!r} was asked for, and the journal shows no call that changes anything",
        "要求{what!r}，但日志中没有任何改动",
    ),
    "undone": ("the journal shows that these calls did not succeed: {what}", "日志显示这些调用没有成功：{what}"),
    "unknown_outcome": ("whether {what} had its effect is not known", "{what} 是否生效尚不清楚"),
    "wrong_target": ("{what!r} is not what was called: {calls}", "{what!r}并不是调用的对象：{calls}"),
    "left_out": (
        "{what!r} was asked for too, and is not among the calls that succeeded",
        "还要求处理{what!r}，但成功的调用中没有它",
    ),
    "wrong_value": ("the value {what!r} is not that of the calls: {calls}", "数值{what!r}与调用不符：{calls}"),
    "too_few": ("{what} are claimed, and the journal shows {calls}", "声称{what}，日志显示{calls}"),
    "result_says": ("the result of {calls} says {what!r}", "{calls} 的结果是{what!r}"),
    "taken_back": ("a later call took it back: {what}", "之后的调用又撤回了它：{what}"),
    "not_read": (
        "nothing was read in this run, so {what!r} is not known",
        "本次运行没有读取任何内容，{what!r}没有依据",
    ),
    "not_tested": ("no test was run in this run ({what!r})", "本次运行没有执行测试（{what!r}）"),
    "no_file": ("there is no file {what!r}", "没有文件{what!r}"),
    "unseen_figure": ("no reading or calculation of this run gave {what}", "本次运行的读取和计算中没有出现{what}"),
    "world_says": ("read again after {calls}: {what}", "{calls} 之后再次读取：{what}"),
    "judge_says": ("{what}", "{what}"),
    "read_says": ("what was read says {what!r}, against {calls!r}", "读取到的内容是{what!r}，与{calls!r}不符"),
    "wrong_unit": (
        "{what} is told in a wrong unit: it was read in {calls}",
        "{what} 的单位不对：读取到的单位是 {calls}",
    ),
}
_MEND = "do it, or say truthfully what was done and what was not."


@dataclass(frozen=True)
class Doubt:
    """One thing that speaks against a claim."""

    kind: Kind
    what: str
    calls: str = ""

    def told(self, language: str = "en") -> str:
        """Return it as part of a sentence."""
        return _WORDS[self.kind][1 if language == "zh" else 0].format(what=self.what, calls=self.calls)


@dataclass
class Finding:
    """What the check of one claim came to."""

    doubts: list[Doubt] = field(default_factory=list)
    verified: list[str] = field(default_factory=list)
    """Effects that were read again and are there, with what was read."""
    unverified: list[str] = field(default_factory=list)
    """Effects whose calls succeeded and that could not be read again."""
    judged: str = ""
    """What the judge model said; empty when it was not asked."""
    seconds: float = 0.0

    @property
    def missing(self) -> str:
        """What the next round is told, in English; empty when nothing speaks against the claim."""
        if not self.doubts:
            return ""
        return f"{'; '.join(doubt.told() for doubt in self.doubts)}; {_MEND}"

    def facts(self) -> dict[str, object]:
        """Return it for the journal."""
        return {
            "reasons": [doubt.told() for doubt in self.doubts],
            "kinds": [doubt.kind for doubt in self.doubts],
            "verified": self.verified,
            "unverified": self.unverified,
            "judged": self.judged,
            "check_seconds": round(self.seconds, 4),
        }
