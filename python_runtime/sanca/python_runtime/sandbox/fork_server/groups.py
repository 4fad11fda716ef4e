"""Control groups, version 1 and 2: where this process may make them, and one for each session. Reads and writes files.

A group is made only where nobody else rules: below this process's own group when that is the topmost it can see (a
container's, or a machine without a manager of groups), or when it was handed over (systemd's `Delegate=`), or beside it
when the group above was. No process is moved but a session's own.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from .hardening import Limits

CONTROLLERS = ("cpu", "memory", "pids")
_PREFIX = "sanca-"
_PERIOD_MICROSECONDS = 100_000
_MEGABYTE = 1 << 20
_ROOM_MEGABYTES = 64
"""For what a limit of memory counts besides an action's own: pages of the libraries that it writes to, page tables."""
_ROOM_PROCESSES = 4
_DELEGATION_MARKS = ("trusted.delegate", "user.delegate")


@dataclass(frozen=True)
class Place:
    """A folder of a hierarchy in which groups may be made."""

    folder: Path
    version: int
    controllers: frozenset[str]
    """Which of ours work there."""


@dataclass
class Groups:
    """Our groups: in each place one of this process, and in it one for each session."""

    places: list[Place]
    name: str
    _number: int = 0
    _left: list[Path] = field(default_factory=list)
    """Groups that could not be removed yet, because processes in them were still ending."""

    @property
    def controllers(self) -> dict[str, int]:
        """What is bounded, and by which version."""
        return {controller: place.version for place in self.places for controller in place.controllers}

    def add(self, pids: Sequence[int], limits: Limits) -> list[Path]:
        """Make a session's groups and move its processes there; return them. What they fork from then on is in them.

        Raises:
            OSError: One could not be made, or the first process is gone; none is left behind.
        """
        self._number += 1
        made: list[Path] = []
        try:
            for place in self.places:
                group = place.folder / self.name / str(self._number)
                group.mkdir()
                made.append(group)
                for name, value in _limit_files(place, limits):
                    _write(group / name, value)
                for name, value in _wish_files(place, limits):
                    with suppress(OSError):  # this kernel has no such file
                        _write(group / name, value)
                _move(pids, group)
        except OSError:
            self.remove(made)
            raise
        return made

    def remove(self, groups: list[Path]) -> None:
        """Remove a session's groups, now or as soon as its last process has ended."""
        self._left += groups
        self.remove_left()

    def remove_left(self) -> bool:
        """Remove what could not be removed before; whether all are gone."""
        self._left = [group for group in self._left if not _is_removed(group)]
        return not self._left

    def close(self) -> None:
        """Remove our own groups, which are empty by now."""
        for place in self.places:
            _is_removed(place.folder / self.name)


def open_groups(proc: Path = Path("/proc")) -> Groups | None:
    """Remove what dead processes of ours left, make groups of our own; None where that is not possible."""
    name = f"{_PREFIX}{os.getpid()}-{_start_time(proc, os.getpid())}"
    usable = []
    for place in find_places(proc):
        _remove_old(place.folder, proc)
        if (kept := _prepare(place, name)) is not None:
            usable.append(kept)
    return Groups(usable, name) if usable else None


def find_places(proc: Path = Path("/proc")) -> Iterator[Place]:
    """Tell where groups may be made, as far as reading tells."""
    own = _own_groups(proc)
    for root, mount_point, kind, options in _mounts(proc):
        version, controllers = (2, CONTROLLERS) if kind == "cgroup2" else (1, tuple(set(CONTROLLERS) & options))
        path = own.get("" if version == 2 else next(iter(controllers), "none"))
        if path is None or not path.startswith(root) or ".." in path.split("/"):
            continue
        below = path.removeprefix(root).strip("/")
        folder = mount_point / below
        if not below or _is_handed_over(folder):
            yield Place(folder, version, frozenset(controllers))
        elif version == 2 and _is_handed_over(folder.parent):
            yield Place(folder.parent, version, frozenset(controllers))


def _prepare(place: Place, name: str) -> Place | None:
    """Make our group there, and say which controllers it can hand on to sessions' groups."""
    controllers = place.controllers
    group = place.folder / name
    try:
        if place.version == 2:
            controllers = _enable(place.folder, controllers)
        group.mkdir()
        if place.version == 2:
            controllers = _enable(group, controllers)
    except OSError:
        controllers = frozenset()
    if not controllers:
        _is_removed(group)
        return None
    return Place(place.folder, place.version, controllers)


def _enable(group: Path, controllers: frozenset[str]) -> frozenset[str]:
    """Let groups below use controllers; return those that they can use."""
    for controller in sorted(controllers):
        with suppress(OSError):  # not there, or processes are in the group: the kernel's rule
            _write(group / "cgroup.subtree_control", f"+{controller}")
    return controllers & set((group / "cgroup.subtree_control").read_text(encoding="ascii").split())


def _move(pids: Sequence[int], group: Path) -> None:
    first, *others = pids
    _write(group / "cgroup.procs", str(first))
    for pid in others:
        with suppress(ProcessLookupError):  # it has just ended
            _write(group / "cgroup.procs", str(pid))


def _limit_files(place: Place, limits: Limits) -> Iterator[tuple[str, str]]:
    """The files of a session's group and what they must hold."""
    is_new = place.version == 2
    if "cpu" in place.controllers:
        quota = _quota(limits)
        yield ("cpu.max", f"{quota} {_PERIOD_MICROSECONDS}") if is_new else ("cpu.cfs_quota_us", str(quota))
    if "memory" in place.controllers:
        yield "memory.max" if is_new else "memory.limit_in_bytes", str(_memory_bytes(limits))
    if "pids" in place.controllers:
        yield "pids.max", str(limits["processes"] + _ROOM_PROCESSES)


def _wish_files(place: Place, limits: Limits) -> Iterator[tuple[str, str]]:
    """The same of files that not every kernel has: what was saved while idle may be used at once, and no swap."""
    is_new = place.version == 2
    if "cpu" in place.controllers:
        yield "cpu.max.burst" if is_new else "cpu.cfs_burst_us", str(_quota(limits))
    if "memory" in place.controllers:
        yield ("memory.swap.max", "0") if is_new else ("memory.memsw.limit_in_bytes", str(_memory_bytes(limits)))


def _quota(limits: Limits) -> int:
    return max(1000, int(limits["cores"] * _PERIOD_MICROSECONDS))


def _memory_bytes(limits: Limits) -> int:
    return (limits["memory_megabytes"] + limits["tmp_megabytes"] + _ROOM_MEGABYTES) * _MEGABYTE


def _remove_old(folder: Path, proc: Path) -> None:
    """Remove groups whose maker is dead. Those with processes in them stay: removing is all that is done to them."""
    for group in folder.glob(f"{_PREFIX}*-*"):
        pid, _, started = group.name.removeprefix(_PREFIX).partition("-")
        if not pid.isdigit() or _start_time(proc, int(pid)) == started:
            continue
        for inner in group.iterdir():
            if inner.is_dir():
                _is_removed(inner)
        _is_removed(group)


def _is_removed(group: Path) -> bool:
    try:
        group.rmdir()
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True


def _write(path: Path, value: str) -> None:
    # Not `write_text`: the kernel takes a value in one piece, and the file is never made anew.
    descriptor = os.open(path, os.O_WRONLY)
    try:
        os.write(descriptor, value.encode())
    finally:
        os.close(descriptor)


def _is_handed_over(folder: Path) -> bool:
    """Whether whoever rules the groups left this one to us: marked so by systemd, or a user's own."""
    try:
        if folder.stat().st_uid == os.geteuid() != 0:
            return True
        return any(mark in _DELEGATION_MARKS for mark in os.listxattr(folder))
    except OSError:
        return False


def _own_groups(proc: Path) -> Mapping[str, str]:
    """Controller → the path of this process's group; "" for version 2."""
    found: dict[str, str] = {}
    for line in (proc / "self" / "cgroup").read_text(encoding="utf-8").splitlines():
        _, controllers, path = line.split(":", 2)
        found.update(dict.fromkeys(controllers.split(","), path))
    return found


def _mounts(proc: Path) -> Iterator[tuple[str, Path, str, set[str]]]:
    """The mounted hierarchies: which group is their top, where they lie, their kind and their options."""
    for line in (proc / "self" / "mountinfo").read_text(encoding="utf-8").splitlines():
        before, _, after = line.partition(" - ")
        kind, _, options = after.split(" ", 2)
        if kind in {"cgroup", "cgroup2"}:
            fields = before.split(" ")
            yield fields[3].rstrip("/"), Path(fields[4]), kind, set(options.split(","))


def parent_of(pid: int, proc: Path = Path("/proc")) -> int:
    """Return a process's parent; 0 when there is no such process."""
    fields = _stat_fields(proc, pid)
    return int(fields[1]) if fields else 0


def _start_time(proc: Path, pid: int) -> str:
    """When a process was started, in the kernel's ticks; empty when there is none. With the pid it names a process."""
    fields = _stat_fields(proc, pid)
    return fields[19] if fields else ""


def _stat_fields(proc: Path, pid: int) -> list[str]:
    """What /proc tells of a process, from its state on, which is the third field."""
    try:
        return (proc / str(pid) / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return []
