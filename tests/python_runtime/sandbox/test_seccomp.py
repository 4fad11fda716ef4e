"""The seccomp program, asked about every number and argument by an interpreter of its own, for both kinds of processor.

The numbers in this file are written down a second time on purpose: they must not come from the table under test.
"""

from __future__ import annotations

import errno
import re
import struct
from functools import cache
from pathlib import Path

import pytest
from sanca.python_runtime.sandbox.fork_server import seccomp, system_calls
from sanca.python_runtime.sandbox.fork_server.syscalls import Machine

X86_64 = Machine("x86_64", 0xC000003E, 56, 155)
AARCH64 = Machine("aarch64", 0xC00000B7, 220, 41)
MACHINES = [X86_64, AARCH64]
ALLOW, KILL, ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
EPERM, ENOSYS = ERRNO | errno.EPERM, ERRNO | errno.ENOSYS
HIGH = 1 << 32

REFUSED = {
    "sendmsg": (46, 211),
    "execve": (59, 221), "execveat": (322, 281), "ptrace": (101, 117), "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271), "kcmp": (312, 272), "mount": (165, 40), "umount2": (166, 39),
    "pivot_root": (155, 41), "chroot": (161, 51), "unshare": (272, 97), "setns": (308, 268), "add_key": (248, 217),
    "request_key": (249, 218), "keyctl": (250, 219), "bpf": (321, 280), "perf_event_open": (298, 241),
    "userfaultfd": (323, 282), "kexec_load": (246, 104), "kexec_file_load": (320, 294), "init_module": (175, 105),
    "finit_module": (313, 273), "delete_module": (176, 106), "open_by_handle_at": (304, 265),
    "name_to_handle_at": (303, 264), "socket": (41, 198), "connect": (42, 203), "bind": (49, 200), "listen": (50, 201),
    "accept": (43, 202), "accept4": (288, 242), "sendmmsg": (307, 269), "recvmmsg": (299, 243),
    "personality": (135, 92), "swapon": (167, 224), "swapoff": (168, 225), "reboot": (169, 142), "quotactl": (179, 60),
    "acct": (163, 89), "syslog": (103, 116), "settimeofday": (164, 170), "clock_settime": (227, 112),
    "adjtimex": (159, 171), "clock_adjtime": (305, 266), "vhangup": (153, 58), "mknodat": (259, 33),
    "fanotify_init": (300, 262), "inotify_init1": (294, 26), "sethostname": (170, 161), "setdomainname": (171, 162),
    "move_pages": (279, 239), "mbind": (237, 235), "migrate_pages": (256, 238), "set_mempolicy": (238, 237),
    "lookup_dcookie": (212, 18), "vmsplice": (278, 75), "splice": (275, 76), "tee": (276, 77), "shmget": (29, 194),
    "shmat": (30, 196), "semget": (64, 190), "msgget": (68, 186), "mq_open": (240, 180), "memfd_create": (319, 279),
    "sched_setscheduler": (144, 119), "sched_setattr": (314, 274), "sched_setaffinity": (203, 122),
    "setpriority": (141, 140), "ioprio_set": (251, 30), "setuid": (105, 146), "setgid": (106, 144),
    "setgroups": (116, 159), "setresuid": (117, 147), "capset": (126, 91), "seccomp": (317, 277),
    "io_setup": (206, 0), "io_submit": (209, 2), "pkey_alloc": (330, 289), "setxattr": (188, 5), "sync": (162, 81),
    "mincore": (27, 232), "timer_create": (222, 107), "rt_sigqueueinfo": (129, 138), "remap_file_pages": (216, 234),
    "open_tree": (428, 428), "move_mount": (429, 429), "fsopen": (430, 430), "fsconfig": (431, 431),
    "fsmount": (432, 432), "fspick": (433, 433), "io_uring_setup": (425, 425), "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427), "pidfd_open": (434, 434), "pidfd_getfd": (438, 438),
    "pidfd_send_signal": (424, 424), "process_madvise": (440, 440), "mount_setattr": (442, 442),
    "quotactl_fd": (443, 443), "landlock_create_ruleset": (444, 444), "memfd_secret": (447, 447),
    "process_mrelease": (448, 448),
}  # fmt: skip
REFUSED_X86_64 = {
    "modify_ldt": 154, "iopl": 172, "ioperm": 173, "arch_prctl": 158, "mknod": 133, "uselib": 134, "ustat": 136,
    "sysfs": 139, "nfsservctl": 180, "inotify_init": 253, "setrlimit": 160,
}  # fmt: skip
NEEDED = {
    "read": (0, 63), "write": (1, 64), "openat": (257, 56), "close": (3, 57), "mmap": (9, 222), "mprotect": (10, 226),
    "munmap": (11, 215), "brk": (12, 214), "futex": (202, 98), "rseq": (334, 293), "exit_group": (231, 94),
    "getrandom": (318, 278), "epoll_pwait": (281, 22), "rt_sigaction": (13, 134), "newfstatat": (262, 79),
    "getdents64": (217, 61), "clock_nanosleep": (230, 115), "wait4": (61, 260), "kill": (62, 129),
    "recvfrom": (45, 207), "unlinkat": (263, 35), "renameat2": (316, 276),
}  # fmt: skip
CHECKED = {
    "clone": (56, 220), "ioctl": (16, 29), "fcntl": (72, 25), "prctl": (157, 167), "madvise": (28, 233),
    "prlimit64": (302, 261), "socketpair": (53, 199), "sendto": (44, 206), "setsockopt": (54, 208),
}  # fmt: skip


@cache
def program_for(machine: Machine) -> list[tuple[int, int, int, int]]:
    packed, count = seccomp.build_filter(machine)
    program = list(struct.iter_unpack("=HBBI", packed))
    assert len(program) == count <= 4096
    return program


def run(machine: Machine, number: int, *arguments: int, arch: int | None = None) -> int:
    """Interpret the program as the kernel does; return its answer."""
    program = program_for(machine)
    six = (*arguments, 0, 0, 0, 0, 0, 0)[:6]
    data = struct.pack("<IIQ6Q", number, machine.audit_arch if arch is None else arch, 0, *six)
    place = value = 0
    while True:
        code, if_true, if_false, operand = program[place]
        place += 1
        if code == 0x20:
            (value,) = struct.unpack_from("<I", data, operand)
        elif code == 0x54:
            value &= operand
        elif code in {0x15, 0x35, 0x45}:
            holds = {0x15: value == operand, 0x35: value >= operand, 0x45: bool(value & operand)}[code]
            place += if_true if holds else if_false
        else:
            assert code == 0x06, hex(code)
            return int(operand)


def checked(name: str, machine: Machine) -> int:
    return CHECKED[name][MACHINES.index(machine)]


@pytest.mark.parametrize("machine", MACHINES, ids=lambda machine: machine.name)
def test_what_could_do_harm_is_refused(machine: Machine) -> None:
    column = MACHINES.index(machine)
    numbers = [entry[column] for entry in REFUSED.values()]
    for number in numbers + (list(REFUSED_X86_64.values()) if machine is X86_64 else []):
        assert run(machine, number) == EPERM, number
        assert run(machine, number, *[0xFFFFFFFFFFFFFFFF] * 6) == EPERM, number


@pytest.mark.parametrize("machine", MACHINES, ids=lambda machine: machine.name)
def test_what_python_needs_is_allowed_whatever_the_arguments(machine: Machine) -> None:
    for entry in NEEDED.values():
        assert run(machine, entry[MACHINES.index(machine)]) == ALLOW
        assert run(machine, entry[MACHINES.index(machine)], *[0xFFFFFFFFFFFFFFFF] * 6) == ALLOW


@pytest.mark.parametrize("machine", MACHINES, ids=lambda machine: machine.name)
def test_every_number_has_the_answer_of_the_table(machine: Machine) -> None:
    rules = system_calls.rules(machine.name)
    refused = {entry[MACHINES.index(machine)] for entry in REFUSED.values()}
    assert not refused & set(rules)
    for number in range(1200):
        rule = rules.get(number, errno.EPERM if number <= 448 else errno.ENOSYS)
        if rule == ():
            assert run(machine, number) == ALLOW, number
        elif isinstance(rule, int):
            assert run(machine, number) == ERRNO | rule, number
        else:
            assert number in {entry[MACHINES.index(machine)] for entry in CHECKED.values()}


@pytest.mark.parametrize("machine", MACHINES, ids=lambda machine: machine.name)
def test_another_call_table_ends_the_process(machine: Machine) -> None:
    for arch in (0x40000003, 0x40000028, 0xC000003E ^ 0xC00000B7 ^ machine.audit_arch, 0):
        assert run(machine, 39, arch=arch) == KILL
    for number in (0x40000000, 0x40000000 | 39, 0x7FFFFFFF, 0xFFFFFFFF):
        assert run(machine, number) == KILL


@pytest.mark.parametrize("machine", MACHINES, ids=lambda machine: machine.name)
def test_unknown_numbers_answer_as_an_old_kernel_would(machine: Machine) -> None:
    for number in (435, 437, 449, 450, 452, 462, 500, 0x3FFFFFFF):
        assert run(machine, number) == ENOSYS


@pytest.mark.parametrize("machine", MACHINES, ids=lambda machine: machine.name)
def test_clone_makes_threads_and_children_but_no_namespace(machine: Machine) -> None:
    clone = checked("clone", machine)
    thread, child, spawn = 0x3D0F00, 0x01200011, 0x4111
    assert {run(machine, clone, flags) for flags in (thread, child, spawn, 17)} == {ALLOW}
    refused = {
        "PIDFD": 0x1000, "PTRACE": 0x2000, "PARENT": 0x8000, "NEWNS": 0x20000, "UNTRACED": 0x800000,
        "NEWCGROUP": 0x2000000, "NEWUTS": 0x4000000, "NEWIPC": 0x8000000, "NEWUSER": 0x10000000, "NEWPID": 0x20000000,
        "NEWNET": 0x40000000, "IO": 0x80000000,
    }  # fmt: skip
    for name, flag in refused.items():
        assert run(machine, clone, flag | 17) == EPERM, name
        assert run(machine, clone, flag | thread) == EPERM, name
    assert run(machine, clone, HIGH | 17) == EPERM


@pytest.mark.parametrize("machine", MACHINES, ids=lambda machine: machine.name)
def test_ioctl_asks_and_never_types_into_a_terminal(machine: Machine) -> None:
    ioctl = checked("ioctl", machine)
    tcgets, window, bytes_waiting, nonblocking, close_on_exec = 0x5401, 0x5413, 0x541B, 0x5421, 0x5451
    for request in (tcgets, window, bytes_waiting, nonblocking, close_on_exec):
        assert run(machine, ioctl, 1, request) == ALLOW
        assert run(machine, ioctl, 1, HIGH | request) == ALLOW  # the kernel looks at the lower word only
    tiocsti, tioclinux, fioasync, set_owner = 0x5412, 0x541C, 0x5452, 0x8901
    clone_file, set_flags = 0x40049409, 0x40086602
    for request in (tiocsti, tioclinux, fioasync, set_owner, clone_file, set_flags, 0, 0xFFFFFFFF, HIGH | tiocsti):
        assert run(machine, ioctl, 1, request) == EPERM
    assert sum(run(machine, ioctl, 1, request) == ALLOW for request in range(0x10000)) <= 8


@pytest.mark.parametrize("machine", MACHINES, ids=lambda machine: machine.name)
def test_options_of_a_process_are_read_and_not_set(machine: Machine) -> None:
    prctl = checked("prctl", machine)
    assert {option for option in range(200) if run(machine, prctl, option) == ALLOW} == {2, 3, 15, 16, 21, 23, 27, 39}
    assert run(machine, prctl, 0x59616D61) == EPERM  # PR_SET_PTRACER


@pytest.mark.parametrize("machine", MACHINES, ids=lambda machine: machine.name)
def test_descriptors_are_locked_and_duplicated_but_signal_nobody(machine: Machine) -> None:
    fcntl = checked("fcntl", machine)
    allowed = {command for command in range(2000) if run(machine, fcntl, 3, command) == ALLOW}
    assert allowed == {0, 1, 2, 3, 4, 5, 6, 7, 36, 37, 38, 1030, 1032}


@pytest.mark.parametrize("machine", MACHINES, ids=lambda machine: machine.name)
def test_memory_is_advised_on_but_not_shared_or_poisoned(machine: Machine) -> None:
    madvise = checked("madvise", machine)
    allowed = {advice for advice in range(200) if run(machine, madvise, 0, 0, advice) == ALLOW}
    assert {0, 4, 8, 14} <= allowed
    assert not allowed & {9, 12, 13, 100, 101, 102}


@pytest.mark.parametrize("machine", MACHINES, ids=lambda machine: machine.name)
def test_limits_are_read_and_not_set(machine: Machine) -> None:
    prlimit = checked("prlimit64", machine)
    assert run(machine, prlimit, 0, 7, 0, 0x7FFF0000) == ALLOW
    for pointer in (1, 0x7FFFFFFFE000, HIGH):
        assert run(machine, prlimit, 0, 7, pointer, 0) == EPERM


@pytest.mark.parametrize("machine", MACHINES, ids=lambda machine: machine.name)
def test_pairs_of_sockets_are_local_and_reach_no_name(machine: Machine) -> None:
    socketpair, sendto, option = (checked(name, machine) for name in ("socketpair", "sendto", "setsockopt"))
    for family in range(64):
        for kind in range(16):
            expected = ALLOW if family == 1 and kind in {1, 5} else EPERM
            assert run(machine, socketpair, family, kind) == expected
            assert run(machine, socketpair, family, kind | 0x80800) == expected
    assert run(machine, sendto, 3, 0, 1, 0, 0, 0) == ALLOW
    assert run(machine, sendto, 3, 0, 1, 0, 0x7FFF0000, 16) == EPERM
    assert run(machine, sendto, 3, 0, 1, 0, HIGH, 16) == EPERM
    attach_filter, attach_bpf = 26, 50
    reuse, send_buffer, receive_buffer = 2, 7, 8
    assert run(machine, option, 3, 1, reuse) == ALLOW
    for refused in (attach_filter, attach_bpf, send_buffer, receive_buffer):
        assert run(machine, option, 3, 1, refused) == EPERM
    assert run(machine, option, 3, 6, reuse) == EPERM


def test_numbers_are_those_of_the_kernels_headers() -> None:
    native = Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h")
    generic = Path("/usr/include/asm-generic/unistd.h")
    if not native.is_file() or not generic.is_file():
        pytest.skip("the kernel's headers are not installed")
    columns = [
        dict(re.findall(r"#define __NR_(\w+) (\d+)", native.read_text(encoding="utf-8"))),
        dict(re.findall(r"#define __NR(?:3264)?_(\w+) (\d+)", generic.read_text(encoding="utf-8"))),
    ]
    generic_names = {"newfstatat": "fstatat"}
    tables = {**system_calls._ALLOWED, **{name: entry[:2] for name, entry in system_calls._CHECKED.items()}, **REFUSED}
    for name, numbers in {**tables, **NEEDED, **CHECKED}.items():
        for column, known in enumerate(columns):
            told = known.get(generic_names.get(name, name) if column else name)
            if name in {"mmap", "fcntl", "lseek", "fstat", "ftruncate", "truncate", "statfs", "fstatfs", "sendfile",
                        "fadvise64", "newfstatat"} or told is not None:  # fmt: skip
                assert int(told or -1) == numbers[column], name
    for name, number in {**system_calls._ALLOWED_X86_64, **REFUSED_X86_64}.items():
        assert int(columns[0][name]) == number, name
