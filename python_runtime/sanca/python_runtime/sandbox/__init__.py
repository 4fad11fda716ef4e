"""Where model-written Python runs: its own processes, namespaces and limits, and one socket out, to the broker."""

from sanca.python_runtime.sandbox.levels import ConfiguredSandbox
from sanca.python_runtime.sandbox.limits import SandboxLimits
from sanca.python_runtime.sandbox.namespace import NamespaceSandbox
from sanca.python_runtime.sandbox.ports import (
    Abilities,
    ActionResult,
    ActionStatus,
    ResultImage,
    Sandbox,
    SandboxSession,
    Snapshot,
    Used,
    WaitedSeconds,
)
from sanca.python_runtime.sandbox.probe import LevelReport, open_sandbox, probe_level, probe_levels
from sanca.python_runtime.sandbox.settings import SandboxSettings

__all__ = [
    "Abilities",
    "ActionResult",
    "ActionStatus",
    "ConfiguredSandbox",
    "LevelReport",
    "NamespaceSandbox",
    "ResultImage",
    "Sandbox",
    "SandboxLimits",
    "SandboxSession",
    "SandboxSettings",
    "Snapshot",
    "Used",
    "WaitedSeconds",
    "open_sandbox",
    "probe_level",
    "probe_levels",
]
