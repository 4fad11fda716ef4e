"""A container seen from the engine: the runtime's command, and a thread that carries what goes through its stdio."""

from __future__ import annotations

import os
import socket
import subprocess
import tempfile
import threading
from contextlib import suppress
from typing import IO

from sanca.python_runtime.sandbox.container.runtimes import command_environment, last_line
from sanca.python_runtime.sandbox.fork_server.pump import Pump
from sanca.python_runtime.sandbox.launcher import ForkedSession


class ContainerProcess:
    """One container's runtime command. `start` blocks shortly; it ends when the session's control socket is closed."""

    def __init__(self, command: list[str]) -> None:
        self._command = command
        self._process: subprocess.Popen[bytes] | None = None
        self._errors: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed in close()
        self._thread: threading.Thread | None = None

    def start(self) -> ForkedSession:
        """Start the command; the session it makes has sockets like any other, and the command's pidfd."""
        self._process = subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            env=command_environment(),
            cwd="/",
            start_new_session=True,  # Ctrl-C in the engine's terminal is the engine's matter
        )
        pidfd = os.pidfd_open(self._process.pid)
        control, inner_control = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        tools, inner_tools = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._thread = threading.Thread(
            target=_carry, args=(self._process, inner_control, inner_tools), name="sandbox-container", daemon=True
        )
        self._thread.start()
        control.setblocking(False)
        return ForkedSession(control, tools, pidfd)

    def close(self) -> bool:
        """Wait for the end of a command that was told to end, or killed; whether it ended well. Blocks."""
        if self._thread is not None:
            self._thread.join()
        self._errors.close()
        return self._process is not None and self._process.returncode == 0

    def complaint(self) -> str:
        """Return the last line that the command wrote to its standard error."""
        self._errors.seek(0)
        return last_line(self._errors.read())


def _carry(process: subprocess.Popen[bytes], control: socket.socket, tools: socket.socket) -> None:
    incoming, outgoing = process.stdout, process.stdin
    if incoming is None or outgoing is None:
        return
    with control, tools:
        Pump(incoming.fileno(), outgoing.fileno(), control, tools).run()
        for pipe in (outgoing, incoming):
            with suppress(OSError):
                pipe.close()
    process.wait()
