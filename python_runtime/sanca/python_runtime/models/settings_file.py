"""The file `models.json` of the state folder: the models a person set, with their keys. Mode 0600, written whole."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError
from sanca.core.errors import ConfigurationError
from sanca.python_runtime.models.entries import Endpoint, Models, Role


class _Kept(Endpoint):
    fallbacks: Models = ()


_TABLE = TypeAdapter(dict[Role, _Kept])


class ModelFile:
    """Reads and writes `models.json`: role → `kind, model, base_url, api_key, fallbacks` (a list of the first four)."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> dict[Role, Models]:
        """Return what is set; empty when there is no file.

        Raises:
            ConfigurationError: The file cannot be read, or is not of that form.
        """
        try:
            text = self._path.read_text("utf-8")
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise ConfigurationError(
                f"The model settings {str(self._path)!r} cannot be read ({error.strerror})."
            ) from error
        try:
            table = _TABLE.validate_json(text)
        except ValidationError as error:
            # The cause would show the input, and with it the key.
            raise ConfigurationError(
                f"The model settings {str(self._path)!r} are not valid ({error.errors()[0]['msg']}); "
                "set the model again or delete the file.",
                setting="models.json",
            ) from None
        return {role: (Endpoint(**_fields(kept)), *kept.fallbacks) for role, kept in table.items()}

    def write(self, models: dict[Role, Models]) -> None:
        """Replace the file in one go, so that a crash leaves the old or the new one.

        Raises:
            ConfigurationError: The state folder cannot be written.
        """
        table = {
            role: {**_written(first), **({"fallbacks": [_written(one) for one in others]} if others else {})}
            for role, (first, *others) in models.items()
        }
        try:
            self._replace(json.dumps(table, indent=2))
        except OSError as error:
            raise ConfigurationError(
                f"The model settings {str(self._path)!r} cannot be written ({error.strerror}); "
                "set SANCA_HOME to a folder you may write.",
                setting="SANCA_HOME",
            ) from error

    def _replace(self, text: str) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor, name = tempfile.mkstemp(dir=self._path.parent, prefix=".models-")  # made with mode 0600
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(self._path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise


def _fields(endpoint: Endpoint) -> dict[str, Any]:
    return {name: getattr(endpoint, name) for name in Endpoint.model_fields}


def _written(endpoint: Endpoint) -> dict[str, str]:
    return {**_fields(endpoint), "api_key": endpoint.api_key.get_secret_value()}
