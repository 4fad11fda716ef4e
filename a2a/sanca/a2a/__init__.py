"""Other agents (A2A) presented as toolkits. The SDK is loaded when the first one is opened."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from sanca.a2a.task_book import TaskBook
from sanca.a2a.toolkit import AgentToolkit
from sanca.core.ports import Toolkit
from sanca.core.toolkits_file import AgentEntry, read_agents

__all__ = ["AgentToolkit", "TaskBook", "given_toolkits", "load_toolkits"]


def load_toolkits(home: Path) -> list[Toolkit]:
    """Return a toolkit for each agent in `<home>/toolkits.json` and `<home>/agents.json`, not yet connected.

    Raises:
        ConfigurationError: A file is not right.
    """
    return given_toolkits(home, read_agents(home))


def given_toolkits(home: Path, agents: Mapping[str, AgentEntry]) -> list[Toolkit]:
    """Return a toolkit for each of the agents, not yet connected."""
    return [AgentToolkit(name, entry, home, TaskBook(home)) for name, entry in agents.items()]
