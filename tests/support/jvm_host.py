"""A real JVM behind the locked Py4J wire for tests: compiled once, started and killed at will."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

SOURCE = Path(__file__).parents[1] / "toolkit_bridge" / "host" / "TestHost.java"
PY4J_JAR = Path(sys.prefix) / "share" / "py4j" / "py4j0.10.9.9.jar"
BOOT_SECONDS = 30.0


PARAMETERS: dict[str, dict[str, Any]] = {
    "echo": {
        "text": {"type": "string"},
        "count": {"type": "integer", "default": 1},
        "rows": {"type": "array", "default": []},
    },
    "big": {"size": {"type": "integer"}},
    "sleep": {"ms": {"type": "integer"}},
    "stubborn": {"ms": {"type": "integer"}},
    "sleepy_write": {"ms": {"type": "integer"}},
    "stubborn_write": {"ms": {"type": "integer"}},
}


def tool(name: str, effect: str = "READ", **more: Any) -> dict[str, Any]:
    """Return one tool of the test host; it takes whatever its test needs."""
    properties = PARAMETERS.get(name, {"name": {"type": "string", "default": ""}})
    names = [next(iter(properties))] if "default" not in next(iter(properties.values())) else []
    schema = {"type": "object", "properties": properties, "required": names}
    return {"name": name, "description": f"Test tool {name}.", "effect": effect, "input_schema": schema, **more}


TOOLKITS = [
    {
        "name": "system",
        "description": "Test tools.",
        "source": "java",
        "tools": [
            *(
                tool(name)
                for name in ("echo", "context", "big", "fail", "crash", "garbage", "sleep", "stubborn", "die")
            ),
            *(
                tool(name, "WRITE", right="system:change", undo="write again")
                for name in ("write", "write_then_die", "die_then_write", "stubborn_write", "sleepy_write")
            ),
        ],
    }
]


def compiled_classes() -> Path:
    """Compile the host if its source has changed since it last was."""
    digest = hashlib.sha256(SOURCE.read_bytes()).hexdigest()[:16]
    folder = Path(tempfile.gettempdir()) / f"sanca-test-host-{os.getuid()}-{digest}"
    if not (folder / "TestHost.class").exists():
        assert shutil.which("javac"), "javac is missing: install a JDK 17 or later"
        building = Path(tempfile.mkdtemp())
        subprocess.run(["javac", "-d", str(building), "-cp", str(PY4J_JAR), str(SOURCE)], check=True)
        with contextlib.suppress(OSError):  # another test process was faster
            building.rename(folder)
    return folder


class JvmHost:
    """One state folder's host; may be killed and started again, each time with a new token."""

    def __init__(self, home: Path) -> None:
        self.home = home
        home.mkdir(parents=True, exist_ok=True)
        (home / "toolkits_of_test_host.json").write_text(json.dumps(TOOLKITS)[1:-1], encoding="utf-8")
        self._process: subprocess.Popen[str] | None = None
        self._starts = 0

    def start(self, *, port: int = 0, token: str = "") -> None:
        """Start the JVM and return when it listens."""
        self._starts += 1
        token = token or f"token-{self._starts}"
        classpath = f"{compiled_classes()}:{PY4J_JAR}"
        flags = ["-Xshare:auto", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx512m"]
        command = ["java", *flags, "-cp", classpath, "TestHost", str(self.home), str(port), token]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "ready\n", "the test host did not start"

    @property
    def pid(self) -> int:
        """The JVM's process id."""
        assert self._process is not None
        return self._process.pid

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(json.loads((self.home / "gateway.json").read_text(encoding="utf-8"))["port"])

    def kill(self) -> None:
        """End the JVM at once; gateway.json stays, as after a crash."""
        if self._process is not None:
            self._process.kill()
            self.await_end()

    def await_end(self) -> None:
        """Wait until the JVM is gone and clean up after it."""
        if self._process is not None:
            self._process.wait(BOOT_SECONDS)
            for pipe in (self._process.stdin, self._process.stdout):
                if pipe is not None:
                    with contextlib.suppress(BrokenPipeError):
                        pipe.close()
            self._process = None

    def effects(self) -> list[str]:
        """Return the call ids whose effect really happened, in order, doubles included."""
        path = self.home / "effects.log"
        return path.read_text(encoding="utf-8").split() if path.exists() else []


def wait_until(condition: Any, *, seconds: float = 10.0, what: str = "it") -> Any:
    """Return the condition's value once it is true."""
    end = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < end, f"{what} did not happen within {seconds} seconds"
        time.sleep(0.005)
    return value


def free_port() -> int:
    """Return a port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
