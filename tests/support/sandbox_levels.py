"""The levels of isolation that the sandbox suites run against. Opens none."""

from __future__ import annotations

from collections.abc import Callable

from sanca.python_runtime.sandbox import NamespaceSandbox, Sandbox, SandboxSettings
from sanca.python_runtime.sandbox.container import ContainerSandbox
from sanca.python_runtime.sandbox.landlock import LandlockSandbox

LEVELS: dict[str, Callable[[SandboxSettings], Sandbox]] = {
    "namespace": NamespaceSandbox,
    "landlock": LandlockSandbox,
    "container": ContainerSandbox,
}
