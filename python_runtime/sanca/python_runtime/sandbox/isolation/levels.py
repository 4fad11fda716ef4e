"""Which sandbox is attacked: the configured one, or a level that was asked for."""

from __future__ import annotations

from sanca.python_runtime.sandbox.levels import ConfiguredSandbox, make_level
from sanca.python_runtime.sandbox.ports import Sandbox
from sanca.python_runtime.sandbox.settings import SandboxSettings


def open_level(name: str, settings: SandboxSettings) -> Sandbox:
    """Return the sandbox of a level, not started; of the configured one when the name is empty.

    Raises:
        ConfigurationError: There is no such level.
    """
    return make_level(name, settings) if name else ConfiguredSandbox(settings)
