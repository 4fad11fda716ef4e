# ruff: noqa: F821, E501, ANN001, ANN201 - names come from the runtime; sentences keep one line; actions are plain Python
"""Files that a person sent along: which one is meant, and its text. They lie read-only under /input."""

from pathlib import Path

INPUT = Path("/input")


def sent_files():
    """Return the files sent along, the newest first."""
    found = [path for path in INPUT.rglob("*") if path.is_file()] if INPUT.is_dir() else []
    return sorted(found, key=lambda path: -path.stat().st_mtime)


def chosen_file(name, endings=()):
    """Return the file a person means: the named one, else the newest with one of the endings; None when there is none."""
    files = sent_files()
    if name:
        wanted = name.rsplit("/", 1)[-1].lower()
        return next((path for path in files if path.name.lower() == wanted), None)
    fitting = [path for path in files if not endings or path.suffix.lower() in endings]
    return fitting[0] if fitting else None


def nothing_sent(name):
    """Return the answer when there is no such file."""
    there = ", ".join(path.name for path in sent_files())
    if name and there:
        return t(f"There is no file {name!r}; you sent: {there}.", f"没有文件 {name!r}；您发来的有：{there}。")
    if there:
        return t(f"None of the files fits; you sent: {there}.", f"没有合适的文件；您发来的有：{there}。")
    return t(
        "No file was sent along. Drop one into the chat and ask again.", "没有收到文件。请把文件拖进对话框后再问一次。"
    )
