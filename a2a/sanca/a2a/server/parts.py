"""Small pieces of the protocol's data: parts, messages, artifacts, statuses. Knows nothing of runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from google.protobuf.json_format import ParseDict
from google.protobuf.struct_pb2 import Value
from google.protobuf.timestamp_pb2 import Timestamp

from a2a.types.a2a_pb2 import Artifact, Message, Part, Role, TaskState, TaskStatus

PLAIN = "text/plain"
JSON = "application/json"


def text_part(text: str) -> Part:
    """Return a part of plain text."""
    return Part(text=text, media_type=PLAIN)


def data_part(data: Any) -> Part:  # any JSON value
    """Return a part of structured data."""
    return Part(data=ParseDict(data, Value()), media_type=JSON)


def agent_message(message_id: str, task_id: str, context_id: str, parts: Sequence[Part]) -> Message:
    """Return something the agent says about a task."""
    return Message(message_id=message_id, task_id=task_id, context_id=context_id, role=Role.ROLE_AGENT, parts=parts)


def artifact(artifact_id: str, name: str, parts: Sequence[Part], description: str = "") -> Artifact:
    """Return an artifact; `parts` are not empty."""
    return Artifact(artifact_id=artifact_id, name=name, parts=parts, description=description)


def status(state: TaskState, at: Timestamp, message: Message | None = None) -> TaskStatus:
    """Return a status; a time of zero is left out."""
    made = TaskStatus(state=state, message=message)
    if at.seconds:
        made.timestamp.CopyFrom(at)
    return made


def at_milliseconds(milliseconds: float) -> Timestamp:
    """Return a time given in milliseconds since 1970."""
    made = Timestamp()
    made.FromMilliseconds(int(milliseconds))
    return made


def at_iso(text: str) -> Timestamp:
    """Return a time given in ISO 8601, in milliseconds; an empty text is no time."""
    made = Timestamp()
    if text:
        made.FromMilliseconds(int(datetime.fromisoformat(text).timestamp() * 1000))
    return made


def without_empty(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the entries that say something."""
    return {name: value for name, value in values.items() if value not in ("", None, {}, [], ())}
