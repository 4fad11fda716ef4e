"""Builds a model request from segments: one template method, and builders that fill in its parts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from jinja2 import FileSystemLoader, StrictUndefined, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment
from sanca.core.errors import ConfigurationError
from sanca.core.messages import Message, ModelRequest, PromptMessage
from sanca.prompts.segments import EarlierRound, PromptInputs, as_data, code_fence
from sanca.prompts.settings import PromptSettings

_TEMPLATES = Path(__file__).parent / "templates"
_ROUNDS_KEPT = 2
"""The first and the last round stay whatever the budget."""
_SMALLEST_SEGMENT_CHARS = 500
_NAME_CHARS = 200


class PromptBuilder:
    """The template method: introduction → mechanism → input → output → examples, then the task, then the rounds.

    The first five make the system message, the task carries its segments, and a round that is over is a pair of
    messages. The system message depends on the toolkits alone, and later messages only grow: a provider that
    caches prompts by prefix finds them again.
    """

    sections: ClassVar[Sequence[str]] = ("introduction", "mechanism", "input", "output", "examples")
    """Templates of the system message, in order."""
    task: ClassVar[str] = "task"
    """Template of the first user message."""
    observation: ClassVar[str] = "observation"
    """Template of what follows a round."""

    def __init__(self, settings: PromptSettings | None = None) -> None:
        self._settings = settings or PromptSettings()
        # Markdown for a model is no HTML: escaping would change the code in it.
        self._environment = ImmutableSandboxedEnvironment(
            loader=FileSystemLoader(self._folders()),
            undefined=StrictUndefined,
            autoescape=False,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=False,
        )

    def build(self, inputs: PromptInputs) -> ModelRequest:
        """Return the request; what did not fit the budget is named in it.

        Raises:
            ConfigurationError: A template of the operator's cannot be rendered.
        """
        settings = self._settings
        return ModelRequest(
            messages=(self._system(inputs), *self._conversation(inputs)),
            temperature=settings.temperature,
            max_output_tokens=settings.max_output_tokens,
            timeout_seconds=settings.timeout_seconds,
        )

    def _folders(self) -> list[Path]:
        return [_TEMPLATES]

    def _system(self, inputs: PromptInputs) -> PromptMessage:
        toolkits = as_data(inputs.toolkits, self._settings.toolkits_chars)
        parts = [self._render(section, toolkits=toolkits, abridged=inputs.is_abridged) for section in self.sections]
        return PromptMessage(role="system", content="\n\n".join(part for part in parts if part))

    def _conversation(self, inputs: PromptInputs) -> list[PromptMessage]:
        """Return task and rounds within the budget.

        What goes first: the oldest messages of the session, then the oldest rounds but the first, then the middle of
        long segments.
        """
        history = list(inputs.history)[max(0, len(inputs.history) - self._settings.history_messages) :]
        rounds, limit = list(inputs.rounds), self._settings.segment_chars
        while True:
            messages = self._messages(inputs, history, rounds, limit)
            if sum(len(message.content) for message in messages) <= self._settings.budget_chars:
                return messages
            if history:
                history.pop(0)
            elif len(rounds) > _ROUNDS_KEPT:
                rounds.pop(1)
            elif limit > _SMALLEST_SEGMENT_CHARS:
                limit = max(_SMALLEST_SEGMENT_CHARS, limit // 2)
            else:
                return messages

    def _messages(
        self, inputs: PromptInputs, history: Sequence[Message], rounds: Sequence[EarlierRound], limit: int
    ) -> list[PromptMessage]:
        dropped_rounds = len(inputs.rounds) - len(rounds)
        messages = [PromptMessage(role="user", content=self._task(inputs, history, limit, is_last=not rounds))]
        for position, earlier in enumerate(rounds):
            messages.append(PromptMessage(role="assistant", content=_reply(earlier), extra=dict(earlier.extra)))
            content = self._render(
                self.observation,
                observation=as_data(earlier.observation, limit),
                dropped_rounds=dropped_rounds if position == 0 else 0,
                is_last=position == len(rounds) - 1,
                names=_names(inputs),
                rounds_left=inputs.rounds_left,
                language=inputs.language,
            )
            messages.append(PromptMessage(role="user", content=content))
        return messages

    def _task(self, inputs: PromptInputs, history: Sequence[Message], limit: int, *, is_last: bool) -> str:
        page, experience = inputs.page, inputs.experience
        return self._render(
            self.task,
            message=as_data(inputs.message, limit),
            goal=as_data(inputs.goal, limit),
            language=inputs.language,
            history=[{"role": message.role, "content": as_data(message.content, limit)} for message in history],
            dropped_messages=len(inputs.history) - len(history),
            page={name: as_data(value, limit) for name, value in vars(page).items()} if page else {},
            files=[as_data(name, limit) for name in inputs.files],
            environment={name: as_data(value, limit) for name, value in inputs.environment.items()},
            tools=as_data(inputs.tools, self._settings.toolkits_chars // 2),
            experience=experience,
            fence=code_fence(experience.code) if experience else "",
            names=_names(inputs) if is_last else {},
        )

    def _render(self, name: str, **values: object) -> str:
        try:
            return self._environment.get_template(f"{name}.md.j2").render(**values).strip()
        except TemplateError as error:
            raise ConfigurationError(f"The prompt template {name}.md.j2 cannot be rendered: {error}.") from error


class Cmd(PromptBuilder):
    """Asks for the next action: code, or the final answer."""


class Thought(PromptBuilder):
    """Asks for a plan in words: what is known, what is missing, the sub-goals in order. No code."""

    sections = ("introduction", "thought_mechanism", "input", "thought_output", "thought_examples")


class Custom(PromptBuilder):
    """Like `Cmd`, with the operator's own templates in place of those of the same name (`SANCA_PROMPT_TEMPLATES`)."""

    def _folders(self) -> list[Path]:
        own = self._settings.templates
        if own is None or not own.is_dir():
            raise ConfigurationError(
                f"There is no folder of prompt templates {str(own)!r}; set SANCA_PROMPT_TEMPLATES to one.",
                setting="SANCA_PROMPT_TEMPLATES",
            )
        return [own, _TEMPLATES]


def _names(inputs: PromptInputs) -> dict[str, str]:
    return {name: as_data(value, _NAME_CHARS) for name, value in inputs.names.items()}


def _reply(earlier: EarlierRound) -> str:
    """Return the model's earlier reply: as it stood, else put together from its parts."""
    if earlier.reply:
        return earlier.reply
    fence = code_fence(earlier.code)
    action = f"{fence}python\n{earlier.code}\n{fence}" if earlier.code else ""
    return "\n\n".join(part for part in (earlier.thought, action) if part) or "(no usable reply)"
