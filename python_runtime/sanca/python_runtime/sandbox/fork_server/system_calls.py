"""Which system calls a guest may make, and with which arguments. Policy only; `seccomp.py` makes the program of it.

Here is what CPython, numpy, pandas, matplotlib, pytest, threads and asyncio use, and nothing else: no programs, no
network, namespaces, mounts, tracing, keys, interfaces with a history of holes, memory that no limit counts.
Source of the numbers: Linux 6.1 `asm/unistd_64.h` (x86_64) and `asm-generic/unistd.h` (aarch64); of the values of
arguments: `include/uapi` of the same.
"""

from __future__ import annotations

import errno
from dataclasses import dataclass

LAST_KNOWN = 448
"""What is newer answers ENOSYS, as an old kernel would, so that libraries fall back by themselves."""


@dataclass(frozen=True)
class Condition:
    """One word of one argument must be, after masking, one of some values."""

    argument: int
    values: tuple[int, ...]
    mask: int = 0xFFFFFFFF
    is_high_word: bool = False


Rule = tuple[Condition, ...] | int
"""What a call's arguments must fulfil, all of it; or the error number that it answers whatever they are."""

_ALLOWED: dict[str, tuple[int, int]] = {
    # Files
    "read": (0, 63), "write": (1, 64), "openat": (257, 56), "close": (3, 57), "fstat": (5, 80),
    "newfstatat": (262, 79), "statx": (332, 291), "lseek": (8, 62), "pread64": (17, 67), "pwrite64": (18, 68),
    "readv": (19, 65), "writev": (20, 66), "preadv": (295, 69), "pwritev": (296, 70), "preadv2": (327, 286),
    "pwritev2": (328, 287), "faccessat": (269, 48), "faccessat2": (439, 439), "dup": (32, 23), "dup3": (292, 24),
    "pipe2": (293, 59), "flock": (73, 32), "fsync": (74, 82), "fdatasync": (75, 83), "truncate": (76, 45),
    "ftruncate": (77, 46), "getdents64": (217, 61), "getcwd": (79, 17), "chdir": (80, 49), "fchdir": (81, 50),
    "renameat": (264, 38), "renameat2": (316, 276), "mkdirat": (258, 34), "unlinkat": (263, 35), "linkat": (265, 37),
    "symlinkat": (266, 36), "readlinkat": (267, 78), "fchmod": (91, 52), "fchmodat": (268, 53), "fchown": (93, 55),
    "fchownat": (260, 54), "umask": (95, 166), "utimensat": (280, 88), "getxattr": (191, 8), "lgetxattr": (192, 9),
    "fgetxattr": (193, 10), "listxattr": (194, 11), "llistxattr": (195, 12), "flistxattr": (196, 13),
    "sendfile": (40, 71), "copy_file_range": (326, 285), "statfs": (137, 43), "fstatfs": (138, 44),
    "fadvise64": (221, 223), "close_range": (436, 436),
    # Memory
    "mmap": (9, 222), "mprotect": (10, 226), "munmap": (11, 215), "mremap": (25, 216), "brk": (12, 214),
    "msync": (26, 227),
    # Its own processes, threads and signals
    "exit": (60, 93), "exit_group": (231, 94), "wait4": (61, 260), "waitid": (247, 95), "kill": (62, 129),
    "tkill": (200, 130), "tgkill": (234, 131), "rt_sigaction": (13, 134), "rt_sigprocmask": (14, 135),
    "rt_sigpending": (127, 136), "rt_sigtimedwait": (128, 137), "rt_sigsuspend": (130, 133),
    "rt_sigreturn": (15, 139), "sigaltstack": (131, 132), "restart_syscall": (219, 128), "setitimer": (38, 103),
    "getitimer": (36, 102), "set_tid_address": (218, 96), "set_robust_list": (273, 99), "rseq": (334, 293),
    "futex": (202, 98),
    # Who and where it is
    "getpid": (39, 172), "getppid": (110, 173), "gettid": (186, 178), "getpgid": (121, 155), "setpgid": (109, 154),
    "getsid": (124, 156), "setsid": (112, 157), "getuid": (102, 174), "geteuid": (107, 175), "getgid": (104, 176),
    "getegid": (108, 177), "getgroups": (115, 158), "getresuid": (118, 148), "getresgid": (120, 150),
    "sched_yield": (24, 124), "sched_getaffinity": (204, 123), "sched_getparam": (143, 121),
    "sched_getscheduler": (145, 120), "sched_get_priority_max": (146, 125), "sched_get_priority_min": (147, 126),
    "getpriority": (140, 141), "getrlimit": (97, 163), "getrusage": (98, 165), "times": (100, 153),
    "sysinfo": (99, 179), "uname": (63, 160), "getcpu": (309, 168), "getrandom": (318, 278),
    # Time
    "gettimeofday": (96, 169), "clock_gettime": (228, 113), "clock_getres": (229, 114), "clock_nanosleep": (230, 115),
    "nanosleep": (35, 101),
    # Waiting for descriptors
    "ppoll": (271, 73), "pselect6": (270, 72), "epoll_create1": (291, 20), "epoll_ctl": (233, 21),
    "epoll_pwait": (281, 22), "epoll_pwait2": (441, 441), "eventfd2": (290, 19),
    # The sockets it was given, and pairs of its own. Not sendmsg: descriptors on their way in it cannot be counted.
    "recvfrom": (45, 207), "recvmsg": (47, 212), "shutdown": (48, 210),
    "getsockname": (51, 204), "getpeername": (52, 205), "getsockopt": (55, 209),
}  # fmt: skip
_ALLOWED_X86_64 = {
    "open": 2, "stat": 4, "lstat": 6, "access": 21, "dup2": 33, "pipe": 22, "getdents": 78, "rename": 82, "mkdir": 83,
    "rmdir": 84, "unlink": 87, "link": 86, "symlink": 88, "readlink": 89, "chmod": 90, "chown": 92, "lchown": 94,
    "utime": 132, "utimes": 235, "futimesat": 261, "fork": 57, "vfork": 58, "pause": 34, "alarm": 37, "getpgrp": 111,
    "time": 201, "poll": 7, "select": 23, "epoll_create": 213, "epoll_wait": 232, "eventfd": 284,
}  # fmt: skip

_CLONE_FLAGS = 0x017D4FFF
"""An exit signal, and what fork and threads use. Not: new namespaces, a parent or a tracer that is not its own."""
_TERMINAL_SIZE_AND_KIND = (0x5401, 0x5413, 0x802C542A)
_BLOCKING_AND_INHERITANCE = (0x5421, 0x5450, 0x5451)
_BYTES_WAITING = 0x541B
_FCNTL_COMMANDS = (*range(8), 36, 37, 38, 1030, 1032)
"""Duplicates, flags, locks, and reading a pipe's size. Not: owners, signals, leases, notices, setting a pipe's size."""
_PRCTL_OPTIONS = (2, 3, 15, 16, 21, 23, 27, 39)
"""A thread's name, and reading what is set. Not: its death signal, its filters, who may look into it, who reaps."""
_MADVISE = (0, 1, 2, 3, 4, 8, 10, 11, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23)
"""Not: pages shared with other processes (they tell what those hold), pages called broken."""
_STREAM, _SEQPACKET, _UNIX, _SOCKET_LEVEL = 1, 5, 1, 1
_SOCKET_OPTIONS = (2, 9, 13, 20, 21)
"""Not: filters on what is received; the size of buffers, which no limit of memory counts."""

_CHECKED: dict[str, tuple[int, int, Rule]] = {
    "clone": (56, 220, (Condition(0, (0,), ~_CLONE_FLAGS & 0xFFFFFFFF), Condition(0, (0,), is_high_word=True))),
    "ioctl": (16, 29, (Condition(1, (*_TERMINAL_SIZE_AND_KIND, *_BLOCKING_AND_INHERITANCE, _BYTES_WAITING)),)),
    "fcntl": (72, 25, (Condition(1, _FCNTL_COMMANDS),)),
    "prctl": (157, 167, (Condition(0, _PRCTL_OPTIONS),)),
    "madvise": (28, 233, (Condition(2, _MADVISE),)),
    # Reading limits is fine, setting them is not: the first process sets the time limit of every round.
    "prlimit64": (302, 261, (Condition(2, (0,)), Condition(2, (0,), is_high_word=True))),
    # Datagram sockets could send to any socket that has a name.
    "socketpair": (53, 199, (Condition(0, (_UNIX,)), Condition(1, (_STREAM, _SEQPACKET), 0xF))),
    "sendto": (44, 206, (Condition(4, (0,)), Condition(4, (0,), is_high_word=True))),
    "setsockopt": (54, 208, (Condition(1, (_SOCKET_LEVEL,)), Condition(2, _SOCKET_OPTIONS))),
    # It hides its flags from the filter; ENOSYS makes the C library use clone.
    "clone3": (435, 435, errno.ENOSYS),
    "openat2": (437, 437, errno.ENOSYS),
    # It would fill /output faster than anybody can look; the C library writes instead.
    "fallocate": (285, 47, errno.EOPNOTSUPP),
}


def rules(machine: str) -> dict[int, Rule]:
    """Return the calls that are not simply refused: number → what is asked of the arguments.

    Args:
        machine: `x86_64` or `aarch64`.
    """
    column = ("x86_64", "aarch64").index(machine)
    only_here = _ALLOWED_X86_64 if machine == "x86_64" else {}
    checked = {(x86_64, aarch64)[column]: rule for x86_64, aarch64, rule in _CHECKED.values()}
    return {numbers[column]: () for numbers in _ALLOWED.values()} | dict.fromkeys(only_here.values(), ()) | checked
