"""A run's events (AG-UI) as events of an A2A task, in the same order for everybody. Opens and sends nothing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import orjson
from google.protobuf.timestamp_pb2 import Timestamp
from sanca.a2a.server import parts, views
from sanca.core.agent_runner import PendingAsk, RunEvent, RunFile

from a2a.types.a2a_pb2 import (
    Artifact,
    Message,
    TaskArtifactUpdateEvent,
    TaskState,
    TaskStatusUpdateEvent,
)

Update = TaskStatusUpdateEvent | TaskArtifactUpdateEvent
TERMINAL = frozenset(
    {
        TaskState.TASK_STATE_COMPLETED,
        TaskState.TASK_STATE_FAILED,
        TaskState.TASK_STATE_CANCELED,
        TaskState.TASK_STATE_REJECTED,
    }
)
_FILES = {"sanca-file", "sanca-image"}


class TaskEvents:
    """Takes the events of one run, one after the other, and gives those of its task."""

    def __init__(
        self,
        run_id: str,
        session_id: str,
        task_views: views.TaskViews,
        read: Callable[[str], Awaitable[bytes]],
        *,
        pieces: bool = True,
    ) -> None:
        """Begin before the first event, or where a leg of the run begins.

        Args:
            run_id: The run.
            session_id: Its session.
            task_views: Makes artifacts.
            read: Gives the content of a file.
            pieces: Give the answer piece by piece as it is written; otherwise whole, when it is there.
        """
        self._run_id = run_id
        self._session_id = session_id
        self._views = task_views
        self._read = read
        self._pieces = pieces
        self._held = ""
        """A piece of the answer that is only told with what comes next: the last one is to be marked."""
        self._is_first = True
        self.answer = ""
        """As told so far."""
        self.files: dict[str, Artifact] = {}
        self.is_over = False
        """The task has ended."""

    async def take(self, event: RunEvent) -> list[Update]:
        """Return what an event means for the task: nothing, one or several updates."""
        read: dict[str, Any] = orjson.loads(event.json)
        match read.get("type"):
            case "RUN_STARTED":
                return [self._status(TaskState.TASK_STATE_WORKING, read)]
            case "TEXT_MESSAGE_START":
                self.answer, self._held, self._is_first = "", "", True
            case "TEXT_MESSAGE_CONTENT":
                return self._piece(str(read.get("delta", "")))
            case "TEXT_MESSAGE_END":
                return self._last_piece()
            case "ACTIVITY_SNAPSHOT":
                return await self._activity(event, read)
            case "RUN_FINISHED":
                return self._finished(read)
            case "RUN_ERROR":
                return self._ended(TaskState.TASK_STATE_FAILED, read, str(read.get("message", "")))
        return []

    def artifacts(self) -> list[Artifact]:
        """Return what the events so far have given."""
        told = [self._views.answer(self.answer + self._held)] if self.answer or self._held else []
        self.answer, self._held = self.answer + self._held, ""
        self._is_first = self._is_first and not told
        return [*told, *self.files.values()]

    def _piece(self, delta: str) -> list[Update]:
        told = self._tell_held(last=False)
        self._held = delta
        return told

    def _last_piece(self) -> list[Update]:
        return self._tell_held(last=True)

    def _tell_held(self, *, last: bool) -> list[Update]:
        if not self._held:
            return []
        piece, self._held = self._held, ""
        self.answer += piece
        if not self._pieces:
            return []
        append, self._is_first = not self._is_first, False
        return [self._artifact(self._views.answer(piece), append=append, last=last)]

    async def _activity(self, event: RunEvent, read: Mapping[str, Any]) -> list[Update]:
        kind, content = read.get("activityType"), read.get("content") or {}
        if kind in _FILES:
            return [await self._file(content)]
        if kind == "sanca-message" and content.get("text"):
            said = self._message(f"{self._run_id}-{event.seq}", str(content["text"]))
            return [self._status(TaskState.TASK_STATE_WORKING, read, said)]
        return []

    async def _file(self, content: Mapping[str, Any]) -> Update:
        file = RunFile(
            file_id=str(content["file_id"]),
            session_id=self._session_id,
            name=str(content.get("name", "file")),
            media_type=str(content.get("media_type", "application/octet-stream")),
            size_bytes=int(content.get("size_bytes", 0)),
        )
        made = self.files[file.file_id] = await self._views.file(file, self._read)
        return self._artifact(made, append=False, last=True)

    def _finished(self, read: Mapping[str, Any]) -> list[Update]:
        outcome, result = read.get("outcome") or {}, read.get("result") or {}
        match outcome.get("type"):
            case "interrupt":
                return [self._asked(read, outcome)]
            case "cancelled":
                return self._ended(TaskState.TASK_STATE_CANCELED, read)
        told = self._told_whole(str(result.get("answer") or ""))
        if evidence := result.get("evidence"):
            told.append(self._artifact(self._views.evidence(evidence), append=False, last=True))
        if result.get("status") == "failed":
            return [*told, *self._ended(TaskState.TASK_STATE_FAILED, read, self.answer)]
        return [*told, *self._ended(TaskState.TASK_STATE_COMPLETED, read)]

    def _told_whole(self, answer: str) -> list[Update]:
        """Tell the answer where the pieces were not it: it was never streamed, or other words came last."""
        if not answer or (self._pieces and answer == self.answer):
            return []
        self.answer = answer
        return [self._artifact(self._views.answer(answer), append=False, last=True)]

    def _asked(self, read: Mapping[str, Any], outcome: Mapping[str, Any]) -> Update:
        first = (outcome.get("interrupts") or [{}])[0]
        ask = PendingAsk(
            id=str(first.get("id", "")),
            kind=first.get("reason", "question"),
            message=str(first.get("message", "")),
            response_schema=first.get("responseSchema") or {},
            metadata=first.get("metadata") or {},
        )
        message = views.question(self._run_id, self._session_id, ask)
        return self._status(TaskState.TASK_STATE_INPUT_REQUIRED, read, message)

    def _ended(self, state: TaskState, read: Mapping[str, Any], text: str = "") -> list[Update]:
        self.is_over = True
        message = views.failure(self._run_id, self._session_id, text) if text else None
        return [self._status(state, read, message)]

    def _status(
        self, state: TaskState, read: Mapping[str, Any], message: Message | None = None
    ) -> TaskStatusUpdateEvent:
        at = parts.at_milliseconds(read["timestamp"]) if read.get("timestamp") else Timestamp()
        return TaskStatusUpdateEvent(
            task_id=self._run_id, context_id=self._session_id, status=parts.status(state, at, message)
        )

    def _artifact(self, made: Artifact, *, append: bool, last: bool) -> TaskArtifactUpdateEvent:
        return TaskArtifactUpdateEvent(
            task_id=self._run_id, context_id=self._session_id, artifact=made, append=append, last_chunk=last
        )

    def _message(self, message_id: str, text: str) -> Message:
        return views.agent_message_of(message_id, self._run_id, self._session_id, [parts.text_part(text)])
