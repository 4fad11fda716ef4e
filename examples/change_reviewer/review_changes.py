"""What a change is: files, added and removed lines, settings before and after. Read from a diff or from data."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

_FENCE = re.compile(r"^[ \t]*(`{3,}|~{3,})[^\n]*$", re.MULTILINE)
_HUNK = re.compile(r"^@@ -\d+(?:,\d+)? \+(\d+)(?:,\d+)? @@")
_SETTING = re.compile(r"""^\s*(?:-\s+)?["']?(?P<key>[A-Za-z_][\w.\-\[\]]*)["']?\s*[:=]\s*(?P<value>[^\n]*?),?\s*$""")
_COMMENT = re.compile(r"\s+#.*$")
CONFIG_NAMES = re.compile(
    r"\.(ya?ml|properties|json|toml|ini|env|conf|cfg)$|(^|/)(Dockerfile|\.env[^/]*)$", re.IGNORECASE
)


@dataclass(frozen=True)
class Line:
    """An added or removed line."""

    number: int
    """In the new file; for a removed line where it stood."""
    text: str


@dataclass
class FileChange:
    """What happens to one file."""

    path: str
    added: list[Line] = field(default_factory=list)
    removed: list[Line] = field(default_factory=list)
    is_deleted: bool = False
    is_binary: bool = False


@dataclass(frozen=True)
class Setting:
    """A setting before and after; None: it was not there."""

    key: str
    before: str | None
    after: str | None
    path: str = ""
    line: int = 0


@dataclass(frozen=True)
class Change:
    """Everything there is to review."""

    files: tuple[FileChange, ...] = ()
    settings: tuple[Setting, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to review."""
        return not self.files and not self.settings


def read_change(texts: Iterable[str], data: Iterable[Any]) -> Change:
    """Read diffs out of texts, and `diff`, `changes` or `key/before/after` out of data."""
    diffs = list(texts)
    settings: list[Setting] = []
    for value in data:
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, dict):
                diffs.extend(one[name] for name in ("diff", "patch") if isinstance(one.get(name), str))
                settings.extend(_settings_of(one))
    files = [file for diff in diffs for file in read_diff(_FENCE.sub("", diff))]
    settings.extend(setting for file in files for setting in paired_settings(file))
    return Change(tuple(files), tuple(settings))


def read_diff(text: str) -> list[FileChange]:
    """Read a unified diff; text around it is passed over."""
    files: list[FileChange] = []
    number, in_hunk, old_path = 0, False, ""
    for line in text.splitlines():
        hunk = _HUNK.match(line)
        if line.startswith(("diff --git ", "--- ")) and not (in_hunk and line.startswith("--- ") and not files):
            in_hunk, old_path = False, _path(line[4:]) if line.startswith("--- ") else old_path
        elif line.startswith("+++ "):
            new_path = _path(line[4:])
            files.append(FileChange(new_path or old_path, is_deleted=not new_path))
        elif line.startswith("Binary files ") and " differ" in line:
            files.append(FileChange(_path(line.split(" and ")[-1].removesuffix(" differ")), is_binary=True))
        elif hunk and files:
            number, in_hunk = int(hunk.group(1)), True
        elif in_hunk:
            number += _take(files[-1], line, number)
    return files


def _take(file: FileChange, line: str, number: int) -> int:
    """Take one line of a hunk; returns how far the new file moves on."""
    if line.startswith("+"):
        file.added.append(Line(number, line[1:]))
        return 1
    if line.startswith("-"):
        file.removed.append(Line(number, line[1:]))
        return 0
    return 0 if line.startswith("\\") else 1


def _path(text: str) -> str:
    path = text.split("\t")[0].strip().strip('"')
    return "" if path == "/dev/null" else re.sub(r"^[ab]/", "", path)


def paired_settings(file: FileChange) -> Iterator[Setting]:
    """Yield the settings of a configuration file that change, by key."""
    if not CONFIG_NAMES.search(file.path):
        return
    before = {key: value for key, value, _ in map(_setting, file.removed) if key}
    seen = set()
    for key, value, line in map(_setting, file.added):
        if key and before.get(key) != value:
            seen.add(key)
            yield Setting(key, before.get(key), value, file.path, line)
    for key, value, line in map(_setting, file.removed):
        if key and key not in seen and key not in {name for name, _, _ in map(_setting, file.added)}:
            yield Setting(key, value, None, file.path, line)


def _setting(line: Line) -> tuple[str, str, int]:
    match = _SETTING.match(line.text)
    if match is None or line.text.lstrip().startswith(("#", "//")):
        return "", "", line.number
    return match["key"], _COMMENT.sub("", match["value"]).strip("\"' "), line.number


def _settings_of(one: dict[str, Any]) -> Iterator[Setting]:
    nested = one.get("changes")
    for item in nested if isinstance(nested, list) else [one]:
        if isinstance(item, dict) and isinstance(item.get("key"), str) and ("after" in item or "before" in item):
            path = str(item.get("path") or item.get("service") or "")
            yield Setting(item["key"], _text(item.get("before")), _text(item.get("after")), path)


def _text(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, float) and value.is_integer():  # A2A's data knows only floating point numbers
        value = int(value)
    return str(value).lower() if isinstance(value, bool) else str(value)
