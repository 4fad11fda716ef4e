"""The journal as the engine uses it: facts go out by the broker, the journal's only writer.

Events are read back from the file.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import anyio.to_thread
import structlog
from sanca.core.errors import SancaError
from sanca.python_runtime.broker.client import BrokerClient
from sanca.python_runtime.broker.journal_reader import JournalReader
from sanca.python_runtime.events import LoggedEvent
from sanca.python_runtime.run_record import RunRequest

log = structlog.get_logger()

_UNCONFIRMED = 5_000
_LONGEST_CHARS = 65_536
_Fact = tuple[RunRequest, str, dict[str, Any]]


class Journal:
    """Appends by the broker, reads from the file. While there is no broker, facts wait here for the next one."""

    def __init__(self, broker: Callable[[], BrokerClient], reader: JournalReader) -> None:
        self._broker = broker
        self._reader = reader
        self._unsent: deque[_Fact] = deque()
        self._unconfirmed: deque[tuple[int, _Fact]] = deque(maxlen=_UNCONFIRMED)
        self._sent = 0

    def of_run(self, request: RunRequest) -> RunJournal:
        """Return the journal as one run writes and reads it."""
        return RunJournal(self, request)

    def append(self, request: RunRequest, kind: str, data: Mapping[str, Any]) -> None:
        """Write one fact soon."""
        self._unsent.append((request, kind, dict(data)))
        self._send()

    async def events(self, run_id: str, after: int) -> Sequence[LoggedEvent]:
        """Return the stored events of a run after a number."""
        await self.flush()
        found = await anyio.to_thread.run_sync(partial(self._reader.events, run_id, after=after))
        events = {int(one["seq"]): LoggedEvent(one["seq"], one["event"], one["terminal"]) for one in found}
        return [events[seq] for seq in sorted(events)]  # one that was sent again is there twice

    async def calls(self, run_id: str) -> list[dict[str, Any]]:
        """Return the calls of a run, and how each ended."""
        return await anyio.to_thread.run_sync(self._reader.calls, run_id)

    async def last(self, run_id: str, kind: str) -> dict[str, Any] | None:
        """Return the data of a run's last fact of a kind; None when there is none."""
        await self.flush()
        rows = await anyio.to_thread.run_sync(partial(self._reader.rows, run_id, kinds=(kind,)))
        return rows[-1].data if rows else None

    async def written_calls(self, run_id: str) -> list[dict[str, Any]]:
        """Return the calls of a run that goes on, without very long values, after all of them are on the disk."""
        await self.flush()
        return await anyio.to_thread.run_sync(partial(self._reader.calls, run_id, longest=_LONGEST_CHARS))

    async def flush(self) -> None:
        """Wait until what was appended is on disk, as far as there is a broker to write it."""
        self._send()
        sent = self._sent
        try:
            await self._broker().flush()
        except SancaError as error:
            log.warning("journal_not_flushed", reason=str(error))
            return
        while self._unconfirmed and self._unconfirmed[0][0] <= sent:
            self._unconfirmed.popleft()

    def send_again(self) -> None:
        """Send events again that a broker took and may not have written before it died."""
        self._unsent.extendleft(fact for _, fact in reversed(self._unconfirmed))
        self._unconfirmed.clear()

    def _send(self) -> None:
        while self._unsent:
            request, kind, data = self._unsent[0]
            try:
                self._broker().append(
                    request.run_id, kind, data, session_id=request.session_id, trace_id=request.caller.trace_id
                )
            except SancaError as error:
                log.warning("journal_waits", facts=len(self._unsent), reason=str(error))
                return
            self._sent += 1
            if kind == "event":
                self._unconfirmed.append((self._sent, self._unsent[0]))
            self._unsent.popleft()


class RunJournal:
    """One run's `EventStore`."""

    def __init__(self, journal: Journal, request: RunRequest) -> None:
        self._journal = journal
        self._request = request

    def append_event(self, event: LoggedEvent) -> None:
        """Store an event soon."""
        self._journal.append(
            self._request, "event", {"seq": event.seq, "event": event.json, "terminal": event.terminal}
        )

    async def read_events(self, after: int) -> Sequence[LoggedEvent]:
        """Return the run's stored events after a number."""
        return await self._journal.events(self._request.run_id, after)

    async def flush(self) -> None:
        """Wait until what was appended is on disk."""
        await self._journal.flush()
