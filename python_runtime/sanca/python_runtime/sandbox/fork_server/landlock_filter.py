"""The second seccomp filter of a guest that has no namespaces of its own. The kernel takes the stricter answer of two.

Refused besides what `seccomp.py` refuses: child processes; signals, priorities and owners of files to any process but
itself; datagrams to sockets with names; and changes of a file's mode, owner, times and attributes by its path, which
Landlock does not look at (by descriptor they work, and a descriptor is only had of what Landlock lets one open).
Source of the numbers: as in `seccomp.py`.
"""

from __future__ import annotations

import errno

from .bpf import (
    ALLOW,
    JUMP_ANY_BIT,
    JUMP_EQUAL,
    LOAD,
    OFFSET_NUMBER,
    Instruction,
    answer,
    assemble,
    high_word,
    low_word,
    when,
)

_CHILDREN_AND_TKILL = {"x86_64": (57, 58, 200), "aarch64": (130,)}
"""fork, vfork; and tkill, which names a thread of anybody."""
_CLONE = {"x86_64": 56, "aarch64": 220}
_TO_OTHERS = {"x86_64": (141, 142), "aarch64": (140, 118)}
"""setpriority, sched_setparam."""
_TO_ITSELF = {"x86_64": (62, 234, 129, 297), "aarch64": (129, 131, 138, 240)}
"""kill, tgkill, rt_sigqueueinfo, rt_tgsigqueueinfo: their first argument must be this process."""
_SET_AFFINITY = {"x86_64": 203, "aarch64": 122}
_SYSTEM_V_AND_QUEUES = {
    "x86_64": (30, 31, 65, 66, 67, 69, 70, 71, 220, 241),
    "aarch64": (181, 187, 188, 189, 191, 192, 193, 195, 196, 197),
}
"""Segments, semaphores and queues that others made: they have numbers, not files."""
_BY_PATH = {
    "x86_64": (90, 268, 452, 92, 94, 260, 132, 235, 261, 188, 189, 197, 198),
    "aarch64": (53, 452, 54, 5, 6, 14, 15),
}
"""chmod, chown, utime, setxattr, removexattr and their like."""
_UTIMENSAT = {"x86_64": 280, "aarch64": 88}
_SOCKETPAIR = {"x86_64": 53, "aarch64": 199}
_FCNTL = {"x86_64": 72, "aarch64": 25}
_IOCTL = {"x86_64": 16, "aarch64": 29}
_PRCTL = {"x86_64": 157, "aarch64": 167}

_CLONE_THREAD = 0x10000
_SOCKET_KIND_BITS, _SOCK_DGRAM, _SOCK_RAW = 0xF, 2, 3
_F_SETOWN, _F_SETSIG, _F_SETOWN_EX = 8, 10, 15
_FIOSETOWN, _SIOCSPGRP = 0x8901, 0x8902
_PR_SET_PDEATHSIG = 1
_AND_CONSTANT = 0x54

_NO = answer(errno.EPERM)


def build_landlock_filter(machine: str, own_pid: int) -> tuple[bytes, int]:
    """Return the packed program and its number of instructions.

    Args:
        machine: `x86_64` or `aarch64`; that calls have its numbers is for `seccomp.py` to see to.
        own_pid: The guest's, which stays the same because it cannot fork.
    """
    program = _alone(machine, own_pid)
    for number in (*_TO_OTHERS[machine], *_SYSTEM_V_AND_QUEUES[machine], *_BY_PATH[machine]):
        program += when(number, [_NO])
    program += when(_SET_AFFINITY[machine], _only_if(0, 0))
    program += when(_UTIMENSAT[machine], _only_if_null(1))
    kind = [low_word(1), (_AND_CONSTANT, 0, 0, _SOCKET_KIND_BITS)]
    program += when(_SOCKETPAIR[machine], _unless(kind, (_SOCK_DGRAM, _SOCK_RAW)))
    program += when(_FCNTL[machine], _unless([low_word(1)], (_F_SETOWN, _F_SETSIG, _F_SETOWN_EX)))
    program += when(_IOCTL[machine], _unless([low_word(1)], (_FIOSETOWN, _SIOCSPGRP)))
    program += when(_PRCTL[machine], _unless([low_word(0)], (_PR_SET_PDEATHSIG,)))
    program.append(ALLOW)
    return assemble(program)


def build_childless_filter(machine: str, own_pid: int) -> tuple[bytes, int]:
    """Return the packed program that refuses only child processes, and signals to any process but this one."""
    return assemble([*_alone(machine, own_pid), ALLOW])


def _alone(machine: str, own_pid: int) -> list[Instruction]:
    program: list[Instruction] = [(LOAD, 0, 0, OFFSET_NUMBER)]
    for number in _CHILDREN_AND_TKILL[machine]:
        program += when(number, [_NO])
    for number in _TO_ITSELF[machine]:
        program += when(number, _only_if(0, own_pid))
    return program + when(_CLONE[machine], [low_word(0), (JUMP_ANY_BIT, 1, 0, _CLONE_THREAD), _NO, ALLOW])


def _only_if(argument: int, wanted: int) -> list[Instruction]:
    return [low_word(argument), (JUMP_EQUAL, 1, 0, wanted), _NO, ALLOW]


def _only_if_null(argument: int) -> list[Instruction]:
    upper = [high_word(argument), (JUMP_EQUAL, 1, 0, 0), _NO]
    return [low_word(argument), (JUMP_EQUAL, 1, 0, 0), _NO, *upper, ALLOW]


def _unless(load: list[Instruction], unwanted: tuple[int, ...]) -> list[Instruction]:
    tests: list[Instruction] = []
    for value in unwanted:
        tests += [(JUMP_EQUAL, 0, 1, value), _NO]
    return [*load, *tests, ALLOW]
