"""How long an action has waited for tools (the time in which at least one of its calls was under way), and a count."""

from __future__ import annotations

import threading
import time


class WaitedTime:
    """Counted anew for each action; calls that an earlier one left behind do not count. Safe from many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._action = 0
        self._under_way = 0
        self._since = 0.0
        self._seconds = 0.0

    def begin(self) -> None:
        """Begin at zero for a new action."""
        with self._lock:
            self._action += 1
            self._under_way, self._seconds = 0, 0.0

    def enter(self) -> int:
        """A call leaves; give what is returned to `leave`."""
        with self._lock:
            if not self._under_way:
                self._since = time.monotonic()
            self._under_way += 1
            return self._action

    def leave(self, action: int) -> None:
        """A call is back."""
        with self._lock:
            if action == self._action:
                self._under_way -= 1
                if not self._under_way:
                    self._seconds += time.monotonic() - self._since

    def seconds(self) -> float:
        """Return the time so far, that of calls under way included."""
        with self._lock:
            return self._seconds + (time.monotonic() - self._since if self._under_way else 0.0)


class Count:
    """How many threads are inside its `with`; others may wait for none to be."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._is_empty = threading.Condition(self._lock)
        self._inside = 0
        self._waiting = 0

    def __enter__(self) -> None:
        with self._lock:
            self._inside += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._inside -= 1
            if self._waiting and not self._inside:
                self._is_empty.notify_all()

    def wait(self, timeout_seconds: float) -> bool:
        """Wait until nobody is inside."""
        with self._lock:
            self._waiting += 1
            try:
                return self._is_empty.wait_for(lambda: not self._inside, timeout_seconds)
            finally:
                self._waiting -= 1
