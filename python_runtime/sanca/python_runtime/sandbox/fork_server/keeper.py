"""A small process that keeps the control groups of a fork server's sessions: makes them, and removes them afterwards.

It stays outside the sandbox's namespaces, with the engine's rights, outlives both engine and fork server by the moment
that cleaning up takes, and reads nothing that an action wrote. There is none where groups cannot be made.

A session asks for a group when an action of it runs for a while or forks: moving processes costs milliseconds, and most
actions are over before they could harm anybody. Its first process stops the others meanwhile, so that all are moved.
"""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import time
from collections.abc import Sequence
from pathlib import Path
from typing import cast

from .groups import Groups, open_groups, parent_of
from .hardening import Limits

_REQUEST_BYTES = 65536
_MOST_DESCRIPTORS = 253
"""As many as the kernel passes on at once."""
_ANSWER_MILLISECONDS = 1000
_END_SECONDS = 5.0
_PAUSE_MILLISECONDS = 20
_IN_GROUP = b"1"


def start_keeper(*not_its: socket.socket) -> tuple[int, ...]:
    """Fork it, if groups can be made here; it belongs to the calling process, which becomes the fork server.

    Args:
        not_its: Sockets that it must not hold.

    Returns:
        What the fork server hands on to `KeeperClient` over its exec: descriptors; none where there is no keeper.
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
    if not ours.recv(_REQUEST_BYTES, socket.MSG_PEEK):  # its report, which the second stage reads
        ours.close()
        os.waitpid(keeper, 0)
        return ()
    descriptors = (ours.detach(), os.pidfd_open(keeper))
    for descriptor in descriptors:
        os.set_inheritable(descriptor, True)
    return descriptors


class KeeperClient:
    """The end of the fork server and, after a fork, of each session's first process."""

    def __init__(self, descriptors: Sequence[int]) -> None:
        self.controllers: dict[str, int] = {}
        """What groups bound, and by which version of them."""
        self.pidfds = list(descriptors[1:])
        """The keeper's pidfd, for the caller to close; none where there is no keeper."""
        self._channel: socket.socket | None = None
        if descriptors:
            self._channel = socket.socket(fileno=descriptors[0])
            self._channel.set_inheritable(False)
            self.controllers = json.loads(self._channel.recv(_REQUEST_BYTES))

    def move(self, pids: Sequence[int], limits: Limits) -> bool:
        """Move processes of one session, its first process before all others, to a new group; whether that was done."""
        if self._channel is None or len(pids) >= _MOST_DESCRIPTORS:
            return False
        reading, writing = os.pipe()
        descriptors = [writing]
        try:
            descriptors += [os.pidfd_open(pid) for pid in pids]
            socket.send_fds(self._channel, [json.dumps(limits).encode()], descriptors, socket.MSG_DONTWAIT)
            os.close(descriptors.pop(0))
            poller = select.poll()
            poller.register(reading, select.POLLIN)
            return bool(poller.poll(_ANSWER_MILLISECONDS)) and os.read(reading, 1) == _IN_GROUP
        except OSError:
            return False
        finally:
            for descriptor in (reading, *descriptors):
                os.close(descriptor)


def _keep(channel: socket.socket, server: int) -> None:
    """Answer the fork server's sessions until all are gone, and see to it that no group is left."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if (groups := open_groups()) is None:
        return
    channel.send(json.dumps(groups.controllers).encode())
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
            if self._channel.fileno() in ready:
                request, descriptors, _flags, _address = socket.recv_fds(
                    self._channel, _REQUEST_BYTES, _MOST_DESCRIPTORS
                )
                if not request:
                    return
                answer, *pidfds = descriptors
                if self._is_moved(pidfds, cast("Limits", json.loads(request))):
                    _tell(answer)
                os.close(answer)

    def close(self) -> None:
        """Wait for the sessions, which end with their fork server, and remove everything."""
        deadline = time.monotonic() + _END_SECONDS
        while (self._sessions or not self._groups.remove_left()) and time.monotonic() < deadline:
            ready = {descriptor for descriptor, _ in self._poller.poll(_PAUSE_MILLISECONDS)}
            for pidfd in ready & self._sessions.keys():
                self._forget(pidfd)
        self._groups.close()

    def _is_moved(self, pidfds: list[int], limits: Limits) -> bool:
        first, *others = pidfds
        try:
            pids = [_pid_of(pidfd) for pidfd in pidfds]
            if parent_of(pids[0]) != self._server:
                raise ProcessLookupError(pids[0])
            self._sessions[first] = self._groups.add(pids, limits)
            self._poller.register(first, select.POLLIN)
        except OSError:
            others.append(first)
            return False
        finally:
            for pidfd in others:
                os.close(pidfd)
        return True

    def _forget(self, pidfd: int) -> None:
        self._poller.unregister(pidfd)
        os.close(pidfd)
        self._groups.remove(self._sessions.pop(pidfd))

    def _pause(self) -> int | None:
        return None if self._groups.remove_left() else _PAUSE_MILLISECONDS


def _tell(answer: int) -> None:
    try:
        os.write(answer, _IN_GROUP)
    except BrokenPipeError:
        return  # it waited no longer


def _pid_of(pidfd: int) -> int:
    """Return the process of a pidfd that came from another pid namespace, as it is numbered in ours."""
    text = Path(f"/proc/self/fdinfo/{pidfd}").read_text(encoding="ascii")
    pid = next((int(line.split()[1]) for line in text.splitlines() if line.startswith("Pid:")), -1)
    if pid <= 0:
        raise ProcessLookupError(pid)
    return pid
