"""Looks at a session's processes while an action runs, for what no limit of the kernel's holds. Decides by numbers.

Processor: where no control group holds the session to its share, its processes are stopped and continued so that they
get it. Memory: each process has a limit of its own, and all together are counted. Looked at every 50 ms, so that rounds
that are shorter cost nothing.
"""

from __future__ import annotations

import os
import resource
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Literal, NamedTuple

from . import kernel_files
from .hardening import Limits
from .keeper import KeeperClient
from .walls import Walls

_LOOK_SECONDS = 0.05
_SAVED_SECONDS = 0.1
"""For how long a share that was not used may be saved up."""
_LONGEST_STOP_SECONDS = 1.0
_MOST_PASSES = 100
_STOPPING_SECONDS = 0.0005
_LOW_PRIORITY = 15
_MEGABYTE = 1 << 20
_MUCH_BYTES = 64 * _MEGABYTE
"""From here on a session is worth a group."""
_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
_PAGE_BYTES = resource.getpagesize()
_CORES = os.cpu_count() or 1


Excess = Literal["", "memory", "threads"]


class _Usage(NamedTuple):
    """Of a process and its children that it waited for: processor time, and of those children page faults."""

    seconds: float
    childrens_faults: int


_NOTHING = _Usage(0.0, 0)


class Watcher:
    """One for each session. Lifecycle: `begin` and `end` around a round, `look` whenever `pause_milliseconds` is up."""

    def __init__(self, limits: Limits, walls: Walls, keeper: KeeperClient | None) -> None:
        self._limits = limits
        self._walls = walls
        self._keeper = keeper
        """Asked once for a group, then let go of."""
        self._has_kernels_share = limits["has_kernels_share"]
        self._cores = limits["cores"]
        self._most_bytes = limits["memory_megabytes"] * _MEGABYTE
        self._base_bytes = _private_bytes(os.getpid())
        self._guest = 0
        self._has_looked = False
        self._usage: dict[int, _Usage] = {}
        self._looked = time.monotonic()
        self._saved_seconds = 0.0
        self._next_look = 0.0
        self._is_stopped = self._is_in_group = False
        self.while_stopping: Callable[[], None] | None = None
        """Called while they are waited for: a thread in the middle of a long write stops only after it."""
        self.peak_bytes = 0
        """The most memory that was seen in this round, of all processes; 0 when nobody looked."""

    def begin(self, guest: int) -> None:
        """A round begins."""
        if self._is_in_group and guest != self._guest:
            _give_way([guest])
        self._guest = guest
        self._has_looked = False
        self.peak_bytes = 0
        self._saved_seconds = _SAVED_SECONDS * self._cores
        self._looked = time.monotonic()
        self._next_look = self._looked + _LOOK_SECONDS
        self._usage = {}

    def end(self) -> None:
        """The round is over, or its action is to be interrupted: nothing stays stopped."""
        self._continue()

    @contextmanager
    def still(self) -> Iterator[None]:
        """Let each thread of the session do no more than end the call of the kernel it is in."""
        was_stopped, self._is_stopped = self._is_stopped, True
        known: set[int] = set()
        while new := {self._guest, *self._walls.others(self._guest)} - known:
            for pid in new:
                _signal(pid, signal.SIGSTOP)
            known |= new
        try:
            yield
        finally:
            if not was_stopped:
                self._continue()

    def pause_milliseconds(self) -> int:
        """How long to wait before the next look."""
        return max(1, int((self._next_look - time.monotonic()) * 1000) + 1)

    def is_due(self) -> bool:
        """Whether it is time to look again."""
        return time.monotonic() >= self._next_look

    def look(self) -> Excess:
        """Stop or continue the processes; return what there is more of than may be."""
        now = time.monotonic()
        self._has_looked = True
        elapsed, self._looked, self._next_look = now - self._looked, now, now + _LOOK_SECONDS
        pids = [self._guest, *self._walls.others(self._guest)]
        for pid in filter(_is_headless, pids):
            _signal(pid, signal.SIGKILL)
        excess: Excess = "memory" if self._is_over_memory(pids) else "threads" if self._is_over_threads(pids) else ""
        if self._keeper is not None and (len(pids) > 1 or self.peak_bytes > _MUCH_BYTES):
            self._join_group()
        if not self._has_kernels_share:
            self._share(pids, elapsed, now)
        return excess

    def cpu_seconds(self) -> float:
        """Return the session's processor time so far; of a short round without children that it waited for."""
        ended = resource.getrusage(resource.RUSAGE_CHILDREN)
        living = _read_usage(self._guest).seconds if self._has_looked else _own_processor_seconds(self._guest)
        return ended.ru_utime + ended.ru_stime + living

    def _share(self, pids: list[int], elapsed: float, now: float) -> None:
        used = self._used_seconds(pids, elapsed)
        self._saved_seconds = min(_SAVED_SECONDS * self._cores, self._saved_seconds + elapsed * self._cores) - used
        if self._saved_seconds < 0 and self._keeper is not None:
            self._join_group()
        if self._saved_seconds >= 0 or self._has_kernels_share:
            self._continue()
            return
        self._is_stopped = True
        self._next_look = now + min(-self._saved_seconds / self._cores, _LONGEST_STOP_SECONDS)
        self._stop_all()

    def _join_group(self) -> None:
        """Have the kernel hold all processes to their limits from now on, if groups can be made."""
        if self._keeper is None:
            return
        keeper, self._keeper = self._keeper, None
        self._stop_all()
        pids = [os.getpid(), self._guest, *self._walls.others(self._guest)]
        is_moved = self._is_in_group = keeper.move(pids, self._limits)
        if is_moved:
            _give_way(pids[1:])
        self._has_kernels_share = self._has_kernels_share or (is_moved and "cpu" in keeper.controllers)
        self._is_stopped = True
        self._continue()

    def _stop_all(self) -> None:
        """Stop them, and those that they forked meanwhile: until all are found stopped, and after that no other one."""
        known: set[int] = set()
        are_stopped = False
        for _ in range(_MOST_PASSES):
            pids = {self._guest, *self._walls.others(self._guest)}
            if are_stopped and pids <= known:
                return
            for pid in pids - known:
                _signal(pid, signal.SIGSTOP)
            known |= pids
            # One that is told to stop in the middle of a fork comes to it only after its child is there.
            are_stopped = all(map(_is_stopped, pids))
            if not are_stopped:
                if self.while_stopping is not None:
                    self.while_stopping()
                time.sleep(_STOPPING_SECONDS)

    def _continue(self) -> None:
        if not self._is_stopped:
            return
        self._is_stopped = False
        for pid in (self._guest, *self._walls.others(self._guest)):
            _signal(pid, signal.SIGCONT)

    def _used_seconds(self, pids: list[int], elapsed: float) -> float:
        """What the processes used since the last look."""
        before, self._usage = self._usage, {pid: _read_usage(pid) for pid in pids}
        if not before:
            return 0.0  # the first look of a round: it was too short to matter
        used = sum(usage.seconds - before.get(pid, _NOTHING).seconds for pid, usage in self._usage.items())
        if before.keys() - self._usage.keys() and not self._have_waited(before):
            # Children ended and nobody waited for them: the kernel forgets what they and others like them used.
            used = max(used, elapsed * min(_CORES, len(before)))
        return max(used, 0.0)

    def _have_waited(self, before: Mapping[int, _Usage]) -> bool:
        """Whether some process waited for a child since: its children's page faults became its own account's."""
        return any(
            usage.childrens_faults > before.get(pid, _NOTHING).childrens_faults for pid, usage in self._usage.items()
        )

    def _is_over_memory(self, pids: list[int]) -> bool:
        # Pages that a fork shares are counted for each process here, so this is too much rather than too little.
        held = sum(max(0, _private_bytes(pid) - self._base_bytes) for pid in pids)
        if held > self._most_bytes and len(pids) > 1:
            held = sum(_proportional_bytes(pid) for pid in pids)
        self.peak_bytes = max(self.peak_bytes, held)
        return held > self._most_bytes and len(pids) > 1

    def _is_over_threads(self, pids: list[int]) -> bool:
        # The kernel counts them by user, which several sessions share where there are no namespaces.
        return sum(map(_threads_of, pids)) > self._limits["processes"]


def _is_stopped(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[0] in {b"T", b"t", b"Z", b"X"}
    except OSError:
        return True


def _is_headless(pid: int) -> bool:
    """Whether its first thread ended and others run on: what it holds and does is no longer told of it."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
    except OSError:
        return False
    return fields[0] == b"Z" and int(fields[17]) > 1


def _threads_of(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[17])
    except OSError:
        return 0


def _give_way(pids: list[int]) -> None:
    """In a group, which has its share as a whole: let the first process look when it has to, however many there are."""
    for pid in pids:
        with suppress(OSError):
            for task in os.listdir(f"/proc/{pid}/task"):  # noqa: PTH208
                os.setpriority(os.PRIO_PROCESS, int(task), _LOW_PRIORITY)


def _signal(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def _read_usage(pid: int) -> _Usage:
    try:
        fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
    except OSError:
        return _NOTHING
    return _Usage(sum(map(int, fields[11:15])) / _TICKS_PER_SECOND, int(fields[8]))


def _own_processor_seconds(pid: int) -> float:
    """The same without children, by the clock of a process (MAKE_PROCESS_CPUCLOCK in the kernel's posix-timers.h)."""
    try:
        return time.clock_gettime((~pid << 3) | 2)
    except OSError:
        return 0.0


def _private_bytes(pid: int) -> int:
    """Return how much memory a process has that belongs to no file, shared with a parent or not."""
    try:
        _size, resident, shared, *_ = kernel_files.read(f"/proc/{pid}/statm").split()
    except OSError:
        return 0
    return (int(resident) - int(shared)) * _PAGE_BYTES


def _proportional_bytes(pid: int) -> int:
    """The same, with what is shared divided by those who share it. Slow: the kernel walks through all pages."""
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_bytes()
    except OSError:
        return 0
    wanted = (b"Pss_Anon:", b"Pss_Shmem:", b"SwapPss:")
    return sum(int(line.split()[1]) << 10 for line in text.splitlines() if line.startswith(wanted))
