"""From messages of engine.proto to the engine's own types, and back. No waiting, no deciding."""

from __future__ import annotations

import json
from typing import Any, Literal, cast

from sanca.core.messages import Caller, Usage
from sanca.python_runtime.events import LoggedEvent
from sanca.python_runtime.expression.page_link import PageReply
from sanca.python_runtime.files import FileInfo
from sanca.python_runtime.models import ModelEntry
from sanca.python_runtime.refusals import BadRequestError
from sanca.python_runtime.run_record import Click, PageContext, RunRecord, Source
from sanca.python_runtime.service import engine_pb2 as pb

_CHANNELS = ("chat", "api", "cli", "a2a", "mcp")
_SOURCES = ("message", "click", "form", "agent_reply", "schedule", "a2a", "mcp")
_NAME_CHARS = 256
_TARGETS, _DETAIL_CHARS = 200, 500
Channel = Literal["chat", "api", "cli", "a2a", "mcp"]


def caller_from(message: pb.Caller) -> Caller:
    """Return who asks.

    Raises:
        BadRequestError: User or channel is missing or wrong.
    """
    if not message.user or len(message.user) > _NAME_CHARS or len(message.tenant) > _NAME_CHARS:
        raise BadRequestError("The caller needs a user of at most 256 characters.")
    channel = message.channel or "api"
    if channel not in _CHANNELS:
        raise BadRequestError(f"The caller's channel {channel!r} is not one of {', '.join(_CHANNELS)}.")
    return Caller(
        tenant=message.tenant or "default",
        user=message.user,
        rights=tuple(message.rights),
        trace_id=message.trace_id,
        channel=cast(Channel, channel),
        language=message.language or "en",
    )


def run_input_from(request: pb.StartRunRequest) -> dict[str, Any]:
    """Return what starts a run, as arguments of `Engine.request`."""
    found: dict[str, Any] = {
        "message": request.message,
        "action_code": request.action_code,
        "run_id": checked_id(request.run_id, "run_id"),
        "agui_run_id": checked_id(request.agui_run_id, "agui_run_id"),
        "message_id": checked_id(request.message_id, "message_id"),
        "continue_run_id": request.continue_run_id,
        "file_ids": tuple(request.file_ids),
        "replaces_message_id": request.replaces_message_id,
        "source": _source_from(request.source),
        "sender": checked_id(request.sender, "sender"),
    }
    if request.HasField("page"):
        page = request.page
        found["page"] = PageContext(
            url=page.url[:2_000],
            title=page.title[:500],
            selection=page.selection[:20_000],
            time_zone=page.time_zone[:64],
            takes_commands=page.takes_commands,
        )
    if request.WhichOneof("input") == "click":
        context = json_object(request.click.context_json, "click.context_json")
        found["click"] = Click(surface_id=request.click.surface_id, name=request.click.name, context=context)
        found["message"] = _click_in_words(found["click"])
    return found


def page_reply_from(request: pb.PageReplyRequest) -> PageReply:
    """Return what a page says of a command, cut to what is shown of it."""
    targets = tuple(target[:_NAME_CHARS] for target in request.targets[:_TARGETS])
    return PageReply(request.command_id, request.ok, request.reason[:40], request.detail[:_DETAIL_CHARS], targets)


def _source_from(given: str) -> Source:
    """Return what a run comes from.

    Raises:
        BadRequestError: It is none of the known ones.
    """
    if given and given not in _SOURCES:
        raise BadRequestError(f"The source {given!r} is not one of {', '.join(_SOURCES)}.")
    return cast(Source, given or "message")


def _click_in_words(click: Click) -> str:
    """A button may carry its own words; else what was pressed is said."""
    if isinstance(said := click.context.get("message"), str) and said.strip():
        return said
    facts = json.dumps(click.context, ensure_ascii=False) if click.context else ""
    return f"[{click.name}] {facts}".strip()


def checked_id(value: str, name: str) -> str:
    """Return an id that came from outside.

    Raises:
        BadRequestError: It is too long, or not printable.
    """
    if len(value) > _NAME_CHARS or not value.isprintable():
        raise BadRequestError(f"The {name} must be at most 256 printable characters.")
    return value


def json_object(text: str, name: str) -> dict[str, Any]:
    """Return a JSON object that came as text.

    Raises:
        BadRequestError: It is no JSON object.
    """
    value = json_value(text, name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise BadRequestError(f"The field {name} must be a JSON object.")
    return value


def json_value(text: str, name: str) -> Any:
    """Return a JSON value that came as text; None for an empty one.

    Raises:
        BadRequestError: It is no JSON.
    """
    try:
        return json.loads(text) if text else None
    except (ValueError, RecursionError) as error:
        raise BadRequestError(f"The field {name} is not JSON: {error}.") from error


def event_message(run_id: str, event: LoggedEvent) -> pb.RunEvent:
    """Return an event for the wire."""
    return pb.RunEvent(run_id=run_id, seq=event.seq, event_json=event.json, last=event.last)


def summary_message(record: RunRecord) -> pb.RunSummary:
    """Return a run's summary for the wire."""
    return pb.RunSummary(
        run_id=record.run_id,
        session_id=record.session_id,
        status=record.status.value,
        message=record.request.text,
        answer=record.answer,
        seconds=record.seconds,
        calls=record.calls,
        rounds=record.rounds,
        usage=[usage_message(usage) for usage in record.usage],
        started_at=record.started_at,
        error=record.error,
        cards_json=[json.dumps(card, ensure_ascii=False) for card in record.cards],
        skill=record.skill,
    )


def usage_message(usage: Usage) -> pb.Usage:
    """Return usage for the wire."""
    return pb.Usage(**usage.model_dump())


def file_message(info: FileInfo) -> pb.FileInfo:
    """Return a file's record for the wire; where it lies stays here."""
    return pb.FileInfo(
        file_id=info.file_id,
        session_id=info.session_id,
        name=info.name,
        size_bytes=info.size_bytes,
        media_type=info.media_type,
        direction=info.direction,
    )


def entry_from(message: pb.ModelEntry) -> ModelEntry:
    """Return a model's entry.

    Raises:
        BadRequestError: Role or kind is not known.
    """
    try:
        return ModelEntry(
            role=cast(Any, message.role or "general"),
            kind=cast(Any, message.kind or "openai"),
            model=message.model,
            base_url=message.base_url,
            fallbacks=tuple(message.fallbacks),
        )
    except ValueError as error:
        raise BadRequestError(
            "A model needs a role (general, coder, fast, judge) and a kind (openai, openai-responses, dashscope, "
            "anthropic)."
        ) from error


def entry_message(entry: ModelEntry) -> pb.ModelEntry:
    """Return a model's entry for the wire; never a key."""
    return pb.ModelEntry(
        role=entry.role,
        kind=entry.kind,
        model=entry.model,
        base_url=entry.base_url,
        has_key=entry.has_key,
        source=entry.source,
        fallbacks=entry.fallbacks,
        state=entry.state,
        state_detail=entry.state_detail,
    )
