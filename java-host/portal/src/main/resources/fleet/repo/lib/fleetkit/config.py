"""Reads a service's settings: one TOML file of dotted keys, checked for type when they are asked for."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TypeVar

T = TypeVar("T", int, float, str, bool)


class ConfigError(Exception):
    """A setting is missing or of the wrong type."""


class Config:
    """Settings by dotted key, for instance `database.pool_size`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._values: dict[str, object] = {}
        self._flatten("", tomllib.loads(path.read_text(encoding="utf-8")))

    def get(self, key: str, kind: type[T]) -> T:
        """Return the value of `key`, which must be a `kind`."""
        if key not in self._values:
            raise ConfigError(f"{self.path.name}: setting {key} is missing")
        value = self._values[key]
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise ConfigError(f"{self.path.name}: setting {key} must be {kind.__name__}, but is {value!r}")
        return value

    def children(self, prefix: str) -> list[str]:
        """Return the names directly under `prefix`, for instance the dependencies."""
        start = prefix + "."
        return sorted({key[len(start) :].split(".")[0] for key in self._values if key.startswith(start)})

    def _flatten(self, prefix: str, table: dict[str, object]) -> None:
        for name, value in table.items():
            key = f"{prefix}.{name}" if prefix else name
            if isinstance(value, dict):
                self._flatten(key, value)
            else:
                self._values[key] = value
