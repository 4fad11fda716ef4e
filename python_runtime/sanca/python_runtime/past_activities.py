"""Closes what a dead engine left open in a run's events: rounds shown as running, asks shown as waiting.

Reads and writes events only.
"""

from __future__ import annotations

import json
from typing import Any

from sanca.python_runtime.events import EventLog
from sanca.python_runtime.reporter import RunReporter

_CALLS = {"running": "unknown", "waiting": "cancelled"}


def close_stored_activities(log: EventLog, reporter: RunReporter) -> None:
    """Show the run's last round as interrupted, and what it asked as cancelled."""
    shown = _last_activities(log)
    for kind, content in shown.values():
        reporter.remember(kind, content)
    for message_id, (kind, content) in shown.items():
        if kind == "sanca-approval" and content.get("state") == "asked":
            reporter.activity(kind, message_id, {**content, "state": "cancelled"})
        elif kind == "sanca-round" and content.get("status") in {"planning", "running", "waiting"}:
            calls = [{**call, "status": _CALLS.get(call["status"], call["status"])} for call in content["calls"]]
            reporter.activity(kind, message_id, {**content, "status": "interrupted", "calls": calls})


def _last_activities(log: EventLog) -> dict[str, tuple[str, dict[str, Any]]]:
    found: dict[str, tuple[str, dict[str, Any]]] = {}
    for logged in log.recent:
        event = json.loads(logged.json)
        if event["type"] == "ACTIVITY_SNAPSHOT":
            found[event["messageId"]] = (event["activityType"], event["content"])
    return found
