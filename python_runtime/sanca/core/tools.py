"""What a toolkit and a tool are, as data.

The same for Java, Python, MCP and agent toolkits; no code that calls them.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class Effect(StrEnum):
    """What a call does to the world. Everything but READ asks a person first, unless policy says otherwise."""

    READ = "READ"
    WRITE = "WRITE"
    DESTRUCTIVE = "DESTRUCTIVE"


class ToolOverload(BaseModel):
    """One of several ways to call a tool."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    description: str = ""
    input_schema: dict[str, Any] = Field(default_factory=lambda: {"type": "object", "properties": {}})
    output_schema: dict[str, Any] = Field(default_factory=dict)


class ToolDefinition(BaseModel):
    """One callable of a toolkit."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    name: str
    description: str = ""
    effect: Effect = Effect.READ
    idempotent: bool = False
    approval: Literal["AUTO", "ALWAYS", "NEVER"] = "AUTO"
    """AUTO asks for every effect but READ."""
    interaction: Literal["none", "form", "approval"] = "none"
    """form and approval.

    After the tool answered with a card, the gate waits for a person's answer, which becomes the value.
    """
    right: str = ""
    """The portal right a caller needs, for instance `system:operate`; empty: none."""
    timeout_seconds: float = 30.0
    """How long a call may take; of a stream, how long one item may."""
    streams: bool = False
    """It gives its result item by item; `output_schema` is an item's."""
    undo: str | None = None
    """How to take it back, in words for the approval card."""
    alternative: str | None = None
    """The tool to offer when this one keeps failing: `tool` or `toolkit.tool`."""
    verified_by: str | None = None
    """What shows that it had its effect: a comparison over reads of its toolkit, its arguments and `result`."""
    input_schema: dict[str, Any] = Field(default_factory=lambda: {"type": "object", "properties": {}})
    """JSON Schema of an object; the order of `properties` is the order of positional arguments."""
    output_schema: dict[str, Any] = Field(default_factory=dict)
    """Of a value; `x-pieces` (items, bytes, text) says that it is read piece by piece."""
    overloads: tuple[ToolOverload, ...] = ()
    """The ways to call it when there are several; `input_schema` then takes what any of them takes."""


class ToolkitDefinition(BaseModel):
    """A named group of tools. Names may be dotted: `agents.change_reviewer`, `mcp.runbooks`."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    name: str
    description: str = ""
    source: Literal["java", "python", "mcp", "agent", "engine"] = "python"
    tools: tuple[ToolDefinition, ...] = ()
    outside: bool = False
    """Whether strangers wrote what its tools give, as pages of the web."""

    @property
    def gives_outside_data(self) -> bool:
        """Whether what its tools give is a stranger's: it is data, never an instruction."""
        return self.outside or self.source in {"mcp", "agent"}


class CallContext(BaseModel):
    """Who calls, for which run, under which id. Travels with each call as `contextJson`."""

    model_config = ConfigDict(frozen=True)

    call_id: str
    run_id: str
    session_id: str
    tenant: str
    user: str
    rights: tuple[str, ...] = ()
    channel: str = "chat"
    via: tuple[str, ...] = ()
    """`Caller.via`."""
    trace_id: str = ""
    timeout_seconds: float = 30.0
    approved_by: str | None = None
    pages: bool = False
    """Whether who calls reads long results piece by piece; without it they come whole."""
    texts: bool = False
    """Whether the caller takes a long text as it is, after an envelope without it (only the engine's own wire)."""


class CallError(BaseModel):
    """Why a call gave no value; the `error` of a call envelope."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    kind: Literal[
        "argument",
        "not_found",
        "denied",
        "approval_required",
        "failed",
        "cancelled",
        "timeout",
        "unknown",
        "conflict",
        "unavailable",
    ]
    message: str
    argument: str | None = None
    near: tuple[str, ...] = ()
    java_class: str | None = None
    stack: tuple[str, ...] = ()
    retryable: bool = False
    alternative: str | None = None
    """The tool, `toolkit.tool`, that the failing one's toolkit names to take its place."""


class ResultPage(BaseModel):
    """What `value` is a piece of, and how the next one is asked for (`sanca.results`, contracts section 2)."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    handle: str
    kind: Literal["items", "bytes", "text", "json"]
    stream: bool = False
    """Whether it is to be read as it comes; otherwise it is one value, to be put together again."""
    next: int
    """Where the next piece begins."""
    more: bool
    total: int | None = None
    """Items or bytes in all, where the host knows."""


class CallAttempt(BaseModel):
    """A try of a call after which it was tried again under the same id; only of calls that may run twice."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    kind: str
    message: str
    seconds: float = 0.0


class CallOutcome(BaseModel):
    """The envelope of a call: a value or an error, never both."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    ok: bool
    value: Any = None
    error: CallError | None = None
    replayed: bool = False
    """The host had answered this call id before and did not run the tool again."""
    page: ResultPage | None = None
    """Set when `value` is only the first or next piece of the result."""
    attempts: tuple[CallAttempt, ...] = ()
    """The tries before the one that this is the outcome of; none, as a rule."""
