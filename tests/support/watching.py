"""Waits for what a run shows, bounded in time: tests never sleep."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import anyio
from sanca.python_runtime import Engine
from sanca.python_runtime.events import EventLog

Event = dict[str, Any]


def calls_of(event: Event) -> list[Event]:
    """Return the calls that a round's activity shows; other events have none."""
    content: Event = event["content"] if event.get("activityType") == "sanca-round" else {}
    return list(content.get("calls", ()))


async def until_event(log: EventLog, fits: Callable[[Event], bool], seconds: float = 20) -> Event:
    """Return the first event that fits."""
    with anyio.fail_after(seconds):
        async for logged in log.follow():
            event: Event = json.loads(logged.json)
            if fits(event):
                return event
    raise AssertionError("the run ended without the event")


async def until_call(log: EventLog, tool: str, status: str = "running") -> None:
    """Wait until a round shows a call in a status."""

    def fits(event: Event) -> bool:
        return any((call["tool"], call["status"]) == (tool, status) for call in calls_of(event))

    await until_event(log, fits)


async def all_events(engine: Engine, session_id: str, caller: Any, seconds: float = 30) -> list[Event]:
    """Return the session's events, when nothing is under way any more."""
    with anyio.fail_after(seconds):
        return [json.loads(event.json) async for _, event in engine.attach_session(caller, session_id)]


async def to_the_end(log: EventLog, after: int = 0, seconds: float = 30) -> list[Event]:
    """Return a run's events up to the first end."""
    with anyio.fail_after(seconds):
        return [json.loads(event.json) async for event in log.follow(after, until="first_end")]
