"""Answers that come when nobody waits in a call any more: looked for, kept, and handed to the engine, once each.

A question is kept from when the agent took it until the engine has its answer, so that neither a broker's nor an
engine's death loses it. The engine ignores an answer it has had.
"""

from __future__ import annotations

import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import anyio
import anyio.to_thread
import structlog
from sanca.a2a.task_book import ANSWERED, CANCELLED, WAITING, SentTask, TaskBook
from sanca.core.errors import SancaError
from sanca.core.ports import AgentReply, ToolkitHost
from sanca.core.untrusted import plain_text

if TYPE_CHECKING:
    from sanca.a2a.agent import RemoteAgent
    from sanca.a2a.answer import Answer

log = structlog.get_logger(__name__)

_SHORTEST_LOOK_SECONDS = 1.0
_LONGEST_LOOK_SECONDS = 60.0
_LOOK_SHARE = 0.1
"""Of the time that a question is out: one of an hour is looked at every minute."""
_REST_SECONDS = 30.0
_AT_ONCE = 8

Reply = dict[str, Any]
"""`text, data, state` of an answer."""


class LateReplies:
    """Those of one agent. `run` in a task of its own; `add` and `wake` from any other on the same loop."""

    def __init__(
        self,
        name: str,
        book: TaskBook,
        host: ToolkitHost,
        agent: Callable[[], Awaitable[RemoteAgent]],
        read: Callable[[Answer, SentTask], Awaitable[Reply]],
    ) -> None:
        """Take what it works with.

        Args:
            name: The toolkit's.
            book: Keeps what is out.
            host: Takes the answers.
            agent: Connects, or returns the connection there is.
            read: Makes of an answer what a session may see of it.
        """
        self._name = name
        self._book = book
        self._host = host
        self._agent = agent
        self._read = read
        self._more = anyio.Event()
        self._limiter = anyio.CapacityLimiter(_AT_ONCE)

    async def add(self, task: SentTask, late_seconds: float, reply: Reply | None = None) -> None:
        """Keep a question that is out, with its answer when that came at once; on the disk when this returns."""
        if reply is not None:
            task = replace(task, state=ANSWERED, reply=json.dumps(reply, ensure_ascii=False))
        await anyio.to_thread.run_sync(self._book.add, task, late_seconds)
        self._more.set()

    async def run(self) -> None:
        """Look for answers, for good."""
        while True:
            self._more = anyio.Event()
            try:
                pause = await self._look_once()
            except SancaError as error:
                log.warning("late_replies_rest", agent=self._name, reason=str(error))
                pause = _REST_SECONDS
            with anyio.move_on_after(pause):
                await self._more.wait()

    async def _look_once(self) -> float:
        """Look at what is due; returns the seconds until the next is."""
        if not self._book.exists:
            return _LONGEST_LOOK_SECONDS
        due = await anyio.to_thread.run_sync(self._book.due, self._name)
        async with anyio.create_task_group() as looking:
            for task in due:
                looking.start_soon(self._look_at, task)
        upcoming = await anyio.to_thread.run_sync(self._book.next_look, self._name)
        if upcoming is None:
            return _LONGEST_LOOK_SECONDS
        return min(_LONGEST_LOOK_SECONDS, max(0.05, upcoming - time.time()))

    async def _look_at(self, task: SentTask) -> None:
        async with self._limiter:
            try:
                if task.state == WAITING and (reply := await self._reply_to(task)) is not None:
                    task = replace(task, state=ANSWERED, reply=json.dumps(reply, ensure_ascii=False))
                    await anyio.to_thread.run_sync(self._book.set_reply, task, task.reply)
                if task.state == ANSWERED:
                    await self._hand_over(task)
            except SancaError as error:  # the engine or a disk; what came is kept
                log.info("late_reply_waits", agent=self._name, task_id=task.task_id, reason=str(error))
                await anyio.to_thread.run_sync(self._book.look_later, task, _pause_after(task.tries))
            except Exception:  # what an agent sends must not keep the answers of others from coming
                log.exception("late_reply_failed", agent=self._name, task_id=task.task_id)
                await anyio.to_thread.run_sync(self._book.look_later, task, _LONGEST_LOOK_SECONDS)

    async def _reply_to(self, task: SentTask) -> Reply | None:
        """Return what the agent answered; None: nothing yet."""
        from sanca.a2a.failures import LATE_OR_OUTSIDE

        from a2a.utils.errors import TaskNotFoundError

        now = time.time()
        if now > task.until:
            hours = (task.until - task.sent_at) / 3600
            return {"text": f"It has not answered within {hours:g} hours.", "data": None, "state": "expired"}
        try:
            agent = await self._agent()
            answer = await agent.look(task.task_id)
        except TaskNotFoundError:
            text = "It knows nothing of this question any more; whether it was done is not known."
            return {"text": text, "data": None, "state": "lost"}
        except LATE_OR_OUTSIDE as error:
            log.info("agent_not_looked_at", agent=self._name, reason=plain_text(error, 300))
            await anyio.to_thread.run_sync(self._book.look_later, task, _pause_after(task.tries))
            return None
        if not answer.is_over:
            pause = min(_LONGEST_LOOK_SECONDS, max(_SHORTEST_LOOK_SECONDS, (now - task.sent_at) * _LOOK_SHARE))
            await anyio.to_thread.run_sync(self._book.look_later, task, pause)
            return None
        return await self._read(answer, task)

    async def _hand_over(self, task: SentTask) -> None:
        current = await anyio.to_thread.run_sync(self._book.find, task.agent, task.task_id, task.tenant, task.user)
        if current is None or current.state == CANCELLED:  # stopped, or its user forgotten, while it was looked at
            return
        reply = json.loads(task.reply)
        await self._host.deliver_reply(
            AgentReply(
                # A task may be asked again when it asked back: each of its answers is one of its own.
                id=f"{task.agent}/{task.task_id}/{round(task.sent_at * 1000)}",
                tenant=task.tenant,
                user=task.user,
                session_id=task.session_id,
                run_id=task.run_id,
                sender=task.agent,
                text=str(reply["text"]),
                data=reply["data"],
                state=str(reply["state"]),
                asked=task.asked,
            )
        )
        await anyio.to_thread.run_sync(self._book.end, task)


def _pause_after(tries: int) -> float:
    return min(_LONGEST_LOOK_SECONDS, _SHORTEST_LOOK_SECONDS * float(2 ** min(tries, 10)))
