"""Puts an agent's answer together from the events of a task. Sends nothing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sanca.core.errors import ToolFailedError
from sanca.core.untrusted import plain_text

from a2a.helpers import get_data_parts, get_text_parts
from a2a.types import TaskState

if TYPE_CHECKING:
    from a2a.types import Artifact, Message, Part, StreamResponse, Task, TaskArtifactUpdateEvent

_TEXT_CHARS = 1_000_000
_ERROR_CHARS = 1000
_OVER = frozenset({
    TaskState.TASK_STATE_COMPLETED,
    TaskState.TASK_STATE_FAILED,
    TaskState.TASK_STATE_CANCELED,
    TaskState.TASK_STATE_REJECTED,
    TaskState.TASK_STATE_INPUT_REQUIRED,
    TaskState.TASK_STATE_AUTH_REQUIRED,
})  # fmt: skip
"""States in which the agent does nothing more by itself."""

_FAILED: dict[int, str] = {
    TaskState.TASK_STATE_FAILED: "failed",
    TaskState.TASK_STATE_REJECTED: "refused",
    TaskState.TASK_STATE_CANCELED: "cancelled the task",
    TaskState.TASK_STATE_AUTH_REQUIRED: "wants a sign-in; set its headers in toolkits.json",
}


@dataclass
class Answer:
    """What an agent has said so far: artifacts by id, and the last message of its status."""

    task_id: str = ""
    context_id: str = ""
    state: int = TaskState.TASK_STATE_UNSPECIFIED
    artifacts: dict[str, list[Part]] = field(default_factory=dict)
    said: list[Part] = field(default_factory=list)

    @property
    def is_over(self) -> bool:
        """Whether there is nothing to wait for."""
        return self.state in _OVER

    @property
    def is_question(self) -> bool:
        """Whether the agent asks back."""
        return self.state == TaskState.TASK_STATE_INPUT_REQUIRED

    def take(self, event: StreamResponse) -> None:
        """Take one event in."""
        if event.HasField("message"):
            self.take_message(event.message)
        elif event.HasField("task"):
            self.take_task(event.task)
        elif event.HasField("status_update"):
            update = event.status_update
            self._name(update.task_id, update.context_id)
            self._take_status(update.status.state, update.status.message.parts)
        elif event.HasField("artifact_update"):
            self._take_artifact(event.artifact_update)

    def take_message(self, message: Message) -> None:
        """Take a direct answer, which needed no task."""
        self._name(message.task_id, message.context_id)
        self._take_status(TaskState.TASK_STATE_COMPLETED, message.parts)

    def take_task(self, task: Task) -> None:
        """Take the task as it stands now."""
        self._name(task.id, task.context_id)
        self.artifacts = {artifact.artifact_id: list(artifact.parts) for artifact in task.artifacts}
        self._take_status(task.status.state, task.status.message.parts)

    def value(self, label: str) -> dict[str, Any]:
        """Return `text`, `data` (one value, a list of several, or None) and `state`.

        Raises:
            ToolFailedError: The agent failed, refused, wants a sign-in, or said too much.
        """
        parts = [part for artifact in self.artifacts.values() for part in artifact]
        text = "\n".join(get_text_parts(parts or self.said)).strip()
        if not self.is_question and self.state != TaskState.TASK_STATE_COMPLETED:
            raise self._failure(label)
        if self.is_question:
            text = "\n".join(get_text_parts(self.said)).strip() or text
        if len(text) > _TEXT_CHARS:
            raise ToolFailedError(f"{label} answered with {len(text)} characters; ask it for less.", tool_name=label)
        data = get_data_parts([*parts, *self.said])
        return {"text": text, "data": _one(data), "state": "input_required" if self.is_question else "completed"}

    def _name(self, task_id: str, context_id: str) -> None:
        self.task_id, self.context_id = task_id or self.task_id, context_id or self.context_id

    def _take_status(self, state: int, parts: Iterable[Part]) -> None:
        self.state = state
        self.said = list(parts) or self.said

    def _take_artifact(self, update: TaskArtifactUpdateEvent) -> None:
        self._name(update.task_id, update.context_id)
        artifact: Artifact = update.artifact
        before = self.artifacts.get(artifact.artifact_id, []) if update.append else []
        self.artifacts[artifact.artifact_id] = [*before, *artifact.parts]

    def _failure(self, label: str) -> ToolFailedError:
        said = plain_text("\n".join(get_text_parts(self.said)), _ERROR_CHARS)
        word = _FAILED.get(self.state, "did not finish")
        return ToolFailedError(f"{label} {word}{': ' + said if said else '.'}", tool_name=label)


def _one(values: list[Any]) -> Any:
    if not values:
        return None
    plain = _integers(values)
    return plain[0] if len(values) == 1 else plain


def _integers(value: Any) -> Any:
    """Return the value with whole numbers as integers: the wire's value type knows only floating point ones."""
    if isinstance(value, dict):
        return {key: _integers(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_integers(one) for one in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value
