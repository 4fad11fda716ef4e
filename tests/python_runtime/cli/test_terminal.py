"""The terminal's commands as a person or a script runs them: real processes, real sandbox, no model."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

WITHOUT_KEYS = dict.fromkeys(("OPENAI_API_KEY", "OPENAI_BASE_URL", "DASHSCOPE_API_KEY"), "")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "sanca"


def sanca(home: Path, *arguments: str, timeout_seconds: float = 60) -> subprocess.CompletedProcess[str]:
    """Run the command line with a state folder of its own."""
    environment = {**os.environ, **WITHOUT_KEYS, "SANCA_HOME": str(home), "LANG": "C.UTF-8"}
    return subprocess.run(
        [sys.executable, "-m", "sanca", *arguments],
        capture_output=True, text=True, env=environment, timeout=timeout_seconds, stdin=subprocess.DEVNULL, check=False,
    )  # fmt: skip


def lines(result: subprocess.CompletedProcess[str]) -> list[Any]:
    """Return the JSON objects a command printed."""
    return [json.loads(line) for line in result.stdout.splitlines()]


def write(folder: Path, name: str, code: str) -> str:
    file = folder / name
    file.write_text(code, encoding="utf-8")
    return str(file)


def test_exec_gives_one_line_a_file_with_its_status(home: Path, tmp_path: Path) -> None:
    files = [
        write(tmp_path, "ok.py", "print('hi')\nx = sum(range(10))\nx"),
        write(tmp_path, "error.py", "1/0"),
        write(tmp_path, "timeout.py", "while True:\n    pass"),
        write(tmp_path, "limit.py", "x = bytearray(2_000_000_000)"),
        write(tmp_path, "killed.py", "import os\nos._exit(3)"),
        str(tmp_path / "missing.py"),
    ]
    result = sanca(home, "exec", *files, "--limit", "1", "--json")
    found = lines(result)
    assert [line["file"] for line in found] == files
    assert [line["status"] for line in found] == ["ok", "error", "timeout", "limit", "killed", "refused"]
    assert found[0]["value"] == "45"
    assert found[0]["stdout"] == "hi\n"
    assert "ZeroDivisionError" in found[1]["error"]
    assert 0.9 < found[2]["seconds"] < 3
    assert all(set(line) == {"file", "status", "value", "stdout", "error", "seconds"} for line in found)
    assert result.returncode == 1


def test_exec_gives_every_file_a_fresh_session(home: Path, tmp_path: Path) -> None:
    files = [write(tmp_path, "first.py", "secret = 1"), write(tmp_path, "second.py", "secret")]
    assert [line["status"] for line in lines(sanca(home, "exec", *files, "--json"))] == ["ok", "error"]


def test_exec_shows_a_file_read_only_under_input(home: Path, tmp_path: Path) -> None:
    table = write(tmp_path, "table.csv", "a,b\n1,2\n")
    reading = "text = open('/input/table.csv').read()\n"
    code = reading + "try:\n    open('/input/x', 'w')\nexcept OSError:\n    text += 'kept'\ntext"
    result = sanca(home, "exec", write(tmp_path, "read.py", code), "--input", table, "--json")
    assert lines(result)[0]["value"] == "a,b\n1,2\nkept"
    assert result.returncode == 0


def test_run_prints_one_object_last_and_exits_zero_only_when_done(home: Path) -> None:
    result = sanca(home, "run", "what is 12% of 85?", "--json")
    found = json.loads(result.stdout.splitlines()[-1])
    assert found["status"] == "done"
    assert "10.2" in found["answer"]
    assert {"run_id", "status", "answer", "cards", "calls", "seconds", "usage"} <= set(found)
    assert result.returncode == 0


def test_run_says_that_it_does_not_know_how_and_how_to_set_a_model(home: Path) -> None:
    result = sanca(home, "run", "book me a flight to Jakarta", "--json")
    found = json.loads(result.stdout.splitlines()[-1])
    assert found["status"] == "failed"
    assert result.returncode == 1
    assert "OPENAI_API_KEY" in found["answer"]


def test_run_that_fails_says_why_and_nothing_else(home: Path) -> None:
    said = "This needs the toolkit 'system'"
    told = sanca(home, "run", "restart payment")
    assert (told.returncode, told.stderr) == (1, "") and said in told.stdout
    asked = sanca(home, "run", "restart payment", "--json")
    end = json.loads(asked.stdout.splitlines()[-1])
    assert asked.returncode == 1 and end["status"] == "failed" and said in end["answer"]


def test_skills_match_gives_a_line_a_query(home: Path, tmp_path: Path) -> None:
    queries = write(tmp_path, "queries.txt", "restart the billing service\n重启 billing 服务\nbook me a flight\n")
    found = lines(sanca(home, "skills", "match", "--queries", queries, "--json"))
    assert [line["skill"] for line in found] == ["restart_service", "restart_service", None]
    assert [line["parameters"].get("service") for line in found] == ["billing", "billing", None]
    assert all(set(line) == {"query", "skill", "score", "parameters"} for line in found)


def test_doctor_says_the_isolation_level_it_found_by_trying(home: Path) -> None:
    result = sanca(home, "doctor", "--json")
    report = json.loads(result.stdout)
    checks = {check["name"]: check for check in report["checks"]}
    assert report["ok"] is True
    assert checks["isolation"]["state"] == "ok"
    assert "namespace" in checks["isolation"]["detail"]
    assert checks["model"]["state"] == "note"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("run", "  "), "The message is empty"),
        (("run", "hello", "--approve", "maybe"), "--approve takes ask, all or none"),
        (("skills", "match", "--queries", "/nowhere/queries"), "'/nowhere/queries' cannot be read"),
        (("exec", "/nowhere/a.py", "--input", "/nowhere/data"), "'/nowhere/data' does not exist"),
    ],
)
def test_bad_input_gets_one_clear_sentence(home: Path, arguments: tuple[str, ...], said: str) -> None:
    result = sanca(home, *arguments)
    assert result.returncode == 1
    assert said in result.stderr
    assert "Traceback" not in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1


def test_a_second_engine_on_the_same_folder_says_so(home: Path) -> None:
    environment = {**os.environ, "SANCA_HOME": str(home), "SANCA_ENGINE_PORT": "0"}
    with subprocess.Popen([sys.executable, "-m", "sanca", "serve"], env=environment, stderr=subprocess.PIPE) as first:
        try:
            _wait_for(home / "engine.json", first)
            second = sanca(home, "serve")
        finally:
            first.terminate()
            assert first.stderr is not None
            first.stderr.read()
    assert second.returncode == 3
    assert f"process {first.pid}" in second.stderr
    assert len(second.stderr.strip().splitlines()) == 1
    assert not (home / "engine.json").exists()


def test_run_uses_the_engine_that_serves_the_folder(home: Path) -> None:
    environment = {**os.environ, **WITHOUT_KEYS, "SANCA_HOME": str(home), "SANCA_ENGINE_PORT": "0"}
    with subprocess.Popen(
        [sys.executable, "-m", "sanca", "serve"], env=environment, stderr=subprocess.DEVNULL
    ) as engine:
        try:
            _wait_for(home / "engine.json", engine)
            found = json.loads(sanca(home, "run", "what is 12% of 85?", "--json").stdout.splitlines()[-1])
        finally:
            engine.terminate()
    assert found["status"] == "done"


def _wait_for(file: Path, process: subprocess.Popen[bytes]) -> None:
    for _ in range(600):
        if file.exists():
            return
        assert process.poll() is None, "the engine ended"
        try:
            process.wait(0.05)
        except subprocess.TimeoutExpired:
            continue
    raise AssertionError(f"{file} did not appear")
