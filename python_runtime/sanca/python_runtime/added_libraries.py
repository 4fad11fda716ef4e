"""Libraries that a person agreed to add to a session: fetched as ready-made wheels, unpacked, shown read-only inside.

Nothing of a wheel is run here: no build, no install script, and only files go into the session's folder. What an action
then imports runs in the sandbox as the action's own code does.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import Distribution, distributions
from pathlib import Path

import anyio
import anyio.to_thread
from sanca.core.errors import SancaError
from sanca.python_runtime.sandbox.guest.libraries import ADDED_FOLDER, index_name

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}(?:==[A-Za-z0-9][A-Za-z0-9.!+_-]{0,31})?")
_SECONDS = 150.0
_MOST_BYTES = 400 << 20
_MOST_FILES = 20_000
_WHEEL_BYTES = 200 << 20
_KEPT = (
    "PATH",
    "HOME",
    "LANG",
    "TMPDIR",
    "SSL_CERT_FILE",
    "REQUESTS_CA_BUNDLE",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
)
_OPTIONS = (
    "--only-binary=:all:", "--no-input", "--no-cache-dir", "--disable-pip-version-check", "--retries=1", "-vv",
)  # fmt: skip
_PIP = """
import resource, runpy, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]),) * 2)
sys.argv[:] = ["pip", *sys.argv[2:]]
runpy.run_module("pip", run_name="__main__", alter_sys=True)
"""
_UNREACHED = ("connection error", "Connection refused", "Failed to establish", "ProxyError")
"""What pip says, among much else, when it could not ask its index."""
_ADDRESS = re.compile(r"\S*://\S*")


class LibraryNotAddedError(SancaError):
    """A library could not be added; says why in one sentence."""


@dataclass(frozen=True)
class Added:
    """What came into a session's folder."""

    packages: tuple[str, ...]
    """Name and version of each, the wanted one first."""
    modules: tuple[str, ...]
    """What can be imported now."""


class AddedLibraries:
    """The folders of added libraries of all sessions."""

    def __init__(self, input_folder: Callable[[str], Path], guest_library: Callable[[], Path | None]) -> None:
        """Take where things lie.

        Args:
            input_folder: Session id → the folder shown as /input.
            guest_library: The folder of libraries that every session has; None when there is none.
        """
        self._input_folder = input_folder
        self._guest_library = guest_library

    async def add(self, session_id: str, name: str) -> Added:
        """Fetch a library and what it needs, and lay it where the session's actions find it.

        Raises:
            LibraryNotAddedError: The name is none, there is no such wheel, or no index; says which.
        """
        if not _NAME.fullmatch(name):
            raise LibraryNotAddedError(
                f"{name[:80]!r} is not the name of a library, such as 'humanize' or 'humanize==4.9'."
            )
        target = self._input_folder(session_id) / Path(ADDED_FOLDER).name
        with tempfile.TemporaryDirectory(prefix="sanca-library-") as folder:
            wheels = Path(folder) / "wheels"
            await self._fetch(index_name(name), Path(folder), wheels)
            return await anyio.to_thread.run_sync(self._unpack_all, name, wheels, target)

    async def _fetch(self, wanted: str, folder: Path, wheels: Path) -> None:
        known = folder / "known.txt"
        pins = "\n".join(f"{one.name}=={one.version}" for one in self._known())
        await anyio.Path(known).write_text(pins, encoding="utf-8")
        options = [
            "--only-binary=:all:",
            "--no-input",
            "--no-cache-dir",
            "--disable-pip-version-check",
            "--retries=1",
            "-vv",
        ]
        command = [sys.executable, "-c", _PIP, str(_WHEEL_BYTES), "download", *options, "--constraint", str(known)]
        try:
            with anyio.fail_after(_SECONDS):
                done = await anyio.run_process(
                    [*command, "--dest", str(wheels), "--", wanted], check=False, env=_environment(os.environ)
                )
        except TimeoutError:
            raise LibraryNotAddedError(
                f"The package index did not give {wanted!r} within {_SECONDS:g} seconds."
            ) from None
        if done.returncode:
            told = (done.stdout + done.stderr).decode("utf-8", "replace")
            raise LibraryNotAddedError(_why_not(wanted, told))

    def _known(self) -> list[Distribution]:
        library = self._guest_library()
        return list(distributions(path=[str(library)])) if library is not None else []

    def _unpack_all(self, name: str, wheels: Path, target: Path) -> Added:
        known = {_plain(one.name) for one in self._known()}
        files = [wheel for wheel in sorted(wheels.glob("*.whl")) if _plain(wheel.name.split("-")[0]) not in known]
        _check_sizes(files)
        staging = Path(tempfile.mkdtemp(prefix=".adding-", dir=target.parent))
        try:
            for wheel in files:
                _unpack(wheel, staging)
            modules = _modules_of(staging)
            if target.exists():
                shutil.copytree(target, staging, dirs_exist_ok=True)
                shutil.rmtree(target)
            _open_for_others(staging)
            staging.rename(target)
        finally:
            shutil.rmtree(staging, ignore_errors=True)
        wanted = _plain(index_name(name.partition("==")[0]))
        packages = sorted((wheel.name.split("-")[:2] for wheel in files), key=lambda one: _plain(one[0]) != wanted)
        return Added(tuple(" ".join(one) for one in packages), modules)


def _environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Return what pip may see of our environment: how to reach its index, and no key of a model."""
    kept = {*_KEPT, *(name.lower() for name in _KEPT if name.endswith("_PROXY"))}
    return {name: value for name, value in environment.items() if name in kept or name.startswith("PIP_")}


def _why_not(wanted: str, told: str) -> str:
    if "No matching distribution" in told or "Could not find a version" in told:
        if any(
            sign in told for sign in ("NewConnectionError", "ConnectTimeoutError", "Connection refused", "ProxyError")
        ):
            return "The package index cannot be reached from this machine, so no library can be added."
        return f"The package index has no ready-made wheel of {wanted!r} for this Python, and nothing is built here."
    if "No module named pip" in told:
        return "Libraries cannot be added: pip is not installed beside the engine."
    errors = [line.removeprefix("ERROR: ") for line in told.splitlines() if line.startswith("ERROR: ")]
    reason = _ADDRESS.sub("…", errors[-1])[:200] if errors else "pip gave no reason"
    return f"{wanted!r} could not be fetched: {reason}"


def _check_sizes(wheels: list[Path]) -> None:
    held = count = 0
    for wheel in wheels:
        with zipfile.ZipFile(wheel) as archive:
            held += sum(entry.file_size for entry in archive.infolist())
            count += len(archive.infolist())
    if held > _MOST_BYTES or count > _MOST_FILES:
        size = f"{held >> 20:,} MB in {count:,} files"
        raise LibraryNotAddedError(f"The library and what it needs are too large to be added: {size}.")


def _unpack(wheel: Path, target: Path) -> None:
    """Unpack a wheel's modules; `extractall` keeps every name inside `target`. Scripts and data files stay behind."""
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(target)  # counted above; it refuses names that lead out
    for data in target.glob("*.data"):
        for part in ("purelib", "platlib"):
            if (data / part).is_dir():
                shutil.copytree(data / part, target, dirs_exist_ok=True)
        shutil.rmtree(data)


def _modules_of(folder: Path) -> tuple[str, ...]:
    names = {path.name.partition(".")[0] for path in folder.iterdir() if path.is_dir() or path.suffix in {".py", ".so"}}
    return tuple(sorted(name for name in names if name.isidentifier() and not name.startswith("_")))


def _open_for_others(folder: Path) -> None:
    """The sandbox reads them as another user."""
    for where, _, names in os.walk(folder):
        Path(where).chmod(0o755)
        for name in names:
            (Path(where) / name).chmod(0o644)


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
