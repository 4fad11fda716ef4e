"""A run in the words of a tool's result: text for a person or a model, and the same as data. Reads nothing."""

from __future__ import annotations

from typing import Any

import mcp_types as types
from pydantic import BaseModel, Field
from sanca.core.agent_runner import RunFile, RunView

FILES = "sanca://files/"
RUNS = "sanca://runs/"
_BAD = frozenset({"failed", "interrupted"})


class FileReport(BaseModel):
    """A file of a run."""

    uri: str
    name: str
    media_type: str
    size_bytes: int
    direction: str = "output"


class AskReport(BaseModel):
    """What a run waits for."""

    id: str
    kind: str
    message: str
    response_schema: dict[str, Any] = Field(default_factory=dict)


class RunReport(BaseModel):
    """How a run stands."""

    run_id: str
    session_id: str = Field(description="Give it with the next message to go on with the same conversation.")
    status: str = Field(description="queued, held, running, needs_input, done, failed, cancelled or interrupted")
    answer: str = ""
    error: str = ""
    waits_for: AskReport | None = None
    files: list[FileReport] = Field(default_factory=list)
    evidence: dict[str, Any] = Field(default_factory=dict, description="The calls that the answer rests on.")
    started_at: str = ""
    updated_at: str = ""
    seconds: float = 0.0
    calls: int = 0


def report_of(view: RunView) -> RunReport:
    """Return how a run stands."""
    ask = view.ask
    waits = AskReport(
        id=ask.id, kind=ask.kind, message=ask.message, response_schema=dict(ask.response_schema)
    ) if ask else None  # fmt: skip
    return RunReport(
        run_id=view.run_id,
        session_id=view.session_id,
        status=view.status,
        answer=view.answer,
        error=view.error,
        waits_for=waits,
        files=[_file(one) for one in view.files],
        evidence=dict(view.evidence),
        started_at=view.started_at,
        updated_at=view.updated_at,
        seconds=view.seconds,
        calls=view.calls,
    )


def result_of(view: RunView) -> types.CallToolResult:
    """Return a run as the result of `ask`: its answer, or how it stands, and links to the files it made."""
    links = [_link(one) for one in view.files if one.direction == "output"]
    return types.CallToolResult(
        content=[types.TextContent(text=sentence_of_run(view)), *links],
        structured_content=report_of(view).model_dump(mode="json"),
        is_error=view.status in _BAD,
    )


def sentence_of_run(view: RunView) -> str:
    """Return what a person or a model should read about a run."""
    match view.status:
        case "done":
            return view.answer or "It is done."
        case "needs_input" if view.ask is not None:
            how = _HOW.get(view.ask.kind, "")
            return f"It waits for a person: {view.ask.message}\n{how.format(run_id=view.run_id)}"
        case "cancelled":
            return "It was cancelled."
        case "failed" | "interrupted":
            return view.error or view.answer or "It did not come to an end."
        case _:
            return f"It is still at work. Ask for it by run_status with run_id {view.run_id!r}; cancel_run stops it."


_HOW = {
    "approval": "Only a person can agree: in a client that shows forms (elicitation), or in the portal. "
    "cancel_run with run_id {run_id!r} gives it up.",
    "question": "Answer by answer_run with run_id {run_id!r}.",
    "form": "Answer by answer_run with run_id {run_id!r} and the fields as values.",
}


def _file(file: RunFile) -> FileReport:
    return FileReport(
        uri=f"{FILES}{file.file_id}",
        name=file.name,
        media_type=file.media_type,
        size_bytes=file.size_bytes,
        direction=file.direction,
    )


def _link(file: RunFile) -> types.ResourceLink:
    return types.ResourceLink(
        uri=f"{FILES}{file.file_id}", name=file.name, mime_type=file.media_type, size=file.size_bytes
    )
