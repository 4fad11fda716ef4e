"""The event log of one run: numbers events, stores them, lets any number of listeners follow. Knows no meaning.

A listener pulls: it says which number it saw last and reads on, from memory or, when it was slow, from the store. So no
queue can overflow, and no event is lost or seen twice. What may not be shown yet (an AG-UI run is over, the next has
not begun) is parked and comes out after the next RUN_STARTED.
"""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Sequence
from typing import Literal, NamedTuple, Protocol

import anyio
from ag_ui.core import BaseEvent, EventType

_TERMINAL = (EventType.RUN_FINISHED, EventType.RUN_ERROR)
_KEPT = 2_000
_PARKED = 1_000


class LoggedEvent(NamedTuple):
    """One numbered AG-UI event, as JSON."""

    seq: int
    json: str
    terminal: bool = False
    last: bool = False
    """The stream that yields it ends after it."""


class EventStore(Protocol):
    """Where one run's events outlive the process."""

    def append_event(self, event: LoggedEvent) -> None:
        """Store an event soon, in the order of the calls; does not wait."""

    async def read_events(self, after: int) -> Sequence[LoggedEvent]:
        """Return all stored events with a greater number, in order; what was appended before is there."""

    async def flush(self) -> None:
        """Wait until what was appended is on disk."""


class EventLog:
    """The events of a run. `emit` from the event loop only; `follow` from any task."""

    def __init__(self, run_id: str, store: EventStore, stored: Sequence[LoggedEvent] = ()) -> None:
        """Make the log of a new run, or go on with a stored one whose events are given."""
        self.run_id = run_id
        self._store = store
        self._recent: deque[LoggedEvent] = deque(stored, maxlen=_KEPT)
        self._parked: deque[BaseEvent] = deque(maxlen=_PARKED)
        self._changed = anyio.Event()
        self._open = bool(stored) and not stored[-1].terminal
        self.last_seq = stored[-1].seq if stored else 0

    @classmethod
    async def restore(cls, run_id: str, store: EventStore) -> EventLog:
        """Return the log of a run of the past, or of an engine that is gone."""
        return cls(run_id, store, await store.read_events(0))

    @property
    def recent(self) -> Sequence[LoggedEvent]:
        """The newest events, at most 2,000."""
        return tuple(self._recent)

    @property
    def is_open(self) -> bool:
        """Whether an AG-UI run is under way."""
        return self._open

    def emit(self, event: BaseEvent) -> None:
        """Number, store and show an event; between two AG-UI runs it waits for the next RUN_STARTED."""
        if event.type == EventType.RUN_STARTED:
            self._open = True
            self._write(event)
            while self._parked:
                self._write(self._parked.popleft())
        elif not self._open:
            self._parked.append(event)
        else:
            self._write(event)

    def skip(self, count: int) -> None:
        """Leave numbers out."""
        self.last_seq += count

    async def flush(self) -> None:
        """Wait until all events are on disk."""
        await self._store.flush()

    async def follow(
        self, after: int = 0, *, until: Literal["first_end", "current_end", "now"] = "current_end"
    ) -> AsyncIterator[LoggedEvent]:
        """Yield the events with a number greater than `after`, then live ones; the last one says so.

        Args:
            after: The number seen last; 0 for all.
            until: `first_end` stops at the first terminal event met, `current_end` when the AG-UI run under way ends,
                `now` does not wait for events to come.
        """
        while True:
            changed = self._changed
            for event in await self._after(after):
                after = event.seq
                over = event.terminal and (until == "first_end" or (after >= self.last_seq and not self._open))
                yield event._replace(last=over)
                if over:
                    return
            if after >= self.last_seq:
                if not self._open or until == "now":
                    return
                await changed.wait()

    def _write(self, event: BaseEvent) -> None:
        self.last_seq += 1
        terminal = event.type in _TERMINAL
        logged = LoggedEvent(self.last_seq, event.model_dump_json(by_alias=True), terminal)
        self._recent.append(logged)
        self._store.append_event(logged)
        if terminal:
            self._open = False
        changed, self._changed = self._changed, anyio.Event()
        changed.set()

    async def _after(self, seq: int) -> Sequence[LoggedEvent]:
        if seq >= self.last_seq:
            return ()
        if self._recent and self._recent[0].seq <= seq + 1:
            return [event for event in self._recent if event.seq > seq]
        return await self._store.read_events(seq)
