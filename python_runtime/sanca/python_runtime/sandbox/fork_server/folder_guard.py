"""Holds a session to what its /output may hold, though it lies on a disk that knows no quota of it.

Counting a folder is slow, asking the file system how full it is takes microseconds. So that is asked, the sooner again
the less room is left, as fast as processors could fill it; counted is only when the disk has become fuller by as much
as there was room, and the action stands still meanwhile. Others fill the disk too: that costs a count, no more. When
the folder is full, the kernel is told that no file may grow, and the action is interrupted; it is ended when it does
not heed that.
"""

from __future__ import annotations

import os
import resource
import signal
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from typing import Literal

from .folder_size import MOST_ENTRIES, Countless, Size, measure, measure_deleted
from .hardening import Limits

_CORES = os.cpu_count() or 1
_BYTES_A_SECOND, _ENTRIES_A_SECOND = _CORES * (2 << 30), _CORES * 100_000
"""How fast a session can fill a disk's cache."""
_SHORTEST_SECONDS, _LONGEST_SECONDS = 0.002, 0.05
_COUNTING_SHARE = 4
"""Of the time, at most one part in so many is spent counting."""
_COUNTED_SECONDS = 0.2
"""After so long it is counted in any case: others may have deleted as much as was written here."""
_MEGABYTE = 1 << 20
_TAIL = Size(8 * _MEGABYTE, 1000)
"""What may come after it was found full, of what was being written."""
_INTERRUPTS, _BETWEEN_INTERRUPTS_SECONDS = 3, 0.1
_PASSES = 3

Verdict = Literal["", "interrupt", "end"]
Pids = Callable[[], list[int]]


class FolderGuard:
    """One for each session. Lifecycle: `begin` before a round, `look` whenever it `is_due`, `end` after it."""

    def __init__(self, folder: str, limits: Limits) -> None:
        self._folder = folder
        self._most = Size(limits["output_folder_megabytes"] * _MEGABYTE, MOST_ENTRIES)
        self._most_file_bytes = limits["file_megabytes"] * _MEGABYTE
        self._room = Size(0, 0)
        """How much more there could be when it was last counted."""
        self._lowest = self._disk()
        """How full the disk was at least since then."""
        self._interrupts = 0
        self._next_look = self._next_interrupt = self._next_count = 0.0
        self.is_full = False
        """Whether this round's action filled it."""

    def begin(self) -> None:
        """A round begins. One that finds it full may delete, and add no more than a little."""
        if self.is_full:
            self.is_full, self._interrupts, self._room = False, 0, _TAIL
            self._lowest = self._disk()
        now = time.monotonic()
        self._next_look, self._next_count = now + self._pause_seconds(), now + _COUNTED_SECONDS

    def end(self, guest: int) -> None:
        """The round is over: the guest may write again, if it deletes first."""
        if self.is_full:
            _let_files_grow([guest], self._most_file_bytes)

    def is_due(self) -> bool:
        """Whether it is time to look."""
        return time.monotonic() >= self._next_look

    def pause_milliseconds(self) -> int:
        """How long to wait before the next look."""
        return max(1, int((self._next_look - time.monotonic()) * 1000) + 1)

    def look(self, pids: Pids, still: Callable[[], AbstractContextManager[None]]) -> Verdict:
        """Return whether the action is to be interrupted or ended, because of what is in the folder.

        Args:
            pids: Tells the session's processes.
            still: Holds them while it is entered.
        """
        begun = time.monotonic()
        verdict: Verdict = ""
        if self._may_be_over() or (begun >= self._next_count and self._count(pids())):
            with still():
                verdict = self._count(pids())
                if verdict == "interrupt":
                    self.is_full = True
                    _forbid_growth(pids)
                elif verdict == "end":
                    _kill(pids())  # at once, for only that ends a long write in its middle
        now = time.monotonic()
        self._next_look = now + max(self._pause_seconds(), (now - begun) * (_COUNTING_SHARE - 1))
        if self.is_full and verdict == "":
            verdict = self._insist(now)
        self.is_full = self.is_full or verdict == "end"
        return verdict

    def glance(self, pids: Pids) -> None:
        """End the processes when they have gone too far; for moments in which others wait for them to stand still."""
        if self._may_be_over() and self._count(pids()) == "end":
            self.is_full = True
            _kill(pids())

    def _insist(self, now: float) -> Verdict:
        """Interrupt again, or end what did not heed it."""
        if now < self._next_interrupt:
            return ""
        self._next_interrupt = now + _BETWEEN_INTERRUPTS_SECONDS
        self._interrupts += 1
        return "end" if self._interrupts > _INTERRUPTS else "interrupt"

    def _may_be_over(self) -> bool:
        used = self._disk()
        self._lowest = Size(*map(min, used, self._lowest))
        return any(now - before >= room for now, before, room in zip(used, self._lowest, self._room, strict=True))

    def _count(self, pids: list[int]) -> Verdict:
        """Count anew. A little too much, or one thread's, can be interrupted, so that names are kept; more is ended."""
        self._next_count = time.monotonic() + _COUNTED_SECONDS
        self._lowest = self._disk()  # before it is counted: what comes meanwhile counts twice rather than never
        self._room = _TAIL
        most = Size(*map(sum, zip(self._most, _TAIL, strict=True)))
        try:
            deleted = measure_deleted(self._folder, pids, most_file_bytes=self._most_file_bytes)
            held = measure(self._folder, most_bytes=most.held_bytes - deleted, most_entries=most.entries)
        except Countless:
            return "interrupt" if not self.is_full and _is_one_thread(pids) else "end"
        most = most if self.is_full else self._most
        self._room = Size(most.held_bytes - deleted - held.held_bytes, most.entries - held.entries)
        return "interrupt" if min(self._room) < 0 else ""

    def _disk(self) -> Size:
        """Return how full the file system is, in all."""
        told = os.statvfs(self._folder)
        return Size((told.f_blocks - told.f_bfree) * told.f_frsize, told.f_files - told.f_ffree)

    def _pause_seconds(self) -> float:
        room = self._room
        soonest = min(room.held_bytes / _BYTES_A_SECOND, room.entries / _ENTRIES_A_SECOND)
        return min(max(soonest, _SHORTEST_SECONDS), _LONGEST_SECONDS)


def _forbid_growth(pids: Pids) -> None:
    """Let no file of the processes grow; those that they fork meanwhile too. They may not undo it."""
    known: set[int] = set()
    for _ in range(_PASSES):
        new = set(pids()) - known
        _let_files_grow(new, 0)
        known |= new


def _is_one_thread(pids: list[int]) -> bool:
    """Whether one thread is all there is: what it has in its hands is one write."""
    try:
        return len(pids) == 1 and os.stat(f"/proc/{pids[0]}/task").st_nlink == 3  # noqa: PTH116 - itself, above, one
    except OSError:
        return False


def _kill(pids: list[int]) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _let_files_grow(pids: set[int] | list[int], most_bytes: int) -> None:
    for pid in pids:
        try:
            hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)[1]
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (min(most_bytes, hard), hard))
        except OSError:
            continue  # it has just ended
