"""Every set, whole, with its own solutions: in the evaluation's environment, with the data that no package carries."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

PYTHON = Path(__file__).parents[3] / ".venv-evaluation" / "bin" / "python"
DATA = os.environ.get("SANCA_EVALUATION_DATA", "")
"""A folder with `m3tooleval/tasks.json`, `tau_retail/db.json` and `tau_retail/tasks.json`."""


def passed(suite: str, *more: str) -> tuple[int, int]:
    """Run a set and return how many tasks there were and how many passed."""
    command = [str(PYTHON), "-m", "sanca", "eval", f"--suite={suite}", "--truth", "--json", *more]
    done = subprocess.run(command, capture_output=True, text=True, timeout=1800, check=False)
    assert done.stdout, done.stderr
    report = json.loads(done.stdout)
    return report["tasks"], report["passed"]


@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.parametrize(("suite", "tasks"), [("humaneval", 164), ("bfcl", 800), ("agentdojo", 97)])
def test_all_solutions_of_a_packaged_set_pass(suite: str, tasks: int) -> None:
    assert passed(suite) == (tasks, tasks)


@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.skipif(not DATA, reason="SANCA_EVALUATION_DATA names no folder with the data")
@pytest.mark.parametrize(("suite", "folder"), [("m3tooleval", "m3tooleval"), ("tau-retail", "tau_retail")])
def test_all_solutions_of_a_set_with_data_pass(suite: str, folder: str) -> None:
    tasks, good = passed(suite, f"--data={Path(DATA) / folder}")
    assert good == tasks > 0


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.parametrize(("suite", "tasks", "most"), [("humaneval", 20, 0), ("bfcl", 20, 0), ("agentdojo", 97, 10)])
def test_the_checkers_of_the_sets_refuse_spoilt_solutions(suite: str, tasks: int, most: int) -> None:
    command = [str(PYTHON), str(Path(__file__).with_name("spoilt.py")), suite, str(tasks)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=True)
    assert int(done.stdout.splitlines()[-1]) <= most


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.parametrize(("suite", "tasks"), [("humaneval", 10), ("bfcl", 15), ("agentdojo", 15)])
def test_a_scripted_server_plays_solutions_of_real_sets_in_both_modes(suite: str, tasks: int) -> None:
    command = [str(PYTHON), str(Path(__file__).with_name("played.py")), suite, str(tasks)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    assert done.stdout, done.stderr
    report = json.loads(done.stdout)
    assert [(one["tasks"], one["passed"]) for one in report["reports"]] == [(tasks, tasks)] * 2, report["reports"]
