"""`sanca doctor`: what is configured, what works, and how isolated actions are. Every check is done, not assumed."""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import cache, partial
from typing import TYPE_CHECKING, Literal

import anyio
from rich.console import Console
from rich.table import Table
from sanca.core.errors import SancaError
from sanca.core.home import find_home

if TYPE_CHECKING:
    from sanca.python_runtime.sandbox import LevelReport

State = Literal["ok", "note", "fail"]
MARKS: dict[State, str] = {"ok": "[green]ok[/]", "note": "[yellow]note[/]", "fail": "[red]fail[/]"}
OLDEST_PYTHON = (3, 11)
OLDEST_JDK = 17


@dataclass(frozen=True)
class Check:
    """One thing looked at."""

    name: str
    state: State
    detail: str
    mend: str = ""
    """What to do about it; empty when there is nothing to do."""


def run_doctor(*, as_json: bool) -> int:
    """Print the checks; return 1 when one of those that sanca cannot work without failed."""
    checks = [check() for check in CHECKS]
    healthy = all(check.state != "fail" for check in checks)
    if as_json:
        print(json.dumps({"ok": healthy, "checks": [asdict(check) for check in checks]}, ensure_ascii=False))  # noqa: T201
    else:
        table = Table(box=None, pad_edge=False, show_header=False)
        for check in checks:
            table.add_row(
                check.name, MARKS[check.state], check.detail + (f"\n[dim]{check.mend}[/]" if check.mend else "")
            )
        Console().print(table)
    return 0 if healthy else 1


def check_python() -> Check:
    """Python's version."""
    version = platform.python_version()
    if sys.version_info >= OLDEST_PYTHON:
        return Check("python", "ok", f"{version} at {sys.executable}")
    return Check("python", "fail", f"{version} is too old", "Install Python 3.11 or newer.")


def check_state_folder() -> Check:
    """Whether the state folder can be used."""
    home = find_home()
    place = home if home.exists() else next(parent for parent in home.parents if parent.exists())
    if os.access(place, os.W_OK | os.X_OK):
        return Check("state folder", "ok", f"{home}{'' if home.exists() else ' (will be made)'}")
    return Check("state folder", "fail", f"{home} cannot be written", "Set SANCA_HOME to a folder you may write.")


def check_isolation() -> Check:
    """The sandbox level in force, found by starting a sandbox and running an action."""
    from sanca.python_runtime.sandbox import SandboxSettings

    reports = _level_reports()
    configured = SandboxSettings().level
    for report in reports:
        if report.in_force:
            stronger = [one.reason for one in reports[: reports.index(report)] if configured == "auto" and one.reason]
            state: State = "note" if stronger else "ok"
            return Check(
                "isolation", state, f"level {report.level} in force (configured: {configured})", " ".join(stronger)
            )
    wanted = [one.reason for one in reports if configured == one.level] or [one.reason for one in reports[:2]]
    if configured != "auto" and configured not in {one.level for one in reports}:
        wanted = [f"There is no sandbox level {configured!r}."]
    return Check("isolation", "fail", " ".join(wanted), "Set SANCA_SANDBOX_LEVEL to auto or a level that works here.")


def check_level(name: str) -> Check:
    """Whether a level works here, and what it cannot do; one that is not in force is no matter."""
    report = next(one for one in _level_reports() if one.level == name)
    if not report.ok:
        return Check(f"level {name}", "note", f"does not work here: {report.reason}")
    what = "in force" if report.in_force else "works"
    lacks = f", without {', '.join(report.cannot).replace('_', ' ')}" if report.cannot else ""
    return Check(
        f"level {name}", "ok", f"{what}: an action ran in {report.seconds:.2f} s{lacks}. {report.note}".strip()
    )


@cache
def _level_reports() -> tuple[LevelReport, ...]:
    from sanca.python_runtime.sandbox import probe_levels

    return anyio.run(probe_levels)


def check_libraries() -> Check:
    """What actions may import beside the standard library; none is fine."""
    from sanca.python_runtime.sandbox import SandboxSettings
    from sanca.python_runtime.sandbox.library import default_folder, find_library, is_current

    mend = "`sanca setup-libraries` installs numpy, pandas, charts and a few more."
    try:
        folder = find_library(SandboxSettings())
    except SancaError as error:
        return Check("libraries", "fail", str(error), "Mend or remove the setting.")
    if folder is None:
        return Check("libraries", "note", "none: actions have the standard library only", mend)
    if folder == default_folder() and not is_current(folder):
        return Check("libraries", "note", f"those in {folder} are of another version of sanca", mend)
    return Check("libraries", "ok", f"those in {folder}")


def check_memory() -> Check:
    """Where the memory is, and whether what waits for it is little."""
    from sanca.python_runtime.cli.memory_state import memory_state

    found = anyio.run(memory_state, find_home())
    return Check("memory", "ok" if found.works else "fail", found.detail, found.mend)


def check_engine() -> Check:
    """Whether an engine is running on this state folder, and what it says of itself."""
    from sanca.python_runtime.cli.access import ask_health, find_running_engine

    if find_running_engine() is None:
        return Check("engine", "note", "none is running on this state folder", "`sanca serve`, or `make demo`.")
    try:
        health = ask_health()
    except SancaError as error:
        return Check("engine", "note", str(error))
    told = f"{health.status}, pid {health.pid}, sandbox {health.sandbox_level}, gateway {health.gateway}"
    if health.tool_calls:
        calls, failures = (sum(getattr(one, what) for one in health.tool_calls) for what in ("calls", "failures"))
        slowest = max(health.tool_calls, key=lambda one: one.longest_seconds)
        told += f"; {calls:,} tool calls, {failures:,} of them without a value, the longest"
        told += f" {slowest.longest_seconds:.1f} s ({slowest.tool})"
    unchecked = health.type_check_detail and f"Actions are not type-checked before they run: {health.type_check_detail}"
    detail = " ".join(filter(None, (health.gateway_detail, unchecked)))
    return Check("engine", "note" if detail else "ok", told, detail)


def check_doors() -> Check:
    """Whether others can come in, where and by what."""
    from sanca.python_runtime.cli.access import ask_health, find_running_engine
    from sanca.python_runtime.doors.permission import check_may_open

    try:
        settings, keys = check_may_open(find_home())
        health = ask_health() if find_running_engine() else None
    except SancaError as error:
        return Check("doors", "fail", str(error))
    ways = f"{keys} API key{'' if keys == 1 else 's'}"
    ways += f", tokens of {settings.oidc_issuer}" if settings.oidc_issuer else ""
    if health is None or not health.http:
        return Check("doors", "note", f"closed: nobody can come in ({ways})", "`sanca serve --http` opens them.")
    grpc = f", A2A's gRPC at {health.a2a_grpc}" if health.a2a_grpc else ""
    mend = "" if keys or settings.oidc_issuer else "`sanca keys add NAME` makes a key."
    return Check("doors", "note" if mend else "ok", f"open at {health.http}{grpc}; {ways}", mend)


def check_models() -> Check:
    """Which models are configured; none is fine: sanca then works from experience."""
    from sanca.python_runtime.models import ModelRegistry

    try:
        entries = ModelRegistry(find_home(), os.environ).entries()
    except SancaError as error:
        return Check("model", "fail", str(error), "Mend or remove the setting; `sanca models` shows the rest.")
    if not entries:
        mend = "Set OPENAI_API_KEY (and OPENAI_BASE_URL), DASHSCOPE_API_KEY or ANTHROPIC_API_KEY, or the settings page."
        return Check("model", "note", "none: works from its skills", mend)
    told = [
        f"{entry.role}: {entry.model or 'the first listed'} ({entry.kind}, {entry.source}"
        + (f", {len(entry.fallbacks)} to fall back on)" if entry.fallbacks else ")")
        for entry in entries
    ]
    return Check("model", "ok", ", ".join(told), "`sanca models test` asks each of them.")


def check_skills() -> Check:
    """How many skills there are."""
    from sanca.python_runtime.cli.skills import open_library

    try:
        return Check("skills", "ok", f"{len(open_library().listing())} skills")
    except SancaError as error:
        return Check("skills", "fail", str(error), "Mend or remove the file it names.")


def check_prompts() -> Check:
    """Whether the operator's prompt configurations are in use as they stand."""
    from sanca.python_runtime.cli.prompts import open_manager

    try:
        manager = open_manager()
    except SancaError as error:
        return Check("prompts", "fail", str(error), "Mend or remove the setting.")
    if manager.problems:
        told = " ".join(problem.message for problem in manager.problems)
        return Check("prompts", "note", told, "Mend the file; until then the last good one, or none, is in use.")
    own = [one.name for one in manager.configurations if one.is_own]
    return Check("prompts", "ok", f"own configurations: {', '.join(own)}" if own else "the shipped configurations")


def check_jdk() -> Check:
    """The JDK, which only the Java host needs."""
    if shutil.which("java") is None:
        return Check("jdk", "note", "no java on PATH (only the Java host needs it)", "Install JDK 17 or newer.")
    printed = subprocess.run(["java", "-version"], capture_output=True, text=True, check=False).stderr
    found = re.search(r'"(\d+)', printed)
    if found and int(found.group(1)) >= OLDEST_JDK:
        return Check("jdk", "ok", printed.splitlines()[0])
    return Check(
        "jdk", "note", f"java is too old: {printed.splitlines()[0] if printed else '?'}", "Install JDK 17 or newer."
    )


def check_git() -> Check:
    """git, which the demo's fleet needs."""
    if shutil.which("git") is None:
        return Check("git", "note", "not on PATH (the demo's fleet needs it)", "Install git.")
    printed = subprocess.run(["git", "--version"], capture_output=True, text=True, check=False).stdout.strip()
    return Check("git", "ok", printed)


CHECKS: tuple[Callable[[], Check], ...] = (
    check_python, check_state_folder, check_isolation,
    *(partial(check_level, name) for name in ("namespace", "landlock", "container", "monty")),
    check_libraries, check_memory, check_engine, check_doors, check_models, check_skills, check_prompts,
    check_jdk, check_git,
)  # fmt: skip
