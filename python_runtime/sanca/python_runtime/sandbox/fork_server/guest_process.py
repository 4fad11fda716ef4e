"""A guest seen from the first process: forked, written to, killed, counted. None of its bytes are decoded here."""

from __future__ import annotations

import fcntl
import os
import resource
import select
import signal
import socket
import time
from typing import NoReturn

from ..guest import frames
from ..guest.worker import Worker
from . import syscalls
from .hardening import Limits
from .preload import draw_other_numbers
from .walls import Walls

_GUEST_RESULTS, _GUEST_TOOLS = 3, 4
_GUEST_NUMBERS = (1, _GUEST_RESULTS, _GUEST_TOOLS)
_ABOVE_ALL = 100
_EXIT_UNABLE = 97
_ENDING_SECONDS, _PAUSE_SECONDS = 0.03, 0.001


_made_ahead: Worker | None = None


def make_worker_ahead() -> None:
    """Make in the fork server what every guest needs; its descriptors are others, of the same kind, when it is used."""
    global _made_ahead
    own = {number: _copy_above(number) for number in _GUEST_NUMBERS if _is_open(number)}
    low = [*os.pipe(), *(end.detach() for end in socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET))]
    reading, *stand_ins = map(_copy_above, low)
    for descriptor in low:
        os.close(descriptor)
    for number, stand_in in zip(_GUEST_NUMBERS, stand_ins, strict=True):
        os.dup2(stand_in, number, inheritable=False)
    _made_ahead = _make_worker()
    for number in _GUEST_NUMBERS:
        if number in own:
            os.dup2(own[number], number, inheritable=False)
        else:
            os.close(number)
    for descriptor in (reading, *stand_ins, *own.values()):
        os.close(descriptor)


def _copy_above(descriptor: int) -> int:
    return fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, _ABOVE_ALL)


def _is_open(descriptor: int) -> bool:
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True


def _make_worker() -> Worker:
    return Worker(syscalls.local_socket(_GUEST_RESULTS), syscalls.local_socket(_GUEST_TOOLS))


class GuestProcess:
    """The process that runs the model's Python, and our ends of its result socket and output pipe."""

    def __init__(self, tools: socket.socket, limits: Limits, walls: Walls) -> None:
        self.results, guest_results = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.output, guest_output = os.pipe()
        os.set_blocking(self.output, False)
        self._poller = select.poll()
        for descriptor in (self.results.fileno(), self.output):
            self._poller.register(descriptor, select.POLLIN)
        self._threads_before = 1
        self._tasks = ""
        self._is_interrupted = False
        self.pid = syscalls.fork()
        if self.pid == 0:
            _become_guest(guest_results, guest_output, tools, limits, walls)
        self._tasks = f"/proc/{self.pid}/task"
        guest_results.close()
        os.close(guest_output)

    def send(self, message: bytes, descriptors: list[int]) -> None:
        """Give the guest an action, and descriptors, which are closed here. That it is dead its result socket tells."""
        self._threads_before, self._is_interrupted = self._count_threads(), False
        try:
            frames.send_with_descriptors(self.results, message, descriptors)
        except OSError:
            return
        finally:
            for descriptor in descriptors:
                os.close(descriptor)

    def heard(self) -> set[int]:
        """Return which of its two descriptors hold something (or are closed) now.

        Something on the result socket though no action runs: it talks unasked.
        """
        return {descriptor for descriptor, _ in self._poller.poll(0)}

    def interrupt(self) -> None:
        """Raise KeyboardInterrupt in the action, if it lets that happen."""
        self._is_interrupted = True
        os.kill(self.pid, signal.SIGINT)

    @property
    def resists(self) -> bool:
        """Whether the action was interrupted and threads of it run on; those that are ending are waited for shortly."""
        deadline = time.monotonic() + _ENDING_SECONDS
        while self._is_interrupted and self._count_threads() > self._threads_before:
            if time.monotonic() > deadline:
                return True
            time.sleep(_PAUSE_SECONDS)
        return False

    def _count_threads(self) -> int:
        try:
            return os.stat(self._tasks).st_nlink - 2  # noqa: PTH116 - in every round's way
        except OSError:
            return 0

    def limit_cpu(self, seconds: int) -> None:
        """Let the guest use so many more seconds of processor time, whatever it waits for meanwhile."""
        try:
            used = int(time.clock_gettime(_processor_clock(self.pid)))
            resource.prlimit(self.pid, resource.RLIMIT_CPU, (used + seconds + 1, resource.RLIM_INFINITY))
        except OSError:
            return  # it has just died, which its result socket tells

    def end(self) -> int:
        """Kill the guest, close our ends and return how it ended: an exit code, or minus a signal's number."""
        os.kill(self.pid, signal.SIGKILL)
        status = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        self.results.close()
        os.close(self.output)
        return status


def _processor_clock(pid: int) -> int:
    """Return the clock of a process's processor time (MAKE_PROCESS_CPUCLOCK in the kernel's posix-timers.h)."""
    return (~pid << 3) | 2


def _become_guest(results: socket.socket, output: int, tools: socket.socket, limits: Limits, walls: Walls) -> NoReturn:
    try:
        syscalls.die_with_parent()
        null = os.open("/dev/null", os.O_RDONLY)
        # Above the numbers they are given below, so that no dup2 closes one that is still needed.
        high = [fcntl.fcntl(end.fileno(), fcntl.F_DUPFD, _ABOVE_ALL) for end in (results, tools)]
        os.dup2(null, 0)
        os.dup2(output, 1)
        os.dup2(output, 2)
        os.dup2(high[0], _GUEST_RESULTS)
        os.dup2(high[1], _GUEST_TOOLS)
        os.closerange(_GUEST_TOOLS + 1, 1024)
        draw_other_numbers()
        walls.enter(limits)
        (_made_ahead or _make_worker()).serve()
    except MemoryError:  # the action took so much that not even its answer could be made
        os._exit(frames.EXIT_WITHOUT_MEMORY)
    except BaseException as error:  # the process ends here; its last words go where its output goes
        os.write(2, f"{type(error).__name__}: {error}\n".encode("utf-8", "replace"))
    finally:
        os._exit(_EXIT_UNABLE)
