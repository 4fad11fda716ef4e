"""Lets `/input`, `/output` and `/tmp` mean folders that lie elsewhere, where there are no mounts to make them so.

For Python's own file functions only: a library that opens files in C sees the host's names, and is refused. No wall;
that is Landlock's. Modes, owners and times are changed by descriptor here, because the call filter refuses paths.
"""

from __future__ import annotations

import builtins
import functools
import io
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

_ONE_PATH = (
    "access", "chdir", "getxattr", "listdir", "listxattr", "lstat", "mkdir", "mkfifo", "open", "pathconf", "readlink",
    "remove", "rmdir", "scandir", "stat", "statvfs", "truncate", "unlink",
)  # fmt: skip
_TWO_PATHS = ("link", "rename", "replace", "symlink")
_BY_DESCRIPTOR = ("chmod", "chown", "removexattr", "setxattr", "utime")
_BY_NUMBER = "/proc/self/fd/"
_SUPPORT_SETS = (os.supports_dir_fd, os.supports_fd, os.supports_follow_symlinks, os.supports_effective_ids)


class _Places:
    """Which folder stands for which."""

    def __init__(self) -> None:
        self.real: dict[str, str] = {}
        self._shown: dict[str, str] = {}

    def set(self, real: Mapping[str, str]) -> None:
        """Take another set of folders."""
        self._shown = {str(Path(path).readlink()): shown for shown, path in real.items()}
        self.real = dict(real)

    def path(self, path: Any) -> Any:
        """Return the path to use for one that an action wrote."""
        if isinstance(path, int) or not isinstance(path, str | os.PathLike):
            return path
        text = os.fspath(path)
        if not isinstance(text, str) or not text.startswith("/"):
            return path
        normal = os.path.normpath(text)
        for shown, real in self.real.items():
            if normal == shown or normal.startswith(f"{shown}/"):
                return f"{real}/{normal[len(shown) + 1 :]}"
        return path

    def shown(self, path: str) -> str:
        """Return the name that an action knows a real path by."""
        for folder, shown in self._shown.items():
            if path == folder or path.startswith(f"{folder}/"):
                return shown + path[len(folder) :]
        return path


_places = _Places()


def redirect(real: Mapping[str, str]) -> None:
    """Let each path mean the folder it maps to. Once for a fork server, again in each guest."""
    is_first = not _places.real
    _places.set(real)
    if is_first:
        _replace_functions()


def real(path: str) -> str:
    """Return where a path lies; Python's import system knows no other names."""
    return str(_places.path(path))


def _replace_functions() -> None:
    for name in _ONE_PATH:
        _replace(os, name, _with_paths(getattr(os, name), 1))
    for name in _TWO_PATHS:
        _replace(os, name, _with_paths(getattr(os, name), 2))
    for name in _BY_DESCRIPTOR:
        _replace(os, name, _by_descriptor(getattr(os, name)))
    opener = _with_paths(builtins.open, 1)
    builtins.open = io.open = opener
    _replace(os, "getcwd", _shown_folder(os.getcwd))
    setattr(os.path, "realpath", _usable_name(os.path.realpath))  # noqa: B010 - what is assigned has no overloads


def _replace(module: Any, name: str, function: Callable[..., Any]) -> None:
    original = getattr(module, name)
    for supporting in _SUPPORT_SETS:
        if original in supporting:
            supporting.add(function)
    setattr(module, name, function)


def _with_paths(original: Callable[..., Any], count: int) -> Callable[..., Any]:
    @functools.wraps(original)
    def call(*arguments: Any, **named: Any) -> Any:
        real = [_places.path(argument) for argument in arguments[:count]]
        if "path" in named:
            named["path"] = _places.path(named["path"])
        try:
            return original(*real, *arguments[count:], **named)
        except OSError as error:
            if arguments and error.filename is not None and error.filename == real[0]:
                error.filename = arguments[0]
            raise

    return call


def _by_descriptor(original: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    def call(path: Any, *arguments: Any, **named: Any) -> Any:
        if isinstance(path, int):
            return original(path, *arguments, **named)
        named.pop("follow_symlinks", None)
        flags = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC
        descriptor = os.open(path, flags, dir_fd=named.pop("dir_fd", None))
        try:
            return original(descriptor, *arguments, **named)
        finally:
            os.close(descriptor)

    return call


def _shown_folder(original: Callable[[], str]) -> Callable[[], str]:
    @functools.wraps(original)
    def call() -> str:
        return _places.shown(original())

    return call


def _usable_name(original: Callable[..., str]) -> Callable[..., str]:
    """What is reached through a descriptor has no other name: the folders above may be closed, or be the host's."""

    @functools.wraps(original)
    def call(path: Any, **named: Any) -> str:
        text = os.fspath(path)
        if isinstance(text, str) and text.startswith(_BY_NUMBER):
            return os.path.normpath(text)
        return original(path, **named)

    return call
