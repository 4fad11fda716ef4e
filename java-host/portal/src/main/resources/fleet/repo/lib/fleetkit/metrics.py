"""Counters and gauges of a service in the Prometheus text format. No labels but the status class and the bucket."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path

BUCKETS_MS = (5, 10, 25, 50, 75, 100, 150, 200, 300, 500, 750, 1000, 1500, 2000, 3000, 4000, 5000, 7500, 10000, 20000)
RECENT_SECONDS = 30.0
LIMIT_STATUSES = (413, 429)


class Metrics:
    """Counts finished requests. One failed when the service is to blame: 5xx, or turned away by a limit of its own."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._by_class: dict[str, int] = {"2xx": 0, "4xx": 0, "5xx": 0}
        self._failed = 0
        self._sum_ms = 0.0
        self._buckets = [0] * (len(BUCKETS_MS) + 1)
        self._recent: deque[tuple[float, bool]] = deque(maxlen=2000)
        self._gauges: dict[str, Callable[[], float]] = {"process_resident_memory_bytes": resident_bytes}
        started = time.time()
        self._gauges["process_start_time_seconds"] = lambda: started

    def gauge(self, name: str, read: Callable[[], float]) -> None:
        """Show what `read` returns under `name`."""
        self._gauges[name] = read

    def finished(self, status: int, milliseconds: float) -> None:
        """Count one finished request."""
        failed = status >= 500 or status in LIMIT_STATUSES
        place = next((i for i, bound in enumerate(BUCKETS_MS) if milliseconds <= bound), len(BUCKETS_MS))
        with self._lock:
            self._by_class[f"{min(status // 100, 5)}xx"] = self._by_class.get(f"{min(status // 100, 5)}xx", 0) + 1
            self._failed += failed
            self._sum_ms += milliseconds
            self._buckets[place] += 1
            self._recent.append((time.monotonic(), failed))

    def recent(self) -> tuple[int, int]:
        """Return how many requests of the last half minute there were, and how many of them failed."""
        since = time.monotonic() - RECENT_SECONDS
        with self._lock:
            fresh = [failed for at, failed in self._recent if at >= since]
        return len(fresh), sum(fresh)

    def render(self) -> str:
        """Return everything in the Prometheus text format."""
        with self._lock:
            lines = ["# TYPE http_requests_total counter"]
            lines += [f'http_requests_total{{class="{name}"}} {count}' for name, count in self._by_class.items()]
            lines += ["# TYPE http_requests_failed_total counter", f"http_requests_failed_total {self._failed}"]
            lines += self._histogram()
        for name, read in self._gauges.items():
            lines += [f"# TYPE {name} gauge", f"{name} {read()}"]
        return "\n".join(lines) + "\n"

    def _histogram(self) -> list[str]:
        name = "http_request_duration_seconds"
        lines, total = [f"# TYPE {name} histogram"], 0
        for bound, count in zip((*BUCKETS_MS, None), self._buckets, strict=True):
            total += count
            edge = "+Inf" if bound is None else str(bound / 1000)
            lines.append(f'{name}_bucket{{le="{edge}"}} {total}')
        return [*lines, f"{name}_sum {self._sum_ms / 1000:.6f}", f"{name}_count {total}"]


def resident_bytes() -> float:
    """Return how much memory this process holds."""
    pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
    return float(int(pages) * 4096)
