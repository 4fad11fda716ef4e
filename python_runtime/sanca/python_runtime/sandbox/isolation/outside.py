"""What attacks aim at: canary secrets, listeners, a victim process, files. Put up for one run and taken down after it.

All of it is real and within reach of a plain process of the same user; the sandbox is what must stand between.
"""

from __future__ import annotations

import ctypes
import os
import secrets
import shutil
import socket
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from sanca.python_runtime.sandbox.isolation.listeners import Listeners
from sanca.python_runtime.sandbox.isolation.victim import Victim

SECRET_VARIABLE = "SANCA_ISOLATION_CANARY"  # noqa: S105 - its name


_CLOCK_SECONDS = 5.0
"""A step of the machine's clock by more than half of it is seen."""


@dataclass
class Outside:
    """The world around the sandbox. For `with`."""

    secret: str = field(default_factory=lambda: f"canary-{secrets.token_hex(16)}")
    """Lies in our environment, in our memory, in files, in shared memory, in the victim's environment."""
    tag: str = field(default_factory=lambda: f"sanca-{secrets.token_hex(6)}")
    """Names things that must not come into being."""

    def __enter__(self) -> Outside:
        """Put everything up."""
        self.folder = Path(tempfile.mkdtemp(prefix="sanca-isolation-"))
        self.folder.chmod(0o755)
        os.environ[SECRET_VARIABLE] = self.secret
        self._in_memory = ctypes.create_string_buffer(self.secret.encode())
        self._make_files()
        self._open = os.open(self.private_file, os.O_RDONLY | os.O_CLOEXEC)
        self.listeners = Listeners(self.folder / "listener.sock", self.tag)
        self.victim = Victim(self.secret)
        self._clock = time.time() - time.monotonic()
        self._before = self._state()
        return self

    def __exit__(self, *_: object) -> None:
        """Take everything down."""
        self.victim.close()
        self.listeners.close()
        self.shared_memory.unlink(missing_ok=True)
        os.close(self._open)
        os.environ.pop(SECRET_VARIABLE, None)
        for left in (self.folder, Path("/tmp") / self.tag):  # noqa: S108 - where an attack would leave it
            shutil.rmtree(left, ignore_errors=True)

    @property
    def private_file(self) -> Path:
        """A file that only its owner may read, with the secret."""
        return self.folder / "private" / "gateway.json"

    @property
    def public_file(self) -> Path:
        """A file that everybody may read and write, with the secret."""
        return self.folder / "public.txt"

    @property
    def shared_memory(self) -> Path:
        """Shared memory that everybody may read and write, with the secret."""
        return Path("/dev/shm") / self.tag  # noqa: S108 - it is what this is about

    @property
    def mark(self) -> Path:
        """A file that must not come into being, in a folder that everybody may write to."""
        return self.folder / "open" / self.tag

    def names(self, *, output: str, given: str) -> dict[str, str]:
        """Return what to put in the place of `@NAMES@` in an attack.

        Args:
            output: What the attack calls its writable folder.
            given: What it calls its read-only folder.
        """
        return {
            "OUT": output, "IN": given, "ENGINE": str(os.getpid()), "VICTIM": str(self.victim.pid), "TAG": self.tag,
            "ADDRESS": str(ctypes.addressof(self._in_memory)), "LENGTH": str(len(self.secret)), "FD": str(self._open),
            "PRIVATE": str(self.private_file), "PUBLIC": str(self.public_file), "MARK": str(self.mark),
            "SHM": str(self.shared_memory), "PORT": str(self.listeners.tcp), "PORT6": str(self.listeners.tcp6),
            "UDP": str(self.listeners.udp), "UNIX": str(self.listeners.path), "FREE": str(self.listeners.free),
            "UID": str(os.geteuid()),
        }  # fmt: skip

    @property
    def open_file(self) -> int:
        """The number of a descriptor of ours, open on the private file."""
        return self._open

    def breach(self) -> str | None:
        """Return what changed out here that no attack may change; None when nothing did. Then counts anew."""
        after, before = self._state(), self._before
        self._before = after
        changed = [name for name in after if after[name] != before[name]]
        told = self.victim.take()
        contacts = self.listeners.take()
        said = [f"{', '.join(changed)} changed"] if changed else []
        said += [f"{count} contacts by {kind} arrived" for kind, count in contacts.items()]
        said += [f"the victim process received {', '.join(told)}"] if told else []
        return "; ".join(said) or None

    def reset(self) -> None:
        """Forget what an attack did, and mend it, so that the next one is judged by itself."""
        self._make_files()
        self.mark.unlink(missing_ok=True)
        if not self.victim.is_alive:
            self.victim.close()
            self.victim = Victim(self.secret)
        self.victim.mend()
        self.breach()

    def _make_files(self) -> None:
        for name, mode in (("private", 0o700), ("open", 0o777)):
            (self.folder / name).mkdir(exist_ok=True)
            (self.folder / name).chmod(mode)
        for path, mode in ((self.private_file, 0o600), (self.public_file, 0o666), (self.shared_memory, 0o666)):
            if not path.exists() or path.read_text(encoding="utf-8", errors="replace") != self.secret:
                path.write_text(self.secret, encoding="utf-8")
            path.chmod(mode)

    def _state(self) -> dict[str, object]:
        """Return what must stay as it is."""
        return {
            "the private file": _look(self.private_file), "the public file": _look(self.public_file),
            "the open folder": sorted(os.listdir(self.folder / "open")),  # noqa: PTH208 - names only
            "the shared memory": _look(self.shared_memory),
            "the victim's limits": self.victim.limits(), "the host's name": socket.gethostname(),
            "the mounts of this process": len(Path("/proc/self/mounts").read_bytes().splitlines()),
            "the clock": round((time.time() - time.monotonic() - self._clock) / _CLOCK_SECONDS),
            "the key rings": self.tag in _read(Path("/proc/keys")),
        }  # fmt: skip


def _look(path: Path) -> tuple[str, int]:
    try:
        return path.read_text(encoding="utf-8", errors="replace"), path.stat().st_mode
    except OSError as error:
        return str(error.errno), 0


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
