"""Who has which session of the protocol until 2025-11-25, and how many. The SDK keeps the sessions themselves."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

_GRACE_SECONDS = 60.0
_ENDED_KEPT = 1_000


@dataclass
class _Session:
    owner: str
    in_flight: int = 0
    seen_at: float = field(default_factory=time.monotonic)


class SessionBook:
    """Counts sessions by their owner. Used from the event loop only."""

    def __init__(self, each: int, idle_seconds: float) -> None:
        """Begin with none.

        Args:
            each: How many one owner may have.
            idle_seconds: After so long without a request the SDK closes a session; it is forgotten here a little later.
        """
        self._each = each
        self._idle_seconds = idle_seconds + _GRACE_SECONDS
        self._sessions: dict[str, _Session] = {}
        self._counts: Counter[str] = Counter()
        self._ended: dict[str, None] = {}
        self._tidied_at = time.monotonic()
        self._on_end: list[Callable[[str], None]] = []

    def on_end(self, tell: Callable[[str], None]) -> None:
        """Have it told which sessions are over."""
        self._on_end.append(tell)

    def may_open(self, owner: str) -> bool:
        """Whether the owner may have one more."""
        if self._counts[owner] >= self._each:
            self._forget_idle()
        return self._counts[owner] < self._each

    def opened(self, session_id: str, owner: str) -> None:
        """Write down a new one."""
        if time.monotonic() - self._tidied_at > _GRACE_SECONDS:
            self._forget_idle()
        if session_id not in self._sessions:
            self._sessions[session_id] = _Session(owner)
            self._counts[owner] += 1

    @contextmanager
    def using(self, session_id: str) -> Iterator[None]:
        """A request of a session, for as long as the block lasts."""
        session = self._sessions.get(session_id)
        if session is None:
            yield
            return
        session.in_flight += 1
        try:
            yield
        finally:
            session.in_flight -= 1
            session.seen_at = time.monotonic()

    def end(self, session_id: str) -> None:
        """Forget one that is over; what it had asked for was not withdrawn by that."""
        session = self._sessions.pop(session_id, None)
        if session is not None:
            self._counts[session.owner] -= 1
            if not self._counts[session.owner]:
                del self._counts[session.owner]
        self._ended[session_id] = None
        for tell in self._on_end:
            tell(session_id)
        if len(self._ended) > _ENDED_KEPT:
            del self._ended[next(iter(self._ended))]

    def was_ended(self, session_id: str) -> bool:
        """Whether the client ended it a while ago."""
        return session_id in self._ended

    def owner_of(self, session_id: str) -> str:
        """Return whose it is; empty: there is none."""
        session = self._sessions.get(session_id)
        return session.owner if session else ""

    def _forget_idle(self) -> None:
        self._tidied_at = time.monotonic()
        before = time.monotonic() - self._idle_seconds
        for session_id in [key for key, one in self._sessions.items() if not one.in_flight and one.seen_at < before]:
            self.end(session_id)
