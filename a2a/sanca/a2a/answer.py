"""Puts an agent's answer together from the events of a task. Sends nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sanca.a2a.files import FILES_BYTES, FILES_MOST, FileContent
from sanca.a2a.trust import TrustRules, plain_data
from sanca.core.errors import ToolFailedError
from sanca.core.untrusted import plain_text

from a2a.helpers import get_data_parts, get_text_parts
from a2a.types import TaskState

if TYPE_CHECKING:
    from a2a.types import Artifact, Message, Part, StreamResponse, Task, TaskArtifactUpdateEvent

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
STATES: dict[int, str] = {
    TaskState.TASK_STATE_SUBMITTED: "working",
    TaskState.TASK_STATE_WORKING: "working",
    TaskState.TASK_STATE_COMPLETED: "completed",
    TaskState.TASK_STATE_FAILED: "failed",
    TaskState.TASK_STATE_REJECTED: "rejected",
    TaskState.TASK_STATE_CANCELED: "cancelled",
    TaskState.TASK_STATE_INPUT_REQUIRED: "input_required",
    TaskState.TASK_STATE_AUTH_REQUIRED: "auth_required",
}
"""Our words for a task's states."""


@dataclass
class Answer:
    """What an agent has said so far: artifacts by id, and the last message of its status."""

    task_id: str = ""
    context_id: str = ""
    state: int = TaskState.TASK_STATE_UNSPECIFIED
    artifacts: dict[str, list[Part]] = field(default_factory=dict)
    said: list[Part] = field(default_factory=list)
    _told: dict[str, int] = field(default_factory=dict)
    """How many parts of each artifact `fresh` has given."""

    @property
    def is_over(self) -> bool:
        """Whether there is nothing to wait for."""
        return self.state in _OVER

    @property
    def is_question(self) -> bool:
        """Whether the agent asks back."""
        return self.state == TaskState.TASK_STATE_INPUT_REQUIRED

    @property
    def has_failed(self) -> bool:
        """Whether it ended without an answer."""
        return self.state in _FAILED

    @property
    def says(self) -> str:
        """What it last said of how things stand."""
        return "\n".join(get_text_parts(self.said))

    @property
    def word(self) -> str:
        """The state, in our words."""
        return STATES.get(self.state, "working")

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

    def fresh(self) -> tuple[str, list[Part]]:
        """Return the text and the parts of the answer that came since this was asked before."""
        texts: list[str] = []
        found: list[Part] = []
        for name, parts in self.artifacts.items():
            if new := parts[self._told.get(name, 0) :]:
                text = "".join(get_text_parts(new))
                begins = text and name not in self._told and bool(self._told)
                texts.append(("\n" if begins else "") + text)
                found += new
                self._told[name] = len(parts)
        if self.is_over and (self.is_question or not self.artifacts):
            texts.append("\n".join(get_text_parts(self.said)))
            found += self.said
        return "".join(texts), found

    def value(self, label: str, rules: TrustRules) -> dict[str, Any]:
        """Return `text, data, schema, state, task_id, outside`; `data` is one value, a list of several, or None.

        Raises:
            ToolFailedError: The agent failed, refused, wants a sign-in, or said too much.
        """
        if not self.is_question and self.state != TaskState.TASK_STATE_COMPLETED:
            raise self._failure(label)
        parts = self._parts()
        text = self._text().strip()
        if self.is_question:
            text = "\n".join(get_text_parts(self.said)).strip() or text
        spoken = [*parts, *self.said]
        shown = shown_parts(spoken, text, label, rules)
        task_id = self.task_id if self.is_question else ""
        return {**shown, "schema": _schema(spoken), "state": self.word, "task_id": task_id}

    def files(self) -> list[FileContent]:
        """Return the files of the answer, as many as we take."""
        found: list[FileContent] = []
        left = FILES_BYTES
        for part in [*self._parts(), *self.said]:
            if part.HasField("raw") and len(part.raw) <= left and len(found) < FILES_MOST:
                found.append(FileContent(part.filename, part.media_type, part.raw))
                left -= len(part.raw)
        return found

    @property
    def file_count(self) -> int:
        """How many files the agent sent, as they are or by an address."""
        return sum(part.HasField("raw") or part.HasField("url") for part in [*self._parts(), *self.said])

    def addresses(self) -> list[dict[str, Any]]:
        """Return the files that the agent only names by an address; nothing is fetched from there."""
        named = [part for part in [*self._parts(), *self.said] if part.HasField("url")][:FILES_MOST]
        return [{"url": plain_text(one.url, 2000), "name": plain_text(one.filename, 120)} for one in named]

    def _text(self) -> str:
        """Return what it wrote; the texts of one artifact are the pieces of one text."""
        if not any(self.artifacts.values()):
            return "\n".join(get_text_parts(self.said))
        return "\n".join("".join(get_text_parts(parts)) for parts in self.artifacts.values() if get_text_parts(parts))

    def _parts(self) -> list[Part]:
        return [part for artifact in self.artifacts.values() for part in artifact]

    def _name(self, task_id: str, context_id: str) -> None:
        self.task_id, self.context_id = task_id or self.task_id, context_id or self.context_id

    def _take_status(self, state: int, parts: Iterable[Part]) -> None:
        self.state = state
        self.said = list(parts) or self.said

    def _take_artifact(self, update: TaskArtifactUpdateEvent) -> None:
        self._name(update.task_id, update.context_id)
        artifact: Artifact = update.artifact
        before = self.artifacts.get(artifact.artifact_id, []) if update.append else []
        if not update.append:
            self._told.pop(artifact.artifact_id, None)
        self.artifacts[artifact.artifact_id] = [*before, *artifact.parts]

    def _failure(self, label: str) -> ToolFailedError:
        said = plain_text("\n".join(get_text_parts(self.said)), _ERROR_CHARS)
        word = _FAILED.get(self.state, "did not finish")
        return ToolFailedError(f"{label} {word}{': ' + said if said else '.'}", tool_name=label)


def shown_parts(parts: Sequence[Part], text: str, label: str, rules: TrustRules, *, so_far: int = 0) -> dict[str, Any]:
    """Return `text, data, outside` of parts as a model may see them; `so_far` characters were shown before.

    Raises:
        ToolFailedError: They are longer than the agent's trust allows.
    """
    data = _one(get_data_parts(list(parts)))
    length = so_far + len(text) + sum(part.ByteSize() for part in parts if part.HasField("data"))
    if length > rules.answer_chars:
        raise ToolFailedError(f"{label} answered with {length:,} characters; ask it for less.", tool_name=label)
    if rules.is_outside:
        text, data = _plain(text, rules.answer_chars), plain_data(data, rules.answer_chars)
    return {"text": text, "data": data, "outside": rules.is_outside}


def _plain(text: str, limit_chars: int) -> str:
    """Return the text made plain, with the space around it, which joins a piece to its neighbours."""
    plain = plain_text(text, limit_chars)
    before, after = text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]
    return f"{before}{plain}{after}" if plain else before


def _schema(parts: Iterable[Part]) -> str:
    """Return what the answer's data are, where the agent says so."""
    named = (part.metadata.fields["schema"].string_value for part in parts if "schema" in part.metadata.fields)
    return plain_text(next(named, ""), 500)


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
