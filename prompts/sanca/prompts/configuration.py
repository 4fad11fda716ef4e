"""The form of a prompt configuration: what a file may say, and what holds once several are laid over each other."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator
from sanca.prompts.segments import SegmentName, SegmentRule

Purpose = Literal["cmd", "thought", "repair", "summary", "compaction", "judge", "custom"]
"""What a prompt is for: the next action; a plan in words; the middle of an action; a forced last answer; notes of
earlier rounds; a verdict on a claim; the operator's own."""
BuilderName = Literal["cmd", "thought", "fim", "summary", "compaction", "judge", "custom"]
Role = Literal["fast", "coder", "general", "judge"]
"""Which kind of model is asked."""
PURPOSES: tuple[Purpose, ...] = Purpose.__args__  # type: ignore[attr-defined]  # typing has no better way

_FITTING: dict[str, set[str]] = {
    "repair": {"fim"},
    "judge": {"judge"},
    "custom": {"custom", "cmd"},
}
"""Builders of a purpose that takes other inputs than an action's; the other purposes may also be `custom`."""

_Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]*$", max_length=64)]


class _Sheet(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SegmentSheet(_Sheet):
    """What a file says of a segment."""

    tokens: int | None = Field(default=None, ge=0, le=1_000_000)
    """Tokens it may take; 0 leaves it out."""
    priority: int | None = Field(default=None, ge=0, le=100)
    """When the prompt is too long, the lowest give way first."""


class PurposeSheet(_Sheet):
    """What a file says of a purpose. What it does not say is taken from less specific files."""

    builder: BuilderName | None = None
    role: Role | None = None
    form: Literal["chat", "completion"] | None = None
    """Only of `repair`: `completion` sends the fill-in-the-middle form to `/v1/completions`."""
    temperature: float | None = Field(default=None, ge=0, le=2)
    output_tokens: int | None = Field(default=None, ge=16, le=200_000)
    """Longest reply."""
    timeout_seconds: float | None = Field(default=None, gt=0, le=3_600)
    budget_tokens: int | None = Field(default=None, ge=1_000, le=2_000_000)
    """Tokens of all messages but the system one."""
    rounds_priority: int | None = Field(default=None, ge=0, le=100)
    """When earlier rounds give way, among the segments."""
    segments: dict[SegmentName, SegmentSheet] | None = None
    examples: tuple[_Name, ...] | None = Field(default=None, max_length=20)
    """Names of templates in `examples/`, in order; replaces the list of a less specific file."""
    sections: tuple[_Name, ...] | None = Field(default=None, min_length=1, max_length=20)
    """Only of the builder `custom`: the templates of the system message, in order."""
    rules: str | None = Field(default=None, max_length=20_000)
    """Rules of the house, in words, for the system message; those of a more specific file come after the others."""


class Target(_Sheet):
    """For whom a file counts. What is not said counts for all."""

    tenant: str | None = Field(default=None, min_length=1, max_length=200)
    scenario: str | None = Field(default=None, min_length=1, max_length=200)
    model: str | None = Field(default=None, min_length=1, max_length=200)
    """A name or a pattern such as `qwen*`; the case of letters does not matter."""

    def fits(self, tenant: str, scenario: str, model: str) -> bool:
        """Whether it counts there."""
        return (
            self.tenant in {None, tenant}
            and self.scenario in {None, scenario}
            and (self.model is None or fnmatchcase(model.lower(), self.model.lower()))
        )

    @property
    def rank(self) -> tuple[int, int]:
        """How specific it is: tenant before scenario before model; of two patterns that with more letters."""
        weight = 4 * bool(self.tenant) + 2 * bool(self.scenario) + bool(self.model)
        return weight, len((self.model or "").replace("*", "").replace("?", ""))

    def __str__(self) -> str:
        said = [f"{name} {value!r}" for name, value in self.model_dump(exclude_none=True).items()]
        return " and ".join(said) or "everybody"


class ConfigurationSheet(_Sheet):
    """One file."""

    version: str = Field(min_length=1, max_length=64)
    """Told in the journal with each prompt; change it when the words change."""
    applies_to: Target = Target()
    templates: _Name | None = None
    """A folder beside the file with templates and examples that replace the shipped ones of their names."""
    common: PurposeSheet = PurposeSheet()
    """For every purpose."""
    purposes: dict[Purpose, PurposeSheet] = Field(default_factory=dict)


class PromptConfiguration(BaseModel):
    """What holds for a purpose, tenant, scenario and model: all layers together."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    purpose: Purpose
    builder: BuilderName
    role: Role
    form: Literal["chat", "completion"] = "chat"
    temperature: float
    output_tokens: int
    timeout_seconds: float
    budget_tokens: int
    rounds_priority: int
    segments: dict[SegmentName, SegmentRule]
    examples: tuple[str, ...] = ()
    sections: tuple[str, ...] = ()
    rules: str = ""

    @model_validator(mode="after")
    def _belongs_together(self) -> Self:
        fitting = _FITTING.get(self.purpose, {self.purpose, "custom"})
        if self.builder not in fitting:
            wanted = " or ".join(sorted(fitting))
            raise ValueError(f"builder {self.builder!r} cannot serve {self.purpose!r}; use {wanted}")
        if self.builder == "custom" and not self.sections:
            raise ValueError("the builder 'custom' needs `sections`, the templates of its system message")
        if self.form == "completion" and self.builder != "fim":
            raise ValueError("the form 'completion' is only for the purpose 'repair'")
        return self


def lay_over(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    """Return one layer over another: mappings are joined, rules of the house follow each other, the rest replaces."""
    joined = dict(below)
    for name, value in above.items():
        if isinstance(value, dict) and isinstance(below.get(name), dict):
            joined[name] = lay_over(below[name], value)
        elif name == "rules" and below.get(name):
            joined[name] = f"{below[name].rstrip()}\n{value}"
        else:
            joined[name] = value
    return joined
