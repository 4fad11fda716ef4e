"""What the fork server loads once, so that no session has to. Nothing here may leave a second thread behind."""

from __future__ import annotations

import importlib
import importlib.util
import io
import os
import random
import sys
from collections.abc import Sequence
from pathlib import Path

from .root import LIBRARY_FOLDER

CHARTS_FOLDER = "/tmp/.matplotlib"  # noqa: S108 - a session's own
"""MPLCONFIGDIR: must be writable, or matplotlib complains and makes another one."""
_MADE_CHARTS_FOLDER = Path(LIBRARY_FOLDER, ".matplotlib")
_FOR_SNAPSHOTS = ("cloudpickle",)
_font_lists: list[tuple[str, str]] = []
"""Empty when matplotlib is loaded already, or not there."""
SETTINGS_OF_CHARTS = str(_MADE_CHARTS_FOLDER / "matplotlibrc")


def preload(modules: Sequence[str], libraries: Sequence[str]) -> None:
    """Import `modules`, and those of `libraries` that the library folder holds.

    Raises:
        ImportError: One is missing or broken.
        OSError: The library folder cannot be read, or a module started a thread.
    """
    if Path(LIBRARY_FOLDER).is_dir():
        if not os.access(LIBRARY_FOLDER, os.R_OK | os.X_OK):
            raise OSError(0, "SANCA_SANDBOX_LIBRARY_FOLDER must be readable by others, and is not")
        sys.path.append(LIBRARY_FOLDER)
    for module in modules:
        importlib.import_module(module)
    for module in (*_FOR_SNAPSHOTS, *libraries):
        if importlib.util.find_spec(module.partition(".")[0]) is not None:
            importlib.import_module(module)
    if "matplotlib.pyplot" in sys.modules:
        _draw_first_chart()
    if "matplotlib" not in sys.modules:
        lists = sorted(_MADE_CHARTS_FOLDER.glob("fontlist-*.json"))
        _font_lists.extend((str(path), f"{CHARTS_FOLDER}/{path.name}") for path in lists)
    if (transports := sys.modules.get("asyncio.selector_events")) is not None:
        vars(transports)["_HAS_SENDMSG"] = False  # since 3.12 it would use that call, which guests do not have
    _require_one_thread()


def show_font_lists() -> None:
    """Lay what matplotlib would spend a second to find out where it will look for it in this session."""
    if _font_lists:
        os.mkdir(CHARTS_FOLDER)  # noqa: PTH102 - in every session's way, as in kernel_files.py
        for source, target in _font_lists:
            os.symlink(source, target)  # noqa: PTH211


def draw_other_numbers() -> None:
    """Seed what would give every session the same random numbers."""
    random.seed()
    if (numpy_random := sys.modules.get("numpy.random")) is not None:
        numpy_random.seed()


def _draw_first_chart() -> None:
    """Draw what a first chart loads: fonts, canvas, compression."""
    pyplot = importlib.import_module("matplotlib.pyplot")
    figure, axes = pyplot.subplots()
    axes.plot([0, 1], [0, 1], label="first")
    axes.set_title("first")
    axes.legend()
    figure.savefig(io.BytesIO(), format="png")
    pyplot.close(figure)
    # A font holds its file open; matplotlib forgets them after a fork by a handler that sessions do not run.
    importlib.import_module("matplotlib.font_manager")._get_font.cache_clear()


def _require_one_thread() -> None:
    threads = len(list(Path("/proc/self/task").iterdir()))
    if threads != 1:
        # A fork takes one thread along; locks that the others held would hang every session for good.
        raise OSError(0, f"a preloaded module started threads ({threads} run); leave it out of SANCA_SANDBOX_PRELOAD")
