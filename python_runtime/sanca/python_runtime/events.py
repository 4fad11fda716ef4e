"""The event log of one run: numbers events, stores them, and lets any number of listeners follow. Knows no meaning of an event.

A listener pulls: it says which number it saw last and reads on, from memory or, when it was slow, from the store. So no
queue can overflow, and no event is lost or seen twice. What may not be shown yet (an AG-UI run is over, the next has not
begun) is parked and comes out after the next RUN_STARTED.
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
    """Where events outlive the process."""

    def append_event(self, run_id: str, seq: int, event_json: str, *, terminal: bool) -> None:
        """Store an event soon, in the order of the calls; does not wait."""

    async def last_event(self, run_id: str) -> LoggedEvent | None:
        """Return the last stored event of a run."""

    async def read_events(self, run_id: str, after: int, limit: int) -> Sequence[LoggedEvent]:
        """Return stored events of a run with a greater number, in order; what was appended before is there."""


class EventLog:
    """The events of a run. `emit` from the event loop only; `follow` from any task."""

    def __init__(self, run_id: str, store: EventStore, *, last: LoggedEvent | None = None, seq: int = 0) -> None:
        """Make the log of a new run, or go on with a stored one whose last event is given."""
        self.run_id = run_id
        self._store = store
        self._recent: deque[LoggedEvent] = deque(maxlen=_KEPT)
        self._parked: deque[BaseEvent] = deque(maxlen=_PARKED)
        self._changed = anyio.Event()
        self._open = last is not None and not last.terminal
        self.last_seq = seq or (last.seq if last else 0)

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

    async def follow(
        self, after: int = 0, *, until: Literal["first_end", "current_end"] = "current_end"
    ) -> AsyncIterator[LoggedEvent]:
        """Yield the events with a number greater than `after`, then live ones; the last one says so.

        Args:
            after: The number seen last; 0 for all.
            until: `first_end` stops at the first terminal event met, `current_end` when the AG-UI run under way ends.
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
                if not self._open:
                    return
                await changed.wait()

    def _write(self, event: BaseEvent) -> None:
        self.last_seq += 1
        terminal = event.type in _TERMINAL
        text = event.model_dump_json(by_alias=True)
        self._recent.append(LoggedEvent(self.last_seq, text, terminal))
        self._store.append_event(self.run_id, self.last_seq, text, terminal=terminal)
        if terminal:
            self._open = False
        changed, self._changed = self._changed, anyio.Event()
        changed.set()

    async def _after(self, seq: int) -> Sequence[LoggedEvent]:
        if seq >= self.last_seq:
            return ()
        if self._recent and self._recent[0].seq <= seq + 1:
            return [event for event in self._recent if event.seq > seq]
        return await self._store.read_events(self.run_id, seq, 500)
