"""The engine as an A2A server: 1.0 in its three bindings, and 0.3. Its SDK is loaded when a door is made."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sanca.a2a.server.door import A2aDoor
    from sanca.core.access import Access, DoorSettings
    from sanca.core.agent_runner import AgentRunner

__all__ = ["make_door"]


def make_door(runner: AgentRunner, access: Access, settings: DoorSettings) -> A2aDoor:
    """Return the A2A door, not yet open; see `sanca.core.access.MakeDoor`."""
    from sanca.a2a.server.door import A2aDoor

    return A2aDoor(runner, access, settings)
