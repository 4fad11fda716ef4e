"""Folders that a process of the sandbox holds open under fixed numbers, and reaches by `path_of`.

A path through a descriptor needs no right to the folders above, which may be a closed home: of the interpreter, of the
engine's environment, of the state folder. The numbers are above those that a guest closes.
"""

from __future__ import annotations

PYTHON, SANDBOX, MSGPACK, LIBRARY, SERVER_TMP = 4000, 4001, 4002, 4003, 4004
FIRST_PLACE = 4010
"""From here on a session's own: /tmp, /input, /output."""
MOST = 4020


def path_of(descriptor: int) -> str:
    """Return a path to what a descriptor of the reading process holds."""
    return f"/proc/self/fd/{descriptor}"
