"""Files that go to another agent and come from one.

A session's folders hold what hostile code wrote: no link is followed, only regular files count, none is overwritten.
"""

from __future__ import annotations

import mimetypes
import os
import re
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from sanca.core.errors import ToolArgumentError
from sanca.core.untrusted import plain_text

FILES_MOST = 10
FILES_BYTES = 8 * 1024 * 1024
"""All files of one message together."""
_FOLDERS = ("input", "output")
_UNSAFE = re.compile(r"[^\w.()\[\] +-]", re.UNICODE)
_SAFE_SESSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,127}")
_NAME_CHARS = 120
_TRIES = 1000


@dataclass(frozen=True)
class FileContent:
    """A file in memory."""

    name: str
    media_type: str
    data: bytes


class SessionFolders:
    """The folders `/input` and `/output` of sessions, as they lie in the state folder."""

    def __init__(self, home: Path) -> None:
        self._home = home

    def read(self, session_id: str, paths: Sequence[str]) -> list[FileContent]:
        """Return files that an action names: `/input/a.csv`, `/output/report.md`. Blocks.

        Raises:
            ToolArgumentError: A file is not there or no file, or they are too many or too large.
        """
        if len(paths) > FILES_MOST:
            raise ToolArgumentError(f"At most {FILES_MOST} files go with one message.", argument="files")
        found: list[FileContent] = []
        left = FILES_BYTES
        for path in paths:
            data = self._content(session_id, str(path), left)
            left -= len(data)
            found.append(FileContent(PurePosixPath(path).name, media_type_of(path), data))
        return found

    def keep(self, session_id: str, files: Sequence[FileContent]) -> list[dict[str, object]]:
        """Put files that came into the session's `/input`; a name that is taken gets a number. Blocks.

        Returns:
            `path, name, media_type, size_bytes` of each; empty when the session has no folder any more.
        """
        folder = self._session(session_id) / "input"
        if not folder.is_dir():
            return []
        kept: list[dict[str, object]] = []
        for file in files:
            name = _write(folder, _safe_name(file.name), file.data)
            media_type = plain_text(file.media_type, 100) or media_type_of(name)
            kept.append(
                {"path": f"/input/{name}", "name": name, "media_type": media_type, "size_bytes": len(file.data)}
            )
        return kept

    def _session(self, session_id: str) -> Path:
        if not _SAFE_SESSION.fullmatch(session_id) or ".." in session_id:
            raise ToolArgumentError("This session has no folder for files.", argument="files")
        return self._home / "sessions" / session_id

    def _content(self, session_id: str, path: str, left: int) -> bytes:
        parts = PurePosixPath(path).parts
        if len(parts) < 3 or parts[0] != "/" or parts[1] not in _FOLDERS or ".." in parts:
            text = f"{path!r} is no file that may be sent: name one under /input or /output, with its whole path."
            raise ToolArgumentError(text, argument="files")
        try:
            descriptor = _open_below(self._session(session_id) / parts[1], parts[2:])
        except OSError as error:
            text = f"The file {path!r} cannot be read ({error.strerror or 'it is a link'})."
            raise ToolArgumentError(text, argument="files") from error
        with os.fdopen(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise ToolArgumentError(f"{path!r} is no regular file.", argument="files")
            data = file.read(left + 1)
        if len(data) > left:
            megabytes = FILES_BYTES // (1024 * 1024)
            raise ToolArgumentError(f"The files are larger than {megabytes} MB together.", argument="files")
        return data


def media_type_of(name: str) -> str:
    """Return the media type that a file's name tells."""
    return mimetypes.guess_type(name, strict=False)[0] or "application/octet-stream"


def _open_below(folder: Path, parts: Sequence[str]) -> int:
    """Open a file below a folder, following no link on the way."""
    at = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        for part in parts[:-1]:
            below = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=at)
            os.close(at)
            at = below
        # Not blocking: a pipe of that name must not hold us.
        return os.open(parts[-1], os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=at)
    finally:
        os.close(at)


def _safe_name(name: str) -> str:
    base = name.replace("\\", "/").rsplit("/", 1)[-1]
    return _UNSAFE.sub("_", plain_text(base, _NAME_CHARS)).lstrip(". ") or "file"


def _write(folder: Path, name: str, data: bytes) -> str:
    stem, dot, ending = name.rpartition(".")
    stem, ending = (stem, dot + ending) if stem else (name, "")
    for number in range(1, _TRIES):
        taken = name if number == 1 else f"{stem}-{number}{ending}"
        try:
            descriptor = os.open(folder / taken, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
        except FileExistsError:
            continue
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        return taken
    raise ToolArgumentError(f"There are too many files named {name!r} in this session.", argument="files")
