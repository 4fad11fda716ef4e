"""Runs as A2A tasks: `id` is the run's, `context_id` the session's. Reads only; a task has no state of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import orjson
from google.protobuf.timestamp_pb2 import Timestamp
from sanca.a2a.server import parts
from sanca.core.agent_runner import PendingAsk, RunFile, RunStatusWord, RunView
from sanca.core.errors import SancaError

from a2a.types.a2a_pb2 import Artifact, Message, Part, Role, Task, TaskState

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

STATES: Mapping[RunStatusWord, TaskState] = {
    "queued": TaskState.TASK_STATE_SUBMITTED,
    "held": TaskState.TASK_STATE_SUBMITTED,
    "running": TaskState.TASK_STATE_WORKING,
    "needs_input": TaskState.TASK_STATE_INPUT_REQUIRED,
    "done": TaskState.TASK_STATE_COMPLETED,
    "failed": TaskState.TASK_STATE_FAILED,
    "interrupted": TaskState.TASK_STATE_FAILED,
    "cancelled": TaskState.TASK_STATE_CANCELED,
}
ANSWER = "answer"
EVIDENCE = "evidence"


class TaskViews:
    """Makes tasks, and the artifacts of runs, for one server. Safe to use from many tasks at once."""

    def __init__(self, url: str, inline_bytes: int) -> None:
        """Say where files are.

        Args:
            url: The server's.
            inline_bytes: Larger files are named by URL.
        """
        self._url = url
        self._inline_bytes = inline_bytes

    def task(self, view: RunView, turns: Sequence[Message] = (), artifacts: Sequence[Artifact] = ()) -> Task:
        """Return the task of a run.

        Args:
            view: The run.
            turns: What was asked and answered on the way.
            artifacts: What it gave so far.
        """
        return Task(
            id=view.run_id,
            context_id=view.session_id,
            status=parts.status(STATES[view.status], parts.at_iso(view.updated_at), status_message(view)),
            history=[*_first_message(view), *turns],
            artifacts=artifacts,
        )

    async def artifacts(self, view: RunView, read: Callable[[str], Awaitable[bytes]]) -> list[Artifact]:
        """Return what a run gave: the answer, its files, what the answer rests on.

        Args:
            view: The run.
            read: Gives the content of a file by its id.
        """
        found = [self.answer(view.answer)] if view.answer else []
        found += [await self.file(file, read) for file in view.files if file.direction == "output"]
        if view.evidence:
            found.append(self.evidence(view.evidence))
        return found

    def answer(self, text: str) -> Artifact:
        """Return the answer, or a piece of it."""
        return parts.artifact(ANSWER, "Answer", [Part(text=text, media_type="text/markdown")])

    def evidence(self, evidence: Mapping[str, Any]) -> Artifact:
        """Return the calls that an answer rests on."""
        return parts.artifact(EVIDENCE, "Evidence", [parts.data_part(dict(evidence))], "What the answer rests on.")

    async def file(self, file: RunFile, read: Callable[[str], Awaitable[bytes]]) -> Artifact:
        """Return a file: itself when it is small, else where it is to be had with the same credentials."""
        part = Part(url=f"{self._url}/a2a/files/{file.file_id}", filename=file.name, media_type=file.media_type)
        if file.size_bytes <= self._inline_bytes:
            with suppress(SancaError):  # gone meanwhile: asking for the URL says so
                part = Part(raw=await read(file.file_id), filename=file.name, media_type=file.media_type)
        return parts.artifact(f"file-{file.file_id}", file.name, [part])


def status_message(view: RunView) -> Message | None:
    """Return what a task's status says: what is waited for, or why it failed."""
    if view.status == "needs_input" and view.ask is not None:
        return question(view.run_id, view.session_id, view.ask)
    if view.status in ("failed", "interrupted"):
        text = view.error or view.answer
        return failure(view.run_id, view.session_id, text) if text else None
    return None


def question(run_id: str, session_id: str, ask: PendingAsk, preface: str = "") -> Message:
    """Return what a run waits for: in words, and as data that a program can answer."""
    data = parts.without_empty(
        {
            "id": ask.id,
            "kind": ask.kind,
            "responseSchema": dict(ask.response_schema),
            "call": _call(ask.metadata),
            "a2ui": [dict(one) for one in ask.card or ()],
        }
    )
    words = f"{preface}\n\n{ask.message}" if preface else ask.message or "This needs an answer."
    return agent_message_of(f"ask-{ask.id}", run_id, session_id, [parts.text_part(words), parts.data_part(data)])


def failure(run_id: str, session_id: str, text: str) -> Message:
    """Return why a task failed."""
    return agent_message_of(f"{run_id}-failed", run_id, session_id, [parts.text_part(text)])


def agent_message_of(message_id: str, run_id: str, session_id: str, content: Sequence[Part]) -> Message:
    """Return a message of ours about a run."""
    return parts.agent_message(message_id, run_id, session_id, content)


def time_of(view: RunView) -> Timestamp:
    """Return when a task changed last."""
    return parts.at_iso(view.updated_at)


def _first_message(view: RunView) -> list[Message]:
    if not view.message:
        return []
    return [
        Message(
            message_id=view.message_id or f"{view.run_id}-asked",
            task_id=view.run_id,
            context_id=view.session_id,
            role=Role.ROLE_USER,
            parts=[parts.text_part(view.message)],
        )
    ]


def _call(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is to be agreed to, its arguments as data."""
    if "tool" not in metadata:
        return {}
    call = {name: metadata.get(name) for name in ("toolkit", "tool", "effect", "undo")}
    try:
        call["arguments"] = orjson.loads(metadata.get("argumentsJson") or "{}")
    except orjson.JSONDecodeError:
        call["arguments"] = str(metadata.get("argumentsJson"))
    return parts.without_empty(call)
