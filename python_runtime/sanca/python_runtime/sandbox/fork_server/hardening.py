"""What a guest gives up before it reads its first action: capabilities, resources, most of the kernel."""

from __future__ import annotations

import resource
from functools import lru_cache
from typing import TypedDict

from . import kernel_files, syscalls
from .seccomp import build_filter

_MEGABYTE = 1 << 20
_WAITING_SIGNALS = 1024
"""Of a user, whom sessions share where there are no namespaces: the kernel keeps a record of each."""
_STACK_BYTES, _THREAD_STACK_BYTES = 8 * _MEGABYTE, _MEGABYTE


class Limits(TypedDict):
    """A session's limits, as the request for it brings them; `sandbox/limits.py` says what they mean."""

    cores: float
    memory_megabytes: int
    session_cpu_seconds: float
    processes: int
    file_megabytes: int
    open_files: int
    tmp_megabytes: int
    tmp_files: int
    output_folder_megabytes: int
    output_bytes: int
    has_kernels_share: bool
    """Whether something outside holds the session to `cores`, so that its first process need not."""


def make_stacks_small() -> None:
    """Before an exec: let threads that libraries start have 1 MB of stack, for the address space is limited."""
    resource.setrlimit(resource.RLIMIT_STACK, (_THREAD_STACK_BYTES, resource.getrlimit(resource.RLIMIT_STACK)[1]))


def make_main_stack_large() -> None:
    """After it: the C library has taken 1 MB for its threads by now, and the main one grows as it needs to."""
    most = resource.getrlimit(resource.RLIMIT_STACK)[1]
    wanted = _STACK_BYTES if most == resource.RLIM_INFINITY else min(_STACK_BYTES, most)
    resource.setrlimit(resource.RLIMIT_STACK, (wanted, most))


def harden(limits: Limits) -> None:
    """Drop everything an action does not need. There is no way back."""
    syscalls.drop_capabilities()
    # Counted per user namespace since Linux 5.14.
    resource.setrlimit(resource.RLIMIT_NPROC, (limits["processes"], limits["processes"]))
    limit_resources(limits)
    close_kernel()


def limit_resources(limits: Limits) -> None:
    """Set what a process may use, but not how many of them there may be."""
    address_space = _virtual_bytes() + limits["memory_megabytes"] * _MEGABYTE
    for kind, most in (
        (resource.RLIMIT_AS, address_space),
        (resource.RLIMIT_FSIZE, limits["file_megabytes"] * _MEGABYTE),
        (resource.RLIMIT_NOFILE, limits["open_files"]),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_MEMLOCK, 0),
        (resource.RLIMIT_MSGQUEUE, 0),
        (resource.RLIMIT_SIGPENDING, _WAITING_SIGNALS),
        (resource.RLIMIT_STACK, _STACK_BYTES),
    ):
        bound = resource.getrlimit(kind)[1]
        most = most if bound == resource.RLIM_INFINITY else min(most, bound)
        if resource.getrlimit(kind) != (most, most):
            resource.setrlimit(kind, (most, most))


def close_kernel() -> None:
    """Refuse most system calls from here on."""
    syscalls.forbid_new_privileges()
    syscalls.install_filter(*call_filter())


@lru_cache(maxsize=1)
def call_filter() -> tuple[bytes, int]:
    """Return the filter of system calls. Asked once by the fork server, so that no session has to build it."""
    return build_filter(syscalls.machine())


def _virtual_bytes() -> int:
    pages = int(kernel_files.read("/proc/self/statm").split()[0])
    return pages * resource.getpagesize()
