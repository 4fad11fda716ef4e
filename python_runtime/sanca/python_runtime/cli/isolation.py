"""`sanca doctor --isolation`: attacks the sandbox of this installation and prints a report that can be filed."""

from __future__ import annotations

import json
import os
import platform
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import anyio
from rich.console import Console
from rich.table import Table
from sanca.core.errors import ConfigurationError
from sanca.python_runtime.sandbox import Sandbox, SandboxSettings
from sanca.python_runtime.sandbox.isolation import PROBES, Outcome, Probe, run_probes
from sanca.python_runtime.sandbox.isolation.levels import open_level
from sanca.python_runtime.version import VERSION

_WIDTH = 150
_MARKS = {"not sayable": "[dim]not tried[/]", "declared": "[yellow]declared[/]", "broke out": "[bold red]NO[/]"}


@dataclass(frozen=True)
class Report:
    """What was attacked, and how it went."""

    facts: dict[str, str]
    outcomes: Sequence[Outcome]

    @property
    def is_contained(self) -> bool:
        """Whether no attack broke out."""
        return all(outcome.contained for outcome in self.outcomes)

    @property
    def summary(self) -> str:
        """Say it in a sentence."""
        tried = [outcome for outcome in self.outcomes if outcome.how != "not sayable"]
        how = ", ".join(f"{count} {how}" for how, count in Counter(outcome.how for outcome in tried).most_common())
        said = f"{sum(outcome.contained for outcome in tried)} of {len(tried)} attacks contained ({how})."
        left = len(self.outcomes) - len(tried)
        return f"{said} {left} others were not tried: this level's language has no words for them." if left else said


def run_isolation(*, tier: str, only: str, as_json: bool) -> int:
    """Attack and print; return 1 when an attack was not contained.

    Args:
        tier: Which level to attack; empty: the configured one.
        only: Only attacks whose id begins so, such as `network` or `files.links`.
        as_json: Print one JSON object.
    """
    probes = [probe for probe in PROBES if probe.id.startswith(only)]
    if not probes:
        categories = ", ".join(dict.fromkeys(probe.category for probe in PROBES))
        raise ConfigurationError(f"No attack's name begins with {only!r}; the categories are {categories}.")
    report = anyio.run(_attack, tier, probes)
    if as_json:
        print(json.dumps(_as_json(report), ensure_ascii=False))  # noqa: T201 - it is what was asked for
    else:
        _print(report)
    return 0 if report.is_contained else 1


async def _attack(tier: str, probes: Sequence[Probe]) -> Report:
    # No sessions are kept ready: what is new below this process is then the attack's.
    settings = SandboxSettings(warm_sessions=0, warm_sessions_most=0)
    sandbox = open_level(tier, settings)
    await sandbox.start()
    facts = _facts(sandbox, settings)  # while it is open: closed, one that was chosen by itself has no level
    outcomes = []
    with Console(stderr=True).status("") as status:
        try:
            async for outcome in run_probes(sandbox, probes, limits=settings.limits_for()):
                outcomes.append(outcome)
                status.update(f"{len(outcomes)} of {len(probes)} attacks: {outcome.probe.id} {outcome.how}")
        finally:
            await sandbox.close()
    return Report(facts, outcomes)


def _facts(sandbox: Sandbox, settings: SandboxSettings) -> dict[str, str]:
    lacking = [name for name, able in vars(sandbox.abilities).items() if not able]
    limits = settings.limits_for()
    return {
        "sanca": VERSION,
        "level": sandbox.level + (f" (declares that it lacks: {', '.join(lacking)})" if lacking else ""),
        "machine": f"{platform.system()} {platform.release()} {platform.machine()}, {os.cpu_count()} processors",
        "python": f"{platform.python_version()} at {sys.executable}",
        "run by": "root" if os.geteuid() == 0 else f"user {os.geteuid()}",
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "limits": ", ".join(f"{name} {value:g}" for name, value in limits.model_dump().items()),
    }


def _as_json(report: Report) -> dict[str, Any]:
    return {
        "ok": report.is_contained,
        **report.facts,
        "summary": report.summary,
        "probes": [
            {
                "id": outcome.probe.id, "category": outcome.probe.category, "must_not": outcome.probe.must_not,
                "contained": outcome.contained, "how": outcome.how, "status": outcome.status,
                "seconds": round(outcome.seconds, 2), "detail": outcome.detail, "breach": outcome.breach,
            }
            for outcome in report.outcomes
        ],
    }  # fmt: skip


def _print(report: Report) -> None:
    console = Console(width=max(_WIDTH, Console().width) if not sys.stdout.isatty() else None, highlight=False)
    facts = Table(box=None, pad_edge=False, show_header=False)
    for name, value in report.facts.items():
        facts.add_row(f"[bold]{name}[/]", value)
    console.print(facts)
    table = Table(title="Attacks", title_justify="left", pad_edge=False, expand=False)
    for column in ("attack", "an action must not …", "contained", "how", "seconds", "what it met"):
        table.add_column(column, justify="right" if column == "seconds" else "left", overflow="fold")
    category = report.outcomes[0].probe.category if report.outcomes else ""
    for outcome in report.outcomes:
        if outcome.probe.category != category:
            table.add_section()
            category = outcome.probe.category
        mark = _MARKS.get(outcome.how, "[green]yes[/]")
        met = _plain(outcome.breach or outcome.detail)
        seconds = f"{outcome.seconds:.1f}"
        table.add_row(outcome.probe.id, outcome.probe.must_not, mark, outcome.how, seconds, met)
    console.print(table)
    console.print(report.summary, style="green" if report.is_contained else "bold red")


def _plain(text: str) -> str:
    """Return what an attack wrote without markup or what a terminal would obey."""
    return "".join(letter if letter.isprintable() else " " for letter in text).replace("[", "\\[")
