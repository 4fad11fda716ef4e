"""What a session's container is to be, in words that every runtime has. Starts nothing."""

from __future__ import annotations

import json
import os
import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sanca.python_runtime.sandbox.fork_server.root import LIBRARY_FOLDER, OUR_PACKAGE, PACKAGES_FOLDER, PYTHON_FOLDER
from sanca.python_runtime.sandbox.launcher import server_plan, session_request
from sanca.python_runtime.sandbox.limits import SandboxLimits
from sanca.python_runtime.sandbox.outside_user import outside_user
from sanca.python_runtime.sandbox.settings import SandboxSettings

_SYSTEM_FOLDERS = ("usr", "lib", "lib32", "lib64", "bin")
_EMPTY_FOLDERS = ("etc", "dev", "proc", "sys", "tmp", "input", "output")
_OVERHEAD_MEGABYTES = 256
"""What the interpreter, and the runtime where it is counted too, need besides the action."""
_OTHER_PROCESSES = 8
_ENTRY = (
    f"import sys; sys.path.append({PACKAGES_FOLDER!r});"
    f" from {OUR_PACKAGE}.fork_server import contained; contained.main()"
)


@dataclass(frozen=True)
class Mount:
    """A folder of the host and where it is shown."""

    source: str
    target: str
    read_only: bool = True


@dataclass(frozen=True, kw_only=True)
class ContainerPlan:
    """One session's container. No network, no capabilities and a read-only root are not for choice."""

    name: str
    user: int
    """User and group of everything in it."""
    command: tuple[str, ...]
    environment: dict[str, str]
    mounts: tuple[Mount, ...]
    memory_megabytes: int
    cores: float
    processes: int
    """Threads count too."""
    tmp_megabytes: int
    hash_seed: int


def plan_session(
    settings: SandboxSettings,
    limits: SandboxLimits,
    input_dir: Path | None,
    output_dir: Path | None,
    *,
    has_kernels_share: bool,
) -> ContainerPlan:
    """Return the plan of a session's container.

    Args:
        settings: What every session has.
        limits: What this one may use.
        input_dir: Shown as /input.
        output_dir: Shown as /output.
        has_kernels_share: Whether the container itself is held to its cores; else its first process sees to it.
    """
    hash_seed = secrets.randbelow(2**32)
    server = server_plan(settings, hash_seed)
    user = outside_user(settings.outside_id)
    inside = {**json.loads(session_request(limits)), "has_kernels_share": has_kernels_share}
    config = {"preload": [], "libraries": [], "limits": inside}
    command = (server["python"], "-S", "-s", "-P", "-B", "-c", _ENTRY, json.dumps(config))
    own = [Mount(str(folder), target, read_only) for folder, target, read_only in (
        (input_dir, "/input", True), (output_dir, "/output", False),
    ) if folder is not None]  # fmt: skip
    return ContainerPlan(
        name=f"sanca-{secrets.token_hex(8)}",
        user=os.geteuid() if user is None else user,
        command=command,
        environment=server["environment"],
        mounts=(*_shared_mounts(server["root"]), *own),
        memory_megabytes=limits.memory_megabytes + limits.tmp_megabytes + _OVERHEAD_MEGABYTES,
        cores=limits.cores,
        processes=limits.processes + _OTHER_PROCESSES,
        tmp_megabytes=limits.tmp_megabytes,
        hash_seed=hash_seed,
    )


def make_root(folder: Path) -> None:
    """Make what lies in a container's root besides the mounts: empty folders, links and two small files."""
    for name in _EMPTY_FOLDERS:
        (folder / name).mkdir(parents=True)
    for name in _SYSTEM_FOLDERS:
        original = Path("/") / name
        if original.is_symlink():
            (folder / name).symlink_to(original.readlink())
        elif original.is_dir():
            (folder / name).mkdir()
    for inside in (PYTHON_FOLDER, LIBRARY_FOLDER, f"{PACKAGES_FOLDER}/msgpack"):
        (folder / inside.lstrip("/")).mkdir(parents=True)
    for name in ("fork_server", "guest"):
        (folder / PACKAGES_FOLDER.lstrip("/") / OUR_PACKAGE / name).mkdir(parents=True)
    (folder / "etc/passwd").write_text("sandbox:x:1000:1000::/tmp:/bin/false\n", encoding="ascii")
    (folder / "etc/group").write_text("sandbox:x:1000:\n", encoding="ascii")
    for name in ("ld.so.cache", "localtime"):
        if (Path("/etc") / name).exists():
            shutil.copyfile(Path("/etc") / name, folder / "etc" / name)


def _shared_mounts(root: dict[str, Any]) -> list[Mount]:
    folders = [Path("/") / name for name in _SYSTEM_FOLDERS]
    mounts = [Mount(str(folder), str(folder)) for folder in folders if folder.is_dir() and not folder.is_symlink()]
    ours = f"{PACKAGES_FOLDER}/{OUR_PACKAGE}"
    mounts += [Mount(f"{root['sandbox_folder']}/{name}", f"{ours}/{name}") for name in ("fork_server", "guest")]
    mounts.append(Mount(root["msgpack_folder"], f"{PACKAGES_FOLDER}/msgpack"))
    if root["python_prefix"]:
        mounts.append(Mount(root["python_prefix"], PYTHON_FOLDER))
    if root["library_folder"]:
        mounts.append(Mount(root["library_folder"], LIBRARY_FOLDER))
    return mounts
