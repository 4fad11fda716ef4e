"""Where the key of an encrypted memory comes from: a file, or a program that prints it. It is kept nowhere else."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path

from sanca.core.errors import ConfigurationError
from sanca.memory.settings import MemorySettings

_SECONDS = 10.0
_KEY = re.compile(r"[0-9a-fA-F]{64}")


def is_encrypted(settings: MemorySettings) -> bool:
    """Whether the embedded store is to be encrypted; what it would write beside itself must then stay inside."""
    return settings.store == "sqlite" and bool(settings.encryption_key_file or settings.encryption_key_command)


def encryption_key(settings: MemorySettings) -> str:
    """Return the key, 64 hexadecimal digits; empty when the store is not to be encrypted.

    Raises:
        ConfigurationError: It cannot be had, others may read it, or it is no key. Never quotes what was read.
    """
    if not is_encrypted(settings):
        return ""
    if settings.encryption_key_file and settings.encryption_key_command:
        raise ConfigurationError(
            "Set SANCA_MEMORY_ENCRYPTION_KEY_FILE or SANCA_MEMORY_ENCRYPTION_KEY_COMMAND, not both."
        )
    if settings.encryption_key_file:
        return _key_in(_read(settings.encryption_key_file), f"The key file {settings.encryption_key_file.name!r}")
    return _key_in(_printed(settings.encryption_key_command), "What SANCA_MEMORY_ENCRYPTION_KEY_COMMAND prints")


def _read(path: Path) -> str:
    try:
        if path.stat().st_mode & 0o077:
            raise ConfigurationError(
                f"The key file {path.name!r} can be read by others; run `chmod 600` on it, and if others were on this "
                "machine, encrypt with a new key."
            )
        return path.read_text(encoding="ascii", errors="replace")
    except OSError as error:
        raise ConfigurationError(
            f"SANCA_MEMORY_ENCRYPTION_KEY_FILE names {path.name!r}, which cannot be read ({error.strerror}). Without "
            "the key the memory stays closed; if it is lost, only a backup of it helps."
        ) from error


def _printed(command: str) -> str:
    hint = "SANCA_MEMORY_ENCRYPTION_KEY_COMMAND must be a program with its arguments that prints the key"
    try:
        done = subprocess.run(
            shlex.split(command),
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            stdin=subprocess.DEVNULL,
            check=False,
        )
    except (OSError, ValueError, IndexError) as error:
        raise ConfigurationError(f"{hint}; it cannot be run ({error}).") from error
    except subprocess.TimeoutExpired:
        raise ConfigurationError(f"{hint}; it did not end within {_SECONDS:.0f} seconds.") from None
    if done.returncode:
        raise ConfigurationError(f"{hint}; it ended with exit code {done.returncode}.")
    return done.stdout


def _key_in(text: str, what: str) -> str:
    key = text.strip()
    if not _KEY.fullmatch(key):
        raise ConfigurationError(
            f"{what} is no key: it needs 64 hexadecimal digits, as `openssl rand -hex 32` makes them."
        )
    return key.lower()
