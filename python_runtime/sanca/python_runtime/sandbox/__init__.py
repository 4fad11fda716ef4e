"""Where model-written Python runs: its own processes, namespaces and limits, and one socket out, to the broker."""

from sanca.python_runtime.sandbox.namespace import NamespaceSandbox
from sanca.python_runtime.sandbox.ports import ActionResult, ActionStatus, Sandbox, SandboxSession, WaitedSeconds
from sanca.python_runtime.sandbox.probe import LevelReport, open_sandbox, probe_level
from sanca.python_runtime.sandbox.settings import SandboxSettings

__all__ = [
    "ActionResult",
    "ActionStatus",
    "LevelReport",
    "NamespaceSandbox",
    "Sandbox",
    "SandboxSession",
    "SandboxSettings",
    "WaitedSeconds",
    "open_sandbox",
    "probe_level",
]
