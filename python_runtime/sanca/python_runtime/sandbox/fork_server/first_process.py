"""Pid 1 of a session: runs rounds in a guest, caps their output, and kills what they leave behind. Runs no guest code.

Control messages (engine → here, msgpack over SEQPACKET): `{"do": "run", "round", "cpu_seconds", "action"}`, the last
packed for the guest (a pipe may come with it),
`{"do": "interrupt"|"kill", "round"}`, `{"do": "attach", "paths": […]}` with one mount descriptor a path. A round is
answered by `{"round", "end", "exit", "stdout", "dropped_chars", "names_lost", "peak_bytes", "cpu_seconds", "is_full",
"reply"}`; `is_full`: it filled /output; `reply` is the guest's, not decoded.
"""

from __future__ import annotations

import os
import select
import signal
import socket
import time
from functools import partial
from typing import Any

from ..guest import frames
from . import syscalls
from .folder_guard import FolderGuard
from .guest_process import GuestProcess
from .hardening import Limits
from .keeper import KeeperClient
from .output import CappedOutput
from .walls import Walls
from .watcher import Watcher

_CONTROL_BYTES = 4 << 20
_REPLY_BYTES = 3 << 20
_MOST_MOUNTS = 3
_OUTPUT = "/output"
_SWEEP_SECONDS = 0.5
_SWEEP_PAUSE_SECONDS = 0.001


def run_first_process(
    control: socket.socket, tools: socket.socket, limits: Limits, walls: Walls, keeper: KeeperClient | None = None
) -> None:
    """Serve the engine until it closes the control socket."""
    # Python's own handler would let the guest stop pid 1 by SIGINT; without one, no signal from inside reaches a pid 1.
    syscalls.reset_signal(signal.SIGINT)
    os.chdir("/")
    _FirstProcess(control, tools, limits, walls, keeper).serve()


class _FirstProcess:
    def __init__(
        self, control: socket.socket, tools: socket.socket, limits: Limits, walls: Walls, keeper: KeeperClient | None
    ) -> None:
        self._control = control
        self._tools = tools
        self._limits = limits
        self._walls = walls
        self._watcher = Watcher(limits, walls, keeper)
        self._made = None if walls.renews_guest else GuestProcess(tools, limits, walls)
        self._guard: FolderGuard | None = None
        """Of /output, where that is a mount."""
        self._names_lost = False

    def serve(self) -> None:
        while True:
            try:
                message, descriptors = frames.receive_with_descriptors(self._control, _CONTROL_BYTES, _MOST_MOUNTS)
            except EOFError:
                self._leave()
                return
            request = frames.unpack(message)
            if request["do"] == "run":
                frames.send(self._control, frames.pack(self._run_round(request, descriptors)))
            elif request["do"] == "attach":
                frames.send(self._control, frames.pack(self._attach(request["paths"], descriptors)))
                if self._made is None:
                    self._make_guest()
            # interrupt and kill of a round that is over: nothing to do.

    def _run_round(self, request: dict[str, Any], descriptors: list[int]) -> dict[str, Any]:
        self._make_ready()
        output = CappedOutput(self._limits["output_bytes"])
        self._guest.send(request["action"], descriptors)
        self._guest.limit_cpu(request["cpu_seconds"])  # while it begins
        self._watcher.begin(self._guest.pid)
        if self._guard is not None:
            self._guard.begin()
        end, reply = self._wait_for_end(request["round"], output)
        self._watcher.end()
        cpu_seconds = self._watcher.cpu_seconds()
        exit_status: int | None = None
        if end != "reply":
            output.read_from(self._guest.output)  # of an answer, what was printed before it has been read
        if end == "reply" and not self._guest.resists:
            self._sweep()
        else:
            exit_status = self._replace_guest()
        if self._guard is not None:
            self._guard.end(self._guest.pid)
        stdout, dropped_chars = output.text()
        names_lost, self._names_lost = self._names_lost, False
        return {
            "round": request["round"], "end": end, "exit": exit_status, "stdout": stdout,
            "dropped_chars": dropped_chars, "names_lost": names_lost, "reply": reply,
            "peak_bytes": self._watcher.peak_bytes, "cpu_seconds": cpu_seconds,
            "is_full": self._guard is not None and self._guard.is_full,
        }  # fmt: skip

    def _make_ready(self) -> None:
        """See that what is heard of the guest from now on is of its next action."""
        heard = self._guest.heard()
        if self._guest.results.fileno() in heard:
            self._replace_guest()
        elif heard:  # threads of earlier rounds printed between the rounds
            CappedOutput(0).read_from(self._guest.output)

    def _wait_for_end(self, round_number: int, output: CappedOutput) -> tuple[str, bytes]:
        """Return `reply` and the guest's message, or why there is none.

        That is `died`, `killed`, `protocol`, or of what there was too much: `memory`, `threads`, `files`.
        """
        incoming = frames.Assembler(_REPLY_BYTES)
        control, results = self._control.fileno(), self._guest.results.fileno()
        poller = select.poll()
        # Looked at in this order: when the answer is there, so is what was printed before it.
        for descriptor in (control, results, self._guest.output):
            poller.register(descriptor, select.POLLIN)
        while True:
            ready = [descriptor for descriptor, _ in poller.poll(self._pause_milliseconds())]
            if self._guard is not None and self._guard.is_due() and self._is_to_be_ended(self._guard):
                return "files", b""
            if self._watcher.is_due() and (excess := self._watcher.look()):
                return excess, b""
            if self._guest.output in ready and not output.read_from(self._guest.output):
                poller.unregister(self._guest.output)
            if control in ready and self._is_told_to_kill(round_number):
                return "killed", b""
            if results in ready:
                try:
                    if (reply := incoming.feed(self._guest.results.recv(frames.DATAGRAM_BYTES))) is not None:
                        return ("reply", reply) if _looks_like_an_answer(reply) else ("protocol", b"")
                except (EOFError, ConnectionError):
                    return "died", b""
                except ValueError:
                    return "protocol", b""

    def _pause_milliseconds(self) -> int:
        pause = self._watcher.pause_milliseconds()
        return pause if self._guard is None else min(pause, self._guard.pause_milliseconds())

    def _is_to_be_ended(self, guard: FolderGuard) -> bool:
        verdict = guard.look(self._pids, self._watcher.still)
        if verdict == "interrupt":
            self._watcher.end()
            self._guest.interrupt()
        return verdict == "end"

    def _pids(self) -> list[int]:
        return [self._guest.pid, *self._walls.others(self._guest.pid)]

    def _is_told_to_kill(self, round_number: int) -> bool:
        try:
            request = frames.unpack(frames.receive(self._control, _CONTROL_BYTES))
        except EOFError:
            self._leave()
            os._exit(0)  # the engine is gone
        if request["round"] != round_number:
            return False
        if request["do"] == "interrupt":
            self._watcher.end()
            self._guest.interrupt()
        return bool(request["do"] == "kill")

    @property
    def _guest(self) -> GuestProcess:
        """The guest; made late where one that began before `attach` is of no use."""
        return self._made or self._make_guest()

    def _make_guest(self) -> GuestProcess:
        self._made = GuestProcess(self._tools, self._limits, self._walls)
        return self._made

    def _leave(self) -> None:
        if self._made is not None:
            self._walls.leave(self._made.pid)

    def _replace_guest(self) -> int:
        status = self._guest.end()
        self._walls.end_others()  # children of the guest, and those they left to pid 1
        self._make_guest()
        self._names_lost = True
        return status

    def _attach(self, paths: list[str], descriptors: list[int]) -> dict[str, Any]:
        try:
            for path, descriptor in zip(paths, descriptors, strict=True):
                self._walls.attach(path, descriptor)
        except (OSError, ValueError) as error:
            return {"error": str(error)}
        finally:
            for descriptor in descriptors:
                os.close(descriptor)
        if _OUTPUT in paths and not self._walls.renews_guest:
            self._guard = FolderGuard(_OUTPUT, self._limits)
            self._watcher.while_stopping = partial(self._guard.glance, self._pids)
        if self._walls.renews_guest and self._made is not None:
            self._replace_guest()
            self._names_lost = False
        return {"error": ""}

    def _sweep(self) -> None:
        """End the processes an action left behind; the guest itself stays, with its names."""
        deadline = time.monotonic() + _SWEEP_SECONDS
        while time.monotonic() < deadline:
            others = self._walls.others(self._guest.pid)
            if not others:
                return
            for pid in others:
                _kill(pid)
            _reap_all_but(self._guest.pid)
            time.sleep(_SWEEP_PAUSE_SECONDS)
        # They fork faster than they are killed one by one; `_replace_guest` kills them in one stroke.
        self._replace_guest()


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def _looks_like_an_answer(reply: bytes) -> bool:
    """Whether it begins as a small msgpack map. Nothing of a guest is decoded in this process."""
    return reply[:1] != b"" and reply[0] & 0xF0 == 0x80


def _reap_all_but(guest: int) -> None:
    """Collect ended children; the guest is collected when its end is seen on its socket."""
    while (ended := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)) is not None and ended.si_pid != guest:
        os.waitpid(ended.si_pid, 0)
