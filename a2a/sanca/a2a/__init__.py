"""Other agents (A2A) presented as toolkits. The SDK is loaded when the first one is opened."""

from __future__ import annotations

from pathlib import Path

from sanca.a2a.toolkit import AgentToolkit
from sanca.core.ports import Toolkit
from sanca.core.toolkits_file import read_toolkits_file

__all__ = ["AgentToolkit", "load_toolkits"]


def load_toolkits(home: Path) -> list[Toolkit]:
    """Return a toolkit for each agent in `<home>/toolkits.json`, not yet connected.

    Raises:
        ConfigurationError: The file is not right.
    """
    return [AgentToolkit(name, entry) for name, entry in read_toolkits_file(home).agents.items()]
