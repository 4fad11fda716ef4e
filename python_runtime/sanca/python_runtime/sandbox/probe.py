"""Which level of isolation this machine gives, found out by doing it once."""

from __future__ import annotations

from dataclasses import dataclass

from sanca.core.errors import SandboxError
from sanca.python_runtime.sandbox.namespace import NamespaceSandbox
from sanca.python_runtime.sandbox.settings import SandboxSettings

_PROBE_SECONDS = 10.0


def open_sandbox(settings: SandboxSettings | None = None) -> NamespaceSandbox:
    """Return the sandbox for this machine, for `async with`. There is one level and never a silent fall-back."""
    return NamespaceSandbox(settings)


@dataclass(frozen=True)
class LevelReport:
    """What was tried and whether it worked."""

    level: str
    ok: bool
    reason: str = ""
    """One sentence with the mend when it does not work."""


async def probe_level(settings: SandboxSettings | None = None) -> LevelReport:
    """Start a sandbox, run an action in it, end it, and tell how that went."""
    try:
        async with open_sandbox(settings) as sandbox:
            session = await sandbox.spawn()
            result = await session.run("6 * 7", limit_seconds=_PROBE_SECONDS, toolkits=())
    except SandboxError as error:
        return LevelReport(NamespaceSandbox.level, ok=False, reason=str(error))
    if result.value != "42":
        return LevelReport(
            NamespaceSandbox.level, ok=False, reason=f"A probing action ended as {result.status}: {result.error}"
        )
    return LevelReport(NamespaceSandbox.level, ok=True)
