"""`sanca prompts`: what an operator is told of their configurations."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sanca.core.errors import ConfigurationError
from sanca.python_runtime.cli.doctor import check_prompts as look
from sanca.python_runtime.cli.prompts import check_prompts, show_prompts

GOOD = 'version: "3"\napplies_to: {tenant: acme}\npurposes:\n  cmd:\n    temperature: 0.5\n    rules: Be brief.\n'


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The operator's folder in the state folder."""
    monkeypatch.setenv("SANCA_HOME", str(tmp_path))
    made = tmp_path / "prompts"
    made.mkdir()
    (made / "acme.yaml").write_text(GOOD, encoding="utf-8")
    return made


def test_check_says_of_each_file_whether_it_is_in_use(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert check_prompts(None, as_json=False) == 0
    assert capsys.readouterr().out.endswith("ok    acme.yaml: version 3, for tenant 'acme'\n")
    (folder / "bad.yaml").write_text("version: 1\n", encoding="utf-8")
    assert check_prompts(folder, as_json=False) == 1
    good, bad = capsys.readouterr().out.splitlines()[-2:]
    assert good.startswith("ok    acme.yaml")
    assert bad.startswith("WRONG bad.yaml: ") and "line 1, version" in bad


def test_check_prints_json_for_scripts(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert check_prompts(folder, as_json=True) == 0
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert told["ok"] and told["files"][0]["version"] == "3"


def test_check_says_when_there_is_nothing_to_check(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SANCA_HOME", str(tmp_path))
    assert check_prompts(None, as_json=False) == 0
    assert "the shipped ones hold" in capsys.readouterr().out


@pytest.mark.usefixtures("folder")
def test_show_says_which_file_says_what(capsys: pytest.CaptureFixture[str]) -> None:
    show_prompts(
        purpose="cmd", tenant="acme", scenario="", model="", with_text=True, folder=None, as_json=False
    )  # fmt: skip
    told = capsys.readouterr().out
    assert "cmd: sanca/default@1, acme@3" in told
    assert any("temperature" in line and "0.5" in line and "acme.yaml:5" in line for line in told.splitlines())
    assert "Be brief." in told and "===== system" in told


@pytest.mark.usefixtures("folder")
def test_show_prints_json_for_scripts(capsys: pytest.CaptureFixture[str]) -> None:
    show_prompts(
        purpose="repair", tenant="", scenario="", model="x-coder", with_text=False, folder=None, as_json=True
    )  # fmt: skip
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert told["configuration"]["form"] == "completion"
    assert told["sources"]["form"] == "coder_models.yaml:7"
    assert "messages" not in told


def test_unknown_purposes_and_folders_are_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no purpose 'cmdd'; known are cmd, thought"):
        show_prompts(purpose="cmdd", tenant="", scenario="", model="", with_text=False, folder=None, as_json=False)
    with pytest.raises(ConfigurationError, match="no folder"):
        check_prompts(tmp_path / "none", as_json=False)


def test_doctor_tells_a_file_that_is_not_in_use(folder: Path) -> None:
    assert look().state == "ok" and "acme@3" in look().detail
    (folder / "acme.yaml").write_text("version: 4\n", encoding="utf-8")
    assert look().state == "note"
    assert "acme.yaml" in look().detail and "last good" in look().mend
