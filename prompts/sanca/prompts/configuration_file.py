"""Reads and checks one configuration file with its folder of templates. An error names file, line, field and mend."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError
from sanca.core.errors import ConfigurationError
from sanca.prompts.configuration import ConfigurationSheet, PurposeSheet, SegmentSheet, Target

_TEMPLATE_ENDING = ".md.j2"
_FILE_BYTES = 1_000_000
_DEEPEST = 8
_KEYS: dict[str, type[Any]] = {
    "": ConfigurationSheet,
    "common": PurposeSheet,
    "purposes": PurposeSheet,
    "segments": SegmentSheet,
    "applies_to": Target,
}
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_Place = tuple[str | int, ...]


@dataclass(frozen=True)
class Configuration:
    """One file as it was read, with its templates: what changes on the disk later does not change it."""

    path: Path
    sheet: ConfigurationSheet
    is_own: bool
    """Whether it is the operator's, and not a shipped one."""
    templates: Mapping[str, str] = field(default_factory=dict)
    """Path below the folder, with `/` → text."""
    lines: Mapping[_Place, int] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Name and version, as the journal tells them; those of shipped ones begin with `sanca/`."""
        return f"{'' if self.is_own else 'sanca/'}{self.path.stem}@{self.sheet.version}"

    @property
    def rank(self) -> tuple[tuple[int, int], bool, str]:
        """Orders layers: the last one wins."""
        return self.sheet.applies_to.rank, self.is_own, self.path.name

    def wrong(self, place: _Place, problem: str, *, purpose: str = "") -> ConfigurationError:
        """Return an error that names the file, the line and the field."""
        return _wrong(self.path, self.lines, ("purposes", purpose, *place) if purpose else place, problem)


def read_configuration(path: Path, *, is_own: bool) -> Configuration:
    """Read one file and the templates of its folder.

    Raises:
        ConfigurationError: Something is wrong; names the file, the line, the field and what mends it.
    """
    text = _text(path)
    node, raw = _parsed(path, text)
    lines = dict(_places(path, node))
    try:
        sheet = ConfigurationSheet.model_validate(raw)
    except ValidationError as error:
        first = error.errors()[0]
        raise _wrong(path, lines, tuple(first["loc"]), _told(first)) from None
    folder = path.parent / (sheet.templates or path.stem)
    if sheet.templates and not folder.is_dir():
        raise _wrong(path, lines, ("templates",), f"there is no folder {sheet.templates!r} beside the file; make it")
    templates = {
        file.relative_to(folder).as_posix().removesuffix(_TEMPLATE_ENDING): _text(file)
        for file in sorted(folder.rglob(f"*{_TEMPLATE_ENDING}"))
    }
    return Configuration(path, sheet, is_own, templates, lines)


def folder_state(folder: Path) -> dict[str, tuple[int, int, int]]:
    """Return what changes when a configuration or a template in the folder does; empty when there is no folder."""
    state = {}
    for file in (*folder.glob("*.yaml"), *folder.glob("*/**/*.j2")):
        try:
            found = file.stat()
        except FileNotFoundError:  # deleted meanwhile: another state than before, and read anew
            continue
        except OSError:  # there, and not to be looked at: reading it says why
            state[str(file)] = (0, 0, 0)
            continue
        state[str(file)] = (found.st_mtime_ns, found.st_size, found.st_ino)
    return state


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > _FILE_BYTES:
            raise ConfigurationError(f"The file {str(path)!r} is larger than {_FILE_BYTES:,} bytes; shorten it.")
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"The file {str(path)!r} cannot be read as UTF-8 text: {error}.") from error


def _parsed(path: Path, text: str) -> tuple[yaml.Node, Any]:
    """Return what the file holds, once with its lines and once as values."""
    try:
        node = yaml.compose(text, Loader=_LOADER)
        raw = yaml.load(text, Loader=_LOADER)  # noqa: S506 - it is the safe one
    except (yaml.YAMLError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or str(error)
        where = f", line {mark.line + 1}" if mark else ""
        raise ConfigurationError(
            f"The prompt configuration {str(path)!r}{where}: it is not YAML: {' '.join(str(problem).split())}."
        ) from error
    if not isinstance(node, yaml.MappingNode):
        raise ConfigurationError(f"The prompt configuration {str(path)!r} must hold names and values; give `version`.")
    if any(isinstance(token, yaml.AliasToken) for token in yaml.scan(text, Loader=_LOADER)):
        raise ConfigurationError(f"The prompt configuration {str(path)!r} uses an alias (`*name`); write it out.")
    return node, raw


def _places(
    path: Path, node: yaml.Node, place: _Place = (), above: tuple[int, ...] = ()
) -> Iterator[tuple[_Place, int]]:
    """Yield each field's place and line."""
    yield place, node.start_mark.line + 1
    if id(node) in above or len(above) > _DEEPEST:
        raise ConfigurationError(f"The prompt configuration {str(path)!r} goes too deep at {place}; write it out.")
    above = (*above, id(node))
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            line = key.start_mark.line + 1
            if key.value in seen:
                raise _wrong(path, {(*place, key.value): line}, (*place, key.value), "is there twice; keep one of them")
            seen.add(key.value)
            yield from _places(path, value, (*place, key.value), above)
            yield (*place, key.value), line
    elif isinstance(node, yaml.SequenceNode):
        for number, item in enumerate(node.value):
            yield from _places(path, item, (*place, number), above)


def _wrong(path: Path, lines: Mapping[_Place, int], place: _Place, problem: str) -> ConfigurationError:
    known = next((place[:end] for end in range(len(place), -1, -1) if place[:end] in lines), ())
    where = f", line {lines[known]}" if known in lines else ""
    shown = ".".join(str(part) for part in place if part != "[key]")
    return ConfigurationError(
        f"The prompt configuration {str(path)!r}{where}{f', {shown}' if shown else ''}: {problem.rstrip('.')}."
    )


def _told(error: Any) -> str:  # pydantic's ErrorDetails, a typed dict of its core
    """Return what is wrong and the mend."""
    place, kind = error["loc"], error["type"]
    if kind == "extra_forbidden":
        known = _known_fields(place)
        near = difflib.get_close_matches(str(place[-1]), known, n=1)
        return f"there is no such field; {f'did you mean {near[0]!r}?' if near else 'known are ' + ', '.join(known)}"
    if kind == "missing":
        return "is missing; add it"
    if kind == "string_type":
        return f"{error['input']!r} is not a text; put it between quotation marks"
    return f"{error['input']!r} cannot be used: {error['msg'][:1].lower()}{error['msg'][1:]}"


def _known_fields(place: _Place) -> list[str]:
    holder = next((str(part) for part in reversed(place[:-1]) if str(part) in _KEYS), "")
    return list(_KEYS[holder].model_fields)
