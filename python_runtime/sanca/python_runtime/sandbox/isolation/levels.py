"""Which class is behind a level's name. Imports only the one that is asked for."""

from __future__ import annotations

import importlib

from sanca.core.errors import ConfigurationError
from sanca.python_runtime.sandbox.ports import Sandbox
from sanca.python_runtime.sandbox.settings import SandboxSettings

LEVELS = {
    "namespace": ("sanca.python_runtime.sandbox.namespace", "NamespaceSandbox"),
    "landlock": ("sanca.python_runtime.sandbox.landlock", "LandlockSandbox"),
    "container": ("sanca.python_runtime.sandbox.container", "ContainerSandbox"),
    "monty": ("sanca.python_runtime.sandbox.monty", "MontySandbox"),
}


def open_level(name: str, settings: SandboxSettings) -> Sandbox:
    """Return the sandbox of a level, not started; of the usual one when the name is empty.

    Raises:
        ConfigurationError: There is no such level.
    """
    if (place := LEVELS.get(name or "namespace")) is None:
        raise ConfigurationError(f"There is no isolation level {name!r}; there are {', '.join(LEVELS)}.")
    made: Sandbox = getattr(importlib.import_module(place[0]), place[1])(settings)
    return made
