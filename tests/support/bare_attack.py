"""Runs an attack of the isolation report in a plain subprocess, where nothing stands in its way. Only in tests."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from sanca.python_runtime.sandbox.isolation import Evidence, Probe
from sanca.python_runtime.sandbox.isolation.outside import Outside
from sanca.python_runtime.sandbox.isolation.runner import OVERTIME_SECONDS, attack_code, judge
from sanca.python_runtime.sandbox.isolation.watch import Watch, processes_below
from sanca.python_runtime.sandbox.limits import SandboxLimits
from sanca.python_runtime.sandbox.ports import ActionResult


def attack_bare(probe: Probe, outside: Outside) -> str | None:
    """Run an attack without a sandbox and return what its check sees of it; None when it sees nothing."""
    folder = Path(tempfile.mkdtemp(prefix="bare-", dir=outside.folder))
    code = attack_code(probe, outside.names(output=str(folder), given=str(folder)))
    printed = folder.with_name(f"{folder.name}.txt")
    with Watch(processes_below(os.getpid())) as watch, printed.open("wb") as output:
        begun = time.monotonic()
        process = subprocess.Popen(
            [sys.executable, "-c", code],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            pass_fds=[outside.open_file],
            start_new_session=True,
        )
        ran_on = _wait(process, probe.limit_seconds + OVERTIME_SECONDS)
    seconds = time.monotonic() - begun
    try:
        text = printed.read_text(encoding="utf-8", errors="replace")
        result = ActionResult(status="ok", stdout=text, seconds=seconds)
        facts = {"ran_on": "yes" if ran_on else "", "listened": ""}
        return judge(probe, Evidence(outside, result, watch, folder, SandboxLimits(), facts))
    finally:
        _end_group(process.pid)


def _wait(process: subprocess.Popen[bytes], seconds: float) -> bool:
    """Wait for the attack; whether it had to be ended."""
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        return True
    return False


def _end_group(pid: int) -> None:
    """End what the attack left behind in its group; what left that ends by itself soon."""
    with suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)
