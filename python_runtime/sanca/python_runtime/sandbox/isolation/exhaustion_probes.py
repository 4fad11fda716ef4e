"""Attacks that use things up: memory, processes, output, descriptors, processor time; in C code too. Not disk.

Every one is bounded, so that it does little harm where nothing stops it.
"""

from __future__ import annotations

import os

from sanca.python_runtime.sandbox.isolation.probe import Bare, Check, Evidence, Probe, nothing_done, told_number

_SLACK_MEGABYTES = 160
"""What a guest holds besides what it asked for: touched pages of the preloaded libraries."""
_BUFFERS_MEGABYTES = 48
"""Of one process, in its pipes and sockets; memory of the kernel that a process's own limit does not count."""
_FOR_A_MOMENT = 6
"""Where no control group holds all processes of a session together, they are counted 20 times a second and ended: until
then they may touch so many times what the session may hold."""


def _memory_bounded(evidence: Evidence) -> str | None:
    most, held = evidence.limits.memory_megabytes + _SLACK_MEGABYTES, evidence.watch.most_megabytes
    return f"it held {held:.0f} MB" if held > most else None


def _memory_together_bounded(evidence: Evidence) -> str | None:
    most, held = evidence.limits.memory_megabytes, evidence.watch.most_megabytes
    if held > most + _SLACK_MEGABYTES and evidence.result.status not in {"limit", "killed"}:
        return f"it held {held:.0f} MB and was not ended"
    return f"it held {held:.0f} MB" if held > most * _FOR_A_MOMENT + _SLACK_MEGABYTES else None


def _processes_bounded(evidence: Evidence) -> str | None:
    own = 3  # the first process, a guest and one being replaced
    count = evidence.watch.most_processes
    return f"{count} processes ran at once" if count > evidence.limits.processes + own else None


def _threads_bounded(evidence: Evidence) -> str | None:
    count, is_ended = evidence.watch.most_threads, evidence.result.status in {"limit", "killed"}
    most = 10_000 if is_ended else evidence.limits.processes + 4  # counted 20 times a second where the kernel does not
    return f"{count} threads ran at once" if count > most else None


def _files_bounded(evidence: Evidence) -> str | None:
    own = 16  # the first process, which is ours, holds some more
    count = max(evidence.watch.most_files - own, told_number(evidence, "opened"))
    return f"it held {count} descriptors" if count > evidence.limits.open_files else None


def _output_short(evidence: Evidence) -> str | None:
    chars = len(evidence.result.stdout)
    return f"{chars:,} characters were kept" if chars > (evidence.limits.output_kilobytes + 4) * 1024 else None


def _value_short(evidence: Evidence) -> str | None:
    chars = len(evidence.result.value or "") + len(evidence.result.error or "")
    return f"{chars:,} characters were kept" if chars > 80 * 1024 else None


def _share_kept(evidence: Evidence) -> str | None:
    used, wall = evidence.watch.cpu_seconds, evidence.result.seconds
    most = min(evidence.limits.cores, os.cpu_count() or 1) * wall * 1.2 + 0.3
    return f"it used {used:.1f} s of processor time in {wall:.1f} s" if used > most else None


def _buffers_small(evidence: Evidence) -> str | None:
    held = told_number(evidence, "held")
    return f"the kernel held {held} MB for it in the buffers of one process" if held > _BUFFERS_MEGABYTES else None


def _nothing_locked(evidence: Evidence) -> str | None:
    locked = evidence.watch.most_locked_megabytes
    return f"{locked:.0f} MB of memory were locked" if locked > 1 else None


def _hungry(
    name: str, must_not: str, code: str, *, check: Check, seconds: float = 4.0, bare: Bare = "achieves"
) -> Probe:
    return Probe(f"exhaustion.{name}", must_not, code, check, limit_seconds=seconds, bare=bare)


PROBES = (
    _hungry(
        "memory",
        "hold more memory than a session may",
        """
held = []
for _ in range(120): held.append(bytearray(b"x") * (10 << 20))
hold()
""",
        check=_memory_bounded,
    ),
    _hungry(
        "memory-in-c",
        "hold more memory by asking the C library or the kernel itself",
        """
import ctypes, mmap
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
for _ in range(10):
    place = libc.malloc(ctypes.c_size_t(60 << 20))
    if not place: print("denied malloc"); break
    ctypes.memset(place, 1, 60 << 20)
kept = []
for _ in range(10):
    try: kept.append(mmap.mmap(-1, 60 << 20)); kept[-1].write(b"x" * (60 << 20))
    except (OSError, MemoryError) as error: print("denied mmap", error); break
hold()
""",
        check=_memory_bounded,
    ),
    _hungry(
        "memory-of-children",
        "hold more memory in many processes than a session may in all",
        """
import time
for _ in range(12):
    try: child = os.fork()
    except OSError as error: print("denied fork", error); break
    if child == 0:
        try: held = bytearray(b"x") * (150 << 20)
        except MemoryError: pass
        time.sleep(1.5); os._exit(0)
time.sleep(2)
""",
        check=_memory_together_bounded,
    ),
    _hungry(
        "memory-without-a-name",
        "hold memory that no limit of the process counts: memfd, secret memory, shared memory, huge pipes",
        """
import ctypes, fcntl, mmap
def fill(make):
    number = make()
    for _ in range(40): os.write(number, bytes(10 << 20))
    hold(0.3); return number
tried("memfd", lambda: fill(lambda: kernel("memfd_create", b"x", 0)))
tried("secretmem", lambda: kernel("memfd_secret", 0))
tried("shm", lambda: kernel("shmctl", kernel("shmget", 0, 400 << 20, 0o1600), 0, 0))
tried("mqueue", lambda: kernel("mq_unlink", b"@TAG@", kernel("mq_open", b"@TAG@", 0o102, 0o600, 0)))
for _ in range(20):
    try: fcntl.fcntl(os.pipe()[1], 1031, 1 << 20)
    except OSError as error: print("denied pipe", error.errno); break
""",
        check=nothing_done,
    ),
    _hungry(
        "memory-of-the-kernel",
        "hold memory in the buffers of sockets and pipes, which no limit of the process counts",
        """
import fcntl, socket
held, kept = 0, []
try:
    while len(kept) < 60:
        here, there = socket.socketpair(); read, write = os.pipe()
        kept.append((here, there, read, write))
        here.setblocking(False); os.set_blocking(write, False)
        try: here.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 30); fcntl.fcntl(write, 1031, 1 << 20)
        except OSError as error: len(kept) == 1 and print("denied larger buffers", error.errno)
        for put in (here.send, lambda piece: os.write(write, piece)):
            try:
                while True: held += put(bytes(65536))
            except BlockingIOError: pass
except OSError as error: print("denied", error.errno)
print("held", held >> 20)
""",
        check=_buffers_small,
    ),
    _hungry(
        "memory-locked",
        "lock memory so that the machine cannot move it out",
        """
import ctypes
held = bytearray(b"x") * (40 << 20)
tried("mlockall", lambda: kernel("mlockall", 3))
libc = ctypes.CDLL(None, use_errno=True)
if libc.mlock(ctypes.byref((ctypes.c_char * len(held)).from_buffer(held)), ctypes.c_size_t(len(held))) == 0:
    print("DONE mlock"); hold()
""",
        check=_nothing_locked,
    ),
    _hungry(
        "array",
        "hold an array of several gigabytes",
        """
try: import numpy
except ImportError: numpy = None
for size in (1 << 30, 700 << 20):
    try:
        held = numpy.ones(size // 8) if numpy else bytearray(b"x") * size
        hold(); break
    except MemoryError: print("denied MemoryError", size)
""",
        seconds=6.0,
        check=_memory_bounded,
    ),
    _hungry(
        "unpacking",
        "unpack a small text into gigabytes",
        """
import zlib
packer = zlib.compressobj(9)
bomb = b"".join(packer.compress(bytes(8 << 20)) for _ in range(50)) + packer.flush()
print(len(bomb))
held = zlib.decompress(bomb)
hold()
""",
        seconds=6.0,
        check=_memory_bounded,
    ),
    _hungry(
        "processes",
        "run more processes than a session may, or leave them behind",
        """
import time
for _ in range(80):
    try: child = os.fork()
    except OSError as error: print("denied fork", error.errno); break
    if child == 0: time.sleep(1.0); os._exit(0)
hold(0.3)
""",
        check=_processes_bounded,
    ),
    _hungry(
        "fork-bomb",
        "multiply faster than it is ended",
        """
import time
end = time.monotonic() + 1.2
while time.monotonic() < end:
    try: os.fork()
    except OSError: time.sleep(0.01)
    if len(os.listdir("/proc")) > 600: break
""",
        check=_processes_bounded,
        bare="differs",
    ),
    _hungry(
        "threads",
        "run more threads than a session may",
        """
import threading, time
threading.stack_size(64 << 10)
for _ in range(2000):
    try: threading.Thread(target=time.sleep, args=(1.2,), daemon=True).start()
    except RuntimeError as error: print("denied thread", error); break
hold(0.5)
""",
        check=_threads_bounded,
    ),
    _hungry(
        "descriptors",
        "hold more open files than a process may",
        """
count = 0
try:
    while count < 900: os.pipe(); count += 2
except OSError as error: print("denied", error.errno)
print("opened", count)
hold()
""",
        check=_files_bounded,
    ),
    _hungry(
        "output",
        "fill the engine's memory with what it prints",
        """
piece = b"x" * 65536
for _ in range(2000): os.write(1, piece)
""",
        check=_output_short,
    ),
    _hungry(
        "output-in-c",
        "fill the engine's memory with what C code prints",
        """
import ctypes
libc = ctypes.CDLL(None)
for _ in range(20_000): libc.dprintf(2, b"%s", b"y" * 2000)
""",
        check=_output_short,
    ),
    _hungry(
        "value",
        "fill the engine's memory with its value or its error",
        """
class Long(Exception):
    def __repr__(self): return "z" * 50_000_000
    __str__ = __repr__
print(len(Long().args))
raise Long()
""",
        check=_value_short,
        bare="differs",
    ),
    Probe(
        "exhaustion.processors",
        "use more of the processors than its share",
        """
import time
end = time.monotonic() + 2.5
try:
    for _ in range(4): os.fork()
except OSError as error: print("denied fork", error.errno)
while time.monotonic() < end: sum(range(10_000))
""",
        _share_kept,
        limit_seconds=4.0,
        lacking="cpu_share",
        bare="differs",  # what it gets there is what others leave
    ),
    _hungry(
        "timers",
        "load the kernel with timers, locks or watches",
        """
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
made = 0
space = ctypes.c_void_p()
while made < 50_000 and libc.timer_create(1, 0, ctypes.byref(space)) == 0: made += 1
print("timers", made)
tried("inotify", lambda: [libc.inotify_init1(0) >= 0 or 1 / 0 for _ in range(2000)])
tried("fanotify", lambda: kernel("fanotify_init", 0, 0))
tried("semaphores", lambda: kernel("semctl", kernel("semget", 0, 250, 0o600), 0, 0, 0))
tried("queues", lambda: kernel("msgctl", kernel("msgget", 0, 0o600), 0, 0))
""",
        check=nothing_done,
    ),
)
