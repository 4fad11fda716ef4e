"""Tells the story of a run in AG-UI events: which event says what, in which shape (contracts page, section 5).

Decides nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from ag_ui.core import (
    PROTOCOL_VERSION,
    ActivitySnapshotEvent,
    BaseEvent,
    CustomEvent,
    Interrupt,
    Message,
    ReasoningEndEvent,
    ReasoningMessageContentEvent,
    ReasoningMessageEndEvent,
    ReasoningMessageStartEvent,
    ReasoningStartEvent,
    RunAgentInput,
    RunErrorEvent,
    RunFinishedCancelledOutcome,
    RunFinishedEvent,
    RunFinishedInterruptOutcome,
    RunFinishedSuccessOutcome,
    RunStartedEvent,
    StepFinishedEvent,
    StepStartedEvent,
    TextMessageContentEvent,
    TextMessageEndEvent,
    TextMessageStartEvent,
    TokenUsage,
    UserMessage,
)
from sanca.core.messages import Usage
from sanca.python_runtime.events import EventLog
from sanca.python_runtime.progress import RunProgress
from sanca.python_runtime.run_record import RunRecord, RunRequest

_DELTA_SECONDS = 0.05
"""Text that streams in faster is joined: 20 events a second read smoothly and keep the journal small."""
_PIECE_CHARS = 4_000
_CLAIMED = {"done", "failed"}
"""Only of a run that came to its own end an answer rests on something."""


class RunReporter:
    """Writes one run's events into its log."""

    def __init__(self, request: RunRequest, log: EventLog, *, shows_state: bool = True) -> None:
        self._request = request
        self._shows_state = shows_state
        self.log = log
        self._agui_run_id = request.agui_run_id
        self._step: str | None = None
        self._streams: list[TextStream] = []
        self._ids = 0
        self._progress = RunProgress(request.run_id, request.text)

    # -- the run ------------------------------------------------------------------------------------------------------

    def run_started(self, agui_run_id: str = "", *, with_message: bool = True) -> None:
        """Open an AG-UI run; the first one carries what the user said, so that a replay shows it."""
        self._agui_run_id = agui_run_id or self._agui_run_id
        request = self._request
        self._emit(
            RunStartedEvent(
                thread_id=request.session_id,
                run_id=self._agui_run_id,
                protocol_version=PROTOCOL_VERSION,
                metadata={"trace_id": request.caller.trace_id},
                input=RunAgentInput(
                    thread_id=request.session_id,
                    run_id=self._agui_run_id,
                    messages=_said(request) if with_message else [],
                    forwarded_props=_forwarded(request) if with_message else None,
                ),
            )
        )
        if not with_message:  # it goes on after a person's answer
            self._progress.set_status("running")
        if self._shows_state:
            self._emit(self._progress.begin())
        if self._step:
            self._emit(StepStartedEvent(step_name=self._step))

    def run_finished(self, record: RunRecord) -> None:
        """Close the AG-UI run: done, or failed politely."""
        self._progress.set_status(record.status.value)
        self._finish(record, RunFinishedSuccessOutcome())

    def run_cancelled(self, record: RunRecord) -> None:
        """Close the AG-UI run as cancelled."""
        self._progress.set_status("cancelled")
        self._finish(record, RunFinishedCancelledOutcome())

    def run_interrupted_for(self, record: RunRecord, interrupts: Sequence[Interrupt]) -> None:
        """Close the AG-UI run; it waits for a person."""
        self._finish(record, RunFinishedInterruptOutcome(interrupts=list(interrupts)))

    def run_failed(self, message: str, code: str) -> None:
        """Close the AG-UI run with an error of one sentence."""
        self._progress.set_status("interrupted" if code == "interrupted" else "failed")
        self._close_what_is_open()
        self._emit(RunErrorEvent(message=message, code=code))

    def _close_what_is_open(self) -> None:
        """A client refuses an end while a message or a step is under way.

        An open step begins again with the next AG-UI run.
        """
        for stream in self._streams:
            stream.end()
        if self._step:
            self._emit(StepFinishedEvent(step_name=self._step))
        self._show_state()

    def _finish(self, record: RunRecord, outcome: Any) -> None:
        self._close_what_is_open()
        self._emit(
            RunFinishedEvent(
                thread_id=self._request.session_id,
                run_id=self._agui_run_id,
                result=_result(record),
                outcome=outcome,
                usage=[_token_usage(usage) for usage in record.usage] or None,
            )
        )

    # -- inside the run -----------------------------------------------------------------------------------------------

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Frame a zone's work."""
        self._progress.set_status("running")
        self._emit(StepStartedEvent(step_name=name))
        self._show_state()
        self._step = name
        try:
            yield
        finally:
            self._step = None
            if self.log.is_open:
                self._emit(StepFinishedEvent(step_name=name))

    def activity(self, kind: str, message_id: str, content: Mapping[str, Any]) -> None:
        """Show an activity, or replace the one of that id."""
        self._emit(
            ActivitySnapshotEvent(message_id=message_id, activity_type=kind, content=dict(content), replace=True)
        )
        self._note(kind, content)

    def remember(self, kind: str, content: Mapping[str, Any]) -> None:
        """Take in an activity that was shown before this reporter was made; shows nothing."""
        for _ in self._progress.take(kind, content):
            pass

    def custom(self, name: str, value: Any) -> None:
        """Say something that only our page knows."""
        self._emit(CustomEvent(name=name, value=value))
        self._note(name, value)

    def notice(self, text: str, *, level: str = "info", code: str = "") -> None:
        """Show a notice."""
        self.activity("sanca-notice", f"notice-{self._next_id()}", {"level": level, "text": text, "code": code})

    def say(self, text: str) -> None:
        """Show a whole text message of the assistant."""
        stream = self.text()
        stream.add(text)
        stream.end()

    def message(self, text: str, message_id: str) -> None:
        """Show a text message of the assistant, or put this text in the place of the one of that id."""
        run_id = self._request.run_id
        self.activity("sanca-message", f"said-{run_id}-{message_id}", {"run_id": run_id, "text": text})

    def text(self) -> TextStream:
        """Begin a text message of the assistant that streams."""
        return self._stream(_text_frame(f"msg-{self._next_id()}"))

    def reasoning(self) -> TextStream:
        """Begin a reasoning message that streams."""
        return self._stream(_reasoning_frame(f"thought-{self._next_id()}"))

    def _note(self, kind: str, content: Any) -> None:
        """Show what an activity changes for clients that do not know our activities."""
        for event in self._progress.take(kind, content):
            self._emit(event)
        self._show_state()

    def _show_state(self) -> None:
        if self._shows_state and self.log.is_open and (changed := self._progress.change()):
            self._emit(changed)

    def _stream(self, frame: _Frame) -> TextStream:
        stream = TextStream(self._emit, frame)
        self._streams = [*(open_one for open_one in self._streams if open_one.is_open), stream]
        return stream

    def _next_id(self) -> str:
        self._ids += 1
        return f"{self._request.run_id}-{self.log.last_seq + 1}-{self._ids}"

    def _emit(self, event: BaseEvent) -> None:
        event.timestamp = time.time_ns() // 1_000_000
        self.log.emit(event)


class TextStream:
    """A message whose text comes in pieces; small pieces are joined for a moment. An empty one is never shown."""

    def __init__(self, emit: Callable[[BaseEvent], None], frame: _Frame) -> None:
        self._emit = emit
        self._frame = frame
        self._waiting = ""
        self._shown_at = 0.0
        self.is_open = False

    def add(self, piece: str) -> None:
        """Add a piece; it is shown now or with the next ones."""
        self._waiting += piece
        if time.monotonic() - self._shown_at >= _DELTA_SECONDS:
            self.flush()

    def flush(self) -> None:
        """Show what waits."""
        if not self._waiting:
            return
        if not self.is_open:
            self.is_open = True
            for event in self._frame.opening:
                self._emit(event)
        for start in range(0, len(self._waiting), _PIECE_CHARS):
            self._emit(self._frame.content.model_copy(update={"delta": self._waiting[start : start + _PIECE_CHARS]}))
        self._waiting = ""
        self._shown_at = time.monotonic()

    def end(self) -> None:
        """Show the rest and close the message, if there was one."""
        self.flush()
        if self.is_open:
            self.is_open = False
            for event in self._frame.closing:
                self._emit(event)


class _Frame(NamedTuple):
    """What comes before, with and after the pieces of a streamed message."""

    opening: tuple[BaseEvent, ...]
    content: TextMessageContentEvent | ReasoningMessageContentEvent
    closing: tuple[BaseEvent, ...]


def _text_frame(message_id: str) -> _Frame:
    return _Frame(
        (TextMessageStartEvent(message_id=message_id, role="assistant"),),
        TextMessageContentEvent(message_id=message_id, delta="…"),
        (TextMessageEndEvent(message_id=message_id),),
    )


def _reasoning_frame(message_id: str) -> _Frame:
    return _Frame(
        (
            ReasoningStartEvent(message_id=message_id),
            ReasoningMessageStartEvent(message_id=message_id, role="reasoning"),
        ),
        ReasoningMessageContentEvent(message_id=message_id, delta="…"),
        (ReasoningMessageEndEvent(message_id=message_id), ReasoningEndEvent(message_id=message_id)),
    )


def _said(request: RunRequest) -> list[Message]:
    """Nothing when the person said nothing: a run goes on, a file came alone, an agent replied."""
    if request.source == "agent_reply":
        return []
    return [UserMessage(id=request.message_id, role="user", content=request.text)] if request.text else []


def _forwarded(request: RunRequest) -> dict[str, Any] | None:
    """What a replay needs to leave out what was replaced and to show what was attached."""
    given = {"replacesMessageId": request.replaces_message_id, "fileIds": list(request.file_ids)}
    return {name: value for name, value in given.items() if value} or None


def _result(record: RunRecord) -> dict[str, Any]:
    return {
        "run_id": record.run_id,
        "status": record.status.value,
        "answer": record.answer,
        "seconds": round(record.seconds, 3),
        "rounds": record.rounds,
        "calls": record.calls,
        "skill": record.skill or None,
        "evidence": record.evidence if record.status.value in _CLAIMED and record.answer else {},
        "usage": [usage.model_dump() for usage in record.usage],
    }


def _token_usage(usage: Usage) -> TokenUsage:
    return TokenUsage(
        model=usage.model,
        input_tokens=usage.input_tokens,
        output_tokens=usage.output_tokens,
        reasoning_tokens=usage.reasoning_tokens,
        cached_input_tokens=usage.cached_tokens,
        total_tokens=usage.input_tokens + usage.output_tokens,
    )
