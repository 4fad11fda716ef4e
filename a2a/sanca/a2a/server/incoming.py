"""A message that begins a task, as what starts a run: words, data, files, and the agents it came through."""

from __future__ import annotations

import mimetypes
from collections.abc import Sequence
from typing import Any

from google.protobuf.json_format import MessageToDict
from sanca.core.agent_loops import refused_way, via_of
from sanca.core.agent_runner import AgentRunner, NewRun
from sanca.core.ids import new_session_id
from sanca.core.messages import Caller

from a2a.types.a2a_pb2 import Message, Part, Role, SendMessageRequest
from a2a.utils.errors import ContentTypeNotSupportedError, InvalidParamsError

PARTS_MAX = 50
_ID_CHARS = 256
_LINK_CHARS = 2_000
_SUFFIXES = {
    "application/json": ".json",
    "application/jsonl": ".jsonl",
    "application/yaml": ".yaml",
    "application/xml": ".xml",
    "text/csv": ".csv",
    "text/tab-separated-values": ".tsv",
    "text/markdown": ".md",
    "text/plain": ".txt",
    "image/jpeg": ".jpg",
}
INPUT_TYPES = (
    "text/plain",
    "text/markdown",
    "text/csv",
    "text/tab-separated-values",
    "text/x-diff",
    "text/x-python",
    "application/json",
    "application/jsonl",
    "application/yaml",
    "application/xml",
    "application/pdf",
    "application/zip",
    "application/gzip",
    "application/vnd.apache.parquet",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "image/png",
    "image/jpeg",
    "image/gif",
    "image/webp",
)
"""What the engine takes as files, and words and data; declared in the agent card."""


def check_message(message: Message) -> None:
    """Refuse what is no message of a user.

    Raises:
        InvalidParamsError: Ids too long, a wrong role, nothing in it, or too much.
        ContentTypeNotSupportedError: A part is of a type we do not take.
    """
    if message.role != Role.ROLE_USER:
        raise InvalidParamsError("The role of a message to the agent is ROLE_USER.")
    for name in ("message_id", "context_id", "task_id"):
        value = getattr(message, name)
        if len(value) > _ID_CHARS or not value.isprintable():
            raise InvalidParamsError(f"The {name} must be at most {_ID_CHARS} printable characters.")
    if len(message.parts) > PARTS_MAX:
        raise InvalidParamsError(f"A message has at most {PARTS_MAX} parts; this one has {len(message.parts)}.")
    for part in message.parts:
        if part.WhichOneof("content") is None:
            raise InvalidParamsError("A part has no content: give text, data, raw or url.")
        media_type = part.media_type.partition(";")[0].strip().lower()
        if media_type and media_type not in INPUT_TYPES:
            raise ContentTypeNotSupportedError(
                f"Parts of type {media_type[:100]!r} are not taken; defaultInputModes of the agent card lists what is."
            )


def caller_through(caller: Caller, request: SendMessageRequest, own_id: str, hops: int) -> Caller:
    """Return the caller together with the agents that the request came through.

    Raises:
        InvalidParamsError: It came through us before, or through too many.
    """
    via = via_of(MessageToDict(request.message.metadata)) if request.message.HasField("metadata") else ()
    if not via and request.HasField("metadata"):
        via = via_of(MessageToDict(request.metadata))
    if not via:
        return caller
    try:
        refused = refused_way(via, own_id, hops=hops)
    except ValueError:  # one of them is no address at all
        raise InvalidParamsError(
            "The list of agents that the request came through names one without an address."
        ) from None
    if refused:
        raise InvalidParamsError(refused)
    return caller.model_copy(update={"via": via})


async def new_run(runner: AgentRunner, caller: Caller, message: Message, sender: str) -> NewRun:
    """Return what starts the run; files are put into the session before.

    Args:
        runner: Takes the files.
        caller: Whose.
        message: Checked.
        sender: Who sends it, as credentials name them.
    """
    files = [part for part in message.parts if part.WhichOneof("content") == "raw"]
    session_id = message.context_id or (str(new_session_id()) if files else "")
    put = [await _put(runner, caller, session_id, part, number) for number, part in enumerate(files, 1)]
    return NewRun(
        message=words_of(message),
        session_id=session_id,
        message_id=message.message_id,
        file_ids=tuple(put),
        data=data_of(message.parts),
        sender=sender,
    )


def words_of(message: Message) -> str:
    """Return what a message says: its text parts, and the addresses of files that lie elsewhere."""
    said = []
    for part in message.parts:
        match part.WhichOneof("content"):
            case "text":
                said.append(part.text)
            case "url":
                said.append(f"File {part.filename or 'without a name'!r}: {part.url[:_LINK_CHARS]}")
    return "\n\n".join(text for text in said if text.strip())


def data_of(parts: Sequence[Part]) -> Any:
    """Return the structured data of a message: one value, a list of several, None when there is none."""
    values = [MessageToDict(part.data) for part in parts if part.WhichOneof("content") == "data"]
    return (values[0] if len(values) == 1 else values) if values else None


async def _put(runner: AgentRunner, caller: Caller, session_id: str, part: Part, number: int) -> str:
    media_type = part.media_type.partition(";")[0].strip().lower()
    name = (
        part.filename or f"file-{number}{_SUFFIXES.get(media_type) or mimetypes.guess_extension(media_type) or '.txt'}"
    )
    return (await runner.put_file(caller, session_id, name, media_type, part.raw)).file_id
