"""Which call a server's question belongs to: a question must reach the person behind that call, and no one else."""

from __future__ import annotations

import contextvars
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import anyio
from sanca.core.tools import CallContext

_QUESTIONS = 10
"""So many may be asked for one call."""


@dataclass
class OpenCall:
    """A call that is under way at a server. Its clock stands still while a person is asked."""

    context: CallContext
    label: str
    scope: anyio.CancelScope
    questions: int = 0
    progress: str = ""
    """What the server said last of how far it is."""
    _asking: int = field(default=0, repr=False)
    _left: float = field(default=0.0, repr=False)

    @contextmanager
    def person_is_asked(self) -> Iterator[None]:
        """Stop the clock within the block."""
        if self._asking == 0:
            self._left = self.scope.deadline - anyio.current_time()
            self.scope.deadline = float("inf")
        self._asking += 1
        try:
            yield
        finally:
            self._asking -= 1
            if self._asking == 0:
                self.scope.deadline = anyio.current_time() + self._left

    def may_ask(self) -> bool:
        """Count a question; False when there were enough."""
        self.questions += 1
        return self.questions <= _QUESTIONS


_current: contextvars.ContextVar[OpenCall | None] = contextvars.ContextVar("mcp_open_call", default=None)


class OpenCalls:
    """The calls under way at one server."""

    def __init__(self) -> None:
        self._open: list[OpenCall] = []

    @contextmanager
    def entered(self, call: OpenCall) -> Iterator[OpenCall]:
        """Hold a call among them within the block, and mark it as the one this task works on."""
        token = _current.set(call)
        self._open.append(call)
        try:
            yield call
        finally:
            self._open.remove(call)
            _current.reset(token)

    def meant(self) -> OpenCall | None:
        """Return the call that a server's question belongs to; None when that is not certain.

        Questions inside a result (2026-07-28) are handled by the task that made the call. A request of the server's own
        (2025-11-25) names no call: it is certain only while all calls under way are of one session.
        """
        if (call := _current.get()) is not None and call in self._open:
            return call
        sessions = {(one.context.tenant, one.context.user, one.context.session_id) for one in self._open}
        return self._open[-1] if len(sessions) == 1 else None


def clean_context() -> contextvars.Context:
    """Return a context in which no call is under way: for tasks that outlive the call that started them."""
    context = contextvars.copy_context()
    context.run(_current.set, None)
    return context
