"""Control groups: where they may be made is found in what /proc tells; what is made there is what the kernel wants."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from sanca.python_runtime.sandbox.fork_server import groups
from sanca.python_runtime.sandbox.fork_server.groups import Groups, Place, find_places, open_groups
from sanca.python_runtime.sandbox.fork_server.hardening import Limits

LIMITS = Limits(
    cores=0.5, memory_megabytes=256, session_cpu_seconds=9, processes=16, file_megabytes=1, open_files=16,
    tmp_megabytes=64, tmp_files=64, output_folder_megabytes=256, output_bytes=1024, has_kernels_share=False,
)  # fmt: skip


MEMORY = str((256 + 64 + 64) << 20)
V1_FILES = ("cpu.cfs_quota_us", "memory.limit_in_bytes", "pids.max", "cgroup.procs")
V2_FILES = ("cpu.max", "memory.max", "pids.max", "cgroup.procs")
Kernel = Callable[[tuple[str, ...]], None]


class Machine:
    """What /proc and the hierarchies of a machine look like, in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.proc = folder / "proc"
        (self.proc / "self").mkdir(parents=True)
        self._mounts: list[str] = []
        self._own: list[str] = []
        self._write()

    def mount(self, kind: str, options: str, *, root: str = "/", own: str = "/", number: int = 0) -> Path:
        """Mount a hierarchy, of which this process is in the group `own`."""
        point = self.folder / (options.replace(",", "-") if kind == "cgroup" else "unified")
        (point / own.removeprefix(root).strip("/")).mkdir(parents=True, exist_ok=True)
        self._mounts.append(f"31 25 0:27 {root} {point} rw,relatime shared:5 - {kind} {kind} rw,{options}")
        self._own.append(f"{number}:{'' if kind == 'cgroup2' else options}:{own}")
        self._write()
        return point

    def _write(self) -> None:
        (self.proc / "self" / "mountinfo").write_text(
            "22 1 254:0 / / rw - ext4 /dev/vda rw\n" + "\n".join(self._mounts), encoding="utf-8"
        )
        (self.proc / "self" / "cgroup").write_text("\n".join(self._own), encoding="utf-8")


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_machine_without_groups_has_no_place(machine: Machine) -> None:
    assert list(find_places(machine.proc)) == []


def test_topmost_group_is_a_place_in_both_versions(machine: Machine) -> None:
    cpu = machine.mount("cgroup", "cpu,cpuacct", number=2)
    pids = machine.mount("cgroup", "pids", number=3)
    machine.mount("cgroup", "freezer", number=4)
    unified = machine.mount("cgroup2", "nsdelegate")
    assert list(find_places(machine.proc)) == [
        Place(cpu, 1, frozenset({"cpu"})),
        Place(pids, 1, frozenset({"pids"})),
        Place(unified, 2, frozenset(groups.CONTROLLERS)),
    ]


def test_group_that_somebody_else_rules_is_left_alone(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    machine.mount("cgroup", "memory", own="/system.slice/sanca.service", number=4)
    machine.mount("cgroup2", "rw", own="/system.slice/sanca.service")
    assert list(find_places(machine.proc)) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give a folder to somebody else")
def test_group_of_the_user_is_a_place_and_so_is_the_one_above(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    unified = machine.mount("cgroup2", "rw", own="/user.slice/app.slice/shell.scope")
    own = unified / "user.slice" / "app.slice" / "shell.scope"
    user = 4711
    monkeypatch.setattr(os, "geteuid", lambda: user)
    os.chown(own.parent, user, user)
    assert [place.folder for place in find_places(machine.proc)] == [own.parent], "its own is not the user's"
    os.chown(own, user, user)
    assert [place.folder for place in find_places(machine.proc)] == [own]


def test_group_that_was_handed_over_is_known_by_its_mark(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    unified = machine.mount("cgroup2", "rw", own="/system.slice/sanca.service/engine")
    service = unified / "system.slice" / "sanca.service"
    monkeypatch.setattr(os, "listxattr", lambda path: ["user.delegate"] if Path(path) == service else [])
    assert [place.folder for place in find_places(machine.proc)] == [service]


def test_container_that_shows_its_own_group_as_the_top_has_it_as_a_place(machine: Machine) -> None:
    cpu = machine.mount("cgroup", "cpu", root="/docker/0123", own="/docker/0123", number=2)
    machine.mount("cgroup", "pids", root="/docker/0123", own="/../elsewhere", number=3)
    assert list(find_places(machine.proc)) == [Place(cpu, 1, frozenset({"cpu"}))]


@pytest.fixture
def kernel(monkeypatch: pytest.MonkeyPatch) -> Kernel:
    """Let new folders hold the files that the kernel puts into a new group, and vanish with them."""

    def give(names: tuple[str, ...]) -> None:
        make = Path.mkdir

        def make_group(path: Path) -> None:
            make(path)
            for name in names:
                (path / name).touch()

        monkeypatch.setattr(Path, "mkdir", make_group)
        monkeypatch.setattr(Path, "rmdir", shutil.rmtree)

    return give


def written(group: Path) -> dict[str, str]:
    return {path.name: text for path in group.iterdir() if (text := path.read_text(encoding="ascii"))}


def groups_in(folder: Path, version: int) -> Groups:
    (folder / "sanca-1-2").mkdir()
    return Groups([Place(folder, version, frozenset(groups.CONTROLLERS))], "sanca-1-2")


def test_limits_are_written_as_version_one_wants_them(tmp_path: Path, kernel: Kernel) -> None:
    ours = groups_in(tmp_path, 1)
    kernel((*V1_FILES, "cpu.cfs_burst_us", "memory.memsw.limit_in_bytes"))
    (group,) = ours.add([4711], LIMITS)
    assert group == tmp_path / "sanca-1-2" / "1"
    assert written(group) == {
        "cpu.cfs_quota_us": "50000", "cpu.cfs_burst_us": "50000", "memory.limit_in_bytes": MEMORY,
        "memory.memsw.limit_in_bytes": MEMORY, "pids.max": "20", "cgroup.procs": "4711",
    }  # fmt: skip


def test_limits_are_written_as_version_two_wants_them(tmp_path: Path, kernel: Kernel) -> None:
    ours = groups_in(tmp_path, 2)
    kernel((*V2_FILES, "cpu.max.burst", "memory.swap.max"))
    (group,) = ours.add([4711], LIMITS)
    assert written(group) == {
        "cpu.max": "50000 100000", "cpu.max.burst": "50000", "memory.max": MEMORY, "memory.swap.max": "0",
        "pids.max": "20", "cgroup.procs": "4711",
    }  # fmt: skip


def test_older_kernel_has_fewer_files(tmp_path: Path, kernel: Kernel) -> None:
    ours = groups_in(tmp_path, 2)
    kernel(V2_FILES)
    (group,) = ours.add([4711], LIMITS)
    assert written(group).keys() == set(V2_FILES)


def test_session_that_cannot_have_all_its_limits_has_no_group(tmp_path: Path, kernel: Kernel) -> None:
    ours = groups_in(tmp_path, 2)
    kernel(V2_FILES[:-1])
    with pytest.raises(FileNotFoundError):
        ours.add([4711], LIMITS)
    assert list((tmp_path / "sanca-1-2").iterdir()) == []


def test_real_groups_are_made_used_and_removed() -> None:
    ours = open_groups()
    if ours is None:
        pytest.skip("no control group may be made on this machine")
    child = subprocess.Popen(["sleep", "60"])
    try:
        made = ours.add([child.pid, 4194303], LIMITS)
        told = Path(f"/proc/{child.pid}/cgroup").read_text(encoding="ascii")
        assert all(f"/{ours.name}/1" in line for line in told.splitlines() if line.split(":")[1] in ours.controllers)
        assert told.count(f"/{ours.name}/1") == len(made) >= 1
        ours.remove(made)
        assert all(group.is_dir() for group in made), "a process is in them"
        child.kill()
        child.wait()
        assert ours.remove_left()
        assert not any(group.exists() for group in made)
    finally:
        child.kill()
        child.wait()
        ours.remove_left()
        ours.close()
    assert not any((place.folder / ours.name).exists() for place in ours.places)


def test_groups_of_dead_engines_are_removed_and_those_of_living_ones_stay() -> None:
    ours = open_groups()
    if ours is None:
        pytest.skip("no control group may be made on this machine")
    place = ours.places[0].folder
    dead, reused = place / "sanca-4194303-77", place / f"sanca-{os.getpid()}-1"
    foreign = place / "sanca-test"
    try:
        for group in (dead, dead / "1", dead / "2", reused, foreign):
            group.mkdir()
        again = open_groups_of_another_process()
        assert again, "another process could make its own"
        assert not dead.exists()
        assert not reused.exists(), "the number is in use again, but by a process that was started at another time"
        assert (place / ours.name).is_dir()
        assert foreign.is_dir()
    finally:
        for group in (dead / "1", dead / "2", dead, reused, foreign):
            if group.exists():
                group.rmdir()
        ours.close()


def open_groups_of_another_process() -> bool:
    program = (
        "from sanca.python_runtime.sandbox.fork_server.groups import open_groups\n"
        "ours = open_groups()\nprint(bool(ours))\nours.close()"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return done.stdout == "True\n"
