"""Agents that the host names in its description: kept in step with it while both run. Asks none of them anything."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import structlog
from pydantic import ValidationError
from sanca.core.errors import ConfigurationError
from sanca.core.toolkits_file import ToolkitsFile, read_agents
from sanca.core.untrusted import plain_name

if TYPE_CHECKING:
    from sanca.python_runtime.broker.toolkit_loop import ToolkitLoop

log = structlog.get_logger(__name__)


class GivenAgents:
    """One for a broker. `take` from any thread, once the loop runs."""

    def __init__(self, home: Path, loop: ToolkitLoop) -> None:
        self._home = home
        self._loop = loop
        self._lock = threading.Lock()
        self._kept: dict[str, tuple[str, str]] = {}
        """Name → what was given, as JSON, and the toolkit's name."""

    def take(self, agents: Mapping[str, Any]) -> None:
        """Offer these agents, and no other that was given before. One that makes no sense is left out, and logged."""
        if not agents and not self._kept:
            return
        with self._lock:
            given = {name: json.dumps(entry, sort_keys=True) for name, entry in agents.items()}
            for name in [one for one, (entry, _) in self._kept.items() if given.get(one) != entry]:
                self._loop.remove(self._kept.pop(name)[1])
            for name, entry in given.items():
                if name not in self._kept:
                    self._add(name, entry)

    def _add(self, name: str, entry: str) -> None:
        from sanca.a2a import given_toolkits  # only where a host names agents

        try:
            found = ToolkitsFile.model_validate({"agents": {name: json.loads(entry)}})
        except ValidationError as error:
            reason = error.errors(include_input=False)[0]["msg"]
            log.warning("given_agent_left_out", agent=name, reason=reason)
            return
        (toolkit,) = given_toolkits(self._home, found.agents)
        own = toolkit.definition.name
        if own in self._named_in_files():
            self._loop.note(f"{own} (of the host)", f"The host names {own}; that of the state folder counts.")
        else:
            self._loop.add(toolkit)
            self._kept[name] = (entry, own)

    def _named_in_files(self) -> set[str]:
        try:
            return {f"agents.{plain_name(name)}" for name in read_agents(self._home)}
        except ConfigurationError:  # told when the files are read for their own sake
            return set()
