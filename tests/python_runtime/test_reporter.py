"""How a run opens in AG-UI events: what a replay of the session needs to show it as it was."""

from __future__ import annotations

import json
from typing import Any

from sanca.core.ids import RunId, SessionId
from sanca.core.messages import Caller
from sanca.python_runtime.events import EventLog, LoggedEvent
from sanca.python_runtime.reporter import RunReporter
from sanca.python_runtime.run_record import RunRequest


class Journal:
    """Keeps the events it is given."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []

    def append_event(self, event: LoggedEvent) -> None:
        self.events.append(json.loads(event.json))

    async def read_events(self, after: int) -> list[LoggedEvent]:
        raise NotImplementedError

    async def flush(self) -> None:
        raise NotImplementedError


def started(*, with_message: bool = True, **more: Any) -> dict[str, Any]:
    journal = Journal()
    caller = Caller(user="olga", trace_id="ab" * 16)
    request = RunRequest(
        run_id=RunId("run_1"), session_id=SessionId("s"), caller=caller, agui_run_id="a", message_id="m", **more
    )
    RunReporter(request, EventLog("run_1", journal)).run_started(with_message=with_message)
    return journal.events[0]


def test_a_run_opens_with_its_trace_id_and_what_was_said() -> None:
    event = started(message="Hello")

    assert event["metadata"] == {"trace_id": "ab" * 16}
    assert [message["content"] for message in event["input"]["messages"]] == ["Hello"]


def test_a_replay_learns_what_was_replaced_and_attached() -> None:
    event = started(message="Again", replaces_message_id="m0", file_ids=("file_1",))

    assert event["input"]["forwardedProps"] == {"replacesMessageId": "m0", "fileIds": ["file_1"]}


def test_a_continued_run_shows_no_empty_message() -> None:
    assert started(continue_run_id="run_0")["input"]["messages"] == []


def test_a_later_part_of_a_run_replaces_nothing_again() -> None:
    event = started(with_message=False, message="Again", replaces_message_id="m0")

    assert "forwardedProps" not in event["input"]
    assert event["input"]["messages"] == []
