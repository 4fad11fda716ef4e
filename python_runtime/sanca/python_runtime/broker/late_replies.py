"""The broker's side of an agent's late reply: hands it to the engine, and waits until the engine keeps it."""

from __future__ import annotations

import asyncio
import dataclasses
import itertools
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from sanca.core.errors import StoreUnavailableError
from sanca.core.ports import AgentReply

_SECONDS = 60.0


class LateReplies:
    """One for all toolkits of a broker. `deliver` on its loop, `taken` from the thread that hears the engine."""

    def __init__(self, post: Callable[[dict[str, Any]], None]) -> None:
        self._post = post
        self._numbers = itertools.count(1)
        self._waiting: dict[int, Future[str]] = {}

    async def deliver(self, reply: AgentReply) -> None:
        """Hand a reply to the engine; it is kept there when this returns.

        Raises:
            StoreUnavailableError: The engine did not take it; says why. It may be handed over again.
        """
        number = next(self._numbers)
        taken = self._waiting[number] = Future[str]()
        try:
            self._post({"op": "agent_reply", "number": number, "reply": dataclasses.asdict(reply)})
            async with asyncio.timeout(_SECONDS):
                problem = await asyncio.wrap_future(taken)
        except TimeoutError:
            problem = f"it did not answer within {_SECONDS:g} seconds"
        finally:
            self._waiting.pop(number, None)
        if problem:
            raise StoreUnavailableError(f"The engine did not take the reply of {reply.sender}: {problem}.")

    def taken(self, number: int, problem: str) -> None:
        """Hear what the engine says of a reply; without a problem it is kept."""
        waiting = self._waiting.get(number)
        if waiting is not None and not waiting.done():
            waiting.set_result(problem)
