"""Knows which services and releases exist now, by asking the portal's own toolkit. Remembers for a short while."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from sanca.core.errors import SancaError
from sanca.core.ports import Entities
from sanca.core.tools import CallOutcome, ToolkitDefinition

_SOURCES = (("service", "services", "name"), ("release", "releases", "tag"))
"""Kind of name, tool of toolkit `system` that lists it, field of a row."""


class Caller(Protocol):
    """Calls tools for the engine itself."""

    async def call(self, run_id: str, toolkit: str, tool: str, arguments: Mapping[str, Any]) -> CallOutcome:
        """Call through the gate."""


class SystemEnvironment:
    """Reads names from toolkit `system`, when there is one."""

    def __init__(
        self, caller: Callable[[], Caller], toolkits: Callable[[], Sequence[ToolkitDefinition]], *, fresh_seconds: float
    ) -> None:
        self._caller = caller
        self._toolkits = toolkits
        self._fresh_seconds = fresh_seconds
        self._known: dict[str, Sequence[str]] = {}
        self._release_dates: dict[str, str] = {}
        self._read_at = float("-inf")

    async def entities(self, run_id: str) -> Entities:
        """Return names by kind; what cannot be read is left out, so that a message is still answered."""
        if time.monotonic() - self._read_at > self._fresh_seconds:
            self._known = await self._read(run_id)
            self._read_at = time.monotonic()
        return self._known

    @property
    def release_dates(self) -> Mapping[str, str]:
        """Of the releases told last: tag → ISO date or time, where it is known."""
        return self._release_dates

    def forget(self) -> None:
        """Read again at the next question: something was changed."""
        self._read_at = float("-inf")

    async def _read(self, run_id: str) -> dict[str, Sequence[str]]:
        tools = {tool.name for toolkit in self._toolkits() if toolkit.name == "system" for tool in toolkit.tools}
        found: dict[str, Sequence[str]] = {}
        for kind, tool, field in _SOURCES:
            rows = await self._rows(run_id, tool) if tool in tools else []
            if names := [str(row[field]) for row in rows if row.get(field)]:
                found[kind] = names
            if kind == "release":
                self._release_dates = {str(row[field]): str(row["date"]) for row in rows if row.get("date")}
        return found

    async def _rows(self, run_id: str, tool: str) -> list[Mapping[str, Any]]:
        try:
            outcome = await self._caller().call(run_id, "system", tool, {})
        except SancaError:
            return []  # the gate tells the run about a lost broker itself; names are only a help
        rows = outcome.value if outcome.ok and isinstance(outcome.value, list) else []
        return [row for row in rows if isinstance(row, Mapping)]
