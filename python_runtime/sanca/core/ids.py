"""Ids that must not be mixed, and how new ones are made."""

from __future__ import annotations

import uuid
from typing import NewType

SessionId = NewType("SessionId", str)
RunId = NewType("RunId", str)
CallId = NewType("CallId", str)
"""`<run id>/<n>`: n counts the tool calls of a run from 1, over all its rounds."""


def new_session_id() -> SessionId:
    """Return a fresh session id."""
    return SessionId(f"ses_{uuid.uuid4().hex}")


def new_run_id() -> RunId:
    """Return a fresh run id."""
    return RunId(f"run_{uuid.uuid4().hex}")


def new_trace_id() -> str:
    """Return a fresh W3C trace id: 32 lower-case hex digits."""
    return uuid.uuid4().hex
