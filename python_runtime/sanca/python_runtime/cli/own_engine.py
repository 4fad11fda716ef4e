"""An engine in the terminal's own process, for when none is running: the same access as to a running one."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anyio
from sanca.core.home import ensure_home, find_home
from sanca.python_runtime.asks import Answer
from sanca.python_runtime.cli.access import Event, Summary
from sanca.python_runtime.engine import LOCAL, Engine
from sanca.python_runtime.lifecycle import EngineLock, EngineLockedError

LOCK_SECONDS = 30.0
"""How long to wait for another terminal's engine to end; a served one is used instead of waited for."""


class OwnEngine:
    """Access to an engine of our own."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def ask(self, message: str, session_id: str) -> AsyncIterator[Event]:
        """Start a run and yield its AG-UI events."""
        async for event in self._engine.stream(message, session_id=session_id):
            yield event

    async def answer(
        self, interrupt_id: str, *, approved: bool, reason: str = "", value: Any = None
    ) -> AsyncIterator[Event]:
        """Answer what a run waits for and yield what follows."""
        answer = Answer(approved=approved, reason=reason, value=value, by=LOCAL.user)
        log, after = await self._engine.answer_interrupt(LOCAL, "", interrupt_id, answer)
        async for event in log.follow(after, until="first_end"):
            yield json.loads(event.json)

    async def summary(self, run_id: str) -> Summary:
        """Return how a run stands."""
        record = await self._engine.parts.runs.get(LOCAL, run_id)
        usage = [one.model_dump(include=set(_SHOWN_USAGE)) for one in record.usage]
        return Summary(
            record.run_id, record.session_id, record.status.value, record.answer, record.error, record.seconds,
            record.calls, list(record.cards), usage,
        )  # fmt: skip

    async def cancel(self, run_id: str) -> None:
        """Cancel a run."""
        await self._engine.cancel(run_id)


_SHOWN_USAGE = ("model", "input_tokens", "output_tokens", "cost", "currency")


@asynccontextmanager
async def open_own_engine() -> AsyncIterator[OwnEngine]:
    """Open an engine on this state folder for as long as the block lasts.

    Raises:
        EngineLockedError: Another terminal's engine kept the folder for 30 seconds.
    """
    lock = EngineLock(ensure_home(find_home()))
    await _acquire(lock)
    try:
        async with Engine(lock=lock) as engine:
            yield OwnEngine(engine)
    finally:
        lock.release()


async def _acquire(lock: EngineLock) -> None:
    deadline = anyio.current_time() + LOCK_SECONDS
    while True:
        try:
            return lock.acquire()
        except EngineLockedError:
            if anyio.current_time() > deadline:
                raise
            await anyio.sleep(0.1)
