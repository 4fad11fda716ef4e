"""The name under which a file from outside is kept: its ending tells its type, so one without gets it from the type."""

from __future__ import annotations

from pathlib import PurePosixPath

from sanca.python_runtime.files import MEDIA_TYPES, safe_name

_SUFFIXES = {kind: suffix for suffix, kind in reversed(MEDIA_TYPES.items())} | {
    "text/plain": ".txt",
    "application/octet-stream": "",
    "text/x-markdown": ".md",
    "image/jpeg": ".jpg",
    "text/yaml": ".yaml",
    "text/xml": ".xml",
}


def with_suffix(name: str, media_type: str) -> str:
    """Return a safe name that ends as its type does; a name that has a known ending keeps it."""
    base = safe_name(name or "file")
    if PurePosixPath(base).suffix.lower() in MEDIA_TYPES:
        return base
    kind = media_type.partition(";")[0].strip().lower()
    return f"{base}{_SUFFIXES.get(kind, '')}"
