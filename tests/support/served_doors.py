"""A real `sanca serve` process with its HTTP and gRPC doors open, and what it holds: memory, descriptors, tasks."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from served_engine import ServedEngine, served

OPEN_SECONDS = 60


@dataclass(frozen=True)
class Held:
    """What may not grow for ever."""

    descriptors: int
    """Files and sockets that the engine's process has open."""
    processes: int
    """The engine and all that it started."""
    threads: int
    """Of the engine's process."""


@dataclass(frozen=True)
class ServedDoors:
    """Where the doors are, and who is behind them."""

    engine: ServedEngine
    url: str
    grpc_address: str
    token: str

    @property
    def headers(self) -> dict[str, str]:
        """What lets a client in."""
        return {"authorization": f"Bearer {self.token}"}

    @property
    def pid(self) -> int:
        """The engine's process."""
        return int(self.engine.process.pid)

    def memory_mb(self) -> float:
        """Return the memory of the engine and of all its processes; a shared page by its share."""
        return sum(_proportional_mb(pid) for pid in _family(self.pid))

    def held(self) -> Held:
        """Return what the engine holds now."""
        own = Path(f"/proc/{self.pid}")
        return Held(len(list((own / "fd").iterdir())), len(_family(self.pid)), len(list((own / "task").iterdir())))

    def processor_seconds(self) -> float:
        """Return the processor time that the engine's process has used."""
        fields = Path(f"/proc/{self.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / 100  # USER_HZ, fixed by the kernel's interface


@contextmanager
def served_doors(home: Path, log: Path, **settings: str) -> Iterator[ServedDoors]:
    """Serve with doors on free ports, limits so wide that only what a test gives matters, and further settings."""
    wide = {
        "HTTP_PORT": "0",
        "HTTP_REQUESTS_PER_MINUTE": "1000000",
        "HTTP_FAILURES_PER_MINUTE": "1000000",
        "HTTP_STREAMS": "4000",
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SANCA_HOME", str(home))
        patch.setenv("SANCA_ENGINE_PORT", "0")
        for name, value in {**wide, **settings}.items():
            patch.setenv(f"SANCA_{name}", value)
        with served(home, log) as engine:
            card = _open_card(home)
            yield ServedDoors(engine, card["http"], card["a2aGrpc"], card["token"])


def _open_card(home: Path) -> dict[str, str]:
    """Return engine.json once it names the doors: they open after the engine."""
    deadline = time.monotonic() + OPEN_SECONDS
    while time.monotonic() < deadline:
        with contextlib.suppress(ValueError):  # it is being written
            card: dict[str, str] = json.loads((home / "engine.json").read_text(encoding="utf-8"))
            if "http" in card and "a2aGrpc" in card:
                return card
        time.sleep(0.01)  # nothing tells of a file without a further library
    raise AssertionError("the doors did not open; the engine's log says why")


def _family(pid: int) -> list[int]:
    found = [pid]
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text(encoding="ascii").split():
                found += _family(int(child))
    return found


def _proportional_mb(pid: int) -> float:
    with contextlib.suppress(FileNotFoundError, ProcessLookupError, PermissionError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) / 1024
    return 0.0
