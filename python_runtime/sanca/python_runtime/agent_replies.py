"""An agent's late reply becomes a run of the session that had asked, once, with the rights of who had asked."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Awaitable, Callable

import structlog
from sanca.core.errors import StoreUnavailableError
from sanca.core.ids import RunId, SessionId
from sanca.core.messages import Caller
from sanca.core.ports import AgentReply
from sanca.core.untrusted import plain_text
from sanca.python_runtime.refusals import RefusedError
from sanca.python_runtime.run_record import RunRecord, RunRequest

log = structlog.get_logger()

_TEXT_CHARS = 20_000
_ASKED_CHARS = 300
_DATA_CHARS = 20_000


class AgentReplies:
    """Takes replies that came when nobody waited in a call any more."""

    def __init__(
        self,
        find: Callable[[str], Awaitable[RunRecord | None]],
        start: Callable[[RunRequest], Awaitable[object]],
    ) -> None:
        """Take how it works.

        Args:
            find: Finds a run by its id.
            start: Takes a run in; an id that exists is ignored.
        """
        self._find = find
        self._start = start
        self.is_open = False
        """Whether runs can be taken in; the broker may have replies before that."""

    async def take(self, reply: AgentReply) -> None:
        """Begin a run with a reply. One that nobody can have any more is dropped, and said in the log.

        Raises:
            StoreUnavailableError: The engine is still opening.
        """
        if not self.is_open:
            raise StoreUnavailableError("The engine is still opening.")
        asked_in = await self._find(reply.run_id)
        caller = asked_in.request.caller if asked_in else None
        if caller is None or (caller.tenant, caller.user) != (reply.tenant, reply.user):
            log.warning("agent_reply_dropped", sender=reply.sender, reason="the run that had asked is not there")
            return
        try:
            await self._start(_request(reply, caller))
        except RefusedError as error:  # the session was deleted meanwhile
            log.warning("agent_reply_dropped", sender=reply.sender, session_id=reply.session_id, reason=str(error))


def _request(reply: AgentReply, caller: Caller) -> RunRequest:
    # Made of the reply's id: handed over twice, it is one run.
    digest = hashlib.sha256(f"{reply.sender}\n{reply.id}".encode("utf-8", "surrogatepass")).hexdigest()[:32]
    run_id = RunId(f"run_reply_{digest}")
    return RunRequest(
        run_id=run_id,
        session_id=SessionId(reply.session_id),
        # A reply that makes a model ask again, whose reply makes it ask again, ends as circles between agents do.
        caller=caller.model_copy(update={"via": (*caller.via, plain_text(reply.sender, 200))}),
        agui_run_id=run_id,
        message_id=f"msg_{digest}",
        message=_words(reply),
        source="agent_reply",
        sender=plain_text(reply.sender, 200),
    )


def _words(reply: AgentReply) -> str:
    """Return the reply as a message: what it was asked, what it says, what it gave as data."""
    asked = " ".join(plain_text(reply.asked, _ASKED_CHARS).split())
    state = "" if reply.state == "completed" else f"({plain_text(reply.state, 40)}) "
    parts = [f"“{asked}”" if asked else "", state + plain_text(reply.text, _TEXT_CHARS), _data(reply.data)]
    return "\n\n".join(part for part in parts if part.strip())


def _data(data: object) -> str:
    if data is None:
        return ""
    text = plain_text(json.dumps(data, ensure_ascii=False, indent=1, default=str), _DATA_CHARS)
    return f"```json\n{text.replace('```', '` ` `')}\n```"
