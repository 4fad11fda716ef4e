"""The queue that runs wait on: DBOS over SQLite, one queue, keyed by session. Knows nothing of what a run does.

Measured rules this file obeys: launch inside the running loop; our own sequence number as priority (SQLite's clock
gives ties); WAL; JSON instead of pickle; a fixed application version; an executor id of its own per incarnation, so
that DBOS never re-runs by itself what a dead engine left pending.
"""

from __future__ import annotations

import functools
import logging
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio.to_thread
from sanca.core.errors import ConfigurationError, RunError

if TYPE_CHECKING:
    from dbos import DBOS as DbosType

_QUEUE = "runs"
_PROTOCOL = "runs-1"
"""Changes only when a workflow row of an older engine could not be run by a newer one."""

Leg = Callable[[str, int], Awaitable[None]]


class RunQueue:
    """One queue of legs; a leg is one time that a run holds its session's place. Open once in a process at a time."""

    _leg: Leg | None = None
    """The open queue's consumer.

    DBOS registers workflows process-wide, so the function must be found process-wide too.
    """

    def __init__(self, path: Path, *, executor_id: str, at_once: int, poll_seconds: float) -> None:
        self._path = path
        self._executor_id = executor_id
        self._at_once = at_once
        self._poll_seconds = poll_seconds
        self._dbos: type[DbosType] | None = None
        self._is_consumer = False

    async def open(self, leg: Leg) -> None:
        """Start consuming: `leg(run_id, leg)` is awaited for each entry, one at a time for a session.

        Raises:
            ConfigurationError: Another engine is open in this process.
        """
        if RunQueue._leg is not None:
            raise ConfigurationError(
                "Another Engine is open in this process; close it first, or start a second process."
            )
        RunQueue._leg, self._is_consumer = leg, True
        await anyio.to_thread.run_sync(self._prepare)
        from dbos import DBOS, DBOSConfig
        from dbos._serialization import DBOSPortableJSON

        self._dbos = DBOS
        _quiet()
        config: DBOSConfig = {
            "name": "sanca",
            "system_database_url": f"sqlite:///{self._path}",
            "executor_id": self._executor_id,
            "application_version": _PROTOCOL,
            "serializer": DBOSPortableJSON,
            "log_level": "WARNING",
        }
        DBOS(config=config)
        _workflow()
        DBOS.launch()
        await self._abandon_what_others_left()
        await DBOS.register_queue_async(
            _QUEUE,
            partition_concurrency=1,
            worker_concurrency=self._at_once,
            polling_interval_sec=self._poll_seconds,
            on_conflict="always_update",
        )

    async def close(self) -> None:
        """Stop consuming. Entries stay where they are."""
        if self._dbos is not None:
            dbos, self._dbos = self._dbos, None
            await anyio.to_thread.run_sync(dbos.destroy)
        if self._is_consumer:
            RunQueue._leg, self._is_consumer = None, False

    async def put(self, run_id: str, leg: int, *, session_id: str, priority: int) -> None:
        """Put a leg of a run on its session's line; the same run and leg again changes nothing."""
        from dbos import SetEnqueueOptions, SetWorkflowID

        with SetWorkflowID(_entry(run_id, leg)), SetEnqueueOptions(queue_partition_key=session_id, priority=priority):
            await self._open_dbos.enqueue_workflow_async(_QUEUE, _workflow(), run_id, leg)

    async def cancel(self, run_id: str, leg: int) -> None:
        """Take a leg out, whether it waits or works; the work itself is stopped by the caller."""
        await self._open_dbos.cancel_workflow_async(_entry(run_id, leg))

    @property
    def _open_dbos(self) -> type[DbosType]:
        if self._dbos is None:
            raise RunError("The engine is stopping; the message is kept and runs at the next start.")
        return self._dbos

    def _prepare(self) -> None:
        import dbos  # noqa: F401 - takes a second of imports: in this thread, not on the event loop

        with closing(sqlite3.connect(self._path)) as connection:
            connection.execute("PRAGMA journal_mode = WAL")

    async def _abandon_what_others_left(self) -> None:
        """A leg that a dead engine was working on must not hold its session's place, and must not run again."""
        pending = await self._open_dbos.list_workflows_async(status="PENDING", load_input=False, load_output=False)
        left = [workflow.workflow_id for workflow in pending if workflow.executor_id != self._executor_id]
        if left:
            await self._open_dbos.cancel_workflows_async(left)


async def _consume(run_id: str, leg: int) -> None:
    """Run one leg. The only workflow there is: tiny, stable, without steps; the run's facts are in our journal."""
    if RunQueue._leg is not None:
        await RunQueue._leg(run_id, leg)


@functools.cache
def _workflow() -> Any:
    """Register the workflow, once in a process: DBOS keeps its registry over close and open."""
    from dbos import DBOS

    return DBOS.workflow(name="leg")(_consume)


def _entry(run_id: str, leg: int) -> str:
    return run_id if leg == 1 else f"{run_id}.{leg}"


def _quiet() -> None:
    """Keep the tracebacks that DBOS logs for each cancelled workflow, and its greetings, out of our log."""
    logger = logging.getLogger("dbos")
    if not any(isinstance(existing, _CancelledIsNoError) for existing in logger.filters):
        logger.addFilter(_CancelledIsNoError())
        logger.addHandler(logging.NullHandler())  # else it makes one of its own, in a format of its own


class _CancelledIsNoError(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        said = record.getMessage()
        return "Cancelled" not in type(error).__name__ and not any(word in said for word in _SAID_OF_CANCELLED)


_SAID_OF_CANCELLED = ("cancelled", "no longer owned by this execution")
