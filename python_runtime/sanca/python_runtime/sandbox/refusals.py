"""Why a sandbox cannot run on this machine, in one sentence with the mend. Never falls back to anything weaker."""

from __future__ import annotations

import errno
import platform
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sanca.core.errors import SandboxError

_APPARMOR = Path("/proc/sys/kernel/apparmor_restrict_unprivileged_userns")
_MOST_NAMESPACES = Path("/proc/sys/user/max_user_namespaces")
_MACHINES = ("x86_64", "aarch64")


def check_machine() -> None:
    """Refuse systems that have no namespaces.

    Raises:
        SandboxError: Not Linux, or a processor whose system calls the sandbox does not know.
    """
    if sys.platform != "linux":
        raise SandboxError(
            "The sandbox needs Linux; on macOS run sanca in a Linux virtual machine or container, on Windows in WSL2."
        )
    if platform.machine() not in _MACHINES:
        raise SandboxError(f"The sandbox supports {' and '.join(_MACHINES)}; this machine is {platform.machine()}.")


def explain_start(answer: dict[str, Any], errors: str) -> SandboxError:
    """Return the error for a fork server that did not become ready.

    Args:
        answer: What it said: `error`, `errno`, `step`; empty when it said nothing.
        errors: What it wrote to its standard error.
    """
    if not answer:
        last_line = errors.splitlines()[-1] if errors else "it did not answer in time"
        return SandboxError(f"The sandbox's fork server did not start: {last_line}.")
    reason = f"{answer.get('error')} (step: {answer.get('step')})"
    if answer.get("step") == "preload":
        return SandboxError(f"The sandbox could not load its libraries: {answer.get('error')}.")
    if answer.get("step") == "landlock":
        return no_landlock(str(answer.get("error")))
    if answer.get("step") == "second stage" and answer.get("errno") == errno.EACCES:
        return SandboxError(
            f"The sandbox may not read the Python interpreter in {sys.base_prefix!r};"
            " make that folder readable by others."
        )
    if answer.get("errno") in {errno.EPERM, errno.EACCES, errno.ENOSPC, errno.EUSERS}:
        return SandboxError(f"The system refuses the sandbox its namespaces: {reason}. {namespace_mend()}")
    if answer.get("errno") == errno.ENOSYS:
        return SandboxError(f"The kernel is too old for the sandbox: {reason}. Linux 5.14 or newer is needed.")
    return SandboxError(f"The sandbox could not be built: {reason}.")


def no_landlock(reason: str) -> SandboxError:
    """Return the error for a kernel without Landlock, or with too little of it."""
    return SandboxError(
        f"The sandbox level 'landlock' cannot be had: {reason}. Use Linux 6.7 or newer and `landlock` among the `lsm=`"
        " of its command line, or set SANCA_SANDBOX_LEVEL to another level."
    )


def no_container(reasons: Sequence[str]) -> SandboxError:
    """Return the error for a machine on which no container's runtime works."""
    tried = f" Tried: {'; '.join(reasons)}." if reasons else " None of them is on PATH."
    return SandboxError(
        "The sandbox level 'container' needs runsc, podman or docker that works for this user"
        f" (SANCA_SANDBOX_CONTAINER_COMMAND).{tried}"
    )


def no_snapshot(level: str) -> SandboxError:
    """Return the error for names that a level cannot take out of a session."""
    return SandboxError(f"The sandbox level {level!r} cannot take a session's names out; they live as long as it.")


def namespace_mend() -> str:
    """Return what to do where user namespaces are refused."""
    if _read_number(_APPARMOR) == 1:
        return "Set kernel.apparmor_restrict_unprivileged_userns to 0 with sysctl, or use a profile with `userns`."
    if _read_number(_MOST_NAMESPACES) == 0:
        return "Set user.max_user_namespaces to a number above 0 with sysctl."
    return (
        "Allow unprivileged user namespaces (on Ubuntu kernel.apparmor_restrict_unprivileged_userns=0; in Docker a"
        " seccomp profile that allows unshare, clone and mount, for instance --security-opt seccomp=unconfined, and"
        " --security-opt systempaths=unconfined)."
    )


def _read_number(path: Path) -> int | None:
    try:
        return int(path.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None
