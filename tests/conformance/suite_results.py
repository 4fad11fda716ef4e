"""Runs the official MCP conformance suite and reads what it wrote: its own results, counted. Judges nothing itself."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import yaml

FOLDER = Path(__file__).parent
COMMANDS = FOLDER / "node_modules" / ".bin"
SUITE = FOLDER / "node_modules" / "@modelcontextprotocol" / "conformance"
Side = Literal["server", "client"]
REVISIONS = ("2025-11-25", "2026-07-28")
_AT_ONCE = 2
_SCENARIO_SECONDS = 120
_SUITE_SECONDS = 600


@dataclass(frozen=True)
class Scenarios:
    """What a revision asks of one side."""

    required: Sequence[str]
    not_scored: Sequence[str]
    """Run and reported; extensions and what came after the revision."""


@dataclass
class Outcome:
    """What came of one scenario."""

    scenario: str
    counts: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)

    @property
    def is_passed(self) -> bool:
        """Whether it ran, and nothing in it failed."""
        return not self.problems


def scenarios_of(revision: str, side: Side) -> Scenarios:
    """Read the suite's own list."""
    told: dict[str, Any] = yaml.safe_load((SUITE / "requirements" / f"{revision}.yaml").read_text(encoding="utf-8"))
    others = [one["scenario"] for one in told["not_scored"] if one["leg"] == side]
    return Scenarios(told[side], others)


def run_server_scenarios(url: str, revision: str, results: Path) -> list[Outcome]:
    """Run every scenario of a revision against a server; the suite does one after another."""
    wanted = scenarios_of(revision, "server")
    ended = _run(["server", "--url", url, "--requirements", revision], results, _SUITE_SECONDS)
    found = [(one, list(results.glob(f"server-{one}-20*"))) for one in (*wanted.required, *wanted.not_scored)]
    return [read_outcome(one, folders[0] if folders else results / one, ended.stdout) for one, folders in found]


def run_client_scenarios(command: str, revision: str, results: Path) -> list[Outcome]:
    """Run every required scenario of a revision against a client command, two at a time: all at once fail by load."""

    def run(scenario: str) -> Outcome:
        folder = results / scenario.replace("/", "_")
        wanted = ["--scenario", scenario, "--spec-version", revision]
        ended = _run(["client", "--command", command, *wanted], folder, _SCENARIO_SECONDS)
        return read_outcome(scenario, folder, ended.stdout, ended.returncode)

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return list(pool.map(run, scenarios_of(revision, "client").required))


def read_outcome(scenario: str, results: Path, said: str = "", exit_code: int = 0) -> Outcome:
    """Return what the suite wrote about one scenario; that it wrote nothing, or ended badly, is a problem too."""
    outcome = Outcome(scenario)
    checks = [check for file in results.rglob("checks.json") for check in json.loads(file.read_text(encoding="utf-8"))]
    outcome.counts.update(check["status"] for check in checks)
    failed = [check for check in checks if check["status"] == "FAILURE"]
    outcome.problems = [f"{check['id']}: {check.get('errorMessage') or check.get('description')}" for check in failed]
    if not checks:
        outcome.problems.append(f"the suite wrote no result: {said[-2_000:]}")
    elif exit_code != 0 and not failed:
        outcome.problems.append(f"the suite ended with {exit_code}: {said[-2_000:]}")
    return outcome


def summary_of(title: str, outcomes: Sequence[Outcome]) -> str:
    """Return one line of counts, and one for each problem."""
    total = sum((outcome.counts for outcome in outcomes), Counter[str]())
    passed = sum(outcome.is_passed for outcome in outcomes)
    said = f"{total['SUCCESS']} of {total['SUCCESS'] + total['FAILURE']} checks"
    lines = [f"{title}: {passed} of {len(outcomes)} scenarios, {said}"]
    lines += [f"  {one.scenario}: {problem}" for one in outcomes for problem in one.problems]
    return "\n".join(lines)


def _run(arguments: Sequence[str], results: Path, seconds: float) -> subprocess.CompletedProcess[str]:
    results.mkdir(parents=True, exist_ok=True)
    path = os.pathsep.join((str(COMMANDS), str(Path(sys.executable).parent), os.environ["PATH"]))
    return subprocess.run(
        [str(COMMANDS / "conformance"), *arguments, "--output-dir", str(results)],
        env={**os.environ, "PATH": path},
        cwd=results,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=seconds,
        check=False,
    )
