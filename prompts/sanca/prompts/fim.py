"""The fill-in-the-middle form: completing an action that is half written. Special tokens of Qwen coder models."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sanca.core.messages import ModelRequest, PromptMessage
from sanca.prompts.segments import cut_middle
from sanca.prompts.settings import PromptSettings

_PREFIX, _SUFFIX, _MIDDLE = "<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>"
_SPECIAL = re.compile(r"<\|[a-z_]+\|>")
_FENCED = re.compile(r"\A\s*```[a-z0-9]*\n(.*?)\n?```\s*\Z", re.DOTALL)


@dataclass(frozen=True)
class FimInputs:
    """A half-written action around the cursor."""

    before: str
    after: str = ""
    toolkits: str = ""
    """Type stubs of the toolkits, as text."""
    names: tuple[str, ...] = ()
    """Names bound in earlier rounds of the session."""


class FimBuilder:
    """Builds the request for what stands at the cursor."""

    def __init__(self, settings: PromptSettings | None = None) -> None:
        self._settings = settings or PromptSettings()

    def build(self, inputs: FimInputs) -> ModelRequest:
        """Return the request: the stubs and names as a leading string of the prefix, then prefix, suffix, middle."""
        toolkits = cut_middle(_plain(inputs.toolkits), self._settings.toolkits_chars)
        names = ", ".join(inputs.names)
        context = f"{toolkits}\n\n# names held: {names}\n" if names else f"{toolkits}\n"
        prefix = f"{context.lstrip()}\n{_plain(inputs.before)}" if context.strip() else _plain(inputs.before)
        content = f"{_PREFIX}{prefix}{_SUFFIX}{_plain(inputs.after)}{_MIDDLE}"
        return ModelRequest(
            messages=(PromptMessage(role="user", content=content),),
            temperature=0.0,
            max_output_tokens=min(512, self._settings.max_output_tokens),
            timeout_seconds=min(30.0, self._settings.timeout_seconds),
        )


def complete(inputs: FimInputs, reply: str) -> str:
    """Return the whole action with the model's middle in place, free of fences, special tokens and repeated edges."""
    middle = _plain(reply)
    if fenced := _FENCED.match(middle):
        middle = fenced.group(1)
    middle = middle[_overlap(inputs.before, middle) :]
    middle = middle[: len(middle) - _overlap(middle, inputs.after)]
    return f"{inputs.before}{middle}{inputs.after}"


def _overlap(left: str, right: str) -> int:
    """Return how many characters at the end of `left`, a whole line at least, are the start of `right` again."""
    for size in range(min(len(left), len(right)), 0, -1):
        part = right[:size]
        if left.endswith(part) and part.strip() and ("\n" in part or size == min(len(left), len(right))):
            return size
    return 0


def _plain(text: str) -> str:
    return _SPECIAL.sub("", text)
