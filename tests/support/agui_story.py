"""Reads a run's AG-UI events as a page would, and fails on an order that an AG-UI client refuses."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

Event = dict[str, Any]


def check_order(events: Iterable[Event]) -> None:
    """Fail when a client would: content without start, an end while something is open, anything after an end."""
    is_open, steps, messages = False, set[str](), set[str]()
    for event in events:
        kind = event["type"]
        assert is_open or kind == "RUN_STARTED", f"{kind} outside a run"
        match kind:
            case "RUN_STARTED":
                assert not is_open, "a run begins inside another"
                is_open = True
            case "STEP_STARTED":
                assert event["stepName"] not in steps, "a step begins twice"
                steps.add(event["stepName"])
            case "STEP_FINISHED":
                steps.remove(event["stepName"])
            case "TEXT_MESSAGE_START" | "REASONING_MESSAGE_START":
                messages.add(event["messageId"])
            case "TEXT_MESSAGE_CONTENT" | "REASONING_MESSAGE_CONTENT":
                assert event["messageId"] in messages, "content without a start"
                assert event["delta"], "an empty piece"
            case "TEXT_MESSAGE_END" | "REASONING_MESSAGE_END":
                messages.remove(event["messageId"])
            case "RUN_FINISHED":
                assert not steps, f"the run ends while {steps} is under way"
                assert not messages, "the run ends while a message is under way"
                is_open = False
            case "RUN_ERROR":
                is_open = False
                steps.clear()
                messages.clear()


def activities(events: Iterable[Event], kind: str) -> dict[str, Event]:
    """Return the last content of each activity of a kind, by message id."""
    return {
        event["messageId"]: event["content"]
        for event in events
        if event["type"] == "ACTIVITY_SNAPSHOT" and event["activityType"] == kind
    }


def text(events: Iterable[Event]) -> str:
    """Return everything the assistant said."""
    return "".join(event["delta"] for event in events if event["type"] == "TEXT_MESSAGE_CONTENT")


def parse(event_jsons: Iterable[str]) -> list[Event]:
    """Return events that came as JSON."""
    return [json.loads(one) for one in event_jsons]
