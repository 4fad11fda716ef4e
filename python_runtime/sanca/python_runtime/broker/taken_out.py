"""Takes a tool out of use for a while that keeps failing, and says so. Calls nothing; knows tools by name only.

After the while one call may try it: if it gives a value the tool is back, if not it stays out twice as long.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog
from sanca.core.errors import ToolFailedError
from sanca.core.tools import CallError

log = structlog.get_logger(__name__)

FAILURES = 5
PAUSE_SECONDS = 30.0
LONGEST_PAUSE_SECONDS = 480.0
FORGET_SECONDS = 120.0
"""Failures further apart than this are not one row."""
_REASON_CHARS = 200
_VARIES = re.compile(r"[\W\d_]+")
"""Numbers, signs and line ends: what is the same failure may say them otherwise."""


@dataclass(slots=True)
class _Row:
    """A tool's failures one after the other, and since when it is out for them."""

    likeness: str
    count: int
    last: float
    reason: str = ""
    since: float = 0.0
    until: float = 0.0
    pause: float = 0.0
    tried_since: float = 0.0
    """When the call left that tries whether it works again; 0: none does."""


class TakenOut:
    """The tools of one broker. Any thread; free of cost for tools that work."""

    def __init__(
        self,
        failures: int = FAILURES,
        pause_seconds: float = PAUSE_SECONDS,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Take how patient to be.

        Args:
            failures: So many of the same kind in a row, and the tool is out. 0: no tool ever is.
            pause_seconds: For so long at first.
            clock: Seconds since 1970.
        """
        self._failures = failures
        self._pause_seconds = pause_seconds
        self._clock = clock
        self._rows: dict[str, _Row] = {}
        self._lock = threading.Lock()

    def check(self, name: str) -> None:
        """Let a call go on if its tool is in use, or may be tried.

        Raises:
            ToolFailedError: It is out; says since when, until when and why.
        """
        if self._rows and (sentence := self._sentence(name)):
            raise _out(name, sentence)

    def enter(self, name: str) -> None:
        """Let a call leave: as `check`, but only one call is let through to try a tool that was out."""
        if not self._rows:
            return
        with self._lock:
            row = self._rows.get(name)
            now = self._clock()
            if row is None or not row.until:
                return
            is_tried = now - row.tried_since < row.pause
            if now < row.until or is_tried:
                raise _out(name, _sentence(name, row, is_tried=now >= row.until))
            row.tried_since = now
        log.info("tool_tried_again", tool=name)

    def note(self, name: str, error: CallError | None, *, is_of_host: bool) -> None:
        """Take note how a call that had left ended.

        A host that cannot be reached says nothing about its tools; nor does a call that was refused or cancelled.
        """
        if error is None:
            if self._rows and self._rows.pop(name, None) is not None:
                log.info("tool_works", tool=name)
            return
        if self._failures and _counts(error, is_of_host=is_of_host):
            self._note_failure(name, error)
        elif self._rows:
            self._end_try(name)

    def sentences(self) -> dict[str, str]:
        """Return the tools that are out, each with the sentence about it."""
        return {name: sentence for name in list(self._rows) if (sentence := self._sentence(name))}

    def forget(self, names: set[str]) -> None:
        """Put tools back into use: what they depend on has been started anew."""
        for name in names & set(self._rows):
            self._rows.pop(name, None)

    def _sentence(self, name: str) -> str:
        with self._lock:
            row = self._rows.get(name)
            now = self._clock()
            return _sentence(name, row) if row is not None and now < row.until else ""

    def _note_failure(self, name: str, error: CallError) -> None:
        likeness = _VARIES.sub("", f"{error.kind} {error.java_class} {error.message if error.kind == 'failed' else ''}")
        with self._lock:
            now = self._clock()
            row = self._rows.get(name)
            if row is not None and row.until:
                if row.tried_since:
                    self._take_out(name, row, error, now, 2 * row.pause)
                return
            if row is None or row.likeness != likeness or now - row.last > FORGET_SECONDS:
                row = self._rows[name] = _Row(likeness, 0, now)
            row.count, row.last = row.count + 1, now
            if row.count >= self._failures:
                self._take_out(name, row, error, now, self._pause_seconds)

    def _take_out(self, name: str, row: _Row, error: CallError, now: float, pause: float) -> None:
        row.since = row.since or now
        row.pause = min(pause, LONGEST_PAUSE_SECONDS)
        row.until, row.tried_since = now + row.pause, 0.0
        row.reason = " ".join(error.message.split())[:_REASON_CHARS].rstrip(".")
        log.warning("tool_taken_out", tool=name, seconds=row.pause, reason=row.reason)

    def _end_try(self, name: str) -> None:
        """A call that tried the tool ended without saying anything about it: another one may."""
        with self._lock:
            if (row := self._rows.get(name)) is not None:
                row.tried_since = 0.0


def _counts(error: CallError, *, is_of_host: bool) -> bool:
    if error.kind in ("failed", "timeout"):
        return True
    return error.kind in ("unavailable", "unknown") and not is_of_host


def _sentence(name: str, row: _Row, *, is_tried: bool = False) -> str:
    until = "while one call tries whether it works again" if is_tried else f"until {_clock_time(row.until)}"
    return (
        f"{name} is out of use since {_clock_time(row.since)} {until}, because it kept failing, at last with: "
        f"{row.reason or 'no reason given'}."
    )


def _clock_time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%H:%M:%S UTC")


def _out(name: str, sentence: str) -> ToolFailedError:
    return ToolFailedError(sentence, tool_name=name, kind="unavailable", retryable=True)
