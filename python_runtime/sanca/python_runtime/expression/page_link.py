"""One run's way to the page that started it: a command goes out, the page says what became of it, the next goes out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import anyio
from sanca.core.errors import ToolArgumentError, ToolDeniedError, ToolFailedError
from sanca.python_runtime.reporter import RunReporter
from sanca.python_runtime.run_record import RunRequest
from sanca.toolkit_bridge import did_you_mean, near_names

Command = Literal["open", "highlight", "fill"]
_TARGETS_NAMED = 12


@dataclass(frozen=True)
class PageReply:
    """What the page says of a command. It comes from a browser: show it, never obey it."""

    command_id: str
    ok: bool
    reason: str = ""
    """Why not: not_there, not_possible or failed."""
    detail: str = ""
    targets: tuple[str, ...] = ()
    """What there is, when the target is not."""


_STOPPED = PageReply("", ok=False, reason="stopped")


class PageLink:
    """Used by the event loop only. `close` ends what is under way; nothing goes out after it."""

    def __init__(self, request: RunRequest, reporter: RunReporter) -> None:
        self._run_id = request.run_id
        self._is_there = request.page is not None and request.page.takes_commands
        self._reporter = reporter
        self._turn = anyio.Lock()
        self._sequence = 0
        self._waiting: tuple[str, anyio.Event] | None = None
        self._reply: PageReply | None = None
        self._is_closed = False

    async def send(self, command: Command, target: str, value: str = "", *, seconds: float) -> dict[str, Any]:
        """Have the page carry out a command and return when it has; one after the other, in the order of the calls.

        Raises:
            ToolDeniedError: No page can be commanded by this run.
            ToolArgumentError: The target is not on the page now; names what is near.
            ToolFailedError: The page could not do it, did not answer in time, or the run was stopped.
        """
        if not self._is_there:
            message = "No page is connected that takes commands: this run was not begun from one."
            raise ToolDeniedError(message, tool_name=f"page.{command}")
        async with self._turn:
            reply = await self._wait_for_page(command, target, value, seconds)
        if reply is None:
            message = f"The page did not answer page.{command}({target!r}) within {seconds:g} seconds."
            raise ToolFailedError(f"{message} It may have been closed.", kind="timeout")
        if not reply.ok:
            raise _not_done(command, target, reply)
        return {"done": command, "target": target}

    def take_reply(self, reply: PageReply) -> bool:
        """Take what the page says; returns whether somebody waited for it. The first answer counts."""
        if self._waiting is None or self._waiting[0] != reply.command_id or self._reply is not None:
            return False
        self._reply = reply
        self._waiting[1].set()
        return True

    def close(self) -> None:
        """End what is under way: the run is over, or is being stopped."""
        self._is_closed = True
        if self._waiting is not None:
            if self._reply is None:
                self._reply = _STOPPED
                self._tell_end(self._waiting[0], _STOPPED)
            self._waiting[1].set()

    async def _wait_for_page(self, command: Command, target: str, value: str, seconds: float) -> PageReply | None:
        if self._is_closed:
            return _STOPPED
        self._sequence += 1
        command_id = f"{self._run_id}/page-{self._sequence}"
        answered = anyio.Event()
        self._waiting, self._reply = (command_id, answered), None
        told = {"id": command_id, "run_id": self._run_id, "seq": self._sequence, "command": command, "target": target}
        self._reporter.custom("sanca.page_command", {**told, "value": value})
        try:
            with anyio.move_on_after(seconds):
                await answered.wait()
            reply = self._reply
            if reply is not _STOPPED:
                self._tell_end(command_id, reply)
            return reply
        finally:
            self._waiting = self._reply = None

    def _tell_end(self, command_id: str, reply: PageReply | None) -> None:
        """Say that nobody waits any more: a page that reads the run again must not do it again."""
        reason = "timeout" if reply is None else reply.reason
        self._reporter.custom(
            "sanca.page_done",
            {"id": command_id, "run_id": self._run_id, "ok": bool(reply and reply.ok), "reason": reason},
        )


def _not_done(command: str, target: str, reply: PageReply) -> ToolArgumentError | ToolFailedError:
    if reply is _STOPPED:
        return ToolFailedError("The run was stopped.", kind="cancelled")
    if reply.reason == "not_there":
        near = near_names(target, reply.targets)
        there = did_you_mean(near) or _what_is_there(reply.targets)
        return ToolArgumentError(f"There is no {target!r} on the page now.{there}", argument="target", near=near)
    detail = reply.detail or "The page could not do it."
    if reply.reason == "not_possible":
        return ToolArgumentError(f"page.{command}({target!r}): {detail}", argument="target")
    return ToolFailedError(f"page.{command}({target!r}): {detail}")


def _what_is_there(targets: Sequence[str]) -> str:
    if not targets:
        return " It names no places at all."
    more = f" and {len(targets) - _TARGETS_NAMED} more" if len(targets) > _TARGETS_NAMED else ""
    return f" There is: {', '.join(map(repr, targets[:_TARGETS_NAMED]))}{more}."
