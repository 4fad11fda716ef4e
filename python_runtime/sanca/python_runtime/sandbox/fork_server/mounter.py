"""A small process that still sees the host's files, as the engine's user, and hands out mounts of single folders.

It serves the engine alone, reads nothing that an action wrote, and is gone when the engine is. A session attaches the
mount it is given; nothing of the host's tree is in a session's reach.
"""

from __future__ import annotations

import json
import os
import socket

from . import syscalls

_REQUEST_BYTES = 65536


def serve_mounts(channel: socket.socket) -> None:
    """Answer `{"number", "path", "read_only"}` with the descriptor of a detached mount, until the channel closes."""
    while request := channel.recv(_REQUEST_BYTES):
        wanted = json.loads(request)
        attributes = syscalls.MOUNT_ATTR_NOSUID | syscalls.MOUNT_ATTR_NODEV
        # What is only read may hold libraries with C code; programs are refused by the call filter.
        attributes |= syscalls.MOUNT_ATTR_RDONLY if wanted["read_only"] else syscalls.MOUNT_ATTR_NOEXEC
        try:
            tree = syscalls.clone_tree(wanted["path"], attributes)
        except OSError as error:
            channel.send(json.dumps({"number": wanted["number"], "error": str(error)}).encode())
            continue
        socket.send_fds(channel, [json.dumps({"number": wanted["number"]}).encode()], [tree])
        os.close(tree)
