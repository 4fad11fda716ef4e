"""`sanca knowledge` as a person and a script use it, with and without a running engine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

import anyio.to_thread
import pytest
from sanca.core.errors import ConfigurationError, DocumentError
from sanca.core.memory import Query, Scope
from sanca.python_runtime import Engine
from sanca.python_runtime.cli.knowledge_work import (
    add_and_tell,
    check_and_tell,
    days_of,
    forget_and_tell,
    print_documents,
)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SANCA_HOME", str(tmp_path / "home"))
    root = tmp_path / "handbook"
    (root / "runbooks").mkdir(parents=True)
    (root / "runbooks" / "payment.md").write_text("# Payment\n\nPort: 8082\n", encoding="utf-8")
    (root / "ports.md").write_text("# Ports\n\nThe payment service listens on port 8083.\n", encoding="utf-8")
    (root / "logo.png").write_bytes(b"\x89PNG")
    return root


def told(capsys: pytest.CaptureFixture[str]) -> Any:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines() if line.startswith("{")]


def test_a_folder_is_added_listed_checked_and_forgotten(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert add_and_tell(folder, "90d", tenant="default", as_json=True) == 0
    (added,) = told(capsys)
    assert [one["document"] for one in added["added"]] == ["handbook/ports.md", "handbook/runbooks/payment.md"]
    assert added["left_out"] == {"files of kind '.png'": 1}
    assert added["refused"] == [] and len(added["added"][1]["remarks"]) == 1
    print_documents(tenant="default", as_json=True)
    ports, payment = told(capsys)
    assert payment["runbook"] and not ports["runbook"] and ports["valid_until"] and ports["doubts"] == []
    (folder / "ports.md").unlink()
    assert check_and_tell(tenant="default", as_json=True) == 1
    (found,) = told(capsys)
    assert (found["checked"], found["gone"], len(found["contradictions"])) == (2, ["handbook/ports.md"], 1)
    assert forget_and_tell("handbook", tenant="default", as_json=True) == 0
    assert told(capsys) == [{"forgotten": {"handbook/ports.md": 1, "handbook/runbooks/payment.md": 1}}]
    print_documents(tenant="default", as_json=True)
    assert told(capsys) == []


def test_a_person_is_told_in_sentences(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    print_documents(tenant="default", as_json=False)
    assert "It knows no documents yet; add some with `sanca knowledge add PATH`." in capsys.readouterr().out
    add_and_tell(folder, "", tenant="default", as_json=False)
    shown = capsys.readouterr().out
    assert "Added 2 documents (2 new pieces); 0 unchanged." in shown
    assert "Left out 1: files of kind '.png'." in shown
    assert (
        "Note: handbook/runbooks/payment.md: payment: port is '8082' in handbook/runbooks/payment.md, line 3" in shown
    )
    (folder / "broken.txt").write_bytes(b"a\0b")
    assert add_and_tell(folder, "", tenant="default", as_json=False) == 1
    result = capsys.readouterr()
    assert "Added 0 documents (0 new pieces); 2 unchanged." in result.out
    assert result.err == "sanca: 'handbook/broken.txt' was not added: it is a binary file, not a text.\n"
    assert check_and_tell(tenant="default", as_json=False) == 1
    assert "Contradictions; mend the one that is wrong, and add it again:" in capsys.readouterr().out
    assert forget_and_tell("nothing.md", tenant="default", as_json=False) == 1
    assert capsys.readouterr().err == "It knows no document 'nothing.md'; `sanca knowledge list` names them.\n"
    assert check_and_tell(tenant="another", as_json=False) == 0
    assert "Checked 0 documents: nothing to see to." in capsys.readouterr().out


def test_one_file_is_refused_with_its_reason(folder: Path) -> None:
    with pytest.raises(DocumentError, match=r"'logo.png' was not added: files of this kind cannot be read"):
        add_and_tell(folder / "logo.png", "", tenant="default", as_json=False)
    with pytest.raises(DocumentError, match="there is no such file or folder"):
        add_and_tell(folder / "nowhere", "", tenant="default", as_json=False)


@pytest.mark.parametrize(
    ("text", "days"), [("90d", 90), ("90", 90), ("2w", 14), ("3 m", 90), ("1y", 365), ("0", 0), ("", None)]
)
def test_a_validity_may_be_days_weeks_months_or_years(text: str, days: float | None) -> None:
    assert days_of(text) == days


@pytest.mark.parametrize("text", ["soon", "-1d", "9999999d", "d"])
def test_a_validity_that_is_none_is_told(text: str) -> None:
    with pytest.raises(ConfigurationError, match="must be a number of days"):
        days_of(text)


@pytest.mark.anyio
async def test_a_running_engine_knows_at_once_what_another_process_adds(folder: Path, tmp_path: Path) -> None:
    scope = Scope(tenant="default", user="alice")
    async with Engine(tmp_path / "home") as engine:
        knowledge = engine.parts.remembering.knowledge
        assert await knowledge.recall(scope, Query(text="payment port")) == []
        command = [sys.executable, "-m", "sanca", "knowledge", "add", str(folder)]
        run = partial(subprocess.run, command, capture_output=True, text=True, timeout=60, check=False, env=os.environ)
        done = await anyio.to_thread.run_sync(run)
        assert done.returncode == 0, done.stderr
        hits = await knowledge.recall(scope, Query(text="payment port"))
        assert {hit.record.document for hit in hits} == {"handbook/ports.md", "handbook/runbooks/payment.md"}
