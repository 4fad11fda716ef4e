"""A small process that keeps the control groups of a fork server's sessions: makes them, and removes them afterwards.

It stays outside the sandbox's namespaces, with the engine's rights, outlives both engine and fork server by the moment
that cleaning up takes, and reads nothing that an action wrote. There is none where groups cannot be made.
"""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import time
from pathlib import Path
from typing import Any, cast

from .groups import Groups, open_groups, parent_of
from .hardening import Limits

CHANNEL, PIDFD = 500, 501
"""The descriptors under which the second stage of the fork server finds its socket to the keeper, and the keeper."""
_REQUEST_BYTES = 65536
_ANSWER_SECONDS = 2.0
_END_SECONDS = 5.0
_PAUSE_MILLISECONDS = 20
_IN_GROUP, _ALONE = b"1", b"0"

Gate = tuple[int, int]
"""The ends of a pipe, to read and to write."""


def start_keeper(*not_its: socket.socket) -> None:
    """Fork it, if groups can be made here; it belongs to the calling process, which becomes the fork server.

    Args:
        not_its: Sockets that it must not hold.
    """
    ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    server = os.getpid()
    keeper = os.fork()
    if keeper == 0:
        try:
            for end in (ours, *not_its):
                end.close()
            _keep(its, server)
        finally:
            os._exit(0)
    its.close()
    if not ours.recv(_REQUEST_BYTES):
        ours.close()
        os.waitpid(keeper, 0)
        return
    pidfd = os.pidfd_open(keeper)
    for descriptor, number in ((ours.detach(), CHANNEL), (pidfd, PIDFD)):
        os.dup2(descriptor, number)
        os.close(descriptor)


class KeeperClient:
    """The fork server's end. Without a keeper, or when it does not answer, sessions simply have no groups."""

    def __init__(self) -> None:
        self._channel: socket.socket | None = None
        self.controllers: dict[str, int] = {}
        """What groups bound, and by which version of them."""
        if _is_open(CHANNEL):
            self._channel = socket.socket(fileno=CHANNEL)
            self._channel.set_inheritable(False)
            self._channel.settimeout(_ANSWER_SECONDS)
            self.controllers = self._ask({})

    def take_pidfd(self) -> list[int]:
        """Return the keeper's pidfd, for the caller to close; none where there is no keeper."""
        return [PIDFD] if _is_open(PIDFD) else []

    def make_gate(self) -> Gate | None:
        """Return what a session waits at, once it is forked, until it has its groups."""
        return None if self._channel is None else os.pipe()

    def let_in(self, gate: Gate | None, pid: int, limits: Limits) -> None:
        """In the fork server: have groups made for a session, and let it go on."""
        if gate is None:
            return
        is_made = bool(self._ask({"pid": pid, "limits": limits}).get("made"))
        os.write(gate[1], _IN_GROUP if is_made else _ALONE)
        for end in gate:
            os.close(end)

    def wait(self, gate: Gate | None) -> bool:
        """In a session's first process: wait at the gate; whether the kernel holds it to its share of processor."""
        if self._channel is not None:
            self._channel.close()
        if gate is None:
            return False
        os.close(gate[1])
        told = os.read(gate[0], 1)
        os.close(gate[0])
        return told == _IN_GROUP and "cpu" in self.controllers

    def _ask(self, request: dict[str, Any]) -> dict[str, Any]:
        if self._channel is None:
            return {}
        try:
            self._channel.send(json.dumps(request).encode())
            answer: dict[str, Any] = json.loads(self._channel.recv(_REQUEST_BYTES))
        except (OSError, ValueError):
            # Gone, or too late: what comes after could be an answer to another request.
            self._channel.close()
            self._channel = None
            return {}
        return answer


def _keep(channel: socket.socket, server: int) -> None:
    """Answer the fork server until it is gone, and see to it that no group is left."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if (groups := open_groups()) is None:
        return
    channel.send(b"{}")
    keeper = _Keeper(channel, groups, server)
    try:
        keeper.serve()
    finally:
        keeper.close()


class _Keeper:
    def __init__(self, channel: socket.socket, groups: Groups, server: int) -> None:
        self._channel = channel
        self._groups = groups
        self._server = server
        self._sessions: dict[int, list[Path]] = {}
        """pidfd of a session's first process → its groups."""
        self._poller = select.poll()
        self._poller.register(channel, select.POLLIN)

    def serve(self) -> None:
        while True:
            ready = {descriptor for descriptor, _ in self._poller.poll(self._pause())}
            for pidfd in ready & self._sessions.keys():
                self._forget(pidfd)
            self._groups.remove_left()
            if self._channel.fileno() in ready:
                request = self._channel.recv(_REQUEST_BYTES)
                if not request:
                    return
                self._channel.send(json.dumps(self._answer(json.loads(request))).encode())

    def close(self) -> None:
        """Wait for the sessions, which end with their fork server, and remove everything."""
        deadline = time.monotonic() + _END_SECONDS
        while (self._sessions or not self._groups.remove_left()) and time.monotonic() < deadline:
            for pidfd in {
                descriptor for descriptor, _ in self._poller.poll(_PAUSE_MILLISECONDS)
            } & self._sessions.keys():
                self._forget(pidfd)
        self._groups.close()

    def _answer(self, request: dict[str, Any]) -> dict[str, Any]:
        if not request:
            return dict(self._groups.controllers)
        try:
            self._add(int(request["pid"]), cast("Limits", request["limits"]))
        except OSError:
            return {"made": False}
        return {"made": True}

    def _add(self, pid: int, limits: Limits) -> None:
        pidfd = os.pidfd_open(pid)
        try:
            if parent_of(pid) != self._server:
                raise ProcessLookupError(pid)
            self._sessions[pidfd] = self._groups.add(pid, limits)
            self._poller.register(pidfd, select.POLLIN)
        except OSError:
            os.close(pidfd)
            raise

    def _forget(self, pidfd: int) -> None:
        self._poller.unregister(pidfd)
        os.close(pidfd)
        self._groups.remove(self._sessions.pop(pidfd))

    def _pause(self) -> int | None:
        return None if self._groups.remove_left() else _PAUSE_MILLISECONDS


def _is_open(descriptor: int) -> bool:
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True
