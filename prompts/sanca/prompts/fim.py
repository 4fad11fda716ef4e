"""The fill-in-the-middle form: what stands at a gap of an action. Special tokens of Qwen's coder models.

A model that serves `/v1/completions` gets the form itself; another is asked in a chat for the middle only.
"""

from __future__ import annotations

import re

from sanca.core.messages import ModelRequest, PromptMessage
from sanca.prompts.budget import Fitted
from sanca.prompts.builder import PromptBuilder
from sanca.prompts.inputs import FimInputs
from sanca.prompts.prompt import Prompt
from sanca.prompts.segments import Segment, as_data, code_fence
from sanca.prompts.tokens import cut_to_tokens, estimate_tokens

PREFIX, SUFFIX, MIDDLE = "<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>"
_STOPS = ("<|endoftext|>", PREFIX, SUFFIX, MIDDLE, "<|fim_pad|>", "<|repo_name|>", "<|file_sep|>", "<|im_end|>")
SPECIAL = re.compile(r"<\|[a-z_]+\|>")
_TOOLKITS_SHARE = 0.5
"""Of the budget, what stubs may take at most; the action itself comes first."""
_CUT = "# [… earlier lines left out …]\n"


class FimBuilder(PromptBuilder[FimInputs]):
    """Asks for what stands in the gap: as a completion, or in a chat where the model has no such form."""

    def _assembled(self, inputs: FimInputs) -> Prompt:
        """Return the request; of an action that is too long the lines next to the gap stay."""
        settings = self.configuration
        if settings.form == "chat":
            return super()._assembled(inputs)
        before, after = self._around(inputs)
        context = self._context(inputs, settings.budget_tokens - estimate_tokens(before) - estimate_tokens(after))
        content = f"{PREFIX}{context}{before}{SUFFIX}{after}{MIDDLE}"
        request = ModelRequest(
            messages=(PromptMessage(role="user", content=content),),
            form="completion",
            stop=_STOPS,
            temperature=settings.temperature,
            max_output_tokens=settings.output_tokens,
            timeout_seconds=settings.timeout_seconds,
        )
        tokens = {"before": estimate_tokens(before), "after": estimate_tokens(after)}
        return self._prompt(request, Fitted([], []), {**tokens, "context": estimate_tokens(context)})

    def _segments(self, inputs: FimInputs) -> list[Segment]:
        return []

    def _system_values(self, inputs: FimInputs) -> dict[str, str]:
        limit = self.configuration.segments["toolkits"].tokens
        toolkits = as_data(cut_to_tokens(inputs.toolkits, min(limit, self._toolkits_room())))
        return {"toolkits": toolkits, "fence": code_fence(f"```{toolkits}")}

    def _conversation(self, inputs: FimInputs, _fitted: Fitted) -> list[PromptMessage]:
        before, after = self._around(inputs)
        content = self._render(
            "task",
            before=before.rstrip("\n"),
            after=after.rstrip("\n"),
            failing=_plain(inputs.failing),
            error=as_data(cut_to_tokens(inputs.error, 400)),
            names=", ".join(inputs.names),
            fence=code_fence(f"{before}{after}{inputs.failing}"),
        )
        return [PromptMessage(role="user", content=content)]

    def _around(self, inputs: FimInputs) -> tuple[str, str]:
        """Return what stands before and after the gap, as much as fits, with what failed as comments before it."""
        room = self.configuration.budget_tokens * 2 // 3
        after = _start_of(_plain(inputs.after), room // 3)
        told = _told(inputs) if self.configuration.form == "completion" else ""
        return _end_of(_plain(inputs.before), room - estimate_tokens(after)) + told, after

    def _context(self, inputs: FimInputs, room: int) -> str:
        """Return stubs and names as comments and declarations in front of the action."""
        limit = min(self.configuration.segments["toolkits"].tokens, self._toolkits_room(), max(0, room))
        toolkits = _plain(cut_to_tokens(inputs.toolkits, limit)).strip() if limit > 100 else ""
        names = f"# names held from before: {_plain(', '.join(inputs.names))}" if inputs.names else ""
        parts = "\n\n".join(part for part in (toolkits, names) if part)
        return f"{parts}\n\n" if parts else ""

    def _toolkits_room(self) -> int:
        return int(self.configuration.budget_tokens * _TOOLKITS_SHARE)


def _told(inputs: FimInputs) -> str:
    """Return what failed as comment lines, indented as the gap: a completion has no other place for it."""
    if not inputs.error:
        return ""
    indent = re.match(r"[ \t]*", inputs.failing)
    lines = [f"This failed: {line}" for line in _plain(inputs.failing).strip().splitlines()[:3]]
    lines += [f"  {line}" for line in _plain(cut_to_tokens(inputs.error, 200)).strip().splitlines()]
    return "".join(f"{indent[0] if indent else ''}# {line}\n" for line in (*lines, "Mended:"))


def _end_of(text: str, tokens: int) -> str:
    lines = text.splitlines(keepends=True)
    size, start = 0, len(lines)
    while start and (size := size + estimate_tokens(lines[start - 1])) <= tokens:
        start -= 1
    return "".join((_CUT if start else "", *lines[start:]))


def _start_of(text: str, tokens: int) -> str:
    lines = text.splitlines(keepends=True)
    size = end = 0
    while end < len(lines) and (size := size + estimate_tokens(lines[end])) <= tokens:
        end += 1
    return "".join(lines[:end])


def _plain(text: str) -> str:
    return SPECIAL.sub("", text)
