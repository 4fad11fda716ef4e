"""`sanca memory encrypt|decrypt`: the memory file turned into an encrypted one and back, while no engine runs."""

from __future__ import annotations

from sanca.core.errors import ConfigurationError
from sanca.core.home import find_home
from sanca.memory import MemorySettings
from sanca.memory.care.encryption import decrypt, encrypt
from sanca.memory.care.encryption_key import encryption_key
from sanca.python_runtime.cli.access import find_running_engine

_OUTSIDE = (
    "Outside of it, and not encrypted: the runs' records and journal (runs.db, journal.db), files and names of "
    "sessions (sessions/, snapshots/), learned skills (skills/). Put the state folder on an encrypted disk where they "
    "matter."
)


def encrypt_memory() -> None:
    """Encrypt the memory file with the key that the settings name, and say what is not in it.

    Raises:
        ConfigurationError: There is no key, an engine runs, or memory is not kept in a file.
        StoreError: It cannot be done; the file is as it was.
    """
    settings = _settings()
    count = encrypt(find_home() / settings.database_name, encryption_key(settings))
    print(f"{settings.database_name} is encrypted, {count} rows compared. Keep the key: without it they are lost.")  # noqa: T201
    print("The old file is deleted, not overwritten: on a disk that others may get, free space can still tell.")  # noqa: T201
    if (find_home() / "memory").is_dir():
        print("memory/ still has the days' Markdown in plain; delete the folder, the records stay.")  # noqa: T201
    print(_OUTSIDE)  # noqa: T201


def decrypt_memory() -> None:
    """Make the memory file plain again.

    Raises:
        ConfigurationError: There is no key, an engine runs, or memory is not kept in a file.
        StoreError: It cannot be done; the file is as it was.
    """
    settings = _settings()
    count = decrypt(find_home() / settings.database_name, encryption_key(settings))
    print(f"{settings.database_name} is plain, {count} rows compared. Unset the key before the engine starts.")  # noqa: T201


def _settings() -> MemorySettings:
    settings = MemorySettings()
    if settings.store != "sqlite":
        raise ConfigurationError("Memory is kept in Elasticsearch here; encrypt the disks of its nodes instead.")
    if find_running_engine() is not None:
        raise ConfigurationError("An engine is running on this state folder; stop it first, then try again.")
    if not (settings.encryption_key_file or settings.encryption_key_command):
        raise ConfigurationError(
            "There is no key: make one with `openssl rand -hex 32 > KEYFILE && chmod 600 KEYFILE`, outside of the "
            "state folder, and set SANCA_MEMORY_ENCRYPTION_KEY_FILE to it."
        )
    return settings
