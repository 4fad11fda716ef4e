"""The guest library: what actions may import, in a folder of its own beside the engine's environment. Finds, makes it.

It holds none of the engine's packages, and the engine imports nothing of it. The sandbox shows it read-only; without it
actions have the standard library.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from sanca.core.errors import ConfigurationError, SandboxError
from sanca.python_runtime.sandbox.settings import SandboxSettings

FOLDER_NAME = ".sandbox-library"
CHARTS_FOLDER = ".matplotlib"
"""In it, what matplotlib would look for at its first use: the machine's fonts and which of them to take."""
_MARK = ".made-from"
_SETTING = "SANCA_SANDBOX_LIBRARY_FOLDER"
_CHINESE_FONTS = (
    "Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", "WenQuanYi Micro Hei", "WenQuanYi Zen Hei",
    "Droid Sans Fallback", "SimHei", "Microsoft YaHei",
)  # fmt: skip
_PREPARE_CHARTS = """
import sys
library, names = sys.argv[1], sys.argv[2:]
sys.path.append(library)
from matplotlib.font_manager import fontManager
there = {font.name for font in fontManager.ttflist}
families = ["DejaVu Sans", *[name for name in names if name in there][:1]]
print("backend: Agg", "font.family: " + ", ".join(families), sep="\\n")
"""


def default_folder() -> Path:
    """Where the guest library lies when no setting says otherwise: beside the engine's environment."""
    return Path(sys.prefix).parent / FOLDER_NAME


def find_library(settings: SandboxSettings) -> Path | None:
    """Return the guest library's folder; None when there is none.

    Raises:
        ConfigurationError: The setting names what is not a folder.
    """
    if settings.library_folder is None:
        return default_folder() if made_from(default_folder()) else None
    if not settings.library_folder.is_dir():
        raise ConfigurationError(f"{_SETTING} names {str(settings.library_folder)!r}, which is not a folder.")
    return settings.library_folder.resolve()


def made_from(folder: Path) -> str:
    """Return what the folder was made from and for; empty when `make_library` did not finish it, or not for us."""
    mark = folder / _MARK
    text = mark.read_text(encoding="ascii") if mark.is_file() else ""
    return text if text.endswith(_python_version()) else ""


def is_current(folder: Path) -> bool:
    """Whether the folder holds what the lock file names, for this version of Python."""
    return made_from(folder) == _mark_text(_lock_file())


def make_library(folder: Path) -> None:
    """Install the locked libraries into `folder`, readable by everybody, and make their first use fast.

    Raises:
        SandboxError: They could not be installed; holds the installer's last line.
    """
    lock = _lock_file()
    making = folder.with_name(f"{folder.name}.{os.getpid()}")
    try:
        _install(lock, making)
        _prepare_charts(making)
        (making / _MARK).write_text(_mark_text(lock), encoding="ascii")
        _replace(folder, making)
    finally:
        shutil.rmtree(making, ignore_errors=True)


def _install(lock: Path, target: Path) -> None:
    options = ["--quiet", "--disable-pip-version-check", "--no-warn-script-location", "--require-hashes"]
    _run(
        [sys.executable, "-m", "pip", "install", *options, "--only-binary", ":all:", "--target", target, "-r", lock],
        "installed",
    )


def _prepare_charts(library: Path) -> None:
    charts = library / CHARTS_FOLDER
    charts.mkdir(mode=0o755)
    # A home that is not there: fonts of the engine's user are not in the sandbox.
    environment = {"MPLCONFIGDIR": str(charts), "HOME": str(charts / "none"), "LANG": "C.UTF-8"}
    command: list[str | Path] = [sys.executable, "-I", "-S", "-c", _PREPARE_CHARTS, library, *_CHINESE_FONTS]
    (charts / "matplotlibrc").write_text(_run(command, "prepared", environment), encoding="utf-8")
    for made in charts.iterdir():
        made.chmod(0o644)


def _run(command: list[str | Path], what: str, environment: dict[str, str] | None = None) -> str:
    # The umask: as root, the sandbox reads the library as another user.
    done = subprocess.run(command, env=environment, umask=0o022, capture_output=True, text=True, check=False)
    if done.returncode:
        last_line = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
        raise SandboxError(f"The sandbox's libraries could not be {what}: {last_line}")
    return done.stdout


def _replace(folder: Path, made: Path) -> None:
    """Put the new folder in the old one's place; a sandbox that shows the old one keeps it until it ends."""
    old = made.with_name(f"{made.name}.old")
    if folder.exists():
        folder.rename(old)
    made.rename(folder)
    shutil.rmtree(old, ignore_errors=True)


def _lock_file() -> Path:
    """In an installed package beside this module, in a source tree where `make lock` writes it."""
    packaged = Path(__file__).with_name("guest.lock")
    return packaged if packaged.is_file() else Path(__file__).parents[4] / "requirements" / "guest.lock"


def _mark_text(lock: Path) -> str:
    return f"{hashlib.sha256(lock.read_bytes()).hexdigest()} {_python_version()}"


def _python_version() -> str:
    return f"{sys.implementation.cache_tag}"
