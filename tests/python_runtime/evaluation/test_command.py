"""`sanca eval` as a person calls it: what it prints, and what it refuses in one sentence."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from sanca.core.errors import ConfigurationError
from sanca.python_runtime.cli.eval import run_evaluation
from sanca.python_runtime.evaluation.suite import make_suite, needed, suite_names

TINY = "tiny_suite:TinySuite"


def sanca_eval(*arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")]),
    }
    command = [sys.executable, "-m", "sanca", "eval", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, env=environment)


def test_the_report_is_one_object_or_a_table_and_the_exit_code_says_whether_all_passed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out.jsonl"
    ran = sanca_eval(f"--suite={TINY}", "--truth", f"--out={out}", "--limit=3", "--json")
    assert ran.returncode == 1, ran.stderr
    assert json.loads(ran.stdout)["failures"] == {"wrong": "expected 3, got 2"}
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    assert run_evaluation(TINY, truth=True, data=None, limit=3, out=out, as_json=False) == 1
    told = capsys.readouterr().out
    assert "2 of 3" in told
    assert "failed: wrong: expected 3, got 2" in told
    assert run_evaluation(TINY, truth=True, data=None, limit=2, out=out, as_json=True) == 0
    assert len(out.read_text(encoding="utf-8").splitlines()) == 3


def test_what_cannot_be_run_is_refused_in_one_sentence() -> None:
    done = sanca_eval("--suite=tau-retail", "--truth")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("sanca: No package carries the data of 'tau-retail': give --data")
    assert "Traceback" not in done.stderr


def test_whose_actions_are_to_run_must_be_said() -> None:
    with pytest.raises(ConfigurationError, match=r"Say whose work to run: --truth .*, --model URL"):
        run_evaluation("m3tooleval", truth=False, data=None, limit=None, out=None, as_json=True)


@pytest.mark.parametrize("name", ["nothing", "json:Nothing", ":", "no.such:Thing"])
def test_a_set_that_is_not_there_is_refused_with_those_that_are(name: str) -> None:
    with pytest.raises(ConfigurationError, match=rf"There is no task set '{name}' .* there are humaneval, bfcl"):
        make_suite(name, None)


def test_a_folder_without_the_data_is_refused_with_what_it_needs(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"has no db\.json; 'tau-retail' needs db\.json and tasks\.json"):
        make_suite("tau-retail", tmp_path)


def test_a_missing_package_is_named_with_what_installs_it() -> None:
    with pytest.raises(
        ConfigurationError, match=r"'x' needs the package x-data, .*`make \.venv-evaluation/\.installed`"
    ):
        needed("no_such_module", package="x-data", suite="x")


def test_data_of_another_form_is_refused(tmp_path: Path) -> None:
    for name in ("tasks.json", "db.json"):
        (tmp_path / name).write_text('{"tasks": []}', encoding="utf-8")
    with pytest.raises(ConfigurationError, match="has only 0 of the 48 expression tasks"):
        make_suite("m3tooleval", tmp_path)
    with pytest.raises(ConfigurationError, match="is no list of tau-bench tasks"):
        make_suite("tau-retail", tmp_path)


def test_the_sets_have_names() -> None:
    assert suite_names() == ("humaneval", "bfcl", "agentdojo", "m3tooleval", "tau-retail")
