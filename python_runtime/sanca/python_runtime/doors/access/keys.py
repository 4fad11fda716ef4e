"""API keys: `<home>/access.json` holds their names, whose they are and a digest of each; the key itself is shown once.

A secret has 256 random bits, so its SHA-256 cannot be guessed back; a slow hash would only make every request slow.
"""

from __future__ import annotations

import fcntl
import hashlib
import hmac
import os
import re
import secrets
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import structlog
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sanca.core.errors import ConfigurationError

log = structlog.get_logger(__name__)

PREFIX = "sanca_"
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")
_NOBODY = hashlib.sha256(b"").hexdigest()


class ApiKey(BaseModel):
    """One key as it is kept."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    name: str = Field(pattern=f"^{_NAME.pattern}$")
    sha256: str = Field(pattern="^[0-9a-f]{64}$")
    tenant: str = Field(default="default", min_length=1, max_length=256)
    user: str = Field(min_length=1, max_length=256)
    rights: tuple[str, ...] = ()
    created_at: datetime
    expires_at: datetime | None = None

    @property
    def is_expired(self) -> bool:
        """Whether its time is over."""
        return self.expires_at is not None and self.expires_at <= datetime.now(UTC)


class _Kept(BaseModel):
    keys: list[ApiKey] = []


class KeyFile:
    """The file. Read again whenever it changed, so that what is revoked is refused at once; blocking, but short."""

    def __init__(self, home: Path) -> None:
        self._path = home / "access.json"
        self._seen: tuple[int, int, int] | None = None
        self._keys: Mapping[str, ApiKey] = {}

    def find(self, shown: str) -> ApiKey | None:
        """Return the key that was shown, `sanca_<name>_<secret>`; None when it is wrong, expired or revoked."""
        name, _, secret = shown.removeprefix(PREFIX).partition("_")
        key = self._current().get(name)
        digest = hashlib.sha256(secret.encode()).hexdigest()
        if not hmac.compare_digest(digest, key.sha256 if key else _NOBODY):  # a name that is not there costs the same
            return None
        return None if key is None or key.is_expired else key

    def all(self) -> list[ApiKey]:
        """Return all keys, expired ones too.

        Raises:
            ConfigurationError: The file cannot be read, or others than its owner can.
        """
        return list(self._read().values())

    def add(
        self, name: str, *, tenant: str, user: str, rights: tuple[str, ...], expires_at: datetime | None
    ) -> tuple[ApiKey, str]:
        """Make a key; returns it and what to show, once.

        Raises:
            ConfigurationError: The name is taken or is none.
        """
        if not _NAME.fullmatch(name):
            raise ConfigurationError(f"The key's name {name!r} must be 1 to 40 of a-z, 0-9 and -, not - at its ends.")
        secret = secrets.token_urlsafe(32)
        with self._locked():
            keys = self._read()
            if name in keys:
                raise ConfigurationError(f"There is a key {name!r} already; revoke it first, or take another name.")
            digest = hashlib.sha256(secret.encode()).hexdigest()
            made = {"name": name, "sha256": digest, "tenant": tenant, "user": user, "rights": rights}
            try:
                key = ApiKey.model_validate({**made, "created_at": datetime.now(UTC), "expires_at": expires_at})
            except ValidationError as error:
                first = error.errors()[0]
                raise ConfigurationError(f"The key's {first['loc'][0]} is wrong: {first['msg']}.") from error
            self._write([*keys.values(), key])
        return key, f"{PREFIX}{name}_{secret}"

    def revoke(self, name: str) -> None:
        """Forget a key.

        Raises:
            ConfigurationError: There is none of that name.
        """
        with self._locked():
            keys = dict(self._read())
            if keys.pop(name, None) is None:
                raise ConfigurationError(f"There is no key {name!r}; `sanca keys list` shows those there are.")
            self._write(list(keys.values()))

    def _current(self) -> Mapping[str, ApiKey]:
        """Return the keys as of now; a file that cannot be trusted holds none."""
        try:
            facts = self._path.stat()
        except FileNotFoundError:
            self._seen, self._keys = None, {}
            return self._keys
        seen = (facts.st_ino, facts.st_mtime_ns, facts.st_size)
        if seen != self._seen:
            self._seen, self._keys = seen, {}
            try:
                self._keys = self._read()
            except ConfigurationError as error:
                log.error("keys_not_read", reason=str(error))
        return self._keys

    def _read(self) -> Mapping[str, ApiKey]:
        try:
            with self._path.open("rb") as file:
                if stat.S_IMODE(os.fstat(file.fileno()).st_mode) & 0o077:
                    raise ConfigurationError(f"Others can read {str(self._path)!r}; `chmod 600` it.")
                kept = _Kept.model_validate_json(file.read())
        except FileNotFoundError:
            return {}
        except (OSError, ValidationError) as error:
            raise ConfigurationError(f"The keys in {str(self._path)!r} cannot be read; mend or delete it.") from error
        return {key.name: key for key in kept.keys}

    def _write(self, keys: list[ApiKey]) -> None:
        draft = self._path.with_suffix(".json.new")
        with suppress(FileNotFoundError):
            draft.unlink()
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(_Kept(keys=keys).model_dump_json(indent=1))
        draft.replace(self._path)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Let one command at a time change the file."""
        with self._path.with_suffix(".lock").open("w", encoding="ascii") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield
