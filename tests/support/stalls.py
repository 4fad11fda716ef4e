"""How long the machine let processes wait for a processor: what a limit of wall time may be exceeded by, busy as it is.

On a quiet machine that is next to nothing, so that a test with it still fails when the product is slow.
"""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path

_PRESSURE = Path("/proc/pressure/cpu")


class Stalls:
    """Counts from when it is made."""

    def __init__(self) -> None:
        self._begun = time.monotonic()
        self._before = _total_seconds()

    @property
    def seconds(self) -> float:
        """For how long somebody waited."""
        return _total_seconds() - self._before

    @property
    def share(self) -> float:
        """The same, of the time that has passed; between 0 and 1."""
        return min(1.0, self.seconds / max(time.monotonic() - self._begun, 0.001))


def _total_seconds() -> float:
    with suppress(OSError):
        for line in _PRESSURE.read_text(encoding="ascii").splitlines():
            if line.startswith("some"):
                return int(line.rpartition("=")[2]) / 1_000_000
    return 0.0  # a kernel that does not count it
