"""Messages, percepts and what a model is asked and answers: the data that passes between zones and rooms."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from sanca.core.memory import Scope


class Caller(BaseModel):
    """Who asks, as the host or the terminal authenticated them."""

    model_config = ConfigDict(frozen=True)

    tenant: str = "default"
    user: str = "local"
    rights: tuple[str, ...] = ()
    trace_id: str = ""
    channel: Literal["chat", "api", "cli", "a2a", "mcp"] = "chat"
    language: str = "en"
    via: tuple[str, ...] = ()
    """The agents through which the request came, the first one first: by this, loops between agents are noticed."""

    @property
    def scope(self) -> Scope:
        """Whose memory is meant when they ask."""
        return Scope(tenant=self.tenant, user=self.user)


class Message(BaseModel):
    """One message of a session."""

    model_config = ConfigDict(frozen=True)

    id: str
    role: Literal["user", "assistant", "system"]
    content: str
    run_id: str = ""
    created_at: str = ""
    """ISO 8601, UTC."""


class Usage(BaseModel):
    """Tokens and cost of model calls."""

    model_config = ConfigDict(frozen=True)

    model: str = ""
    role: str = ""
    """The role it was asked in: fast, coder, general or judge; empty when nobody told."""
    input_tokens: int = 0
    output_tokens: int = 0
    reasoning_tokens: int = 0
    cached_tokens: int = 0
    cost: float = 0.0
    """In `currency`; 0 when the price is not known."""
    currency: str = ""


class ToolSpec(BaseModel):
    """A tool that a model may call by JSON instead of writing an action."""

    model_config = ConfigDict(frozen=True)

    name: str
    description: str = ""
    parameters: dict[str, Any] = Field(default_factory=dict)
    """JSON Schema of an object."""


class ToolCall(BaseModel):
    """A call that a model asked for by JSON."""

    model_config = ConfigDict(frozen=True)

    id: str
    name: str
    arguments_json: str = "{}"
    """As the model wrote it: it may not be JSON."""


class PromptMessage(BaseModel):
    """One message of a model request."""

    model_config = ConfigDict(frozen=True)

    role: Literal["system", "user", "assistant", "tool"]
    content: str
    tool_calls: tuple[ToolCall, ...] = ()
    """Of an assistant's message: what it asked for."""
    tool_call_id: str = ""
    """Of a tool's message: the call it answers."""
    extra: dict[str, Any] = Field(default_factory=dict)
    """What a provider gave with its reply and wants back untouched (reasoning signatures)."""


class ModelRequest(BaseModel):
    """What a model is asked."""

    model_config = ConfigDict(frozen=True)

    messages: tuple[PromptMessage, ...]
    form: Literal["chat", "completion"] = "chat"
    """A completion has one message, whose content is sent as it is (fill in the middle)."""
    tools: tuple[ToolSpec, ...] = ()
    """Tools the model may call by JSON, several at once; empty when it writes actions."""
    stop: tuple[str, ...] = ()
    """Texts at which the reply ends."""
    reasoning: Literal["", "off", "low", "medium", "high"] = ""
    """How much the model should think before it answers; empty: as the provider does by default."""
    can_restart: bool = False
    """Whether who reads the reply understands `ModelDelta.restart`; otherwise a reply that breaks off is an error."""
    temperature: float = 0.0
    max_output_tokens: int = 4096
    timeout_seconds: float = 120.0


class ModelDelta(BaseModel):
    """A piece of a streamed reply. The last one carries `finish_reason` and `usage`."""

    model_config = ConfigDict(frozen=True)

    restart: str = ""
    """Not empty: all that came before is void, another model begins the reply anew; one sentence says why."""
    text: str = ""
    reasoning: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    """Whole calls; all of a reply come with its last piece."""
    finish_reason: str = ""
    usage: Usage | None = None
    extra: dict[str, Any] = Field(default_factory=dict)


class SkillMatch(BaseModel):
    """A skill that fits a message, with its parameters filled."""

    model_config = ConfigDict(frozen=True)

    skill: str
    title: str
    score: float
    """In [0, 1], calibrated: at or above the library's threshold it is used."""
    parameters: dict[str, Any] = Field(default_factory=dict)
    missing: tuple[str, ...] = ()
    """Required parameters that neither the message nor the session gave; they are asked for."""
    why: str = ""
    """One sentence for the page, in the message's language."""
    code: str = ""
    """The action, parameters not yet filled in: they are assigned by name in front of it."""
