"""The processes of an attack, looked at from outside while it runs: how many, how large, what they hold. Stops none."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Iterator
from pathlib import Path

_EVERY_SECONDS = 0.02
_MEGABYTE = 1 << 20
_PAGE = os.sysconf("SC_PAGE_SIZE")
_TICKS = os.sysconf("SC_CLK_TCK")
_KERNEL_OBJECT = re.compile(r"^(?:anon_inode:\[?([\w-]+)\]?|/(memfd):.*|(secretmem).*)$")
_HARMLESS_OBJECTS = {"eventpoll", "eventfd", "timerfd", "signalfd", "pidfd"}


def processes_below(root: int) -> set[int]:
    """Return the pids of all processes that descend from one."""
    children: dict[int, list[int]] = {}
    for pid, parent in _parents():
        children.setdefault(parent, []).append(pid)
    found, waiting = set[int](), [root]
    while waiting:
        below = children.get(waiting.pop(), [])
        found.update(below)
        waiting += below
    return found


class Watch:
    """Looks every 20 ms at what came into being below this process since it began. For `with`."""

    def __init__(self, known: set[int]) -> None:
        """Take the processes that are not the attack's."""
        self._known = known
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look_on, name="isolation-watch", daemon=True)
        self._cpu: dict[int, float] = {}
        self.most_processes = 0
        self.most_threads = 0
        self.most_megabytes = 0.0
        self.most_files = 0
        self.most_locked_megabytes = 0.0
        self.objects: set[str] = set()
        """Kernel objects that only special calls give: `io_uring`, `userfaultfd`, `memfd` …"""
        self.users: set[int] = set()
        """Users, as seen from here, that its processes acted as."""
        self.powers: set[str] = set()
        """Capabilities in force, as hexadecimal masks other than zero, of processes that run actions."""
        self.unfiltered = 0
        """Processes seen that ran without a system call filter."""
        self.programs: set[str] = set()

    def __enter__(self) -> Watch:
        """Begin."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Look once more and end."""
        self._stop.set()
        self._thread.join()

    def forget_what_is_held(self) -> None:
        """Leave out what was seen in single processes: below a container's command these are the runtime's, no guest's.

        What a guest holds there cannot be seen from here, and is not judged.
        """
        self.powers.clear()
        self.objects.clear()
        self.most_files = 0

    @property
    def cpu_seconds(self) -> float:
        """Processor time that all its processes together have used."""
        return sum(self._cpu.values())

    def _look_on(self) -> None:
        while not self._stop.wait(_EVERY_SECONDS):
            self._look()
        self._look()

    def _look(self) -> None:
        own = processes_below(os.getpid()) - self._known
        self.most_processes = max(self.most_processes, len(own))
        sizes = [self._look_at(pid) for pid in own]
        self.most_threads = max(self.most_threads, sum(threads for threads, _ in sizes))
        if sum(megabytes for _, megabytes in sizes) > self.most_megabytes:  # else there is no need to look closer
            self.most_megabytes = max(self.most_megabytes, sum(map(_megabytes_of, own)))

    def _look_at(self, pid: int) -> tuple[int, float]:
        """Return threads and private megabytes of a process; nothing of one that has just ended."""
        folder = Path(f"/proc/{pid}")
        try:
            fields = (folder / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
            resident, shared = ((folder / "statm").read_text(encoding="ascii").split())[1:3]
            self._look_at_status((folder / "status").read_text(encoding="utf-8", errors="replace"))
            self._cpu[pid] = (int(fields[11]) + int(fields[12])) / _TICKS
            self._look_at_files(folder / "fd")
        except (OSError, IndexError, ValueError):
            return 0, 0.0
        return int(fields[17]), (int(resident) - int(shared)) * _PAGE / _MEGABYTE

    def _look_at_status(self, text: str) -> None:
        status = dict(line.split(":\t", 1) for line in text.splitlines() if ":\t" in line)
        self.users.add(int(status["Uid"].split()[1]))
        if status.get("Seccomp") == "2" and (mask := int(status["CapEff"], 16)):
            self.powers.add(f"{mask:x}")
        self.unfiltered += status.get("Seccomp") == "0"
        if "VmLck" in status:
            self.most_locked_megabytes = max(self.most_locked_megabytes, int(status["VmLck"].split()[0]) / 1024)

    def _look_at_files(self, folder: Path) -> None:
        try:
            links = [os.readlink(folder / name) for name in os.listdir(folder)]  # noqa: PTH115, PTH208 - quickly
        except OSError:
            return  # another user's, when we are not root
        self.most_files = max(self.most_files, len(links))
        for link in links:
            if match := _KERNEL_OBJECT.match(link):
                self.objects |= {name for name in match.groups() if name} - _HARMLESS_OBJECTS


def _megabytes_of(pid: int) -> float:
    """Return the memory of a process that is no file's; what it shares with others is divided among them."""
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
    except OSError:
        return 0.0  # it has just ended
    return sum(int(line.split()[1]) for line in text.splitlines() if line.startswith(("Pss_Anon", "Pss_Shmem"))) / 1024


def _parents() -> Iterator[tuple[int, int]]:
    for name in os.listdir("/proc"):  # noqa: PTH208 - thousands of times
        if name.isdigit():
            try:
                text = Path(f"/proc/{name}/stat").read_text(encoding="utf-8", errors="replace")
            except OSError:
                continue
            yield int(name), int(text.rpartition(")")[2].split()[1])
