"""What operations and push notifications share: a caller's tasks, as views of runs. Changes nothing."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import cast

from sanca.a2a.server.following import TaskEvents, Update
from sanca.a2a.server.store import A2aStore
from sanca.a2a.server.views import TaskViews
from sanca.a2a.server.waiting import Waiting
from sanca.core.agent_runner import AgentRunner, RunEvent, RunView
from sanca.core.messages import Caller

from a2a.types.a2a_pb2 import Message, Task


class Tasks:
    """Reads the engine's runs for the protocol. Safe to use from many tasks at once."""

    def __init__(
        self, runner: AgentRunner, views: TaskViews, store: A2aStore, waiting: Waiting, poll_seconds: float
    ) -> None:
        self._runner = runner
        self._views = views
        self._store = store
        self._waiting = waiting
        self._poll_seconds = poll_seconds

    async def get(self, caller: Caller, task_id: str) -> RunView:
        """Return a run as it stands.

        Raises:
            SancaError: There is none of that id for the caller.
        """
        return await self._runner.get(caller, task_id)

    def follow(self, caller: Caller, task_id: str, after: int) -> AsyncIterator[RunEvent]:
        """Yield a run's events after a number, until it is over or waits for a person."""
        return self._runner.follow(caller, task_id, after)

    async def task(self, caller: Caller, view: RunView, *, history: int | None = None, artifacts: bool = True) -> Task:
        """Return a run as a task.

        Args:
            caller: Whose.
            view: The run.
            history: How many messages at most; None: all.
            artifacts: With what it gave.
        """
        found = await self._views.artifacts(view, self._reader(caller)) if artifacts else []
        made = self._views.task(view, self._turns(view, history), found)
        if history is not None and len(made.history) > history:
            del made.history[: len(made.history) - history]
        return made

    async def snapshot(self, caller: Caller, task_id: str, events: TaskEvents) -> Task:
        """Return a task as it stands after the events that were taken."""
        view = await self.get(caller, task_id)
        if view.is_over:
            return await self.task(caller, view)
        return self._views.task(view, self._turns(view, None), events.artifacts())

    def events(self, caller: Caller, view: RunView, *, pieces: bool = True) -> TaskEvents:
        """Return what makes a run's events those of a task."""
        return TaskEvents(view.run_id, view.session_id, self._views, self._reader(caller), pieces=pieces)

    async def updates(self, caller: Caller, view: RunView, after: int) -> AsyncGenerator[Update, None]:
        """Yield what happens to a task after a number, until it is over or waits for a person."""
        events = self.events(caller, view)
        async with aclosing(cast(AsyncGenerator[RunEvent, None], self.follow(caller, view.run_id, after))) as followed:
            async for event in followed:
                for update in await events.take(event):
                    yield update

    async def subscribe(self, caller: Caller, view: RunView) -> AsyncGenerator[Task | Update, None]:
        """Yield a task as it stands, with what it gave so far, and what happens to it until it is over."""
        events, after, is_shown = self.events(caller, view), 0, view.last_seq == 0
        if is_shown:
            yield self._views.task(view, self._turns(view, None))
        while not events.is_over:
            followed = cast(AsyncGenerator[RunEvent, None], self.follow(caller, view.run_id, after))
            async with aclosing(followed):
                async for event in followed:
                    after = event.seq
                    updates = await events.take(event)
                    if is_shown:
                        for update in updates:
                            yield update
                    elif event.seq >= view.last_seq:
                        is_shown = True
                        yield self._views.task(view, self._turns(view, None), events.artifacts())
            if not is_shown:  # its events are not there any more; what it is, is
                is_shown = True
                yield await self.task(caller, view)
            if not events.is_over:
                await self._waiting.rest(view.run_id, self._poll_seconds)
                if (view := await self.get(caller, view.run_id)).is_over and view.last_seq <= after:
                    return

    def _turns(self, view: RunView, history: int | None) -> list[Message]:
        if history == 0:
            return []
        return [Message.FromString(one) for one in self._store.turns(view.run_id, history)]

    def _reader(self, caller: Caller) -> _Reader:
        return _Reader(self._runner, caller)


class _Reader:
    """Gives the content of a caller's files."""

    def __init__(self, runner: AgentRunner, caller: Caller) -> None:
        self._runner = runner
        self._caller = caller

    async def __call__(self, file_id: str) -> bytes:
        _, content = await self._runner.read_file(self._caller, file_id)
        return content
