"""Segments: the blocks of a prompt, as data with a name, a priority and a budget. No wording; that is in templates."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

from sanca.prompts.inputs import Experience, JudgeInputs, PromptInputs, Recalled
from sanca.prompts.tokens import cut_to_tokens, estimate_tokens

SegmentName = Literal[
    "toolkits", "environment", "session", "page", "files", "tools", "experience", "understood", "handed_over", "past",
    "task", "observation", "preferences", "knowledge", "recalled", "earlier", "names", "goals", "now", "claim",
    "evidence",
]  # fmt: skip
"""Every segment there is; also the tags that stand around outside text."""

_TAGS = (*SegmentName.__args__, "data", "goal", "code", "error")  # type: ignore[attr-defined]  # typing has no better way
_TAG = re.compile(rf"<(?=\s*/?\s*(?:{'|'.join(_TAGS)})\b)", re.IGNORECASE)
_SPECIAL = re.compile(r"<(?=\|)|<(?=[\uff5c])")
"""`<|im_end|>` and its like: some servers read them as the end of a message wherever they stand."""


@dataclass(frozen=True)
class SegmentRule:
    """How much room a segment has, and how early it gives way."""

    tokens: int
    """Tokens it may take; 0 leaves it out."""
    priority: int
    """When all together is too long, the lowest give way first."""


@dataclass(frozen=True)
class Segment:
    """One block of a prompt: outside text between tags of its name."""

    name: SegmentName
    items: tuple[str, ...]
    rule: SegmentRule
    keeps: Literal["first", "last", "ends"] = "first"
    """What stays when it is too long: the first items, the last ones, or beginning and end of its text."""
    left_out: str = ""
    """What is missing, said in the prompt."""

    @cached_property
    def text(self) -> str:
        """What stands between the tags."""
        items = "\n".join(self.items)
        parts = (items, self.left_out) if self.keeps == "first" else (self.left_out, items)
        return "\n".join(part for part in parts if part)

    @cached_property
    def tokens(self) -> int:
        """About how many tokens it takes, with its tags."""
        return estimate_tokens(self.text) + 6

    def cut(self, limit_tokens: int) -> Segment:
        """Return it in at most about so many tokens, with a line that says what is missing."""
        if self.tokens <= limit_tokens:
            return self
        if self.keeps == "ends":
            return replace(self, items=(cut_to_tokens("\n".join(self.items), limit_tokens - 6),))
        kept = list(self.items)
        sizes = [estimate_tokens(item) + 1 for item in kept]
        total = sum(sizes) + 18
        while len(kept) > 1 and total > limit_tokens:
            at = -1 if self.keeps == "first" else 0
            kept.pop(at)
            total -= sizes.pop(at)
        cut = cut_to_tokens(kept[0], max(0, limit_tokens - 18)) if len(kept) == 1 else None
        items = (cut,) if cut is not None else tuple(kept)
        missing = len(self.items) - len(kept)
        where = "more" if self.keeps == "first" else "earlier ones"
        return replace(self, items=items, left_out=f"[{missing} {where} left out]" if missing else "")


def as_data(text: str) -> str:
    """Return outside text for use between tags: unable to open or close a segment, or to end a message."""
    return _SPECIAL.sub("&lt;", _TAG.sub("&lt;", text.strip()))


def code_fence(code: str) -> str:
    """Return a fence longer than any in the code."""
    longest = max((len(run) for run in re.findall(r"`{3,}", code)), default=2)
    return "`" * (longest + 1)


Rules = Mapping[SegmentName, SegmentRule]


def task_segments(inputs: PromptInputs, rules: Rules) -> list[Segment]:
    """Return what stands in the first message: it rests while the run goes on."""
    page = [("url", inputs.page.url), ("title", inputs.page.title)] if inputs.page else []
    page += [("selected before", inputs.page.selected_before)] if inputs.page else []
    shown = [f"{name}: {_line(value)}" for name, value in page if value]
    selection = f"selection: {inputs.page.selection}" if inputs.page and inputs.page.selection.strip() else ""
    made = [
        _pairs("environment", inputs.environment, rules),
        _made("preferences", [f"- {_line(one)}" for one in inputs.preferences], rules),
        _made("knowledge", [_remembered(one) for one in inputs.knowledge], rules),
        _made("recalled", [_remembered(one) for one in inputs.recalled], rules),
        _made("earlier", [_remembered(one) for one in inputs.earlier], rules),
        _made("session", [f"{one.role}: {_indented(one.content)}" for one in inputs.history], rules, keeps="last"),
        _made("page", [*shown, selection], rules, keeps="ends"),
        _made("files", [f"/input/{_line(name)}" for name in inputs.files], rules),
        _made("tools", [inputs.tools], rules, keeps="ends"),
        _experience(inputs.experience, rules),
        _pairs("understood", inputs.understood, rules),
        _made("handed_over", [inputs.handed_over], rules, keeps="ends"),
        _made("task", [_asked(inputs)], rules, keeps="ends"),
        _made("past", inputs.past, rules, keeps="last"),
    ]
    return [segment for segment in made if segment is not None]


def last_segments(inputs: PromptInputs, rules: Rules) -> list[Segment]:
    """Return what stands at the end of the last message: it changes from round to round."""
    made = [
        _made("goals", [_goal_line(one.title, one.status, one.reason, one.is_current) for one in inputs.goals], rules),
        _pairs("names", inputs.names, rules),
        _pairs("now", inputs.now, rules),
    ]
    return [segment for segment in made if segment is not None]


def judge_segments(inputs: JudgeInputs, rules: Rules) -> list[Segment]:
    """Return what a judge sees."""
    made = [
        _made("task", [inputs.goal], rules, keeps="ends"),
        _made(
            "evidence", [_line(one) for one in inputs.evidence] or ["(the journal shows no call)"], rules, keeps="last"
        ),
        *(_made("observation", [one], rules, keeps="ends") for one in inputs.observations),
        _made("claim", [inputs.claim], rules, keeps="ends"),
    ]
    return [segment for segment in made if segment is not None]


def observation_segment(text: str, rules: Rules) -> Segment:
    """Return what a round gave."""
    return Segment("observation", (as_data(text) or "(nothing)",), rules["observation"], keeps="ends")


def toolkits_segment(text: str, rules: Rules) -> Segment:
    """Return the toolkits' stubs, which stand in the system message."""
    return Segment("toolkits", (as_data(text),), rules["toolkits"], keeps="ends")


def _made(
    name: SegmentName, texts: Sequence[str], rules: Rules, keeps: Literal["first", "last", "ends"] = "first"
) -> Segment | None:
    items = tuple(item for text in texts if (item := as_data(text)))
    return Segment(name, items, rules[name], keeps) if items and rules[name].tokens else None


def _pairs(name: SegmentName, pairs: Mapping[str, str], rules: Rules) -> Segment | None:
    return _made(name, [f"{key}: {_line(value)}" for key, value in pairs.items()], rules)


def _experience(experience: Experience | None, rules: Rules) -> Segment | None:
    if experience is None:
        return None
    warnings = [f"Something alike went wrong before: {_line(one)}" for one in experience.warnings]
    if not experience.code:
        return _made("experience", warnings, rules)
    fence = code_fence(experience.code)
    head = f"{experience.title}{f' ({experience.why})' if experience.why else ''}"
    example = f"{head}\n\n{fence}python\n{experience.code.strip()}\n{fence}"
    return _made("experience", [*warnings, example], rules)


def _remembered(recalled: Recalled) -> str:
    doubt = f" (may not hold any more: {_line(recalled.doubt)})" if recalled.doubt else ""
    return f"[{_line(recalled.citation)}]{doubt} {_indented(recalled.text)}"


def _asked(inputs: PromptInputs) -> str:
    goal = inputs.goal.strip()
    return f"{inputs.message}\n\nGoal: {goal}" if goal and goal != inputs.message.strip() else inputs.message


def _goal_line(title: str, status: str, reason: str, is_current: bool) -> str:
    marks = {"done": "x", "abandoned": "-"}
    line = f"[{marks.get(status, ' ')}] {_line(title)}{' ← now' if is_current else ''}"
    return f"{line}: {_line(reason)}" if reason else line


def _line(text: str) -> str:
    """Return text as one line: data must not look like a further entry of its list."""
    return " ".join(text.split())


def _indented(text: str) -> str:
    """Return text with its further lines indented, for the same reason."""
    return "\n  ".join(text.strip().splitlines())
