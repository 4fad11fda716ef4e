"""`sanca memory export`, `forget`, `encrypt` and `decrypt` as a person runs them, in processes of their own."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
from pathlib import Path

import pytest

WORD = "nachtigall"


class Terminal:
    """Runs commands on a state folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.home = folder / "state"
        self.folder = folder
        self.settings: dict[str, str] = {}

    def run(self, *words: str, code: int = 0) -> str:
        """Run a command, see how it ended, and return what it printed."""
        plain = {name: value for name, value in os.environ.items() if not name.startswith("SANCA_")}
        done = subprocess.run(
            [sys.executable, "-m", "sanca", "memory", *words],
            env={**plain, "SANCA_HOME": str(self.home), **self.settings},
            capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        assert done.returncode == code, done.stderr
        assert "Traceback" not in done.stderr
        return done.stdout + done.stderr


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    """A terminal where Anna and Bob have a conversation each."""
    made = Terminal(tmp_path)
    for user in ("anna", "bob"):
        row = {"id": "1", "speaker": user, "time": "2026-11-20T10:00:00Z", "text": f"{WORD} sings for {user}"}
        (tmp_path / "rows.jsonl").write_text(json.dumps(row) + "\n", encoding="utf-8")
        made.run("import", str(tmp_path / "rows.jsonl"), "--session", f"s-{user}", "--user", user)
    return made


def test_a_user_is_exported_and_forgotten_and_another_stays(terminal: Terminal) -> None:
    target = terminal.folder / "anna.jsonl"
    assert "3 lines about 'anna'" in terminal.run("export", str(target), "--user", "anna")
    lines = [json.loads(line) for line in target.read_text(encoding="utf-8").splitlines()]
    assert [line["kind"] for line in lines] == ["about", "session", "message"]
    assert "bob" not in target.read_text(encoding="utf-8")
    assert target.stat().st_mode & 0o777 == 0o600
    assert "is there already" in terminal.run("export", str(target), "--user", "anna", code=1)

    assert "add --yes" in terminal.run("forget", "--user", "anna", code=1)
    assert json.loads(terminal.run("forget", "--user", "anna", "--yes", "--json"))["forgotten"] >= 1
    found = json.loads(terminal.run("search", WORD, "--user", "anna", "--json"))
    assert found["ids"] == []
    assert json.loads(terminal.run("search", WORD, "--user", "bob", "--json"))["ids"] == ["1"]


def test_the_memory_is_encrypted_used_and_decrypted(terminal: Terminal) -> None:
    database = terminal.home / "memory.db"
    assert "There is no key" in terminal.run("encrypt", code=1)
    key = terminal.folder / "memory.key"
    key.write_text(secrets.token_hex(32), encoding="ascii")
    key.chmod(0o600)
    terminal.settings["SANCA_MEMORY_ENCRYPTION_KEY_FILE"] = str(key)
    assert "not encrypted, but a key is set" in terminal.run("search", WORD, "--user", "anna", code=1)
    told = terminal.run("encrypt")
    assert "is encrypted" in told and key.read_text(encoding="ascii") not in told
    assert WORD.encode() not in database.read_bytes()
    assert json.loads(terminal.run("search", WORD, "--user", "anna", "--json"))["ids"] == ["1"]

    right = key.read_text(encoding="ascii")
    key.write_text(secrets.token_hex(32), encoding="ascii")
    assert "The key does not open" in terminal.run("search", WORD, "--user", "anna", code=1)
    assert "The key does not open" in terminal.run("decrypt", code=1)
    key.write_text(right, encoding="ascii")
    terminal.run("decrypt")
    del terminal.settings["SANCA_MEMORY_ENCRYPTION_KEY_FILE"]
    assert json.loads(terminal.run("search", WORD, "--user", "bob", "--json"))["ids"] == ["1"]
