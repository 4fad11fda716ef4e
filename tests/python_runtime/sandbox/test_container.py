"""The command lines of container runtimes, to the argument; the pump that carries a session's sockets over stdio."""

from __future__ import annotations

import json
import os
import socket
import tarfile
import threading
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from sanca.core.errors import SandboxError
from sanca.python_runtime.sandbox import SandboxSettings
from sanca.python_runtime.sandbox.container import ContainerSandbox
from sanca.python_runtime.sandbox.container import runtimes as runtimes_module
from sanca.python_runtime.sandbox.container.plan import ContainerPlan, Mount, make_root, plan_session
from sanca.python_runtime.sandbox.container.runtimes import DockerRuntime, RunscRuntime, command_environment
from sanca.python_runtime.sandbox.fork_server.pump import Pump

PLAN = ContainerPlan(
    name="sanca-1",
    user=65533,
    command=("/opt/python/bin/python3", "-c", "pass"),
    environment={"PATH": "/usr/bin", "PYTHONHASHSEED": "7"},
    mounts=(Mount("/usr", "/usr"), Mount("/data/out", "/output", read_only=False)),
    memory_megabytes=576,
    cores=0.5,
    processes=24,
    tmp_megabytes=64,
    hash_seed=7,
)


@pytest.mark.parametrize("name", ["docker", "podman"])
def test_docker_and_podman_are_told_every_wall(name: str, tmp_path: Path) -> None:
    assert DockerRuntime(f"/usr/bin/{name}", name).start_command(PLAN, tmp_path) == [
        f"/usr/bin/{name}", "run", "--rm", "--interactive", "--pull", "never", "--name", "sanca-1",
        "--network", "none", "--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges",
        "--user", "65533:65533", *(["--userns", "keep-id"] if name == "podman" and os.geteuid() != 0 else []),
        "--hostname", "sandbox", "--workdir", "/", "--log-driver", "none",
        "--memory", "576m", "--memory-swap", "576m", "--cpus", "0.5", "--pids-limit", "24", "--ulimit", "core=0",
        "--tmpfs", "/tmp:rw,nosuid,nodev,size=64m,mode=1777",
        "--mount", "type=bind,source=/usr,target=/usr,readonly",
        "--mount", "type=bind,source=/data/out,target=/output",
        "--env", "PATH=/usr/bin", "--env", "PYTHONHASHSEED=7",
        "sanca-sandbox:empty", "/opt/python/bin/python3", "-c", "pass",
    ]  # fmt: skip
    assert DockerRuntime(f"/usr/bin/{name}", name).remove_command("sanca-1") == [
        f"/usr/bin/{name}", "rm", "--force", "sanca-1",
    ]  # fmt: skip


@pytest.mark.parametrize("has_groups", [True, False])
def test_runsc_gets_a_bundle_with_every_wall(has_groups: bool, tmp_path: Path) -> None:
    runtime = RunscRuntime("/usr/bin/runsc", tmp_path / "state", has_groups=has_groups)
    rootless = ["--rootless"] if os.geteuid() != 0 else []
    options = [
        "--root",
        f"{tmp_path}/state",
        "--network",
        "none",
        *([] if has_groups else ["--ignore-cgroups"]),
        *rootless,
    ]
    command = runtime.start_command(PLAN, tmp_path)
    assert command == ["/usr/bin/runsc", *options, "run", "--bundle", str(tmp_path), "sanca-1"]
    assert runtime.remove_command("sanca-1") == ["/usr/bin/runsc", *options, "delete", "--force", "sanca-1"]
    bundle = json.loads((tmp_path / "config.json").read_text(encoding="utf-8"))
    process = bundle["process"]
    assert process["user"] == {"uid": 65533, "gid": 65533}
    inner = {kind: ["CAP_SYS_ADMIN"] for kind in ("effective", "permitted")}
    assert (process["capabilities"], process["noNewPrivileges"]) == (inner, True)
    assert process["env"] == ["PATH=/usr/bin", "PYTHONHASHSEED=7"]
    assert bundle["root"]["readonly"] is True
    options_of = {mount["destination"]: mount.get("options", []) for mount in bundle["mounts"]}
    assert "ro" in options_of["/usr"]
    assert "rw" in options_of["/output"]
    assert "size=64m" in options_of["/tmp"]
    resources = bundle["linux"].get("resources", {})
    assert (resources.get("memory"), resources.get("cpu")) == (
        ({"limit": 576 << 20}, {"quota": 50_000, "period": 100_000}) if has_groups else (None, None)
    )
    assert {"network", "pid", "ipc", "uts", "mount"} == {one["type"] for one in bundle["linux"]["namespaces"]}


def test_plan_shows_the_sessions_folders_and_nothing_of_the_engine(tmp_path: Path) -> None:
    plan = plan_session(
        SandboxSettings(), SandboxSettings().limits_for(), tmp_path, tmp_path / "out", has_kernels_share=True
    )
    shown = {mount.target: (mount.source, mount.read_only) for mount in plan.mounts}
    assert shown["/input"] == (str(tmp_path), True)
    assert shown["/output"] == (str(tmp_path / "out"), False)
    assert all(mount.read_only for mount in plan.mounts if mount.target != "/output")
    assert not any("site-packages" in target for target in shown)
    assert "SANCA" not in str(plan.environment)


def test_image_is_made_of_empty_folders_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[tuple[list[str], bytes]] = []
    monkeypatch.setattr(runtimes_module, "run_command", lambda command, stdin=b"": told.append((command, stdin)))
    make_root(tmp_path / "root")
    DockerRuntime("/usr/bin/docker", "docker").prepare(tmp_path / "root")
    ((command, archive),) = told
    assert command == ["/usr/bin/docker", "import", "-", "sanca-sandbox:empty"]
    with tarfile.open(fileobj=BytesIO(archive)) as image:
        files = {member.name for member in image.getmembers() if member.isfile()}
    assert files <= {"./etc/passwd", "./etc/group", "./etc/ld.so.cache", "./etc/localtime"}


def test_runtimes_see_nothing_of_the_engines_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "secret")
    assert "secret" not in command_environment().values()


@pytest.mark.anyio
async def test_runtime_that_is_not_there_is_said_with_what_was_tried(anyio_backend: str) -> None:
    assert anyio_backend
    with pytest.raises(SandboxError, match=r"needs runsc, podman or docker .* None of them is on PATH"):
        await ContainerSandbox(SandboxSettings(container_command="no-such-runtime")).start()
    with pytest.raises(SandboxError, match=r"`/bin/false --version` failed|`/bin/false import` failed"):
        await ContainerSandbox(SandboxSettings(container_command="/bin/false")).start()


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class Carried:
    """Two pumps, back to back, as a container and the engine have them."""

    def __init__(self) -> None:
        there, back = os.pipe(), os.pipe()
        self.pipes = [*there, *back]
        self.near = [socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET) for _ in range(2)]
        self.far = [socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET) for _ in range(2)]
        ends = [end for pairs in (self.near, self.far) for end, _ in pairs]
        for end in ends:
            end.settimeout(10)
        pumps = (Pump(back[0], there[1], *self._inner(self.near)), Pump(there[0], back[1], *self._inner(self.far)))
        self.threads = [threading.Thread(target=self._run, args=(pump, index)) for index, pump in enumerate(pumps)]
        for thread in self.threads:
            thread.start()

    @property
    def control(self) -> tuple[socket.socket, socket.socket]:
        return self.near[0][0], self.far[0][0]

    @property
    def tools(self) -> tuple[socket.socket, socket.socket]:
        return self.near[1][0], self.far[1][0]

    def close(self) -> None:
        for near, far in (self.control, self.tools):
            near.close()
            far.close()
        for thread in self.threads:
            thread.join(10)
            assert not thread.is_alive()

    def _run(self, pump: Pump, index: int) -> None:
        pump.run()
        for descriptor in (self.pipes[1], self.pipes[2]) if index == 0 else (self.pipes[0], self.pipes[3]):
            os.close(descriptor)
        for _, inner in self.near if index == 0 else self.far:
            inner.close()

    @staticmethod
    def _inner(pairs: list[tuple[socket.socket, socket.socket]]) -> tuple[socket.socket, socket.socket]:
        return pairs[0][1], pairs[1][1]


@pytest.fixture
def carried() -> Iterator[Carried]:
    made = Carried()
    yield made
    made.close()


def test_datagrams_arrive_whole_in_order_and_on_their_own_socket(carried: Carried) -> None:
    for (near, far), mark in ((carried.control, b"c"), (carried.tools, b"t")):
        for number in range(50):
            near.send(mark + bytes([number]) * (number * 1300))
        for number in range(50):
            assert far.recv(70_000) == mark + bytes([number]) * (number * 1300)
        far.send(mark * 65_537)
        assert near.recv(70_000) == mark * 65_537


def test_tools_that_nobody_reads_do_not_hold_up_control(carried: Carried) -> None:
    near, far = carried.tools
    far.setblocking(False)
    sent = 0
    while sent < 30 << 20:
        try:
            sent += far.send(b"x" * 60_000)
        except BlockingIOError:
            carried.control[1].send(b"still here")
            assert carried.control[0].recv(100) == b"still here"
    assert near.recv(70_000) == b"x" * 60_000


def test_closed_tools_are_closed_on_the_other_side_and_control_goes_on(carried: Carried) -> None:
    carried.tools[0].shutdown(socket.SHUT_RDWR)
    assert carried.tools[1].recv(10) == b""
    carried.control[0].send(b"on")
    assert carried.control[1].recv(10) == b"on"


def test_closed_control_ends_both_pumps(carried: Carried) -> None:
    carried.control[0].close()
    for thread in carried.threads:
        thread.join(10)
        assert not thread.is_alive()
