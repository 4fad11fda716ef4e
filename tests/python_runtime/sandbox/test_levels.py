"""Which level of isolation is in force: what is configured, or with `auto` the strongest that works; never less."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import structlog.testing
from sanca.core.errors import ConfigurationError, SandboxError
from sanca.python_runtime.sandbox import ConfiguredSandbox, SandboxSettings, probe_level, probe_levels, refusals
from sanca.python_runtime.sandbox.fork_server import landlock
from sanca.python_runtime.sandbox.landlock import LandlockSandbox
from sanca.python_runtime.sandbox.outside_user import outside_user

pytestmark = pytest.mark.anyio

LIMITED = 'echo 0 > /proc/sys/user/max_user_namespaces && exec "$@"'
WITHOUT_USER_NAMESPACES = ("unshare", "--user", "--map-root-user", "sh", "-c", LIMITED, "sh")
PROGRAM = """
import anyio, json
from sanca.python_runtime.sandbox import open_sandbox

async def main():
    async with open_sandbox() as sandbox:
        session = await sandbox.spawn(libraries=False)
        result = await session.run("import os\\nos.getuid()", limit_seconds=9, toolkits=())
        shown = {"level": sandbox.level, "detail": sandbox.detail, "status": result.status, "value": result.value}
    print(json.dumps(shown))

anyio.run(main)
"""
needs_unshare = pytest.mark.skipif(shutil.which("unshare") is None, reason="needs util-linux to take namespaces away")


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def run_program(program: str, *prefix: str, level: str = "auto", **more: Any) -> subprocess.CompletedProcess[str]:
    """Run a program in another process, where the machine may be another one."""
    environment = {**os.environ, "SANCA_SANDBOX_LEVEL": level}
    return subprocess.run(
        [*prefix, more.pop("python", sys.executable), "-c", program],
        capture_output=True, text=True, timeout=60, check=False, env={**environment, **more.pop("env", {})}, **more,
    )  # fmt: skip


async def test_auto_takes_the_strongest_level_and_says_so() -> None:
    with structlog.testing.capture_logs() as logged:
        async with ConfiguredSandbox(SandboxSettings()) as sandbox:
            assert sandbox.level == "namespace"
            assert sandbox.abilities.disk_quota
    (line,) = [one for one in logged if one["event"] == "sandbox_level"]
    assert (line["log_level"], line["level"], line["configured"]) == ("info", "namespace", "auto")


@needs_unshare
def test_auto_falls_to_landlock_where_namespaces_are_refused_and_tells_why() -> None:
    done = run_program(PROGRAM, *WITHOUT_USER_NAMESPACES)
    shown = json.loads(done.stdout.splitlines()[-1])
    assert (shown["level"], shown["status"]) == ("landlock", "ok")
    assert shown["detail"].startswith("No stronger level works here: The system refuses the sandbox its namespaces")
    assert "[warning" in done.stdout
    assert "sandbox_level" in done.stdout


@needs_unshare
def test_a_level_that_is_asked_for_and_does_not_work_is_refused_not_replaced() -> None:
    done = run_program(PROGRAM, *WITHOUT_USER_NAMESPACES, level="namespace")
    assert done.returncode != 0
    assert "SandboxError: The system refuses the sandbox its namespaces" in done.stderr
    assert "user.max_user_namespaces" in done.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="as another user the whole suite runs so")
def test_landlock_works_for_a_user_without_any_rights(tmp_path: Path) -> None:
    python = Path("/usr/bin/python3")
    packages = Path(structlog.__file__).parents[1]
    for folder in tmp_path.parents:
        if str(folder).startswith("/tmp/"):
            folder.chmod(0o755)
    tmp_path.chmod(0o777)
    rooms = [str(path) for path in map(Path, sys.path) if (path / "sanca").is_dir()]
    environment = {"PYTHONPATH": ":".join([*rooms, str(packages)]), "PATH": "/usr/bin", "TMPDIR": str(tmp_path)}
    version = run_program("import sys, anyio, sanca.python_runtime.sandbox; print(sys.version_info[:2])",
                          python=str(python), user=61_234, group=61_234, extra_groups=[], env=environment)  # fmt: skip
    if version.stdout.strip() != str(sys.version_info[:2]):
        pytest.skip(f"the machine's own Python cannot be used by others here: {version.stderr[-200:]}")
    done = run_program(
        PROGRAM, level="landlock", python=str(python), user=61_234, group=61_234, extra_groups=[], env=environment
    )
    shown = json.loads(done.stdout.splitlines()[-1])
    assert (shown["level"], shown["status"], shown["value"]) == ("landlock", "ok", "61234")
    assert list(tmp_path.iterdir()) == []


async def test_level_that_does_not_exist_is_named_with_those_that_do() -> None:
    with pytest.raises(ConfigurationError, match=r"'strong'.*auto, namespace, landlock, container, monty"):
        ConfiguredSandbox(SandboxSettings(level="strong"))


def test_kernel_without_landlock_is_refused_in_one_sentence() -> None:
    answer = {"error": "Landlock version 4 is needed and this kernel has none", "errno": 0, "step": "landlock"}
    said = str(refusals.explain_start(answer, ""))
    assert said.startswith("The sandbox level 'landlock' cannot be had: Landlock version 4 is needed")
    assert "SANCA_SANDBOX_LEVEL" in said


async def test_older_landlock_says_what_it_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(landlock, "version", lambda: 5)
    async with LandlockSandbox(SandboxSettings(warm_sessions=0)) as sandbox:
        assert "Landlock is of version 5" in sandbox.note
        session = await sandbox.spawn(libraries=False)
        result = await session.run(f"import os\nos.kill({os.getpid()}, 0)", limit_seconds=9, toolkits=())
        assert result.error_type == "PermissionError"
        result = await session.run("open('/etc/passwd')", limit_seconds=9, toolkits=())
        assert result.error_type == "PermissionError"


async def test_sandbox_of_no_level_runs_nothing() -> None:
    sandbox = ConfiguredSandbox(SandboxSettings(level="monty"))
    assert sandbox.level == "monty"
    with pytest.raises(SandboxError, match="not running"):
        await sandbox.spawn()
    assert (await probe_level(SandboxSettings(level="monty"))).ok


@pytest.mark.slow
async def test_every_level_is_tried_and_one_is_in_force() -> None:
    reports = {report.level: report for report in await probe_levels(SandboxSettings(level="landlock"))}
    assert list(reports) == ["namespace", "landlock", "container", "monty"]
    assert [level for level, report in reports.items() if report.in_force] == ["landlock"]
    assert all(report.ok for report in reports.values()), reports
    assert reports["namespace"].cannot == ()
    assert "full_python" in reports["monty"].cannot


def test_root_of_a_user_namespace_has_no_other_user_to_give() -> None:
    program = "from sanca.python_runtime.sandbox.outside_user import outside_user; print(outside_user(65533))"
    assert run_program(program, *WITHOUT_USER_NAMESPACES).stdout.strip() == "None"
    assert outside_user(65533) == (65533 if os.geteuid() == 0 else None)
