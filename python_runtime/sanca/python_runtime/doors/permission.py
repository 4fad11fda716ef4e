"""Whether the doors may be opened as they are set up: said before the engine opens, and again by `sanca doctor`."""

from __future__ import annotations

from pathlib import Path

from sanca.python_runtime.doors.access.keys import KeyFile
from sanca.python_runtime.doors.settings import DoorsSettings, read_settings


def check_may_open(home: Path) -> tuple[DoorsSettings, int]:
    """Return the settings, and how many API keys count now.

    Raises:
        ConfigurationError: A setting is wrong, or strangers could reach doors that are not protected.
    """
    settings = read_settings()
    keys = sum(not key.is_expired for key in KeyFile(home).all())
    settings.check_exposure(has_way_in=bool(keys or settings.oidc_issuer))
    return settings, keys
