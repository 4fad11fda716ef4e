"""Takes a tool out of use for a while that keeps failing for someone, and says so. Knows tools and users by name only.

After the while one call may try it: if it gives a value the tool is back, if not it stays out twice as long. It is out
for the user whose calls failed: what one user's actions make fail on purpose is not taken from another.
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
_MOST_ROWS = 10_000
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
    """The tools of one broker. Any thread; free of cost for tools that work. `who` is any name of a user."""

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
        self._rows: dict[tuple[str, str], _Row] = {}
        self._lock = threading.Lock()

    def check(self, who: str, name: str) -> None:
        """Let a call go on if its tool is in use, or may be tried.

        Raises:
            ToolFailedError: It is out; says since when, until when and why.
        """
        if self._rows and (sentence := self._sentence((who, name))):
            raise _out(name, sentence)

    def enter(self, who: str, name: str) -> None:
        """Let a call leave: as `check`, but only one call is let through to try a tool that was out."""
        if not self._rows:
            return
        with self._lock:
            row = self._rows.get((who, name))
            now = self._clock()
            if row is None or not row.until:
                return
            is_tried = now - row.tried_since < row.pause
            if now < row.until or is_tried:
                raise _out(name, _sentence(name, row, is_tried=now >= row.until))
            row.tried_since = now
        log.info("tool_tried_again", tool=name, user=who)

    def note(self, who: str, name: str, error: CallError | None, *, is_of_host: bool) -> None:
        """Take note how a call that had left ended.

        A host that cannot be reached says nothing about its tools; nor does a call that was refused or cancelled.
        """
        if error is None:
            if self._rows and self._rows.pop((who, name), None) is not None:
                log.info("tool_works", tool=name, user=who)
            return
        if self._failures and _counts(error, is_of_host=is_of_host):
            self._note_failure((who, name), error)
        elif self._rows:
            self._end_try((who, name))

    def sentences(self, who: str) -> dict[str, str]:
        """Return the tools that are out for a user, each with the sentence about it."""
        keys = [key for key in list(self._rows) if key[0] == who]
        return {key[1]: sentence for key in keys if (sentence := self._sentence(key))}

    def everybodys(self) -> dict[str, str]:
        """Return the tools that are out for anybody, each with the sentence about it and for whom it holds."""
        told: dict[str, str] = {}
        for key in list(self._rows):
            if sentence := self._sentence(key):
                told[key[1]] = f"{told.get(key[1]) or sentence} (for {key[0]})"
        return told

    def forget(self, names: set[str]) -> None:
        """Put tools back into use: what they depend on has been started anew."""
        for key in [key for key in list(self._rows) if key[1] in names]:
            self._rows.pop(key, None)

    def _sentence(self, key: tuple[str, str]) -> str:
        with self._lock:
            row = self._rows.get(key)
            now = self._clock()
            return _sentence(key[1], row) if row is not None and now < row.until else ""

    def _note_failure(self, key: tuple[str, str], error: CallError) -> None:
        likeness = _VARIES.sub("", f"{error.kind} {error.java_class} {error.message if error.kind == 'failed' else ''}")
        with self._lock:
            now = self._clock()
            row = self._rows.get(key)
            if row is not None and row.until:
                if row.tried_since:
                    self._take_out(key, row, error, now, 2 * row.pause)
                return
            if row is None or row.likeness != likeness or now - row.last > FORGET_SECONDS:
                if row is None and len(self._rows) >= _MOST_ROWS:
                    del self._rows[next(iter(self._rows))]
                row = self._rows[key] = _Row(likeness, 0, now)
            row.count, row.last = row.count + 1, now
            if row.count >= self._failures:
                self._take_out(key, row, error, now, self._pause_seconds)

    def _take_out(self, key: tuple[str, str], row: _Row, error: CallError, now: float, pause: float) -> None:
        row.since = row.since or now
        row.pause = min(pause, LONGEST_PAUSE_SECONDS)
        row.until, row.tried_since = now + row.pause, 0.0
        row.reason = " ".join(error.message.split())[:_REASON_CHARS].rstrip(".")
        log.warning("tool_taken_out", user=key[0], tool=key[1], seconds=row.pause, reason=row.reason)

    def _end_try(self, key: tuple[str, str]) -> None:
        """A call that tried the tool ended without saying anything about it: another one may."""
        with self._lock:
            if (row := self._rows.get(key)) is not None:
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
