"""The levels of isolation, and the sandbox of the one that is configured. It is found out by doing, and told."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Protocol, Self, cast

import anyio
import structlog
from sanca.core.errors import ConfigurationError, SandboxError
from sanca.python_runtime.sandbox.ports import Abilities, Sandbox, SandboxSession
from sanca.python_runtime.sandbox.settings import SandboxSettings

log = structlog.get_logger()

LEVELS = {
    "namespace": ("sanca.python_runtime.sandbox.namespace", "NamespaceSandbox"),
    "landlock": ("sanca.python_runtime.sandbox.landlock", "LandlockSandbox"),
    "container": ("sanca.python_runtime.sandbox.container", "ContainerSandbox"),
    "monty": ("sanca.python_runtime.sandbox.monty", "MontySandbox"),
}
"""Name → module and class, imported when it is asked for."""
AUTO = "auto"
_CANDIDATES = {AUTO: ("namespace", "landlock")}
"""What a configured level stands for, strongest first; any other stands for itself."""
_PROBE_SECONDS = 10.0


class _Loading(Protocol):
    """A sandbox that can load its libraries ahead."""

    def warm_libraries(self) -> None:
        """Begin to load them."""


def make_level(name: str, settings: SandboxSettings) -> Sandbox:
    """Return the sandbox of a level, not started.

    Raises:
        ConfigurationError: There is no such level.
    """
    if (place := LEVELS.get(name)) is None:
        raise ConfigurationError(
            f"There is no sandbox level {name!r} (SANCA_SANDBOX_LEVEL); choose {AUTO}, {', '.join(LEVELS)}.",
            setting="SANCA_SANDBOX_LEVEL",
        )
    made: Sandbox = getattr(importlib.import_module(place[0]), place[1])(settings)
    return made


def candidates(level: str) -> tuple[str, ...]:
    """Return the levels that a configured one stands for, strongest first."""
    return _CANDIDATES.get(level, (level,))


async def prove(sandbox: Sandbox) -> None:
    """Run an action in a sandbox that was started.

    Raises:
        SandboxError: It did not end as it must.
    """
    session = await sandbox.spawn(libraries=False)
    try:
        result = await session.run("6 * 7", limit_seconds=_PROBE_SECONDS, toolkits=())
    finally:
        await session.close()
    if result.value != "42":
        raise SandboxError(f"A probing action ended as {result.status} in the sandbox: {result.error}")


class ConfiguredSandbox:
    """See `Sandbox`. The level that `SANCA_SANDBOX_LEVEL` names; with `auto` the strongest of two that works here.

    Never weaker than configured: a named level that does not work here is an error, and what `auto` came to is logged
    as a warning when it is not the strongest.
    """

    def __init__(self, settings: SandboxSettings | None = None) -> None:
        self._settings = settings or SandboxSettings()
        self._candidates = [make_level(name, self._settings) for name in candidates(self._settings.level)]
        self._in_force: Sandbox | None = None
        self._why_not_stronger = ""

    @property
    def level(self) -> str:
        """The level in force; what is configured before the start."""
        return self._settings.level if self._in_force is None else self._in_force.level

    @property
    def abilities(self) -> Abilities:
        """What the level in force can do; what the strongest candidate could before the start."""
        return (self._in_force or self._candidates[0]).abilities

    @property
    def detail(self) -> str:
        """Why the level in force is not a stronger one, and what is to be known of it on this machine, in sentences."""
        note = str(getattr(self._in_force, "note", ""))
        return " ".join(part for part in (self._why_not_stronger, note) if part)

    @property
    def hash_seed(self) -> int | None:
        """PYTHONHASHSEED of the next session without libraries, where that is known; else a session's own says it."""
        return cast("int | None", getattr(self._in_force, "hash_seed", None))

    async def __aenter__(self) -> Self:
        """Start."""
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close."""
        await self.close()

    async def start(self) -> None:
        """Start the first candidate that really runs an action; see `Sandbox.start`."""
        reasons: list[str] = []
        for sandbox in self._candidates:
            try:
                await _start_and_prove(sandbox)
            except SandboxError as error:
                reasons.append(str(error))
                continue
            self._in_force = sandbox
            self._tell(reasons)
            return
        raise SandboxError(" ".join(dict.fromkeys(reasons)))

    async def spawn(
        self,
        *,
        input_dir: Path | None = None,
        output_dir: Path | None = None,
        tenant: str = "",
        libraries: bool = True,
    ) -> SandboxSession:
        """Return a fresh session; see `Sandbox.spawn`."""
        if self._in_force is None:
            raise SandboxError("The sandbox is not running.")
        return await self._in_force.spawn(
            input_dir=input_dir, output_dir=output_dir, tenant=tenant, libraries=libraries
        )

    @property
    def warm_libraries_seconds(self) -> float:
        """How long after the start `warm_libraries` is to be called; 0: never."""
        return self._settings.warm_libraries_seconds

    def warm_libraries(self) -> None:
        """Begin to load libraries now rather than with the first action that needs one, where that is possible."""
        if hasattr(self._in_force, "warm_libraries"):
            cast("_Loading", self._in_force).warm_libraries()

    async def close(self) -> None:
        """End every session; see `Sandbox.close`."""
        sandbox, self._in_force = self._in_force, None
        if sandbox is not None:
            await sandbox.close()

    def _tell(self, reasons: list[str]) -> None:
        level = self.level
        if reasons:
            self._why_not_stronger = f"No stronger level works here: {' '.join(reasons)}"
            log.warning("sandbox_level", level=level, configured=self._settings.level, detail=self.detail)
        else:
            log.info("sandbox_level", level=level, configured=self._settings.level, detail=self.detail)


async def _start_and_prove(sandbox: Sandbox) -> None:
    await sandbox.start()
    try:
        await prove(sandbox)
    except BaseException:
        with anyio.CancelScope(shield=True):
            await sandbox.close()
        raise
