"""Landlock: which files a process and its threads may still reach, for good. The kernel's calls; not which files.

Source of the numbers: Linux `include/uapi/linux/landlock.h`; which version brought what: `userspace-api/landlock.rst`.
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct
from collections.abc import Iterable

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_VERSION_FLAG = 1
_RULE_PATH_BENEATH = 1

_WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 1, 1 << 2, 1 << 3
_REMOVE_DIR, _REMOVE_FILE = 1 << 4, 1 << 5
_MAKE_DIR, _MAKE_REG = 1 << 7, 1 << 8
_MAKE_FIFO, _MAKE_SYM = 1 << 10, 1 << 12
_REFER, _TRUNCATE, _IOCTL_DEVICE, _RESOLVE_UNIX = 1 << 13, 1 << 14, 1 << 15, 1 << 16

_HANDLED_FILES = {1: (1 << 13) - 1, 2: _REFER, 3: _TRUNCATE, 5: _IOCTL_DEVICE, 9: _RESOLVE_UNIX}
"""Version → what it can refuse about files besides what older ones can."""
_TCP = 0b11
_SCOPE_ABSTRACT_SOCKETS_AND_SIGNALS = 0b11
LEAST_VERSION = 4
FULL_VERSION = 6

READ = _READ_FILE | _READ_DIR
READ_FILE = _READ_FILE
USE_DEVICE = _READ_FILE | _WRITE_FILE
WRITE = (
    READ
    | (_WRITE_FILE | _TRUNCATE | _REFER)
    | (_REMOVE_DIR | _REMOVE_FILE)
    | (_MAKE_DIR | _MAKE_REG | _MAKE_FIFO | _MAKE_SYM)
)

_libc = ctypes.CDLL(None, use_errno=True)


def version() -> int:
    """Return the kernel's Landlock version; 0 when it has none, or has it switched off."""
    found = _libc.syscall(ctypes.c_long(_CREATE_RULESET), None, ctypes.c_size_t(0), ctypes.c_uint32(_VERSION_FLAG))
    return max(int(found), 0)


def restrict(rules: Iterable[tuple[int, int]], *, known: int) -> None:
    """Leave this process only the files that the rules name, no TCP, and no signals or abstract sockets to others.

    Args:
        rules: Descriptors of files or folders, each with what may be done there (`READ`, `WRITE` …).
        known: The kernel's version; what it cannot refuse is not asked of it.
    """
    files = _handled_files(known)
    attributes = struct.pack("=QQQ", files, _TCP, _SCOPE_ABSTRACT_SOCKETS_AND_SIGNALS)
    size = 24 if known >= FULL_VERSION else 16
    ruleset = _call(_CREATE_RULESET, attributes[:size], ctypes.c_size_t(size), ctypes.c_uint32(0))
    try:
        for descriptor, allowed in rules:
            rule = struct.pack("=Qi", allowed & files, descriptor)
            _call(_ADD_RULE, ctypes.c_int(ruleset), ctypes.c_int(_RULE_PATH_BENEATH), rule, ctypes.c_uint32(0))
        _call(_RESTRICT_SELF, ctypes.c_int(ruleset), ctypes.c_uint32(0))
    finally:
        os.close(ruleset)


def _handled_files(known: int) -> int:
    handled = 0
    for since, rights in _HANDLED_FILES.items():
        if known >= since:
            handled |= rights
    return handled


def _call(number: int, *arguments: object) -> int:
    result = int(_libc.syscall(ctypes.c_long(number), *arguments))
    if result < 0:
        code = ctypes.get_errno() or errno.ENOSYS
        raise OSError(code, f"landlock: {os.strerror(code)}")
    return result
