"""The builders: `Cmd`, `Thought`, `Custom`, and those for a forced answer, notes of past rounds and a verdict."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from sanca.core.messages import PromptMessage
from sanca.prompts.budget import Dropped, Fitted, PastRound
from sanca.prompts.builder import PromptBuilder
from sanca.prompts.inputs import EarlierRound, JudgeInputs, PromptInputs
from sanca.prompts.segments import (
    Segment,
    code_fence,
    judge_segments,
    last_segments,
    observation_segment,
    task_segments,
    toolkits_segment,
)
from sanca.prompts.tokens import cut_to_tokens, estimate_tokens

_LAST = frozenset({"goals", "names", "now"})
"""Segments that stand at the end of the last message."""


class _RunBuilder(PromptBuilder[PromptInputs]):
    """A conversation of the run: the task with its segments, then each round, then what holds now."""

    def _system_values(self, inputs: PromptInputs) -> dict[str, str]:
        segment = toolkits_segment(inputs.toolkits, self.configuration.segments)
        toolkits = segment.cut(segment.rule.tokens).text if inputs.toolkits.strip() else ""
        fence = code_fence(f"```{toolkits}")
        return {"toolkits": toolkits, "abridged": "yes" if inputs.is_abridged else "", "fence": fence}

    def _segments(self, inputs: PromptInputs) -> list[Segment]:
        rules = self.configuration.segments
        return [*task_segments(inputs, rules), *last_segments(inputs, rules)]

    def _rounds(self, inputs: PromptInputs) -> list[PastRound]:
        return [
            PastRound(
                reply := _reply(one, self.configuration.segments["observation"].tokens),
                estimate_tokens(reply),
                observation_segment(one.observation, self.configuration.segments),
            )
            for one in inputs.rounds
        ]

    def _conversation(self, inputs: PromptInputs, fitted: Fitted) -> list[PromptMessage]:
        ending = self._ending(inputs, fitted)
        task = self._render("task", segments=[one for one in fitted.segments if one.name not in _LAST])
        messages = [PromptMessage(role="user", content=task if fitted.rounds else f"{task}\n\n{ending}")]
        for number, (at, shown) in enumerate(fitted.rounds):
            is_last = number == len(fitted.rounds) - 1
            following = at + 1 if is_last else fitted.rounds[number + 1][0]
            content = self._render("observation", segment=shown.observation, left_out=following - at - 1)
            extra = dict(inputs.rounds[at].extra)
            messages.append(PromptMessage(role="assistant", content=shown.reply, extra=extra))
            messages.append(PromptMessage(role="user", content=f"{content}\n\n{ending}" if is_last else content))
        return messages

    def _ending(self, inputs: PromptInputs, fitted: Fitted) -> str:
        return self._render(
            "ending",
            segments=[one for one in fitted.segments if one.name in _LAST],
            language=inputs.language,
            rounds_left=inputs.rounds_left,
            has_rounds=bool(fitted.rounds),
            advice=inputs.advice.strip(),
            why_last=inputs.why_last,
            gone=_gone(fitted.dropped, {one.name for one in fitted.segments}),
        )


class Cmd(_RunBuilder):
    """Asks for the next action: code, or the final answer."""


class Thought(_RunBuilder):
    """Asks for a plan in words: what is known, what is missing, the sub-goals and which wait for which. No code."""


class Summary(_RunBuilder):
    """Asks for the last answer when nothing may be done any more: what was found, done, and left undone."""

    sections: ClassVar[Sequence[str]] = ("introduction", "mechanism", "output")


class Compaction(_RunBuilder):
    """Asks for notes that stand for the rounds shown."""

    sections: ClassVar[Sequence[str]] = ("mechanism", "output")


class Custom(_RunBuilder):
    """The operator's own composition: the templates that `sections` of the configuration names, in that order."""

    def _sections(self) -> Sequence[str]:
        return self.configuration.sections


class Judge(PromptBuilder[JudgeInputs]):
    """Asks whether a claim is borne out by the evidence."""

    sections: ClassVar[Sequence[str]] = ("mechanism", "output", "examples")

    def _segments(self, inputs: JudgeInputs) -> list[Segment]:
        return judge_segments(inputs, self.configuration.segments)

    def _conversation(self, inputs: JudgeInputs, fitted: Fitted) -> list[PromptMessage]:
        content = self._render("task", segments=fitted.segments, language=inputs.language)
        return [PromptMessage(role="user", content=content)]


def _gone(dropped: Sequence[Dropped], shown: set[str]) -> list[str]:
    """Return what of the segments is not shown at all, for the prompt to say: what is cut says so itself."""
    return [one.segment for one in dropped if one.segment not in {*shown, "rounds", "observation"}]


def _reply(earlier: EarlierRound, limit_tokens: int) -> str:
    """Return the model's earlier reply: as it stood, else put together from its parts, and then no longer than that."""
    if earlier.reply:
        return earlier.reply
    fence = code_fence(earlier.code)
    action = f"{fence}python\n{cut_to_tokens(earlier.code, limit_tokens)}\n{fence}" if earlier.code else ""
    return "\n\n".join(part for part in (earlier.thought, action) if part) or "(no usable reply)"
