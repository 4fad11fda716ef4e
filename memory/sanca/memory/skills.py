"""A skill: its SKILL.md, read and checked, and the code of its action. Does not match and does not run anything."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from sanca.core.errors import ConfigurationError

SHIPPED_SKILLS = Path(__file__).parent / "skills"
"""The folder of the skills that come with sanca."""

_TOOLKIT_USE = re.compile(r"\b(system|mcp|agents)\.\w")
"""Toolkits that are not everywhere, as actions call them."""
_FRONT_MATTER = re.compile(r"\A---\n(.*?)\n---\n", re.DOTALL)


class Bilingual(BaseModel):
    """A text in both languages."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    en: str
    zh: str

    def in_language(self, language: str) -> str:
        """Return the text in `zh` or else English."""
        return self.zh if language == "zh" else self.en


class Phrases(BaseModel):
    """How people ask for the skill; `{service}` and the like stand for what they name."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    en: tuple[str, ...] = Field(min_length=1)
    zh: tuple[str, ...] = Field(min_length=1)


class SkillParameter(BaseModel):
    """What an action needs to know, and how it is found in a message."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    kind: Literal["service", "release", "setting", "number", "minutes", "text", "choice"]
    required: bool = False
    default: str | int | float | bool | None = None
    ask: Bilingual | None = None
    """The question when it is required and was not said."""
    choices: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """Kind `choice`: value → words that mean it, both languages."""
    take: Literal["quoted", "value", "payload", "file", "topic", "message"] = "quoted"
    """Kind `text`: which part of the message it is (docs/guides/skills.md)."""


class SkillSheet(BaseModel):
    """`metadata.sanca` of a SKILL.md."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: Bilingual
    phrases: Phrases
    parameters: tuple[SkillParameter, ...] = ()
    order: int = 100
    """Place in lists, smallest first."""
    includes: tuple[str, ...] = ()
    """Files whose text is put in front of the action's code, relative to the skill's folder."""
    only_with: tuple[str, ...] = ()
    """Concepts of which the message must have one."""
    changes: bool = False
    """The whole point of it is to change something: it must be surer than others to be used."""
    says: tuple[str, ...] = ()
    """Words that the message must have, all of them: what the action takes for granted."""
    cues: tuple[str, ...] = ()
    """Regular expressions: a message that one of them fits is for this skill, and it is found by them alone."""
    exact: bool = False
    """A message that names more than the parameters take, or says "not", "if" or "unless" where no phrase does, is
    another one."""

    @field_validator("cues")
    @classmethod
    def _compiles(cls, cues: tuple[str, ...]) -> tuple[str, ...]:
        for cue in cues:
            try:
                re.compile(cue, re.IGNORECASE)
            except re.error as error:
                raise ValueError(f"the cue {cue!r} is no regular expression: {error}") from None
        return cues

    @cached_property
    def cue(self) -> re.Pattern[str] | None:
        """All cues as one expression."""
        return re.compile("|".join(f"(?:{one})" for one in self.cues), re.IGNORECASE) if self.cues else None


class Skill(BaseModel):
    """One folder of the library."""

    model_config = ConfigDict(frozen=True)

    name: str
    description: str
    sheet: SkillSheet
    folder: Path
    least_score: float = 0.0
    """What its score must be at least, besides what all of its kind need: it has still to prove itself."""

    def code(self) -> str:
        """Return the includes and the action, in this order, as one text."""
        files = [*(self.folder / name for name in self.sheet.includes), self.folder / "action.py"]
        return "\n\n".join(file.read_text(encoding="utf-8").strip() for file in files) + "\n"

    @cached_property
    def toolkits(self) -> frozenset[str]:
        """Which of the toolkits that are not everywhere it uses: `system`, `mcp`, `agents`."""
        return frozenset(_TOOLKIT_USE.findall(self.code()))


def read_skills(folders: Sequence[Path]) -> list[Skill]:
    """Read the skills of `folders`; a later one replaces an earlier one of the same name.

    Raises:
        ConfigurationError: A folder is missing, or a SKILL.md is wrong; names the file and the field.
    """
    found: dict[str, Skill] = {}
    for folder in folders:
        if not folder.is_dir():
            raise ConfigurationError(
                f"The skill folder {str(folder)!r} does not exist.", setting="SANCA_MEMORY_SKILL_FOLDERS"
            )
        for file in sorted(folder.glob("*/SKILL.md")):
            skill = read_skill(file)
            found[skill.name] = skill
    return sorted(found.values(), key=lambda skill: (skill.sheet.order, skill.name))


def read_skill(file: Path) -> Skill:
    """Read and check one SKILL.md and the files it names.

    Raises:
        ConfigurationError: Something is wrong; names the file and the field.
    """
    front = _front_matter(file)
    for field in ("name", "description"):
        if not isinstance(front.get(field), str) or not front[field].strip():
            raise _wrong(file, field, "is missing")
    if front["name"] != file.parent.name:
        raise _wrong(file, "name", f"is {front['name']!r} but the folder is called {file.parent.name!r}")
    metadata = front.get("metadata")
    if not isinstance(metadata, dict) or "sanca" not in metadata:
        raise _wrong(file, "metadata.sanca", "is missing")
    try:
        sheet = SkillSheet.model_validate(metadata["sanca"])
    except ValidationError as error:
        first = error.errors()[0]
        path = ".".join(str(part) for part in ("metadata.sanca", *first["loc"]))
        raise _wrong(file, path, f"is wrong: {first['msg']}") from error
    skill = Skill(name=front["name"], description=front["description"], sheet=sheet, folder=file.parent)
    _check(file, skill)
    return skill


def _front_matter(file: Path) -> dict[str, Any]:
    try:
        text = file.read_text(encoding="utf-8").replace("\r\n", "\n")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"The skill file {str(file)!r} cannot be read ({error}).") from error
    match = _FRONT_MATTER.match(text)
    if match is None:
        raise _wrong(file, "front matter", "is missing: the file starts with a YAML block between two lines of ---")
    try:
        front = yaml.load(match[1], Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506
    except yaml.YAMLError as error:
        raise _wrong(file, "front matter", f"is not YAML: {' '.join(str(error).split())}") from error
    if not isinstance(front, dict):
        raise _wrong(file, "front matter", "is not a mapping")
    return front


def _check(file: Path, skill: Skill) -> None:
    names = [parameter.name for parameter in skill.sheet.parameters]
    if repeated := next((name for name in names if names.count(name) > 1), None):
        raise _wrong(file, "metadata.sanca.parameters", f"names {repeated!r} twice")
    for index, parameter in enumerate(skill.sheet.parameters):
        place = f"metadata.sanca.parameters.{index}"
        if parameter.required and parameter.ask is None:
            raise _wrong(file, f"{place}.ask", f"is missing: {parameter.name!r} is required, so say how to ask for it")
        if parameter.kind == "choice" and not parameter.choices:
            raise _wrong(file, f"{place}.choices", f"is missing: {parameter.name!r} is a choice")
    for name in (*skill.sheet.includes, "action.py"):
        if not (skill.folder / name).is_file():
            raise _wrong(
                file, "metadata.sanca.includes" if name != "action.py" else "action.py", f"names no file: {name!r}"
            )


def _wrong(file: Path, field: str, what: str) -> ConfigurationError:
    return ConfigurationError(f"The skill file {str(file)!r} is not right: {field} {what}.", setting=field)
