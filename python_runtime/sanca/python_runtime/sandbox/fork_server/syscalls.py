"""The Linux calls that Python's standard library lacks, through ctypes. No policy."""

from __future__ import annotations

import ctypes
import os
import platform
import signal
import socket
from dataclasses import dataclass
from pathlib import Path

# PyDLL keeps the interpreter lock, which a raw clone needs: its child must not come back to life waiting for it.
_libc = ctypes.PyDLL(None, use_errno=True)
for _name in ("capset", "fork", "mount", "prctl", "signal", "syscall"):
    getattr(_libc, _name)  # looked up here, so that no session has to

CLONE_NEWNS = 0x00020000
CLONE_NEWUTS = 0x04000000
CLONE_NEWIPC = 0x08000000
CLONE_NEWUSER = 0x10000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000
_CLONE_PIDFD = 0x00001000

MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC = 1, 2, 4, 8
MS_REMOUNT, MS_BIND, MS_REC = 32, 4096, 16384
MS_PRIVATE, MS_SLAVE = 1 << 18, 1 << 19
_MNT_DETACH = 2

MOUNT_ATTR_RDONLY, MOUNT_ATTR_NOSUID, MOUNT_ATTR_NODEV, MOUNT_ATTR_NOEXEC = 1, 2, 4, 8
_AT_EMPTY_PATH, _AT_RECURSIVE, _AT_FDCWD = 0x1000, 0x8000, -100
_OPEN_TREE_CLONE = 1
_MOVE_MOUNT_F_EMPTY_PATH = 4
# These three have one number on every machine.
_OPEN_TREE, _MOVE_MOUNT, _MOUNT_SETATTR = 428, 429, 442

_PR_SET_CHILD_SUBREAPER = 36
_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_CAPBSET_DROP, _PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP = 1, 4, 24, 38, 22
_LAST_CAPABILITY = 40
_CAPABILITY_HEADER = (ctypes.c_uint32 * 2)(0x20080522, 0)  # version 3, this process
_NO_CAPABILITIES = (ctypes.c_uint32 * 6)()
# Made here, so that no session has to make 200 of them.
_CAPABILITIES = tuple(ctypes.c_ulong(number) for number in range(_LAST_CAPABILITY + 1))
_DROP, _ZERO = ctypes.c_int(_PR_CAPBSET_DROP), ctypes.c_ulong(0)


@dataclass(frozen=True)
class Machine:
    """What differs between processor kinds."""

    name: str
    audit_arch: int
    """AUDIT_ARCH_* as seccomp sees it."""
    clone: int
    pivot_root: int


_MACHINES = {
    "x86_64": Machine("x86_64", 0xC000003E, 56, 155),
    "aarch64": Machine("aarch64", 0xC00000B7, 220, 41),
}


def machine() -> Machine:
    """Return this processor's numbers.

    Raises:
        OSError: The sandbox has no numbers for this processor.
    """
    name = platform.machine()
    if name not in _MACHINES:
        raise OSError(0, f"the sandbox supports x86_64 and aarch64, and this machine is {name}")
    return _MACHINES[name]


def _check(result: int, doing: str) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{doing}: {os.strerror(number)}")
    return result


def _bytes(text: str | None) -> bytes | None:
    return None if text is None else os.fsencode(text)


def unshare(flags: int) -> None:
    """Leave the namespaces named by `flags` for new ones."""
    _check(_libc.unshare(ctypes.c_int(flags)), "unshare")


def mount(source: str | None, target: str, kind: str | None = None, flags: int = 0, data: str | None = None) -> None:
    """Mount `source` on `target`."""
    result = _libc.mount(_bytes(source), _bytes(target), _bytes(kind), ctypes.c_ulong(flags), _bytes(data))
    _check(result, f"mount {target}")


def pivot_into(root: Path) -> None:
    """Make `root`, which must be a mount, the root of this mount namespace and let go of the old one."""
    os.chdir(root)
    # Stacked on ".", as `pivot_root(2)` describes under "pivot_root(".", ".")": no folder is needed for the old root.
    _check(_libc.syscall(ctypes.c_long(machine().pivot_root), b".", b"."), "pivot_root")
    _check(_libc.umount2(b".", _MNT_DETACH), "umount of the old root")
    os.chdir("/")


def clone_tree(path: str, attributes: int) -> int:
    """Return the descriptor of a detached copy of the mount tree at `path`, with mount `attributes` set."""
    flags = _OPEN_TREE_CLONE | _AT_RECURSIVE | os.O_CLOEXEC
    tree = _check(
        _libc.syscall(ctypes.c_long(_OPEN_TREE), ctypes.c_int(_AT_FDCWD), os.fsencode(path), ctypes.c_uint(flags)),
        f"open_tree {path}",
    )
    wanted = (ctypes.c_uint64 * 4)(attributes, 0, 0, 0)
    result = _libc.syscall(
        ctypes.c_long(_MOUNT_SETATTR),
        ctypes.c_int(tree),
        b"",
        ctypes.c_uint(_AT_EMPTY_PATH | _AT_RECURSIVE),
        ctypes.byref(wanted),
        ctypes.c_size_t(ctypes.sizeof(wanted)),
    )
    try:
        _check(result, f"mount_setattr {path}")
    except OSError:
        os.close(tree)
        raise
    return tree


def attach_tree(tree: int, target: str) -> None:
    """Attach a detached mount tree at `target`."""
    result = _libc.syscall(
        ctypes.c_long(_MOVE_MOUNT),
        ctypes.c_int(tree),
        b"",
        ctypes.c_int(_AT_FDCWD),
        os.fsencode(target),
        ctypes.c_uint(_MOVE_MOUNT_F_EMPTY_PATH),
    )
    _check(result, f"move_mount {target}")


def clone(flags: int) -> tuple[int, int]:
    """Fork into new namespaces at once, one process fewer than unshare and fork.

    Python is told nothing, as in `fork`: this process has one thread, and there is nothing to put in order; what the
    handlers touch would be copied in every session.

    Returns:
        The child's pid and a pidfd of it in the parent, (0, -1) in the child.
    """
    pidfd = ctypes.c_int(-1)
    pid = _libc.syscall(
        ctypes.c_long(machine().clone),
        ctypes.c_ulong(flags | _CLONE_PIDFD | signal.SIGCHLD),
        None,
        ctypes.byref(pidfd),
        None,
        None,
    )
    return (0, -1) if pid == 0 else (_check(pid, "clone"), pidfd.value)


def fork() -> int:
    """Fork as the C library does, but without Python's handlers, which are for threads and for `random`."""
    return _check(_libc.fork(), "fork")


def reset_signal(number: int) -> None:
    """Let a signal have its default effect. Python's own way makes members of enumerations, in every session."""
    _libc.signal(ctypes.c_int(number), None)


def local_socket(descriptor: int) -> socket.socket:
    """Return the socket of a descriptor that is one end of a SEQPACKET pair; the kernel is not asked what it is."""
    return socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET, 0, descriptor)


def set_hostname(name: str) -> None:
    """Name this UTS namespace."""
    raw = name.encode()
    _check(_libc.sethostname(raw, ctypes.c_size_t(len(raw))), "sethostname")


def _prctl(option: int, argument: int, doing: str) -> None:
    zero = ctypes.c_ulong(0)
    _check(_libc.prctl(ctypes.c_int(option), ctypes.c_ulong(argument), zero, zero, zero), doing)


def set_dumpable(dumpable: bool) -> None:
    """Say whether processes of the same user may look into this one through /proc."""
    _prctl(_PR_SET_DUMPABLE, int(dumpable), "prctl(PR_SET_DUMPABLE)")


def adopt_orphans() -> None:
    """Become the parent of descendants whose own parent ends."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1, "prctl(PR_SET_CHILD_SUBREAPER)")


def die_with_parent() -> None:
    """Have the kernel kill this process when its parent ends."""
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, "prctl(PR_SET_PDEATHSIG)")


def drop_capabilities() -> None:
    """Give up every capability, also those an exec could bring back."""
    drop_capabilities_of_programs()
    clear_capabilities()


def drop_capabilities_of_programs() -> None:
    """Give up the capabilities that an exec could bring back."""
    for capability in _CAPABILITIES:
        _check(_libc.prctl(_DROP, capability, _ZERO, _ZERO, _ZERO), "prctl(PR_CAPBSET_DROP)")


def clear_capabilities() -> None:
    """Give up the capabilities this process has now, which needs none."""
    _check(_libc.capset(ctypes.byref(_CAPABILITY_HEADER), ctypes.byref(_NO_CAPABILITIES)), "capset")


def forbid_new_privileges() -> None:
    """Set no_new_privs, which a seccomp filter needs."""
    _prctl(_PR_SET_NO_NEW_PRIVS, 1, "prctl(PR_SET_NO_NEW_PRIVS)")


class _Program(ctypes.Structure):
    """`struct sock_fprog`."""

    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def install_filter(program: bytes, instructions: int) -> None:
    """Put a seccomp filter (packed `struct sock_filter`s) on this process and all it will fork."""
    wanted = _Program(instructions, program)
    zero = ctypes.c_ulong(0)
    mode_filter = ctypes.c_ulong(2)
    _check(_libc.prctl(ctypes.c_int(_PR_SET_SECCOMP), mode_filter, ctypes.byref(wanted), zero, zero), "seccomp")
