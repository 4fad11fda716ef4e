"""`sanca memory check`: is the memory file whole, and what can be saved of a damaged one. Changes nothing of it."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from sanca.core.errors import StoreError
from sanca.core.home import find_home
from sanca.memory import MemorySettings
from sanca.memory.care.encryption_key import encryption_key
from sanca.memory.stores.sqlite.upkeep import Checked, Salvaged, check, salvage

_SHOWN = {"sessions": "sessions", "messages": "messages", "records": "records", "files": "files", "feedback": "thumbs"}


def check_memory(target: Path | None) -> int:
    """Print what is wrong with the memory file, and save what can be read of it where a target is named.

    Args:
        target: A file that is not there yet; None: only look.

    Returns:
        The exit code: 0 when the file is whole or something was saved, 1 when it is damaged.
    """
    settings = MemorySettings()
    path = find_home() / settings.database_name
    key = encryption_key(settings)
    console = Console(highlight=False, soft_wrap=True)
    if target is not None:
        _tell_salvaged(console, path, target, salvage(path, target, key=key))
        return 0
    return _tell_checked(console, path, check(path, key=key))


def _tell_checked(console: Console, path: Path, found: Checked) -> int:
    if not found.findings:
        console.print(f"{path} is whole: {found.sessions} sessions, {found.records} records.")
        return 0
    console.print(f"{path} is damaged:")
    for finding in found.findings:
        console.print(f"  {finding}")
    console.print(
        "Stop the engine and restore a backup, or save what can be read: sanca memory check --salvage NEW-FILE"
    )
    return 1


def _tell_salvaged(console: Console, path: Path, target: Path, saved: Salvaged) -> None:
    if not sum(saved.rows.values()):
        raise StoreError(f"Nothing could be read of {path.name!r}; restore it from a backup.")
    counts = ", ".join(f"{saved.rows[table]} {name}" for table, name in _SHOWN.items() if table in saved.rows)
    console.print(f"Saved in {target}: {counts}.")
    if saved.lost_tables or saved.strays:
        lost = ", ".join(_SHOWN.get(table, table) for table in saved.lost_tables) or "none"
        console.print(f"A part could not be read of: {lost}; {saved.strays} records had lost their owner.")
    console.print(f"Stop the engine, put the new file in the place of {path.name!r}, and keep the old one.")
