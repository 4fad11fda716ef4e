"""What AG-UI's `RunAgentInput` says, as far as we read it: a message, an action, a click, or a person's answer.

Lenient in form (both spellings of names, whole histories), strict in what an answer means. Starts nothing.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import orjson
from pydantic import AliasChoices, BaseModel, ConfigDict, Field, ValidationError
from sanca.core.agent_runner import NewRun, PendingAsk
from sanca.core.errors import BadRequestError
from sanca.core.messages import Caller

_ID = r"^[A-Za-z0-9][A-Za-z0-9_.:-]{0,127}$"
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,3}")
_FILES = 20
_TEXT_FIELDS = {
    "actionCode": "action_code",
    "continueRunId": "continue_run_id",
    "replacesMessageId": "replaces_message_id",
}
_PAGE_FIELDS = {"url": "url", "title": "title", "selection": "selection", "timeZone": "time_zone"}
_PAGE_CHARS = 2_000

Json = dict[str, Any]


class ResumeEntry(BaseModel):
    """A person's answer to an interrupt."""

    interrupt_id: str = Field(
        validation_alias=AliasChoices("interruptId", "interrupt_id"), min_length=1, max_length=256
    )
    status: Literal["resolved", "cancelled"]
    payload: Any = None


class RunInput(BaseModel):
    """The fields of `RunAgentInput` that we read; others (state, tools, context) are not read."""

    model_config = ConfigDict(extra="ignore")

    thread_id: str = Field(validation_alias=AliasChoices("threadId", "thread_id"), pattern=_ID)
    run_id: str = Field(default="", validation_alias=AliasChoices("runId", "run_id"), pattern=f"{_ID}|^$")
    messages: list[Json] = Field(default_factory=list)
    resume: list[ResumeEntry] | None = None
    forwarded: Json | None = Field(default=None, validation_alias=AliasChoices("forwardedProps", "forwarded_props"))

    @property
    def props(self) -> Json:
        """The forwarded properties, or none."""
        return self.forwarded or {}

    @property
    def answer(self) -> ResumeEntry | None:
        """The answer that it brings; one run asks one thing at a time.

        Raises:
            BadRequestError: There are several.
        """
        if self.resume and len(self.resume) > 1:
            raise BadRequestError("A run waits for one answer at a time: send one entry in `resume`.")
        return self.resume[0] if self.resume else None

    def caller(self, caller: Caller) -> Caller:
        """Return who asks, in the language that the input names."""
        language = self.props.get("language")
        if isinstance(language, str) and _LANGUAGE.fullmatch(language):
            return caller.model_copy(update={"language": language})
        return caller


class SentFile(NamedTuple):
    """A file inside a message."""

    name: str
    media_type: str
    data: bytes


@dataclass(frozen=True)
class AskAnswer:
    """What an answer means for what was asked."""

    approved: bool
    reason: str = ""
    value: Any = None


def read_input(body: bytes) -> RunInput:
    """Return the input.

    Raises:
        BadRequestError: It is not JSON or not of the form; names the field.
    """
    try:
        return RunInput.model_validate(orjson.loads(body))
    except orjson.JSONDecodeError as error:
        raise BadRequestError(f"The body is not JSON: {error}.") from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "body"
        raise BadRequestError(f"The field {place} of the RunAgentInput is wrong: {first['msg']}.") from error


def read_cancel(body: bytes) -> tuple[str, str]:
    """Return the thread in which to stop, and the run; no run: all that are under way there.

    Raises:
        BadRequestError: As above.
    """
    given = read_input(body)
    return given.thread_id, given.run_id


def new_run(given: RunInput, caller: Caller) -> tuple[NewRun, list[SentFile]]:
    """Return the run that an input starts, and the files in its message, which are not yet part of it.

    The same input gives the same run: a client whose connection broke may send it again.

    Raises:
        BadRequestError: There is nothing to do in it.
    """
    rest, message = _rest(given.props), _user_message(given)
    text, files = _content(message.get("content", ""))
    if not (text.strip() or files or rest.keys() & {"action_code", "continue_run_id", "click"}):
        raise BadRequestError("There is no message: send one last in `messages`, with the role user, or an answer.")
    if files and not text.strip():
        text = ", ".join(one.name for one in files)
    message_id = str(message.get("id") or "")
    file_ids = [str(one) for one in given.props.get("fileIds") or ()][:_FILES]
    run_id = _run_id(caller, given, message_id, text) if given.run_id else ""
    new = NewRun(text, given.thread_id, run_id, message_id, given.run_id, file_ids=file_ids, rest=rest)
    return new, files


def meaning(entry: ResumeEntry, ask: PendingAsk) -> AskAnswer:
    """Return what an answer means: an approval has to say so, a form or a question may give its fields alone.

    Raises:
        BadRequestError: It does not say whether a call is approved.
    """
    payload = entry.payload
    fields: Mapping[str, Any] = payload if isinstance(payload, dict) else {}
    reason = str(fields.get("reason") or "")
    if entry.status == "cancelled":
        return AskAnswer(False, reason)
    approved = payload if isinstance(payload, bool) else fields.get("approved")
    if ask.kind == "approval":
        if not isinstance(approved, bool):
            raise BadRequestError('The answer has to say {"approved": true} or {"approved": false} in `payload`.')
        return AskAnswer(approved, reason)
    if approved is False:
        return AskAnswer(False, reason)
    others = {name: value for name, value in fields.items() if name not in ("approved", "reason")}
    value = fields["value"] if "value" in fields else (others if isinstance(payload, dict) else payload)
    return AskAnswer(True, reason, value)


def _run_id(caller: Caller, given: RunInput, message_id: str, text: str) -> str:
    """A client that gives each run the same id still gets a new run for each message."""
    parts = (caller.tenant, caller.user, given.thread_id, given.run_id, message_id, text)
    told = orjson.dumps([*parts, given.props], option=orjson.OPT_SORT_KEYS)
    return f"run_{hashlib.sha256(told).hexdigest()[:32]}"


def _user_message(given: RunInput) -> Json:
    last = given.messages[-1] if given.messages else {}
    return last if last.get("role") == "user" else {}


def _content(content: Any) -> tuple[str, list[SentFile]]:
    if isinstance(content, str):
        return content, []
    parts = [part for part in content if isinstance(part, dict)] if isinstance(content, list) else []
    texts = [str(part.get("text") or "") for part in parts if part.get("type") == "text"]
    others = [part for part in parts if part.get("type") != "text"]
    if len(others) > _FILES:
        raise BadRequestError(f"A message may carry at most {_FILES} files.")
    return "".join(texts), [_file(part, number) for number, part in enumerate(others, 1)]


def _file(part: Json, number: int) -> SentFile:
    """A part of 1.0 (`source`), or a binary one of before."""
    source, about = _object(part, "source"), _object(part, "metadata")
    data = source.get("value") if source else part.get("data")
    if source.get("type") == "url" or not isinstance(data, str):
        raise BadRequestError("A file in a message is taken as its bytes: send it with a source of the type `data`.")
    try:
        content = base64.b64decode(data, validate=True)
    except binascii.Error as error:
        raise BadRequestError(f"The data of file {number} in the message is not base64.") from error
    name = part.get("filename") or about.get("filename") or about.get("name") or f"{part.get('type', 'file')}-{number}"
    media_type = source.get("mimeType") or part.get("mimeType") or "application/octet-stream"
    return SentFile(str(name), str(media_type), content)


def _rest(props: Json) -> Json:
    """The other things that a run may begin with; as the host takes them (contracts page, section 6)."""
    named = {
        "action_code": "actionCode",
        "continue_run_id": "continueRunId",
        "replaces_message_id": "replacesMessageId",
    }
    rest: Json = {field: str(props[name]) for field, name in named.items() if props.get(name)}
    click = _object(_object(props, "a2uiAction"), "userAction")
    if click:
        named = {"surface_id": str(click.get("surfaceId") or ""), "name": str(click.get("name") or "")}
        rest["click"] = {**named, "context": _object(click, "context")}
    if page := _object(props, "page"):
        rest["page"] = {field: str(page.get(name) or "")[:_PAGE_CHARS] for name, field in _PAGE_FIELDS.items()}
    return rest


def _object(holder: Json, name: str) -> Json:
    found = holder.get(name)
    return found if isinstance(found, dict) else {}
