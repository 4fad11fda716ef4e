"""Who the sandbox's processes are on the host: a user of their own where the engine may give them one."""

from __future__ import annotations

import os
from pathlib import Path


def outside_user(outside_id: int) -> int | None:
    """Return the user and group that the engine, being root, gives to what runs in the sandbox.

    None: it stays the engine's own user, because that is not root, or is root of a user namespace (a container) that
    has no such user.
    """
    if os.geteuid() != 0:
        return None
    return outside_id if all(_is_mapped(outside_id, kind) for kind in ("uid", "gid")) else None


def _is_mapped(number: int, kind: str) -> bool:
    lines = Path(f"/proc/self/{kind}_map").read_text(encoding="ascii").splitlines()
    ranges = [tuple(map(int, line.split())) for line in lines]
    return any(first <= number < first + count for first, _outside, count in ranges)
