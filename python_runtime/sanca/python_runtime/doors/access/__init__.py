"""Who may come in by a door: API keys, tokens of an issuer, the engine's own token, and how much each may ask."""

from __future__ import annotations

from sanca.python_runtime.doors.access.access import DoorAccess
from sanca.python_runtime.doors.access.keys import ApiKey, KeyFile

__all__ = ["ApiKey", "DoorAccess", "KeyFile"]
