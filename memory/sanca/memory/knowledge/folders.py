"""Finds the files of a folder that are worth knowing, and says why others are left out. Reads only .gitignore."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, NamedTuple

from sanca.memory.knowledge.kinds import kind_of
from sanca.memory.knowledge.reader import CONTENT_BYTES

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

FILES_MOST = 20_000
_SKIPPED_FOLDERS = frozenset(
    [
        "node_modules",
        "target",
        "dist",
        "build",
        "out",
        "__pycache__",
        "venv",
        "vendor",
        "coverage",
        "site-packages",
        "bower_components",
    ]
)
_GENERATED = frozenset(
    [
        "package-lock.json",
        "yarn.lock",
        "pnpm-lock.yaml",
        "poetry.lock",
        "uv.lock",
        "go.sum",
        "cargo.lock",
        "composer.lock",
        "gemfile.lock",
    ]
)
_CODE_BYTES = 1_000_000
_HIDDEN = "hidden files (they hold settings of tools, and secrets)"


class FoundFile(NamedTuple):
    """A file of a folder, or why it is left out."""

    path: Path
    name: str
    """Relative to the folder, with slashes."""
    left_out: str = ""
    """Why, in the plural: what is left out is counted by reason."""


def files_of(folder: Path) -> Iterator[FoundFile]:
    """Yield the files of a folder in order, without following links. Respects .gitignore files, also those above it."""
    count = 0
    rules = list(_rules_above(folder))
    for current, folders, files in os.walk(folder):
        here = Path(current)
        rules += _rules_in(here)
        kept = []
        for name in sorted(folders):
            if reason := _folder_reason(here / name, rules):
                yield FoundFile(here / name, _relative(here / name, folder), reason)
            else:
                kept.append(name)
        folders[:] = kept
        for name in sorted(files):
            path = here / name
            reason = _reason(path, rules)
            count += not reason
            if count > FILES_MOST:
                reason = f"files beyond the first {FILES_MOST:,}"
            yield FoundFile(path, _relative(path, folder), reason)


def _folder_reason(path: Path, rules: list[tuple[Path, GitIgnoreSpec]]) -> str:
    if path.name.startswith("."):
        return "hidden folders"
    if path.name in _SKIPPED_FOLDERS:
        return "folders of what was built or fetched (target, node_modules …)"
    if path.is_symlink():
        return "links and special files"
    return "files and folders that .gitignore names" if _is_ignored(path, rules, is_folder=True) else ""


def _reason(path: Path, rules: list[tuple[Path, GitIgnoreSpec]]) -> str:
    if path.name.startswith("."):
        return _HIDDEN
    if path.is_symlink() or not path.is_file():
        return "links and special files"
    if _is_ignored(path, rules, is_folder=False):
        return "files and folders that .gitignore names"
    kind = kind_of(path.name)
    if kind is None:
        return f"files of kind {path.suffix.lower()!r}" if path.suffix else "files without an ending"
    if path.name.lower() in _GENERATED or ".min." in path.name:
        return "generated files"
    size = path.stat().st_size
    if size == 0:
        return "empty files"
    if size > (_CODE_BYTES if kind.kind in {"code", "settings"} else CONTENT_BYTES):
        return "files that are too large"
    return ""


def _relative(path: Path, folder: Path) -> str:
    return path.relative_to(folder).as_posix()


def _rules_above(folder: Path) -> Iterator[tuple[Path, GitIgnoreSpec]]:
    """Yield the rules of the repository that a folder lies in, from its top down."""
    above = list(folder.parents)
    top = next((index for index, parent in enumerate([folder, *above]) if (parent / ".git").exists()), 0)
    for parent in reversed(above[:top]):
        yield from _rules_in(parent)


def _rules_in(folder: Path) -> Iterator[tuple[Path, GitIgnoreSpec]]:
    from pathspec import GitIgnoreSpec

    file = folder / ".gitignore"
    if file.is_file():
        yield folder, GitIgnoreSpec.from_lines(file.read_text(encoding="utf-8", errors="replace").splitlines())


def _is_ignored(path: Path, rules: list[tuple[Path, GitIgnoreSpec]], *, is_folder: bool) -> bool:
    """Whether the nearest rule that speaks of a path leaves it out."""
    for folder, spec in reversed(rules):
        if folder in path.parents:
            relative = str(PurePosixPath(path.relative_to(folder))) + ("/" if is_folder else "")
            said = spec.check_file(relative).include
            if said is not None:
                return said
    return False
