"""A machine that lacks something is told what, in one sentence, with the mend."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "preflight.sh"
TOOLS = ("bash", "env", "printf", "uname", "sort", "head", "grep", "cut")


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A PATH with nothing but a shell's own tools."""
    for tool in TOOLS:
        found = shutil.which(tool)
        assert found, tool
        (tmp_path / tool).symlink_to(found)
    return tmp_path


def install(machine: Path, name: str, body: str) -> None:
    """Put a small program onto the machine's PATH."""
    program = machine / name
    program.write_text(f"#!{shutil.which('bash')}\n{body}\n", encoding="utf-8")
    program.chmod(0o755)


def preflight(machine: Path, *parts: str) -> subprocess.CompletedProcess[str]:
    """Run the check with that PATH only."""
    environment = {"PATH": str(machine), "HOME": os.environ.get("HOME", "/")}
    return subprocess.run([str(machine / "bash"), str(SCRIPT), *parts], capture_output=True, text=True, env=environment)


@pytest.mark.parametrize(
    ("part", "said"),
    [
        ("python", "Python is missing; install Python 3.11"),
        ("java", "no JDK was found; install JDK 17"),
        ("node", "Node.js is missing; install Node.js 20"),
        ("git", "git is missing"),
        ("browser", "Chromium is missing"),
        ("container", "no container runtime was found"),
    ],
)
def test_a_missing_tool_is_named_with_its_mend(machine: Path, part: str, said: str) -> None:
    result = preflight(machine, part)
    assert result.returncode == 1
    assert said in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_an_old_jdk_is_named_with_its_version(machine: Path) -> None:
    install(machine, "java", "true")
    install(machine, "javac", "echo javac 11.0.22")
    install(machine, "mvn", "true")
    result = preflight(machine, "java")
    assert result.returncode == 1
    assert "JDK 17 or newer is needed, javac is 11.0.22" in result.stderr


@pytest.mark.parametrize("version", ["17.0.15", "21", "25.0.1"])
def test_a_jdk_from_17_on_is_fine(machine: Path, version: str) -> None:
    install(machine, "java", "true")
    install(machine, "javac", f"echo javac {version}")
    install(machine, "mvn", "true")
    assert preflight(machine, "java").returncode == 0


def test_what_java_tool_options_makes_a_jdk_say_is_not_its_version(machine: Path) -> None:
    install(machine, "java", "true")
    install(machine, "javac", "echo Picked up JAVA_TOOL_OPTIONS: -XX:TieredStopAtLevel=1 >&2; echo javac 17.0.15")
    install(machine, "mvn", "true")
    assert preflight(machine, "java").returncode == 0


@pytest.mark.parametrize(("system", "said"), [("Darwin", "Linux virtual machine"), ("MINGW64_NT-10.0", "WSL 2")])
def test_another_system_is_told_what_to_use(machine: Path, system: str, said: str) -> None:
    (machine / "uname").unlink()
    install(machine, "uname", f"echo {system}")
    result = preflight(machine, "system")
    assert result.returncode == 1
    assert said in result.stderr
    assert len(result.stderr.splitlines()) == 1
