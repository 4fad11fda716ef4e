"""A process of ours that attacks aim at: it holds the secret in its environment and tells every signal it gets."""

from __future__ import annotations

import os
import resource
import selectors
import signal
import subprocess
import sys
import time
from pathlib import Path

_TOLD_SECONDS = 0.05
_SCRIPT = """
import os, signal, sys
def tell(number, _frame): os.write(1, f"{signal.Signals(number).name} ".encode())
for number in signal.valid_signals():
    try: signal.signal(number, tell)
    except (OSError, ValueError): pass
os.write(1, b"ready ")
while True: signal.pause()
"""


class Victim:
    """Lives until `close`. Everything that an attack may do to a process can be seen of it."""

    def __init__(self, secret: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", _SCRIPT],
            env={"VICTIM_SECRET": secret},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        self.pid = self._process.pid
        self._wait_ready()

    @property
    def is_alive(self) -> bool:
        """Whether it runs."""
        return self._process.poll() is None

    def take(self) -> list[str]:
        """Return which signals it got since the last time, what ended it, and who traces it."""
        time.sleep(_TOLD_SECONDS)
        told = self._read()
        if (code := self._process.poll()) is not None:
            told.append(signal.Signals(-code).name if code < 0 else f"its end ({code})")
        return told

    def limits(self) -> dict[str, object]:
        """Return what others may have set or may be doing to it."""
        if not self.is_alive:
            return {}
        status = Path(f"/proc/{self.pid}/status").read_text(encoding="utf-8")
        return {
            "priority": os.getpriority(os.PRIO_PROCESS, self.pid),
            "files": resource.prlimit(self.pid, resource.RLIMIT_NOFILE),
            "processors": len(os.sched_getaffinity(self.pid)),
            "killed first": Path(f"/proc/{self.pid}/oom_score_adj").read_text(encoding="ascii").strip(),
            "traced by": next(line.split()[1] for line in status.splitlines() if line.startswith("TracerPid")),
            "is stopped": next(line for line in status.splitlines() if line.startswith("State")).split()[1] in "tT",
        }

    def mend(self) -> None:
        """Undo what an attack has set, as far as one may."""
        if self.is_alive:
            self._process.send_signal(signal.SIGCONT)
            time.sleep(_TOLD_SECONDS)
            self._read()

    def close(self) -> None:
        """End it."""
        self._process.kill()
        self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def _wait_ready(self) -> None:
        end = time.monotonic() + 10
        while "ready" not in self._read(0.5) and time.monotonic() < end:
            continue

    def _read(self, seconds: float = 0.0) -> list[str]:
        pipe = self._process.stdout
        if pipe is None:
            return []
        with selectors.DefaultSelector() as selector:
            selector.register(pipe, selectors.EVENT_READ)
            words = []
            while selector.select(seconds) and (piece := os.read(pipe.fileno(), 65536)):
                words += piece.decode("ascii", "replace").split()
                seconds = 0.0
        return words
