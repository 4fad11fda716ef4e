"""`sanca doctor --isolation` as a person runs it: the table, JSON, exit codes."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from sanca.python_runtime.cli import isolation
from sanca.python_runtime.sandbox.isolation import PROBES, Outcome

COMMAND = [sys.executable, "-m", "sanca", "doctor", "--isolation"]


def run(*options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, *options], capture_output=True, text=True, check=False, timeout=120)


def test_report_names_installation_and_attacks_and_ends_well() -> None:
    done = run("--only", "files.l")
    assert done.returncode == 0, done.stderr
    level = next(line.split()[1] for line in done.stdout.splitlines() if line.startswith("level"))
    assert level in {"namespace", "landlock"}, "the level that was attacked, not how it was chosen"
    assert "files.links" in done.stdout
    assert "have the engine read a file of the host" in done.stdout
    assert "limits" in done.stdout and "memory_megabytes 256" in done.stdout
    assert done.stdout.splitlines()[-1].startswith("1 of 1 attacks contained (1 denied).")


def test_json_report_is_one_object() -> None:
    done = run("--only", "secrets.e", "--json", "--tier", "namespace")
    told = json.loads(done.stdout)
    assert (done.returncode, told["ok"], told["level"]) == (0, True, "namespace")
    assert [one["id"] for one in told["probes"]] == ["secrets.environment", "secrets.environment-of-others"]
    assert all(one["contained"] and one["category"] == "secrets" and one["must_not"] for one in told["probes"])


@pytest.mark.parametrize(
    ("options", "told"),
    [(["--only", "nothing"], "No attack's name begins with 'nothing'"), (["--tier", "paper"], "paper")],
)
def test_what_cannot_be_attacked_is_said_in_a_sentence(options: list[str], told: str) -> None:
    done = run(*options)
    assert done.returncode == 1
    assert told in done.stderr
    assert "Traceback" not in done.stderr


def test_attack_that_broke_out_fails_the_report_and_is_marked(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    outcomes = [
        Outcome(PROBES[0], "broke out", 1.0, "the secret [red]was\x1b[2J read", "ok"),
        Outcome(PROBES[1], "declared", 1.0, "/output holds 300 MB", "ok"),
        Outcome(PROBES[2], "denied", 1.0, detail="open PermissionError EPERM"),
    ]

    async def attack(*_: object) -> isolation.Report:
        return isolation.Report({"level": "paper"}, outcomes)

    monkeypatch.setattr(isolation, "_attack", attack)
    assert isolation.run_isolation(tier="", only="", as_json=False) == 1
    printed = capsys.readouterr().out
    assert "NO" in printed and "the secret [red]was" in printed and "\x1b[2J" not in printed
    assert "2 of 3 attacks contained" in printed
    assert isolation.run_isolation(tier="", only="", as_json=True) == 1
    assert json.loads(capsys.readouterr().out)["ok"] is False
