"""The levels of isolation that the sandbox suites run against. Opens none."""

from __future__ import annotations

from sanca.python_runtime.sandbox import NamespaceSandbox
from sanca.python_runtime.sandbox.container import ContainerSandbox
from sanca.python_runtime.sandbox.landlock import LandlockSandbox
from sanca.python_runtime.sandbox.monty import MontySandbox

LEVELS: dict[str, type[NamespaceSandbox] | type[ContainerSandbox] | type[MontySandbox]] = {
    "namespace": NamespaceSandbox,
    "landlock": LandlockSandbox,
    "container": ContainerSandbox,
    "monty": MontySandbox,
}
WITH_FULL_PYTHON = [level for level in LEVELS if level != "monty"]
