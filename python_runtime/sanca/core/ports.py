"""Protocols between rooms: what a room accepts from a sibling, passed in by `app.py`. No implementation."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, runtime_checkable

from sanca.core.memory import Scope
from sanca.core.messages import Message, ModelDelta, ModelRequest, SkillMatch
from sanca.core.tools import CallContext, CallOutcome, ToolkitDefinition

Entities = Mapping[str, Sequence[str]]
"""Kind → names the environment knows now, for instance `{"service": ["a", "b"], "release": ["v1.2.0"]}`."""


@dataclass(frozen=True)
class PersonAnswer:
    """What a person said to a toolkit's question."""

    outcome: Literal["accepted", "declined", "cancelled"]
    value: Mapping[str, Any] = field(default_factory=dict)
    """A form's values."""
    by: str = ""


@dataclass(frozen=True)
class AgentReply:
    """An answer that came when nobody waited in a call any more."""

    id: str
    """The other agent's task id, or what else names the answer once and for all."""
    tenant: str
    user: str
    session_id: str
    run_id: str
    """The run that had asked."""
    sender: str
    """The agent's name: `agents.security_review`."""
    text: str
    data: Any = None
    state: str = "completed"
    asked: str = ""
    """What it was asked, so that the answer makes sense."""


class Model(Protocol):
    """A language model client. May be used from many runs at once."""

    @property
    def name(self) -> str:
        """The model's name as the provider spells it."""

    def stream(self, request: ModelRequest) -> AsyncIterator[ModelDelta]:
        """Stream one reply; cancelling the iteration closes the connection.

        Raises:
            ModelUnavailableError: No answer, or the provider asked us to wait; may be tried again.
            ModelError: The provider refused; says why in one sentence.
        """


@runtime_checkable
class Toolkit(Protocol):
    """A toolkit that is not Java: a Python class, an MCP server, another agent. Lives in the broker, on its event loop.

    Lifecycle: `open` once before any call, `close` once after the last; `call` many times at once. On cancellation
    `call` stops its outside work and raises.
    """

    @property
    def definition(self) -> ToolkitDefinition:
        """Name and tools as of now; may change after `open`."""

    async def open(self) -> None:
        """Connect.

        A toolkit that cannot connect raises a SancaError; it is then listed as unavailable, with the reason.
        """

    async def call(self, tool: str, arguments: Mapping[str, Any], context: CallContext) -> Any:
        """Run one tool and return a JSON-like value.

        Raises:
            ToolError: With a sentence that a model can act on.
        """

    async def close(self) -> None:
        """Disconnect and end every child process."""


@runtime_checkable
class StreamingToolkit(Toolkit, Protocol):
    """A toolkit with tools whose definition says `streams`."""

    def stream(self, tool: str, arguments: Mapping[str, Any], context: CallContext) -> AsyncGenerator[Any, None]:
        """Run one such tool and yield its items, JSON-like values; it is closed as soon as nobody wants more.

        Raises:
            ToolError: With a sentence that a model can act on; while it is iterated.
        """


class ToolkitHost(Protocol):
    """What a toolkit may ask of the broker it lives in. Given to a `HostedToolkit` before it is opened."""

    async def ask_person(
        self,
        context: CallContext,
        kind: Literal["form", "approval"],
        message: str,
        schema: Mapping[str, Any] | None = None,
    ) -> PersonAnswer:
        """Ask the person behind a call that is under way, as a card in their chat; waits as long as the gate does.

        Args:
            context: The call's.
            kind: A form with the fields of `schema`, or a yes or no.
            message: What is asked, a stranger's text made plain.
            schema: JSON Schema of an object with plain fields.
        """

    async def deliver_reply(self, reply: AgentReply) -> None:
        """Hand over what came after its call was over; it begins a run of that session as a percept.

        Returns once the engine keeps it; the same `id` again is ignored.
        """

    async def masked(self, value: Any) -> Any:  # a JSON value of any shape
        """Return a text or JSON value without secrets and personal data: what may go to somebody not trusted."""

    async def call_tool(
        self, context: CallContext, toolkit: str, tool: str, arguments: Mapping[str, Any]
    ) -> CallOutcome:
        """Call another tool for a call that is under way: through the gate, as a call of its own of the same run.

        Its rights, policy, budget and journal are those of any call; a person may be asked, and the first call's own
        clock stands still until it is over.
        """

    async def tell_administrator(self, code: str, text: str) -> None:
        """Show a notice to who runs the engine: logged, listed by `sanca doctor` and in Health until it is settled."""


@runtime_checkable
class HostedToolkit(Toolkit, Protocol):
    """A toolkit that needs its broker's help."""

    def attach(self, host: ToolkitHost) -> None:
        """Take the host; called once, before `open`."""


class SessionStore(Protocol):
    """Keeps sessions, messages, files and feedback. Safe to call from many tasks at once.

    Every method takes tenant and user, and sees nothing of others.
    """

    async def open(self) -> None:
        """Open the store, making or migrating its schema."""

    async def close(self) -> None:
        """Close it; nothing may be called after."""

    async def touch_session(self, tenant: str, user: str, session_id: str, *, title: str = "") -> None:
        """Make the session if it does not exist, and mark it used now. A title is only set where none is."""

    async def list_sessions(self, tenant: str, user: str, *, limit: int = 50) -> list[dict[str, str]]:
        """Return `session_id, title, created_at, updated_at`, most recently used first."""

    async def rename_session(self, tenant: str, user: str, session_id: str, title: str) -> None:
        """Give the session a title."""

    async def delete_session(self, tenant: str, user: str, session_id: str) -> None:
        """Forget the session, its messages, files' records and feedback."""

    async def owns_session(self, tenant: str, user: str, session_id: str) -> bool:
        """Whether the session exists and is this user's."""

    async def session_exists(self, session_id: str) -> bool:
        """Whether anyone has or had a session of that id: ids are not reused across users, not even a deleted one's."""

    async def add_message(self, tenant: str, user: str, session_id: str, message: Message) -> None:
        """Append a message; the same id again is ignored."""

    async def messages(self, tenant: str, user: str, session_id: str, *, limit: int = 50) -> list[Message]:
        """Return the newest messages, oldest first."""

    async def drop_messages_from(self, tenant: str, user: str, session_id: str, message_id: str) -> None:
        """Leave out this message and all after it from `messages` (edit and resend). Kept for audit."""

    async def add_feedback(self, tenant: str, user: str, run_id: str, thumb: str, comment: str) -> None:
        """Keep a thumb up or down; a second one of the same run replaces the first."""

    async def add_file(self, tenant: str, user: str, info: Mapping[str, Any]) -> None:
        """Keep a file's record: `file_id, session_id, name, size_bytes, media_type, direction, path`."""

    async def file(self, tenant: str, user: str, file_id: str) -> dict[str, Any] | None:
        """Return a file's record, or None."""

    async def files(self, tenant: str, user: str, session_id: str) -> list[dict[str, Any]]:
        """Return the session's files' records, oldest first."""


class SkillLibrary(Protocol):
    """Finds the skill that a message asks for. Works offline."""

    def match(
        self, message: str, *, entities: Entities | None = None, history: Sequence[Message] = (), language: str = ""
    ) -> SkillMatch | None:
        """Return the skill that fits, with parameters filled from message, entities and history; None when none does.

        Args:
            message: Plain language, English or Chinese or mixed; at most 8,000 characters.
            entities: Names the environment knows; a parameter of such a kind must be one of them when they are given.
            history: Earlier messages, oldest first, for "it" and "that service".
            language: `en` or `zh`; empty: told from the message.
        """

    def nearest(
        self,
        message: str,
        *,
        entities: Entities | None = None,
        language: str = "",
        toolkits: Collection[str] | None = None,
    ) -> SkillMatch | None:
        """Return the skill most like the message as a worked example, whether or not `match` would use it.

        Its `code` shows the action with the helpers it uses, parameters not filled; None when nothing is alike.
        """

    def listing(self, toolkits: Collection[str] | None = None) -> list[dict[str, str]]:
        """Return `name, title_en, title_zh, example_en, example_zh` of the skills, in a good order to read.

        Args:
            toolkits: Names of the toolkits there are: what needs another one is left out. None: every skill.
        """


class SkillLibraries(Protocol):
    """The skills of each user: those that all have, and what the user's own runs and the tenant's taught."""

    def of(self, scope: Scope) -> SkillLibrary:
        """Return the library of a user, as it is now; a run may go on with the one it began with."""
