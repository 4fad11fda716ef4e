"""The seccomp filter of a guest: a BPF program that refuses what a Python action never needs. Not the only wall.

Refused: programs, network, namespaces, mounts, tracing, keys, kernel interfaces with a history of holes, memory that no
limit counts. A number newer than the list answers ENOSYS, as an old kernel would, so libraries fall back by themselves.
Source of the numbers: Linux 6.1 `asm/unistd_64.h` (x86_64) and `asm-generic/unistd.h` (aarch64).
"""

from __future__ import annotations

import errno

from .bpf import (
    ALLOW,
    JUMP_ANY_BIT,
    JUMP_AT_LEAST,
    JUMP_EQUAL,
    KILL,
    LOAD,
    OFFSET_ARCH,
    OFFSET_NUMBER,
    Instruction,
    answer,
    assemble,
    high_word,
    low_word,
    when,
)
from .syscalls import Machine

_REFUSED: dict[str, dict[str, int]] = {
    "x86_64": {
        "execve": 59, "execveat": 322, "ptrace": 101, "process_vm_readv": 310, "process_vm_writev": 311, "kcmp": 312,
        "mount": 165, "umount2": 166, "pivot_root": 155, "chroot": 161, "unshare": 272, "setns": 308,
        "add_key": 248, "request_key": 249, "keyctl": 250, "bpf": 321, "perf_event_open": 298, "userfaultfd": 323,
        "kexec_load": 246, "kexec_file_load": 320, "init_module": 175, "finit_module": 313, "delete_module": 176,
        "open_by_handle_at": 304, "name_to_handle_at": 303, "socket": 41, "connect": 42, "bind": 49, "listen": 50,
        "accept": 43, "accept4": 288, "personality": 135, "swapon": 167, "swapoff": 168, "reboot": 169,
        "quotactl": 179, "acct": 163, "syslog": 103, "settimeofday": 164, "clock_settime": 227, "adjtimex": 159,
        "clock_adjtime": 305, "iopl": 172, "ioperm": 173, "vhangup": 153, "mknod": 133, "mknodat": 259,
        "fanotify_init": 300, "modify_ldt": 154, "sethostname": 170, "setdomainname": 171, "move_pages": 279,
        "mbind": 237, "migrate_pages": 256, "set_mempolicy": 238, "uselib": 134, "ustat": 136, "sysfs": 139,
        "nfsservctl": 180, "lookup_dcookie": 212, "vmsplice": 278, "shmget": 29, "shmat": 30, "semget": 64,
        "msgget": 68, "mq_open": 240, "memfd_create": 319, "inotify_init": 253, "inotify_init1": 294,
        "setrlimit": 160, "sched_setscheduler": 144, "sched_setattr": 314, "ioprio_set": 251,
    },
    "aarch64": {
        "execve": 221, "execveat": 281, "ptrace": 117, "process_vm_readv": 270, "process_vm_writev": 271, "kcmp": 272,
        "mount": 40, "umount2": 39, "pivot_root": 41, "chroot": 51, "unshare": 97, "setns": 268,
        "add_key": 217, "request_key": 218, "keyctl": 219, "bpf": 280, "perf_event_open": 241, "userfaultfd": 282,
        "kexec_load": 104, "kexec_file_load": 294, "init_module": 105, "finit_module": 273, "delete_module": 106,
        "open_by_handle_at": 265, "name_to_handle_at": 264, "socket": 198, "connect": 203, "bind": 200, "listen": 201,
        "accept": 202, "accept4": 242, "personality": 92, "swapon": 224, "swapoff": 225, "reboot": 142,
        "quotactl": 60, "acct": 89, "syslog": 116, "settimeofday": 170, "clock_settime": 112, "adjtimex": 171,
        "clock_adjtime": 266, "vhangup": 58, "mknodat": 33, "fanotify_init": 262, "sethostname": 161,
        "setdomainname": 162, "move_pages": 239, "mbind": 235, "migrate_pages": 238, "set_mempolicy": 237,
        "nfsservctl": 42, "lookup_dcookie": 18, "vmsplice": 75, "shmget": 194, "shmat": 196, "semget": 190,
        "msgget": 186, "mq_open": 180, "memfd_create": 279, "inotify_init1": 26, "setrlimit": 164,
        "sched_setscheduler": 119, "sched_setattr": 274, "ioprio_set": 30,
    },
}  # fmt: skip
_REFUSED_EVERYWHERE = {
    "open_tree": 428, "move_mount": 429, "fsopen": 430, "fsconfig": 431, "fsmount": 432, "fspick": 433,
    "io_uring_setup": 425, "io_uring_enter": 426, "io_uring_register": 427, "pidfd_open": 434, "pidfd_getfd": 438,
    "process_madvise": 440, "mount_setattr": 442, "quotactl_fd": 443, "memfd_secret": 447, "process_mrelease": 448,
}  # fmt: skip
_NUMBERS = {
    "x86_64": {"clone": 56, "ioctl": 16, "prlimit64": 302},
    "aarch64": {"clone": 220, "ioctl": 29, "prlimit64": 261},
}
_CLONE3 = 435
_LAST_KNOWN = 462
_X32_BIT = 0x40000000
_CLONE_NEW_ANYTHING = 0x7E020080
_TIOCSTI, _TIOCLINUX = 0x5412, 0x541C


def build_filter(machine: Machine) -> tuple[bytes, int]:
    """Return the packed program and its number of instructions."""
    numbers = _NUMBERS[machine.name]
    program: list[Instruction] = [
        (LOAD, 0, 0, OFFSET_ARCH), (JUMP_EQUAL, 1, 0, machine.audit_arch), KILL,
        (LOAD, 0, 0, OFFSET_NUMBER), (JUMP_AT_LEAST, 0, 1, _X32_BIT), KILL,
        # clone3 hides its flags from the filter; ENOSYS makes the C library use clone.
        *when(_CLONE3, [answer(errno.ENOSYS)]),
        (JUMP_AT_LEAST, 0, 1, _LAST_KNOWN + 1), answer(errno.ENOSYS),
        *when(numbers["clone"], [
            low_word(0), (JUMP_ANY_BIT, 0, 1, _CLONE_NEW_ANYTHING), answer(errno.EPERM), ALLOW,
        ]),
        # Reading limits is fine, setting them is not: the first process sets the time limit of every round.
        *when(numbers["prlimit64"], [
            low_word(2), (JUMP_EQUAL, 1, 0, 0), answer(errno.EPERM),
            high_word(2), (JUMP_EQUAL, 1, 0, 0), answer(errno.EPERM), ALLOW,
        ]),
        *when(numbers["ioctl"], [
            low_word(1), (JUMP_EQUAL, 1, 0, _TIOCSTI), (JUMP_EQUAL, 0, 1, _TIOCLINUX), answer(errno.EPERM), ALLOW,
        ]),
    ]  # fmt: skip
    for number in (*_REFUSED[machine.name].values(), *_REFUSED_EVERYWHERE.values()):
        program += when(number, [answer(errno.EPERM)])
    program.append(ALLOW)
    return assemble(program)
