"""Files of sessions: what a person gives lies read-only under /input, what an action writes to /output goes out.

/output is written by hostile code: links are never followed, only regular files count, what is served is our own copy.
"""

from __future__ import annotations

import os
import re
import stat
import uuid
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import anyio.to_thread
from sanca.core.messages import Caller
from sanca.core.ports import SessionStore
from sanca.python_runtime.refusals import BadRequestError, NotFoundError
from sanca.python_runtime.sandbox.fork_server.folder_size import MOST_DEPTH
from sanca.python_runtime.sandbox.output_folder import depth_below, remove_tree

MEDIA_TYPES = {
    ".csv": "text/csv", ".tsv": "text/tab-separated-values", ".txt": "text/plain", ".log": "text/plain",
    ".md": "text/markdown", ".json": "application/json", ".jsonl": "application/jsonl", ".yaml": "application/yaml",
    ".yml": "application/yaml", ".toml": "application/toml", ".ini": "text/plain", ".properties": "text/plain",
    ".xml": "application/xml", ".sql": "text/plain", ".py": "text/x-python", ".java": "text/plain",
    ".diff": "text/x-diff", ".patch": "text/x-diff", ".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg",
    ".gif": "image/gif", ".webp": "image/webp", ".pdf": "application/pdf",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    ".parquet": "application/vnd.apache.parquet", ".zip": "application/zip", ".gz": "application/gzip",
    ".html": "text/plain", ".svg": "text/plain", ".js": "text/plain", ".ts": "text/plain", ".sh": "text/plain",
    ".conf": "text/plain",
}  # fmt: skip
"""What may come in and go out, as the host takes it too; under no type that a browser would run."""
_NAME_CHARS = 150
_OUTPUTS = 50
"""Files that one action may hand over."""
_SAFE_SESSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,127}")
_UNSAFE = re.compile(r"[^\w.()\[\] +-]", re.UNICODE)


@dataclass(frozen=True)
class FileInfo:
    """A file's record."""

    file_id: str
    session_id: str
    name: str
    size_bytes: int
    media_type: str
    direction: str
    path: str

    def activity(self) -> dict[str, object]:
        """Return the content of its `sanca-file` activity."""
        names = ("file_id", "name", "size_bytes", "media_type")
        return {name: value for name, value in asdict(self).items() if name in names}


def check_session_id(session_id: str) -> str:
    """Return the id, when it can be a folder's name.

    Raises:
        BadRequestError: It cannot.
    """
    if not _SAFE_SESSION.fullmatch(session_id) or ".." in session_id:
        raise BadRequestError("The session id must be 1 to 128 letters, digits or any of _ . : -")
    return session_id


class SessionFiles:
    """The folders of all sessions, and the records of their files."""

    def __init__(self, folder: Path, store: SessionStore, *, limit_bytes: int) -> None:
        self._folder = folder
        self._store = store
        self._limit_bytes = limit_bytes
        self._seen: dict[str, set[tuple[str, int, int]]] = {}

    def folders(self, session_id: str) -> tuple[Path, Path]:
        """Return the session's input and output folder, made if need be."""
        session = self._folder / check_session_id(session_id)
        for name, mode in (("input", 0o755), ("output", 0o777), ("files", 0o700)):
            (session / name).mkdir(parents=True, exist_ok=True)
            (session / name).chmod(mode)  # the sandbox's user is another one; the state folder itself is closed
        return session / "input", session / "output"

    async def put(self, caller: Caller, session_id: str, name: str, content: bytes) -> FileInfo:
        """Keep a file that a person gave; a name that is taken gets a number.

        Raises:
            BadRequestError: Too large, or of a type that is not allowed.
            NotFoundError: The session is another user's.
        """
        if len(content) > self._limit_bytes:
            raise BadRequestError(f"The file is larger than {self._limit_bytes // (1024 * 1024)} MB.")
        media_type = _media_type(name)
        await self._check_session(caller, session_id)
        path = await anyio.to_thread.run_sync(self._write, session_id, safe_name(name), content)
        info = FileInfo(_new_id(), session_id, path.name, len(content), media_type, "input", str(path))
        await self._store.add_file(caller.tenant, caller.user, asdict(info))
        return info

    async def get(self, caller: Caller, file_id: str) -> FileInfo:
        """Return a file's record.

        Raises:
            NotFoundError: There is no such file of this caller.
        """
        found = await self._store.file(caller.tenant, caller.user, file_id)
        if found is None or not await anyio.to_thread.run_sync(Path(found["path"]).is_file):
            raise NotFoundError(f"There is no file {file_id!r} of yours.")
        return FileInfo(**{name: found[name] for name in FileInfo.__dataclass_fields__})

    async def input_names(self, session_id: str) -> list[str]:
        """Return the names under /input."""
        folder, _ = self.folders(session_id)
        return await anyio.to_thread.run_sync(
            lambda: sorted(one.name for one in folder.iterdir() if not one.name.startswith("."))
        )

    async def remember_outputs(self, session_id: str) -> None:
        """Count what lies under /output as known, when an earlier engine took it over."""
        if session_id not in self._seen:
            await anyio.to_thread.run_sync(self._remember, session_id)

    async def collect(self, caller: Caller, session_id: str) -> tuple[list[FileInfo], list[str]]:
        """Take over what is new under /output.

        Returns:
            The records of new files, and a sentence for each that could not be taken.
        """
        found, refused = await anyio.to_thread.run_sync(self._collect, session_id)
        for info in found:
            await self._store.add_file(caller.tenant, caller.user, asdict(info))
        return found, refused

    async def keep(self, caller: Caller, session_id: str, name: str, content: bytes) -> FileInfo:
        """Keep what an action made but did not write to /output, a chart for instance.

        Raises:
            BadRequestError: It is of a type that is not allowed.
        """
        path = self._folder / check_session_id(session_id) / "files" / _new_id()
        await anyio.to_thread.run_sync(path.write_bytes, content)
        info = FileInfo(path.name, session_id, safe_name(name), len(content), _media_type(name), "output", str(path))
        await self._store.add_file(caller.tenant, caller.user, asdict(info))
        return info

    async def forget(self, session_id: str) -> None:
        """Delete the session's folders."""
        self._seen.pop(session_id, None)
        folder = self._folder / check_session_id(session_id)
        await anyio.to_thread.run_sync(remove_tree, folder)

    async def _check_session(self, caller: Caller, session_id: str) -> None:
        check_session_id(session_id)
        if not await self._store.owns_session(caller.tenant, caller.user, session_id):
            if await self._store.session_exists(session_id):
                raise NotFoundError(f"There is no session {session_id!r} of yours.")
            await self._store.touch_session(caller.tenant, caller.user, session_id)

    def _write(self, session_id: str, name: str, content: bytes) -> Path:
        folder, _ = self.folders(session_id)
        stem, suffix = Path(name).stem, Path(name).suffix
        for number in range(1, 1_000):
            path = folder / (name if number == 1 else f"{stem} ({number}){suffix}")
            with suppress(FileExistsError), path.open("xb") as file:
                file.write(content)
                path.chmod(0o644)
                return path
        raise BadRequestError(f"There are too many files called {name!r} in this session.")

    def _remember(self, session_id: str) -> None:
        seen = self._seen.setdefault(session_id, set())
        for name, descriptor in _regular_files(self.folders(session_id)[1]):
            facts = os.fstat(descriptor)
            seen.add((name, facts.st_size, facts.st_mtime_ns))
            os.close(descriptor)

    def _collect(self, session_id: str) -> tuple[list[FileInfo], list[str]]:
        _, output = self.folders(session_id)
        seen = self._seen.setdefault(session_id, set())
        found: list[FileInfo] = []
        refused: list[str] = []
        for name, descriptor in _regular_files(output):
            try:
                facts = os.fstat(descriptor)
                key = (name, facts.st_size, facts.st_mtime_ns)
                if key in seen:
                    continue
                seen.add(key)
                if len(found) >= _OUTPUTS:
                    refused.append(f"{safe_name(name)}: an action may hand over {_OUTPUTS} files.")
                    break
                found.append(self._take(session_id, name, descriptor, facts.st_size))
            except BadRequestError as error:
                refused.append(f"{safe_name(name)}: {error}")
            finally:
                os.close(descriptor)
        return found, refused

    def _take(self, session_id: str, name: str, descriptor: int, size: int) -> FileInfo:
        media_type = _media_type(name)
        if size > self._limit_bytes:
            raise BadRequestError(f"The file is larger than {self._limit_bytes // (1024 * 1024)} MB.")
        content = b"".join(iter(lambda: os.read(descriptor, 1 << 20), b""))[: self._limit_bytes]
        file_id = _new_id()
        path = self._folder / session_id / "files" / file_id
        path.write_bytes(content)
        return FileInfo(file_id, session_id, safe_name(name), len(content), media_type, "output", str(path))


def safe_name(name: str) -> str:
    """Return a file name without folders, control characters or a leading dot."""
    base = _UNSAFE.sub("_", name.replace("\\", "/").rpartition("/")[2]).strip(" .")
    suffix = Path(base).suffix
    return f"{Path(base).stem[: _NAME_CHARS - len(suffix)]}{suffix}" if base else "file"


def _regular_files(folder: Path) -> Iterator[tuple[str, int]]:
    """Yield names below a folder with an open descriptor each; never follows a link, never waits on a pipe."""
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    for where, folders, names, at in os.fwalk(folder, follow_symlinks=False):
        if depth_below(folder, where) >= MOST_DEPTH:
            folders.clear()  # each level holds a descriptor of ours
        for name in sorted(names):
            with suppress(OSError):
                descriptor = os.open(name, flags, dir_fd=at)
                if stat.S_ISREG(os.fstat(descriptor).st_mode):
                    yield str(Path(where).relative_to(folder) / name), descriptor
                else:
                    os.close(descriptor)


def _media_type(name: str) -> str:
    suffix = Path(name).suffix.lower()
    if suffix not in MEDIA_TYPES:
        raise BadRequestError(
            f"Files of type {suffix or 'without an ending'!r} are not taken; {_allowed(MEDIA_TYPES)}."
        )
    return MEDIA_TYPES[suffix]


def _allowed(suffixes: Sequence[str] | dict[str, str]) -> str:
    return "allowed are " + " ".join(sorted(suffixes))


def _new_id() -> str:
    return f"file_{uuid.uuid4().hex}"
