"""Asks the host what became of effects that a broker before this one let leave and did not see end. Calls no tools."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

import structlog
from sanca.core.errors import GatewayError
from sanca.core.tools import CallOutcome
from sanca.python_runtime.broker.journal import Fact
from sanca.python_runtime.broker.journal_reader import JournalRow
from sanca.toolkit_bridge.gateway import Gateway, failure

log = structlog.get_logger(__name__)

RECENT_SECONDS = 3_600.0
_PATIENCE_SECONDS = 60.0
_PAUSE_SECONDS = 0.5


class Settling:
    """One a broker, made when the host is there. What still runs then is asked for again by a thread of its own."""

    def __init__(self, control: Gateway, write: Callable[[Fact], None]) -> None:
        """Take whom to ask and where the journal's rows go."""
        self._control = control
        self._write = write
        self._ended = threading.Event()

    def settle(self, left: Sequence[JournalRow]) -> None:
        """Write down how those ended of which the host knows; returns when each was asked for once.

        Args:
            left: The `call_requested` rows of effects of the host that have no `call_finished`.
        """
        running = self._ask(left)
        if running:
            threading.Thread(target=self._ask_on, args=(running,), name="settling", daemon=True).start()

    def close(self) -> None:
        """Ask no more."""
        self._ended.set()

    def _ask_on(self, running: Sequence[JournalRow]) -> None:
        end = time.monotonic() + _PATIENCE_SECONDS
        while running and time.monotonic() < end and not self._ended.wait(_PAUSE_SECONDS):
            running = self._ask(running)

    def _ask(self, rows: Sequence[JournalRow]) -> list[JournalRow]:
        """Return those that still run."""
        running: list[JournalRow] = []
        for number, row in enumerate(rows):
            try:
                outcome = self._outcome(row)
            except GatewayError as error:
                log.warning("calls_not_settled", reason=str(error))
                return [*running, *rows[number:]]
            if outcome is None:
                running.append(row)
            elif not self._ended.is_set():
                self._write(_finished(row, outcome))
        return running

    def _outcome(self, row: JournalRow) -> CallOutcome | None:
        """Return how a call ended; None while it runs."""
        name = f"{row.data['toolkit']}.{row.data['tool']}"
        status = self._control.status(row.data["call_id"])
        if status.begun is False:
            status = self._control.cancel(row.data["call_id"])  # nobody is to begin it now
        if status.state == "running":
            return None
        if status.outcome is not None:
            return status.outcome
        text = f"The engine ended while {name} was under way, and the host cannot tell how that ended."
        return failure("unknown", f"{text} Its effect may or may not have happened; look before you try again.")


def _finished(row: JournalRow, outcome: CallOutcome) -> Fact:
    data: dict[str, Any] = {"call_id": row.data["call_id"], "ok": outcome.ok, "seconds": 0.0, "asked_later": True}
    if outcome.error is None:
        data["value"] = outcome.value
    else:
        data["error"] = outcome.error.model_dump(exclude_defaults=True)
        data |= {"toolkit": row.data["toolkit"], "tool": row.data["tool"], "round": row.data.get("round", 0)}
    log.info("call_settled", call_id=row.data["call_id"], ok=outcome.ok, run_id=row.run_id, trace_id=row.trace_id)
    return Fact(row.run_id, row.session_id, "call_finished", time.time(), row.trace_id, data)
