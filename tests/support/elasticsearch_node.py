"""A real Elasticsearch node for tests: one node, loopback, data in a folder of its own, killed and started at will."""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from sanca.memory.stores.elasticsearch import ElasticsearchSettings, ElasticsearchStore

ROOT = Path(__file__).parents[2]
VERSION = "9.5.3"
INSTALLED = ROOT / ".elasticsearch" / VERSION
BOOT_SECONDS = 150.0
JDK_FOLDERS = ("/usr/lib/jvm", "/Library/Java/JavaVirtualMachines", "/opt/java", "/opt")
JDK_NEEDED = 21
NOBODY = 65534
USER, PASSWORD = "engine", "a-password-of-tests"

_SETTINGS = """\
cluster.name: sanca-test
node.name: test
path.data: {folder}/data
path.logs: {folder}/logs
network.host: 127.0.0.1
http.port: {port}
transport.port: {transport}
discovery.type: single-node
cluster.routing.allocation.disk.threshold_enabled: false
xpack.security.enabled: false
"""


class ElasticsearchNode:
    """One node; `start` and `kill` may follow each other on the same data.

    As root it runs as nobody, for Elasticsearch refuses root; else as the user.
    """

    def __init__(self, folder: Path, *, role: Mapping[str, object] | None = None) -> None:
        """Take a folder for config, data and logs; with a role the node asks for `USER` and `PASSWORD`, who has it."""
        self._folder = folder
        self._role = role
        self.port = _free_port()
        self._transport = _free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it, and return when it can be written to."""
        install()
        if not (self._folder / "config").exists():
            self._configure()
        with (self._folder / "boot.log").open("ab") as log:
            self._process = subprocess.Popen(
                ["bash", str(INSTALLED / "bin" / "elasticsearch")],
                env=self._environment(),
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
                user=NOBODY if os.getuid() == 0 else None,
                group=NOBODY if os.getuid() == 0 else None,
                extra_groups=[] if os.getuid() == 0 else None,
            )
        self._wait()

    def kill(self) -> None:
        """End it as a power cut would: SIGKILL, launcher and server alike."""
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(30)
            self._process = None
            _wait_for_closed(self.port)

    def _configure(self) -> None:
        shutil.copytree(INSTALLED / "config", self._folder / "config")
        for name in ("data", "logs", "tmp"):
            (self._folder / name).mkdir()
        settings = _SETTINGS.format(folder=self._folder, port=self.port, transport=self._transport)
        (self._folder / "config" / "elasticsearch.yml").write_text(settings, encoding="utf-8")
        options = self._folder / "config" / "jvm.options"
        text = re.sub(r".*Xlog:gc.*\n", "", options.read_text(encoding="utf-8"))
        options.write_text(text.replace("-XX:+UseG1GC", "-XX:+UseSerialGC"), encoding="utf-8")
        if self._role is not None:
            self._add_user(self._role)
        if os.getuid() == 0:
            for path in (self._folder, *self._folder.rglob("*")):
                os.chown(path, NOBODY, NOBODY)

    def _add_user(self, role: Mapping[str, object]) -> None:
        """Have the node ask who it is; roles and users lie in files (its API keys need more than this distribution)."""
        config = self._folder / "config"
        settings = config / "elasticsearch.yml"
        asks = "xpack.security.enabled: true\nxpack.security.autoconfiguration.enabled: false"
        text = settings.read_text(encoding="utf-8").replace("xpack.security.enabled: false", asks)
        settings.write_text(text, encoding="utf-8")
        (config / "roles.yml").write_text(json.dumps({USER: role}), encoding="utf-8")  # JSON is YAML
        tool = [str(INSTALLED / "bin" / "elasticsearch-users"), "useradd", USER, "-p", PASSWORD, "-r", USER]
        subprocess.run(["bash", *tool], env=self._environment(), check=True, capture_output=True)

    def _environment(self) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self._folder),
            "ES_JAVA_HOME": str(find_jdk()),
            "ES_PATH_CONF": str(self._folder / "config"),
            "ES_TMPDIR": str(self._folder / "tmp"),
            "ES_JAVA_OPTS": "-Xms320m -Xmx320m -XX:TieredStopAtLevel=1",  # half the processor time to boot
        }

    def _wait(self) -> None:
        deadline = time.monotonic() + BOOT_SECONDS
        while not self._answers():
            ended = self._process is None or self._process.poll() is not None
            if ended or time.monotonic() > deadline:
                self.kill()
                raise AssertionError(f"Elasticsearch did not start:\n{self._log()}")
            time.sleep(0.2)

    def _answers(self) -> bool:
        address = f"{self.url}/_cluster/health?wait_for_status=yellow&timeout=5s"
        try:
            with urllib.request.urlopen(address, timeout=10) as reply:  # noqa: S310 - loopback
                return bool(reply.status == 200)
        except urllib.error.HTTPError as error:
            with error:
                return error.code == 401 and self._role is not None
        except OSError:
            return False

    def _log(self) -> str:
        lines = [path.read_text(errors="replace") for path in (self._folder / "boot.log",) if path.exists()]
        return "\n".join(lines)[-4_000:]


def install() -> None:
    """Fetch and unpack the node where it is not there yet; several processes may want it at once."""
    INSTALLED.parent.mkdir(exist_ok=True)
    with (INSTALLED.parent / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        made = subprocess.run([str(ROOT / "scripts" / "elasticsearch.sh")], capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stderr


def find_jdk() -> Path:
    """Return a JDK that Elasticsearch runs on: ES_JAVA_HOME, JAVA_HOME, else the newest in the usual folders."""
    named = [Path(os.environ[name]) for name in ("ES_JAVA_HOME", "JAVA_HOME") if os.environ.get(name)]
    usual = [
        home
        for folder in map(Path, JDK_FOLDERS)
        if folder.is_dir()
        for entry in sorted(folder.iterdir())
        for home in (entry, entry / "Contents" / "Home")
    ]
    newest_first = sorted(usual, key=_java_version, reverse=True)
    for home in (*named, *newest_first):
        if _java_version(home) >= JDK_NEEDED:
            return home
    raise AssertionError(
        f"Elasticsearch needs JDK {JDK_NEEDED} or newer, and none was found; install one "
        "(Debian, Ubuntu: apt install openjdk-21-jdk-headless) or set ES_JAVA_HOME to it."
    )


def _java_version(home: Path) -> int:
    try:
        if not (home / "bin" / "java").exists():
            return 0
        found = re.search(r'JAVA_VERSION="(\d+)', (home / "release").read_text(encoding="utf-8"))
    except OSError:
        return 0
    return int(found[1]) if found else 0


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for_closed(port: int) -> None:
    for _ in range(100):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return
        time.sleep(0.05)
    raise AssertionError(f"Port {port} is still open after the node was killed.")


def settings_for(url: str, prefix: str = "test", **more: object) -> ElasticsearchSettings:
    """Return settings for a node on a busy machine."""
    return ElasticsearchSettings.model_validate({"url": url, "prefix": prefix, "timeout_seconds": 60, **more})


@asynccontextmanager
async def opened_store(url: str, prefix: str = "test") -> AsyncIterator[ElasticsearchStore]:
    """Open a store that is empty, and empty it afterwards: quicker than to make its indices anew."""
    store = ElasticsearchStore(settings_for(url, prefix))
    await store.open()
    try:
        await empty(store)
        yield store
        await empty(store)
    finally:
        await store.close()


async def empty(store: ElasticsearchStore) -> None:
    """Delete every document."""
    for access in (store.records, store.session_rows):
        async for hits in access.documents({"match_all": {}}, [{"key": "asc"}], 1_000):
            await access.write([({"delete": {"_id": hit["_id"]}}, None) for hit in hits])
