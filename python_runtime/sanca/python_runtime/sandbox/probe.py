"""Which levels of isolation this machine gives, found out by running an action in each."""

from __future__ import annotations

import time
from dataclasses import dataclass, fields

from sanca.core.errors import SandboxError
from sanca.python_runtime.sandbox.levels import AUTO, LEVELS, ConfiguredSandbox, candidates, make_level, prove
from sanca.python_runtime.sandbox.ports import Abilities
from sanca.python_runtime.sandbox.settings import SandboxSettings


def open_sandbox(settings: SandboxSettings | None = None) -> ConfiguredSandbox:
    """Return the sandbox of the configured level, for `async with`."""
    return ConfiguredSandbox(settings)


@dataclass(frozen=True)
class LevelReport:
    """What was tried and whether it worked."""

    level: str
    ok: bool
    reason: str = ""
    """One sentence with the mend when it does not work."""
    in_force: bool = False
    """Whether it is the one that the settings come to."""
    note: str = ""
    """What is to be known of it on this machine, in sentences."""
    cannot: tuple[str, ...] = ()
    """The abilities it says that it has not."""
    seconds: float = 0.0
    """How long a fresh session with one action took."""


async def probe_level(settings: SandboxSettings | None = None) -> LevelReport:
    """Start the configured sandbox, which runs an action, end it, and tell how that went."""
    settings = settings or SandboxSettings()
    try:
        async with open_sandbox(settings) as sandbox:
            return LevelReport(sandbox.level, ok=True, in_force=True, note=sandbox.detail)
    except SandboxError as error:
        level = candidates(settings.level)[0] if settings.level == AUTO else settings.level
        return LevelReport(level, ok=False, reason=str(error))


async def probe_levels(settings: SandboxSettings | None = None) -> tuple[LevelReport, ...]:
    """Try every level, one after the other; the first of the configured ones that works is in force."""
    settings = settings or SandboxSettings()
    found = {name: await _try(name, settings) for name in LEVELS}
    working = [name for name in candidates(settings.level) if name in found and found[name].ok]
    return tuple(LevelReport(**{**vars(report), "in_force": name in working[:1]}) for name, report in found.items())


async def _try(name: str, settings: SandboxSettings) -> LevelReport:
    sandbox = make_level(name, settings)
    cannot = tuple(one.name for one in fields(Abilities) if not getattr(sandbox.abilities, one.name))
    try:
        await sandbox.start()
        try:
            began = time.monotonic()
            await prove(sandbox)
            note = str(getattr(sandbox, "note", ""))
            return LevelReport(name, ok=True, note=note, cannot=cannot, seconds=time.monotonic() - began)
        finally:
            await sandbox.close()
    except SandboxError as error:
        return LevelReport(name, ok=False, reason=str(error), cannot=cannot)
