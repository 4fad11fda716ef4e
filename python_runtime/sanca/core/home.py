"""The state folder: where it is and how it is made.

Standard library only, so that the engine can serve before it has loaded the rest.
"""

from __future__ import annotations

import os
from pathlib import Path

from sanca.core.errors import ConfigurationError


def find_home(start: Path | None = None) -> Path:
    """Return the state folder: `SANCA_HOME`, else the nearest `.sanca` folder upward, else `~/.sanca`. Creates nothing.

    Args:
        start: Where to begin to look upward; the current directory by default.
    """
    if configured := os.environ.get("SANCA_HOME"):
        return Path(configured).expanduser().absolute()
    here = (start or Path.cwd()).absolute()
    for folder in (here, *here.parents):
        if (folder / ".sanca").is_dir():
            return folder / ".sanca"
    return Path.home() / ".sanca"


def ensure_home(home: Path) -> Path:
    """Make the state folder with mode 0700 and return it.

    Raises:
        ConfigurationError: It cannot be made or written.
    """
    try:
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
        home.chmod(0o700)
    except OSError as error:
        raise ConfigurationError(
            f"The state folder {str(home)!r} cannot be used ({error.strerror}); "
            "set SANCA_HOME to a folder you may write.",
            setting="SANCA_HOME",
        ) from error
    return home
