"""How docker, podman and runsc are told to start and remove a container: their argument lists, and runsc's bundle."""

from __future__ import annotations

import io
import json
import os
import subprocess
import tarfile
from pathlib import Path
from typing import Any, Protocol

from sanca.core.errors import SandboxError
from sanca.python_runtime.sandbox.container.plan import ContainerPlan, Mount

_ENVIRONMENT = ("PATH", "HOME", "XDG_RUNTIME_DIR", "DOCKER_HOST", "DOCKER_CONTEXT", "CONTAINER_HOST")
_IMAGE = "sanca-sandbox:empty"
_COMMAND_SECONDS = 60
_CPU_PERIOD = 100_000
_LIMITS = {"RLIMIT_NOFILE": 1024, "RLIMIT_CORE": 0, "RLIMIT_MEMLOCK": 0, "RLIMIT_MSGQUEUE": 0}
"""Those that gVisor does not let a process set for itself, and files."""


class Runtime(Protocol):
    """One command line. `prepare` once, blocking; the rest only builds argument lists and files."""

    name: str
    has_cpu_share: bool

    def prepare(self, root: Path) -> None:
        """Make the folder usable as the root of containers.

        Raises:
            SandboxError: The command does not work here; says why.
        """

    def start_command(self, plan: ContainerPlan, folder: Path) -> list[str]:
        """Return what starts the container with its stdio attached; may write into the session's own folder."""

    def remove_command(self, name: str) -> list[str]:
        """Return what ends and removes a container, running or not."""


class DockerRuntime:
    """Docker, or podman, whose command line is the same. The image is made here from an empty root; none is fetched."""

    has_cpu_share = True

    def __init__(self, command: str, name: str) -> None:
        self._command = command
        self.name = name

    def prepare(self, root: Path) -> None:
        """Make the image; see `Runtime.prepare`."""
        run_command([self._command, "import", "-", _IMAGE], stdin=_tar_of(root))

    def start_command(self, plan: ContainerPlan, folder: Path) -> list[str]:
        """Return `docker run …`; see `Runtime.start_command`."""
        user = f"{plan.user}:{plan.user}"
        own_user = ["--userns", "keep-id"] if self.name == "podman" and os.geteuid() != 0 else []
        memory = f"{plan.memory_megabytes}m"
        return [
            self._command, "run", "--rm", "--interactive", "--pull", "never", "--name", plan.name,
            "--network", "none", "--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges",
            "--user", user, *own_user, "--hostname", "sandbox", "--workdir", "/", "--log-driver", "none",
            "--memory", memory, "--memory-swap", memory, "--cpus", f"{plan.cores:g}",
            "--pids-limit", str(plan.processes), "--ulimit", "core=0",
            "--tmpfs", f"/tmp:rw,nosuid,nodev,size={plan.tmp_megabytes}m,mode=1777",  # noqa: S108 - inside
            *[part for mount in plan.mounts for part in ("--mount", _bind_option(mount))],
            *[part for name, value in plan.environment.items() for part in ("--env", f"{name}={value}")],
            _IMAGE, *plan.command,
        ]  # fmt: skip

    def remove_command(self, name: str) -> list[str]:
        """Return `docker rm --force …`; see `Runtime.remove_command`."""
        return [self._command, "rm", "--force", name]


class RunscRuntime:
    """gVisor's runsc by itself: an OCI bundle a session, and no daemon."""

    name = "runsc"

    def __init__(self, command: str, state: Path, *, has_groups: bool) -> None:
        self._command = command
        self._state = state
        self._root = Path()
        self.has_cpu_share = has_groups

    def prepare(self, root: Path) -> None:
        """Remember the root; see `Runtime.prepare`."""
        run_command([self._command, "--version"])
        self._root = root

    def start_command(self, plan: ContainerPlan, folder: Path) -> list[str]:
        """Write the bundle and return `runsc … run …`; see `Runtime.start_command`."""
        bundle = json.dumps(_bundle(plan, self._root, has_groups=self.has_cpu_share))
        (folder / "config.json").write_text(bundle, encoding="utf-8")
        return [*self._global_options(), "run", "--bundle", str(folder), plan.name]

    def remove_command(self, name: str) -> list[str]:
        """Return `runsc … delete --force …`; see `Runtime.remove_command`."""
        return [*self._global_options(), "delete", "--force", name]

    def _global_options(self) -> list[str]:
        options = ["--root", str(self._state), "--network", "none"]
        if not self.has_cpu_share:
            options.append("--ignore-cgroups")
        if os.geteuid() != 0:
            options.append("--rootless")
        return [self._command, *options]


def run_command(command: list[str], stdin: bytes = b"") -> None:
    """Run a runtime's command to its end; it sees none of the engine's environment but what says where it works.

    Raises:
        SandboxError: It failed; holds its last line.
    """
    try:
        done = subprocess.run(
            command, input=stdin, env=command_environment(), capture_output=True, timeout=_COMMAND_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise SandboxError(f"`{' '.join(command[:2])}` did not run: {error}.") from error
    if done.returncode:
        raise SandboxError(f"`{' '.join(command[:2])}` failed: {last_line(done.stderr) or f'exit {done.returncode}'}")


def command_environment() -> dict[str, str]:
    """Return the environment of a runtime's command."""
    return {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}


def last_line(errors: bytes) -> str:
    """Return the last line that is not empty."""
    lines = [line for line in errors.decode("utf-8", "replace").splitlines() if line.strip()]
    return lines[-1].strip() if lines else ""


def _bind_option(mount: Mount) -> str:
    return f"type=bind,source={mount.source},target={mount.target}" + (",readonly" if mount.read_only else "")


def _tar_of(root: Path) -> bytes:
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w") as archive:
        archive.add(root, arcname=".")
    return written.getvalue()


def _bundle(plan: ContainerPlan, root: Path, *, has_groups: bool) -> dict[str, Any]:
    """Return an OCI runtime configuration. Source: opencontainers/runtime-spec, config.md and config-linux.md."""
    own = ["nosuid", "nodev"]
    tmp_options = [*own, f"size={plan.tmp_megabytes}m", "mode=1777"]
    mounts: list[dict[str, Any]] = [
        {"destination": "/proc", "type": "proc", "source": "proc", "options": [*own, "noexec"]},
        {"destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "mode=755", "size=1m"]},
        {"destination": "/tmp", "type": "tmpfs", "source": "tmpfs", "options": tmp_options},  # noqa: S108 - inside
    ]
    for mount in plan.mounts:
        options = ["rbind", *own, "ro" if mount.read_only else "rw"]
        mounts.append({"destination": mount.target, "type": "bind", "source": mount.source, "options": options})
    resources = {
        "memory": {"limit": plan.memory_megabytes << 20},
        "cpu": {"quota": int(plan.cores * _CPU_PERIOD), "period": _CPU_PERIOD},
    }
    groups = {"cgroupsPath": f"/{plan.name}", "resources": resources} if has_groups else {}
    return {
        "ociVersion": "1.0.0",
        "process": {
            "user": {"uid": plan.user, "gid": plan.user},
            "args": list(plan.command),
            "env": [f"{name}={value}" for name, value in plan.environment.items()],
            "cwd": "/",
            # gVisor's own, worth nothing outside: the guest's first lines cover what /proc tells of our processes.
            "capabilities": {kind: ["CAP_SYS_ADMIN"] for kind in ("effective", "permitted")},
            "noNewPrivileges": True,
            "rlimits": [{"type": kind, "hard": most, "soft": most} for kind, most in _LIMITS.items()],
        },
        "root": {"path": str(root), "readonly": True},
        "hostname": "sandbox",
        "mounts": mounts,
        "linux": {"namespaces": [{"type": kind} for kind in ("pid", "network", "ipc", "uts", "mount")], **groups},
    }
