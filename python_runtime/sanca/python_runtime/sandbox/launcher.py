"""Starts the fork server with an empty environment and speaks to it: sessions and mounts on request. Runs no action."""

from __future__ import annotations

import json
import os
import secrets
import socket
import subprocess
import sys
import tempfile
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import anyio
import msgpack
from sanca.core.errors import SandboxError
from sanca.python_runtime.sandbox import refusals
from sanca.python_runtime.sandbox.control_groups import CgroupReport
from sanca.python_runtime.sandbox.fork_server.preload import CHARTS_FOLDER, SETTINGS_OF_CHARTS
from sanca.python_runtime.sandbox.fork_server.root import PYTHON_FOLDER
from sanca.python_runtime.sandbox.library import find_library
from sanca.python_runtime.sandbox.limits import SandboxLimits
from sanca.python_runtime.sandbox.settings import SandboxSettings
from sanca.python_runtime.sandbox.wire import receive_datagram, send_datagram

_ANSWER_BYTES = 65536
_END_SECONDS = 5.0
_REQUEST_LIMITS = (
    "cores", "memory_megabytes", "session_cpu_seconds", "processes", "file_megabytes", "open_files", "tmp_megabytes",
    "tmp_files", "output_folder_megabytes",
)  # fmt: skip
_FIRST_STAGE = "import sys; sys.path.append(sys.argv.pop(3)); from fork_server import {0}; {0}.main()"


@dataclass(frozen=True)
class ForkedSession:
    """A session's first process and our ends of its sockets."""

    control: socket.socket
    tools: socket.socket
    pidfd: int
    limits: SandboxLimits = field(default_factory=SandboxLimits)


class ForkServer:
    """One fork server process and its mounter. Requests are answered in order."""

    first_stage = "prepare"
    warms_up = True
    """Whether a session can run something before it is given its folders."""
    """The module of `fork_server` that is started."""

    def __init__(self, settings: SandboxSettings, *, libraries: bool = False) -> None:
        self._settings = settings
        self._has_libraries = libraries  # loaded ahead; they can be imported either way
        self.hash_seed = secrets.randbelow(2**32)
        """PYTHONHASHSEED of every guest; a replay needs a server with the same one."""
        self._process: subprocess.Popen[bytes] | None = None
        self._channel: socket.socket | None = None
        self._mounts: socket.socket | None = None
        self._errors: IO[bytes] | None = None
        self._asked: deque[tuple[socket.socket, socket.socket, SandboxLimits]] = deque()
        self._mounter_pidfd: int | None = None
        self._keeper_pidfds: list[int] = []
        self.groups = CgroupReport()
        """What control groups hold sessions to; the rest is watched."""
        self._mount_number = 0
        self._mount_lock = anyio.Lock()

    async def start(self) -> None:
        """Start it and wait until it is ready.

        Raises:
            SandboxError: It cannot run here; says why and what mends it.
        """
        refusals.check_machine()
        await anyio.to_thread.run_sync(self._launch)
        channel = self._open_channel()
        await send_datagram(channel, json.dumps(self._plan()).encode())
        await send_datagram(channel, json.dumps(self._config()).encode())
        answer: dict[str, Any] = {}
        with anyio.move_on_after(self._settings.start_seconds):
            datagram, self._keeper_pidfds = await receive_datagram(channel, _ANSWER_BYTES)
            answer = json.loads(datagram) if datagram else {}
        if not answer.get("ready"):
            errors = self._read_errors()
            await self.close()
            raise refusals.explain_start(answer, errors)
        self.groups = CgroupReport(tuple(sorted(answer["groups"].items())))
        await self._meet_mounter()

    @property
    def alive(self) -> bool:
        """Whether its process runs."""
        return self._process is not None and self._process.poll() is None

    @property
    def asked(self) -> int:
        """How many sessions were asked for and not collected."""
        return len(self._asked)

    async def ask(self, limits: SandboxLimits | None = None) -> None:
        """Ask for a session; it is made while we do other things.

        Args:
            limits: What it may use; None: what everybody may.
        """
        limits = limits or self._settings.limits_for()
        request = session_request(limits)
        channel = self._open_channel()
        control, inner_control = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        tools, inner_tools = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with inner_control, inner_tools:
            try:
                await send_datagram(channel, request, [inner_control.fileno(), inner_tools.fileno()])
            except OSError as error:
                control.close()
                tools.close()
                raise _ended() from error
        self._asked.append((control, tools, limits))

    async def collect(self) -> ForkedSession:
        """Return the session that was asked for first. One caller at a time."""
        datagram, descriptors = await receive_datagram(self._open_channel(), _ANSWER_BYTES)
        if not datagram:
            raise _ended()
        control, tools, limits = self._asked.popleft()
        if not descriptors:
            control.close()
            tools.close()
            raise SandboxError(f"The sandbox could not make a session: {json.loads(datagram).get('error')}.")
        control.setblocking(False)
        return ForkedSession(control, tools, descriptors[0], limits)

    async def mount(self, folder: Path, *, read_only: bool) -> int:
        """Return the descriptor of a mount of a host folder that a session can attach."""
        async with self._mount_lock:
            self._mount_number += 1
            request = {"number": self._mount_number, "path": str(folder), "read_only": read_only}
            await send_datagram(self._open_mounts(), json.dumps(request).encode())
            reason = "it did not answer in time"
            with anyio.move_on_after(_END_SECONDS):
                answer, descriptors = await self._read_mount(self._mount_number)
                if descriptors:
                    return descriptors[0]
                reason = answer["error"]
        raise SandboxError(f"The folder {str(folder)!r} cannot be shown in the sandbox: {reason}.")

    async def _read_mount(self, number: int) -> tuple[dict[str, Any], list[int]]:
        """Read the mounter's answer; one to a request that was given up is closed and passed over."""
        while True:
            datagram, descriptors = await receive_datagram(self._open_mounts(), _ANSWER_BYTES)
            if not datagram:
                raise _ended()
            answer: dict[str, Any] = json.loads(datagram)
            if answer["number"] == number:
                return answer, descriptors
            for descriptor in descriptors:
                os.close(descriptor)

    async def close(self) -> None:
        """End it, its mounter and every session; returns when they are gone. Safe to call twice."""
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        await anyio.to_thread.run_sync(process.wait)
        if self._mounts is not None:
            self._mounts.close()  # the kernel's death signal would not do: the fork server is another user by now
        await self._wait_for_helpers()
        while self._asked:
            for end in self._asked.popleft()[:2]:
                end.close()
        for channel in (self._channel, self._errors):
            if channel is not None:
                channel.close()
        self._channel = self._mounts = self._errors = None

    def _plan(self) -> dict[str, Any]:
        return server_plan(self._settings, self.hash_seed)

    def _config(self) -> dict[str, Any]:
        return _serve_config(self._settings, self._has_libraries)

    async def _meet_mounter(self) -> None:
        self._mounter_pidfd = (await receive_datagram(self._open_mounts(), _ANSWER_BYTES))[1][0]

    async def _wait_for_helpers(self) -> None:
        """Wait for the mounter and the keeper of groups, which end when their sockets do."""
        for pidfd in (self._mounter_pidfd, *self._keeper_pidfds):
            if pidfd is None:
                continue
            with anyio.CancelScope(shield=True), anyio.move_on_after(_END_SECONDS):
                await anyio.wait_readable(pidfd)
            os.close(pidfd)
        self._mounter_pidfd, self._keeper_pidfds = None, []

    def _launch(self) -> None:
        self._channel, inner_channel = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._mounts, inner_mounts = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed in close()
        ends = (inner_channel.fileno(), inner_mounts.fileno())
        with inner_channel, inner_mounts:
            self._process = subprocess.Popen(
                [
                    _interpreter(),
                    "-S",
                    "-s",
                    "-P",
                    "-B",
                    "-c",
                    _FIRST_STAGE.format(self.first_stage),
                    *map(str, ends),
                    str(Path(__file__).parent),
                ],
                env={"LANG": "C.UTF-8"},
                cwd="/",
                pass_fds=ends,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=self._errors,
                start_new_session=True,  # Ctrl-C in the engine's terminal is the engine's matter
            )
        self._channel.setblocking(False)
        self._mounts.setblocking(False)

    def _open_channel(self) -> socket.socket:
        if self._channel is None:
            raise _ended()
        return self._channel

    def _open_mounts(self) -> socket.socket:
        if self._mounts is None:
            raise _ended()
        return self._mounts

    def _read_errors(self) -> str:
        if self._errors is None:
            return ""
        self._errors.seek(0)
        return self._errors.read(4000).decode("utf-8", "replace").strip()


def _ended() -> SandboxError:
    return SandboxError("The sandbox is not running.")


def _interpreter() -> str:
    return os.path.realpath(getattr(sys, "_base_executable", sys.executable))


def _python_inside() -> tuple[str, str]:
    """Return the folder to show as /opt/python (empty: none) and the interpreter's path inside."""
    interpreter, prefix = Path(_interpreter()), Path(sys.base_prefix).resolve()
    if interpreter.is_relative_to("/usr") and prefix.is_relative_to("/usr"):
        return "", str(interpreter)
    if not interpreter.is_relative_to(prefix):
        raise SandboxError(
            f"The interpreter {str(interpreter)!r} is not inside its own prefix {str(prefix)!r}, so the sandbox cannot"
            " show it; make the environment anew with a Python that is installed as one folder."
        )
    return str(prefix), str(Path(PYTHON_FOLDER) / interpreter.relative_to(prefix))


def server_plan(settings: SandboxSettings, hash_seed: int) -> dict[str, Any]:
    """Return what the first stage is told: which folders, which interpreter, which environment."""
    prefix, python = _python_inside()
    environment = {
        "PATH": "/usr/bin",
        "HOME": "/tmp",  # noqa: S108 - inside the sandbox
        "LANG": "C.UTF-8",
        "PYTHONHASHSEED": str(hash_seed),
        "MALLOC_ARENA_MAX": "1",  # 64 MB of address space a thread otherwise
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
        "MPLCONFIGDIR": CHARTS_FOLDER,
        "MATPLOTLIBRC": SETTINGS_OF_CHARTS,
    }
    if prefix:
        environment["LD_LIBRARY_PATH"] = f"{PYTHON_FOLDER}/lib"
    library = find_library(settings)
    return {
        "root": {
            "python_prefix": prefix,
            "sandbox_folder": str(Path(__file__).parent),
            "msgpack_folder": str(Path(msgpack.__file__).parent),
            "library_folder": str(library or ""),
        },
        "outside_id": settings.outside_id,
        "control_groups": settings.control_groups,
        "python": python,
        "environment": environment,
    }


def _serve_config(settings: SandboxSettings, libraries: bool) -> dict[str, Any]:
    loaded = list(settings.preload_libraries) if libraries else []
    return {"preload": list(settings.preload), "libraries": loaded, "landlock": 0}


def session_request(limits: SandboxLimits) -> bytes:
    """Return a session's limits as the fork server and the first process take them, as JSON."""
    request = limits.model_dump(include=set(_REQUEST_LIMITS))
    return json.dumps({**request, "output_bytes": limits.output_kilobytes * 1024}).encode()
