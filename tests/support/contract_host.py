"""A host with tools of every signature (the starter's test class `ContractHost`): real beans, real gateway.

Built by `make setup`: `target/test-classes` and the class path beside it. No engine is started, no port is fixed.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

STARTER = Path(__file__).parents[2] / "java-host" / "sanca-spring-boot-starter"
ROWS = STARTER / "src" / "test" / "resources" / "contract" / "round-trips.jsonl"
MAIN = "dev.sanca.host.contract.ContractHost"
STOP_SECONDS = 30.0


def class_path() -> str:
    """Return the class path of the starter's tests, as Maven wrote it."""
    libraries = STARTER / "target" / "test-class-path.txt"
    assert libraries.exists(), "the Java host is not built: run `make setup`"
    folders = [STARTER / "target" / name for name in ("test-classes", "classes")]
    return ":".join([*map(str, folders), libraries.read_text(encoding="utf-8").strip()])


class ContractHost:
    """One JVM with its state folder; `gateway.json` in it says where it listens."""

    def __init__(self, home: Path, *properties: str) -> None:
        """Start it and return when the gateway listens; `properties` are `--name=value`."""
        flags = ["-Xshare:auto", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx512m"]
        command = ["java", *flags, "-cp", class_path(), MAIN, str(home), *properties]
        home.mkdir(parents=True, exist_ok=True)
        self._log = (home / "host.log").open("ab")
        self.home = home
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._log)
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if line == b"ready\n":
                return
        self.close()
        raise AssertionError(f"the contract host did not start; see {self._log.name}")

    def kill(self) -> None:
        """End it at once; gateway.json stays, as after a crash."""
        self.process.kill()
        self.close()

    def effects(self) -> list[str]:
        """Return what the tools of `calls` changed (`--contract.calls=true`): a line each, doubles included."""
        log = self.home / "effects.log"
        return log.read_text(encoding="utf-8").splitlines() if log.exists() else []

    def close(self) -> None:
        """End it: it stops when its input does."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        try:
            self.process.wait(STOP_SECONDS)
        finally:
            self.process.kill()
            self.process.wait(STOP_SECONDS)
            self.process.stdout.close()
            self._log.close()
