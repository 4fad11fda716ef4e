"""Builds a model request from segments: the template method that all builders share. The builders are builders.py."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar, Generic, TypeVar

import structlog
from sanca.core.errors import ConfigurationError
from sanca.core.messages import ModelRequest, PromptMessage
from sanca.prompts.budget import Fitted, PastRound, fit
from sanca.prompts.configuration import PromptConfiguration
from sanca.prompts.prompt import Prompt
from sanca.prompts.segments import Segment
from sanca.prompts.templates import Templates
from sanca.prompts.tokens import estimate_tokens

log = structlog.get_logger()

Inputs = TypeVar("Inputs", contravariant=True)
_SYSTEMS_KEPT = 16
"""System messages, by what they were made of: the same one is wanted in every round."""


class PromptBuilder(ABC, Generic[Inputs]):
    """The template method: introduction → mechanism → input → output → examples, then the conversation.

    The first five make the system message. It depends on the configuration and the toolkits alone, later messages only
    grow, and what changes in every round stands at the very end: a provider that caches prompts by prefix finds them.
    """

    sections: ClassVar[Sequence[str]] = ("introduction", "mechanism", "input", "output", "examples")
    """Templates of the system message, in order."""

    def __init__(
        self,
        configuration: PromptConfiguration,
        templates: Templates,
        *,
        versions: tuple[str, ...] = (),
        problems: tuple[str, ...] = (),
        shipped: PromptBuilder[Inputs] | None = None,
    ) -> None:
        """Take what was resolved for a purpose, tenant, scenario and model; `InferencePromptConfigManager` does so.

        Args:
            configuration: What holds.
            templates: The words.
            versions: Where it comes from, as the journal tells it.
            problems: What is not in use, as the journal tells it.
            shipped: The builder without the operator's files: for inputs that their templates cannot be rendered with.
        """
        self.configuration = configuration
        self._templates = templates
        self._versions = versions
        self._problems = problems
        self._shipped = shipped
        self._systems: dict[str, str] = {}

    @property
    def role(self) -> str:
        """Which kind of model is to be asked."""
        return self.configuration.role

    def assemble(self, inputs: Inputs) -> Prompt:
        """Return the request with how it was made; what did not fit the budget is said in it.

        Raises:
            ConfigurationError: A template cannot be rendered, and there is no shipped one to take its place.
        """
        try:
            return self._assembled(inputs)
        except ConfigurationError as error:
            if self._shipped is None:
                raise
            # It did with every sample: a run does not fail for what an operator's template does not foresee.
            log.error("prompt_template_failed", purpose=self.configuration.purpose, problem=str(error))
            prompt = self._shipped.assemble(inputs)
            return replace(prompt, problems=(*prompt.problems, str(error)))

    def _assembled(self, inputs: Inputs) -> Prompt:
        settings = self.configuration
        system = self._system(inputs)
        fitted = fit(self._segments(inputs), self._rounds(inputs), settings.budget_tokens, settings.rounds_priority)
        messages = (PromptMessage(role="system", content=system), *self._conversation(inputs, fitted))
        request = ModelRequest(
            messages=messages,
            temperature=settings.temperature,
            max_output_tokens=settings.output_tokens,
            timeout_seconds=settings.timeout_seconds,
        )
        return self._prompt(request, fitted, {"system": estimate_tokens(system)})

    def _system(self, inputs: Inputs) -> str:
        values = self._system_values(inputs)
        key = repr(sorted(values.items()))
        if key not in self._systems:
            parts = [self._render(section, **values, **self._words()) for section in self._sections()]
            if len(self._systems) >= _SYSTEMS_KEPT:
                self._systems.clear()
            self._systems[key] = "\n\n".join(part for part in parts if part)
        return self._systems[key]

    def _words(self) -> dict[str, object]:
        """Return what the configuration gives the templates of the system message."""
        examples = [self._render(f"examples/{name}") for name in self.configuration.examples]
        return {"examples": examples, "rules": self.configuration.rules.strip()}

    def _sections(self) -> Sequence[str]:
        return self.sections

    def _system_values(self, _inputs: Inputs) -> dict[str, str]:
        """Return what of the inputs the templates of the system message may use."""
        return {}

    @abstractmethod
    def _segments(self, inputs: Inputs) -> list[Segment]:
        """Return the segments of the conversation, in order."""

    def _rounds(self, _inputs: Inputs) -> list[PastRound]:
        """Return the rounds that are over, oldest first."""
        return []

    @abstractmethod
    def _conversation(self, inputs: Inputs, fitted: Fitted) -> list[PromptMessage]:
        """Return the messages after the system one."""

    def _prompt(self, request: ModelRequest, fitted: Fitted, tokens: dict[str, int]) -> Prompt:
        sizes = Counter(tokens)
        for segment in fitted.segments:
            sizes[segment.name] += segment.tokens
        if rounds := sum(one.tokens for _, one in fitted.rounds):
            sizes["rounds"] = rounds
        whole = sum(estimate_tokens(message.content) for message in request.messages)
        sizes["rest"] = max(0, whole - sizes.total())
        return Prompt(request, self.configuration.purpose, self._versions, dict(+sizes), fitted.dropped, self._problems)

    def _render(self, name: str, **values: object) -> str:
        return self._templates.render(name, **values)
