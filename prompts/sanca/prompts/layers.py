"""Lays configurations over each other and makes the builder of what comes out. Reads no file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError
from sanca.prompts.builder import PromptBuilder
from sanca.prompts.builders import Cmd, Compaction, Custom, Judge, Summary, Thought
from sanca.prompts.configuration import PromptConfiguration, Purpose, PurposeSheet, lay_over
from sanca.prompts.configuration_file import Configuration
from sanca.prompts.fim import FimBuilder
from sanca.prompts.templates import Templates

_BUILDERS: dict[str, type[PromptBuilder[Any]]] = {
    "cmd": Cmd,
    "thought": Thought,
    "custom": Custom,
    "summary": Summary,
    "compaction": Compaction,
    "judge": Judge,
    "fim": FimBuilder,
}


@dataclass(frozen=True)
class Resolved:
    """What holds, and where each field was said."""

    configuration: PromptConfiguration
    sources: dict[str, str]
    """Dotted field → file and line; `SANCA_PROMPT_…` for what the environment says."""


def resolve(
    purpose: Purpose,
    layers: Sequence[Configuration],
    overrides: dict[str, float | int],
    *,
    blamed: Configuration | None = None,
) -> Resolved:
    """Return what the layers, the least specific first, say together.

    Raises:
        ConfigurationError: They do not fit together; names the file to mend.
    """
    said: dict[str, Any] = {}
    sources: dict[str, str] = {}
    general = sum(one.rank[0][0] == 0 for one in layers)
    for number, layer in enumerate(layers, 1):
        for place, sheet in (
            (("common",), layer.sheet.common),
            (("purposes", purpose), layer.sheet.purposes.get(purpose)),
        ):
            raw = _said(sheet)
            said = lay_over(said, raw)
            sources |= {".".join(field): _where(layer, (*place, *field)) for field in _fields(raw)}
        if number == general:
            said |= overrides
            sources |= {name: f"SANCA_PROMPT_{name.upper()}" for name in overrides}
    try:
        return Resolved(PromptConfiguration(purpose=purpose, **said), sources)
    except ValidationError as error:
        first = error.errors()[0]
        problem = first["msg"].removeprefix("Value error, ")
        if first["type"] == "missing":
            problem = "is missing; say both `tokens` and `priority`" if "segments" in first["loc"] else "is missing"
        culprit = blamed or layers[-1]
        raise culprit.wrong(tuple(first["loc"]), problem, purpose=purpose) from None


def make_builder(
    purpose: Purpose,
    layers: Sequence[Configuration],
    overrides: dict[str, float | int],
    problems: tuple[str, ...] = (),
    *,
    blamed: Configuration | None = None,
) -> PromptBuilder[Any]:
    """Return the builder of what the layers say.

    Raises:
        ConfigurationError: They do not fit together, or a template they name is not there.
    """
    configuration = resolve(purpose, layers, overrides, blamed=blamed).configuration
    templates = Templates([one.templates for one in reversed(layers)], configuration.builder)
    culprit = blamed or layers[-1]
    names = [(("examples",), f"examples/{name}") for name in configuration.examples]
    names += [(("sections",), name) for name in configuration.sections if configuration.builder == "custom"]
    for place, name in names:
        if not templates.has(name):
            folder = culprit.sheet.templates or culprit.path.stem
            problem = f"there is no template {name!r}; write it as {folder}/{name}.md.j2 beside the file"
            raise culprit.wrong(place, problem, purpose=purpose)
    versions = tuple(one.name for one in layers)
    shipped = [one for one in layers if not one.is_own]
    # While a file is tried out (`blamed`) nothing takes its place: its own words must do.
    spare = make_builder(purpose, shipped, overrides, problems) if blamed is None and shipped != list(layers) else None
    made = _BUILDERS[configuration.builder]
    return made(configuration, templates, versions=versions, problems=problems, shipped=spare)


def _said(sheet: PurposeSheet | None) -> dict[str, Any]:
    return sheet.model_dump(exclude_unset=True, exclude_none=True) if sheet is not None else {}


def _fields(raw: dict[str, Any], place: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    found: list[tuple[str, ...]] = []
    for name, value in raw.items():
        found += _fields(value, (*place, name)) if isinstance(value, dict) else [(*place, name)]
    return found


def _where(layer: Configuration, place: tuple[str | int, ...]) -> str:
    line = layer.lines.get(place)
    return f"{layer.path.name}:{line}" if line else layer.path.name
