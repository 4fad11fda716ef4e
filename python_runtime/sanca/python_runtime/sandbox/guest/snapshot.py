"""A session's names and /tmp files as bytes, and back. Runs in the guest: whoever reads the bytes runs its code.

The engine asks (`{"names": "take", "limit_bytes", "limit_seconds"}` with a pipe to write to, `{"names": "bring"}` with
one to read from) and gets `{"value": None, "kept": […], "lost": {name: reason}, "libraries": bool}`.
"""

from __future__ import annotations

import builtins
import linecache
import os
import pickle
import time
from collections.abc import Callable, Mapping
from typing import Any

from .keeping import pickle_names, why_not
from .kept_files import lay_back, take_files
from .tracebacks import remember_source

_TOLD_NAMES = 2_000
_NAME_CHARS = 200
_SOURCE_BYTES = 1 << 18
_LIBRARIES = (b"numpy", b"pandas", b"matplotlib")


class Names:
    """What actions have bound in a namespace, seen as a whole."""

    def __init__(self, space: dict[str, Any], files: set[str]) -> None:
        self._space = space
        self._files = files
        self._ours = dict(space)
        """What was there before any action."""

    def take(self, pipe: int, request: Mapping[str, Any], toolkits: tuple[str, ...]) -> dict[str, Any]:
        """Write what can be kept to the pipe, and tell what it is."""
        limit_bytes = int(request["limit_bytes"])
        names, lost = pickle_names(self._bound(), limit_bytes, time.monotonic() + float(request["limit_seconds"]))
        files, lost_files = take_files(max(0, limit_bytes - len(names)))
        kept = [name for name in self._bound() if name not in lost]
        rest = {"kept": kept, "files": files, "sources": self._sources(), "toolkits": toolkits}
        whole = pickle.dumps({"names": names, **rest})
        _write(pipe, whole)
        libraries = any(library in names for library in _LIBRARIES)
        return {"value": None, "kept": _told(kept), "lost": _told_lost({**lost, **lost_files}), "libraries": libraries}

    def bring(self, pipe: int, give_toolkits: Callable[[tuple[str, ...]], None]) -> dict[str, Any]:
        """Read from the pipe what `take` wrote; tell which names could not be brought back.

        Args:
            pipe: Where to read.
            give_toolkits: Makes the toolkits known, which names may be of.
        """
        whole = pickle.loads(_read(pipe))  # noqa: S301 - the session's own, and in its sandbox
        give_toolkits(whole["toolkits"])
        lay_back(whole["files"])
        for filename, code in whole["sources"].items():
            self._files.add(filename)
            remember_source(filename, code)
        lost: dict[str, str] = {}
        try:
            self._space.update(pickle.loads(whole["names"]))  # noqa: S301 - as above
        except Exception as error:
            lost = dict.fromkeys(whole["kept"], why_not(error))
        self._space["__builtins__"] = builtins  # a function that comes back may have put a dict there
        return {"value": None, "kept": [], "lost": _told_lost(lost), "libraries": False}

    def _bound(self) -> dict[str, Any]:
        ours = self._ours
        return {
            name: value
            for name, value in self._space.items()
            if isinstance(name, str) and not (name in ours and (ours[name] is value or name == "__builtins__"))
        }

    def _sources(self) -> dict[str, str]:
        """The newest actions' code, so that a traceback through a function that comes back shows its lines."""
        room, sources = _SOURCE_BYTES, {}
        for filename in sorted(self._files, key=lambda one: int(one.rpartition("#")[2]), reverse=True):
            code = "".join(linecache.getlines(filename))
            room -= len(code)
            if room < 0:
                break
            sources[filename] = code
        return sources


def _told(names: list[str]) -> list[str]:
    return [name[:_NAME_CHARS] for name in names[:_TOLD_NAMES]]


def _told_lost(lost: dict[str, str]) -> dict[str, str]:
    return {name[:_NAME_CHARS]: reason for name, reason in list(lost.items())[:_TOLD_NAMES]}


def _write(pipe: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(pipe, rest) :]


def _read(pipe: int) -> bytes:
    chunks = []
    while chunk := os.read(pipe, 1 << 20):
        chunks.append(chunk)
    return b"".join(chunks)
