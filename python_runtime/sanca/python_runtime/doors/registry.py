"""Which doors there are, at which paths, for whom; each is loaded with the first request to it, once."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import cast

import anyio
import anyio.to_thread
import structlog
from sanca.core.access import ASK, CALL_TOOLS, Access, Channel, Door, DoorSettings, MakeDoor
from sanca.core.agent_runner import AgentRunner

log = structlog.get_logger(__name__)

_CLOSE_SECONDS = 3.0


@dataclass(frozen=True)
class DoorEntry:
    """What is known of a door before it is loaded."""

    name: str
    factory: str
    """`module:function`, a `sanca.core.access.MakeDoor`."""
    channel: Channel
    paths: Sequence[str]
    """As `Door.paths`."""
    public_paths: Sequence[str] = ()
    rights: Sequence[str] = (ASK,)
    """One of them is needed."""
    realm: str = ""
    """The path whose metadata (RFC 9728) a 401 names."""


DOORS: Sequence[DoorEntry] = (
    DoorEntry(
        "a2a",
        "sanca.a2a.server:make_door",
        "a2a",
        ("/.well-known/agent-card.json", "/.well-known/jwks.json", "/a2a", "/a2a/"),
        ("/.well-known/agent-card.json", "/.well-known/jwks.json"),
    ),
    DoorEntry(
        "mcp",
        "sanca.mcp_adapters.server:make_door",
        "mcp",
        ("/mcp", "/.well-known/oauth-protected-resource", "/.well-known/oauth-protected-resource/mcp"),
        ("/.well-known/oauth-protected-resource", "/.well-known/oauth-protected-resource/mcp"),
        (ASK, CALL_TOOLS),
    ),
    DoorEntry("agui", "sanca.python_runtime.doors.agui:make_door", "api", ("/agui", "/agui/connect", "/agui/cancel")),
)


class Doors:
    """The doors of one server."""

    def __init__(
        self,
        runner: AgentRunner,
        access: Access,
        settings: Callable[[], DoorSettings],
        entries: Sequence[DoorEntry] = DOORS,
    ) -> None:
        """Take what doors are made with; `settings` is asked when the first one is."""
        self._runner = runner
        self._access = access
        self._settings = settings
        self._exact = {path: entry for entry in entries for path in entry.paths if not path.endswith("/")}
        self._below = [(path, entry) for entry in entries for path in entry.paths if path.endswith("/")]
        self._opening = {entry.name: anyio.Lock() for entry in entries}
        self._entries = {entry.name: entry for entry in entries}
        self._open: dict[str, Door] = {}

    def find(self, path: str) -> DoorEntry | None:
        """Return the door of a path; None: there is none."""
        below = (entry for prefix, entry in self._below if path.startswith(prefix))
        return self._exact.get(path) or next(below, None)

    async def door(self, name: str) -> Door:
        """Return a door, loaded and open; many who ask at once wait for the one who loads it.

        Raises:
            SancaError: It cannot be opened; asked again, it is tried again.
        """
        if found := self._open.get(name):
            return found
        async with self._opening[name]:
            if name not in self._open:
                module, _, function = self._entries[name].factory.partition(":")
                made = await anyio.to_thread.run_sync(self._make, module, function)
                await made.open()
                self._open[name] = made
                log.info("door_opened", door=name)
        return self._open[name]

    async def close(self) -> None:
        """Close the doors that are open, all at once and in bounds."""
        doors, self._open = self._open, {}
        async with anyio.create_task_group() as tasks:
            for name, door in doors.items():
                tasks.start_soon(self._close, name, door)

    async def _close(self, name: str, door: Door) -> None:
        with anyio.move_on_after(_CLOSE_SECONDS) as scope:
            try:
                await door.close()
            except Exception:
                log.exception("door_not_closed", door=name)
        if scope.cancelled_caught:
            log.warning("door_closed_late", door=name)

    def _make(self, module: str, function: str) -> Door:
        """In a thread: the SDKs take a second to load."""
        make = cast(MakeDoor, getattr(importlib.import_module(module), function))
        return make(self._runner, self._access, self._settings())
