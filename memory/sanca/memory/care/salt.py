"""The salt of an installation: makes the fingerprints in masks comparable here and useless elsewhere."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from sanca.core.errors import StoreError

_BYTES = 32


def installation_salt(home: Path) -> bytes:
    """Return the salt of this state folder, made at the first call; only the folder's owner can read it.

    Raises:
        StoreError: It cannot be read or made.
    """
    path = home / "masking.salt"
    try:
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            found = path.read_bytes()
        else:
            found = secrets.token_bytes(_BYTES)
            with os.fdopen(descriptor, "wb") as file:
                file.write(found)
    except OSError as error:
        raise StoreError(f"The salt of masks {path.name!r} in the state folder cannot be used ({error}).") from error
    if len(found) < _BYTES:
        raise StoreError(
            f"The salt of masks {path.name!r} in the state folder is cut short; delete it, a new one is made."
        )
    return found
