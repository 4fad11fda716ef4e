"""Starts the broker's process with an environment of its own: no key, no token, only what toolkits need to run."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Mapping

import anyio
from anyio.abc import Process

_KEPT = {"PATH", "HOME", "LANG", "TZ", "TMPDIR", "SANCA_HOME", "PYTHONPATH", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"}
_KEPT |= {"SANCA_HTTP_URL", "SANCA_A2A_HOPS"}  # how other agents know us, and how far a request may go
_KEPT |= {name.lower() for name in _KEPT if name.endswith("_PROXY")}
_KEPT_BEGINNINGS = ("LC_", "SANCA_WEB_", "SANCA_OUTSIDE_")
"""Which pages may be read, and which addresses called; keys of theirs are in files."""


def broker_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the part of an environment that a broker may see."""
    return {name: value for name, value in environment.items() if name in _KEPT or name.startswith(_KEPT_BEGINNINGS)}


async def start_broker(broker_end: socket.socket) -> Process:
    """Start the process; it is in a group of its own, so that Ctrl-C in a terminal does not cut it off in mid-call."""
    number = broker_end.fileno()
    return await anyio.open_process(
        [sys.executable, "-m", "sanca.python_runtime.broker", str(number)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=None,
        env=broker_environment(os.environ),
        pass_fds=[number],
        start_new_session=True,
    )
