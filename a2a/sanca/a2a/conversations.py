"""Where the conversation of each session with an agent left off. In memory: a new broker begins new conversations."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sanca.a2a.answer import Answer

_MOST = 1000


@dataclass(frozen=True)
class Conversation:
    """Where an earlier answer left off."""

    context_id: str = ""
    task_id: str = ""
    """Only when the agent asked back: the next message answers it."""


class Conversations:
    """Those with one agent, of the sessions that asked it last."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, Conversation] = OrderedDict()

    def of(self, session_id: str) -> Conversation:
        """Return where a session's conversation left off."""
        return self._kept.get(session_id, Conversation())

    def remember(self, session_id: str, answer: Answer) -> None:
        """Go on from this answer."""
        self._kept[session_id] = Conversation(answer.context_id, answer.task_id if answer.is_question else "")
        self._kept.move_to_end(session_id)
        while len(self._kept) > _MOST:
            self._kept.popitem(last=False)
