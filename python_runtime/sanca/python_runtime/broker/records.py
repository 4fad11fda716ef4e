"""What passes between engine and broker, as plain dataclasses. Imports nothing heavy, does nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

CallStatusWord = Literal["running", "waiting", "ok", "failed", "denied", "cancelled", "unknown"]
Decision = Literal["allow", "ask", "deny"]
AskKind = Literal["approval", "form", "question"]


@dataclass(frozen=True, slots=True)
class CallRecord:
    """One tool call as the page shows it; sent again whenever its status changes."""

    run_id: str
    call_id: str
    toolkit: str
    tool: str
    effect: str
    status: CallStatusWord
    round: int = 0
    arguments: dict[str, Any] = field(default_factory=dict)
    """By name; long texts and lists are cut short (the journal has them whole)."""
    seconds: float = 0.0
    """Without the time a person took to answer."""
    summary: str = ""
    """The start of the value, or the error's sentence."""
    error_kind: str = ""
    """The `kind` of the call envelope; empty when it gave a value."""


@dataclass(frozen=True, slots=True)
class Ask:
    """A call that waits for a person. Its id is the call's id."""

    run_id: str
    call_id: str
    toolkit: str
    tool: str
    arguments: dict[str, Any]
    arguments_json: str
    """The arguments to the byte as they leave for the host."""
    effect: str
    kind: AskKind
    """approval: may the call run; form: the card's values are wanted; question: an action asks yes or no by a card."""
    description: str = ""
    undo: str | None = None
    card: dict[str, Any] | None = None
    """The card specification of a form or question: `{"kind", "surface_id", …}`."""
    round: int = 0


@dataclass(frozen=True, slots=True)
class ApprovalRule:
    """One line of the policy: the first that fits a call decides; else the tool's own `approval` does."""

    decision: Decision
    effect: str = "*"
    """READ, WRITE, DESTRUCTIVE or `*`."""
    tool: str = "*"
    """A pattern of `toolkit.tool`: `system.restart`, `mcp.*`."""
    channel: str = "*"
    """chat, api, cli, a2a, mcp or `*`."""


@dataclass(frozen=True, slots=True)
class RunBudget:
    """What the calls of one run may use up."""

    calls: int = 2000
    seconds: float = 1800.0
    """Time spent in tools, all calls together; a person's time does not count."""
    argument_bytes: int = 64 * 1024 * 1024
    """Arguments of all calls together, as JSON: the journal keeps each of them."""


@dataclass(frozen=True, slots=True)
class RunContext:
    """Everything the gate needs to know of a run."""

    run_id: str
    session_id: str
    tenant: str = "default"
    user: str = "local"
    rights: tuple[str, ...] = ()
    """`*` stands for all; the host checks its own user's rights again."""
    trace_id: str = ""
    channel: str = "chat"
    via: tuple[str, ...] = ()
    """The agents through which the run was asked for (`Caller.via`)."""
    budget: RunBudget = field(default_factory=RunBudget)
    rules: tuple[ApprovalRule, ...] = ()
    approval_timeout_seconds: float = 86_400.0
    """How long a call waits for a person before it counts as denied."""


@dataclass(frozen=True, slots=True)
class BrokerSettings:
    """How a broker is started."""

    home: Path
    log_level: str = "info"
    toolkit_factories: tuple[str, ...] = ("sanca.mcp_adapters:load_toolkits", "sanca.a2a:load_toolkits")
    """`module:callable`, each `(home: Path) -> list[Toolkit]`; called once, if `toolkits.json` exists."""
    adds_libraries: bool = False
    """Whether actions may ask for `sanca.add_library`."""
    remembers: bool = False
    """Whether the engine has a memory: `sanca.recall`, `sanca.remember`, `sanca.forget_note`."""
    answers_unread_seconds: float = 30.0
    """How long a guest may leave an answer unread before it counts as one that means harm."""
    tool_failures: int = 5
    """A tool that fails so many times in a row is taken out of use for a while; 0: never."""
    tool_pause_seconds: float = 30.0
    """For so long at first; twice as long whenever it still fails after that."""
    start_timeout_seconds: float = 20.0
    close_timeout_seconds: float = 10.0


@dataclass(frozen=True, slots=True)
class BrokerHealth:
    """How the broker and its connections are."""

    gateway: Literal["connected", "disconnected", "none"]
    gateway_detail: str = ""
    latency_ms: float = 0.0
    """From the engine to the broker and back."""
    gateway_latency_ms: float = 0.0
    """From the broker to the host and back; 0 without a host."""
    journal: str = "ok"
    """`ok`, or what is wrong."""
    problems: Mapping[str, str] = field(default_factory=dict)
    """Toolkit, file or tool → why it cannot be used."""
    calls: Sequence[Mapping[str, Any]] = ()
    """The calls since the broker began, by tool, the most called first: the fields of `call_counts.ToolCount`."""
    pid: int = 0


def run_context(content: Mapping[str, Any]) -> RunContext:
    """Make a context of what `dataclasses.asdict` made of it."""
    return RunContext(
        **{
            **content,
            "rights": tuple(content["rights"]),
            "via": tuple(content["via"]),
            "budget": RunBudget(**content["budget"]),
            "rules": tuple(ApprovalRule(**rule) for rule in content["rules"]),
        }
    )
