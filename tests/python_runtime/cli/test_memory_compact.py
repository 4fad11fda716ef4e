"""`sanca memory compact` as a person runs it, in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROWS = [
    {"id": "1", "speaker": "Ann", "time": "2026-11-19T10:00:00Z", "text": "We decided to raise the pool to 40."},
    {"id": "2", "speaker": "Bo", "time": "2026-11-19T10:01:00Z", "text": "I deploy it on Monday."},
]


def sanca(home: Path, *words: str, code: int = 0) -> str:
    plain = {name: value for name, value in os.environ.items() if not name.startswith("SANCA_")}
    done = subprocess.run(
        [sys.executable, "-m", "sanca", "memory", *words], env={**plain, "SANCA_HOME": str(home), "TZ": "UTC"},
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout + done.stderr


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A state folder with a conversation of one day."""
    rows = tmp_path / "talk.jsonl"
    rows.write_text("\n".join(map(json.dumps, ROWS)), encoding="utf-8")
    sanca(tmp_path / "state", "import", str(rows), "--session", "talk", "--user", "ann")
    return tmp_path / "state"


def test_days_that_are_over_are_summed_up_once(home: Path) -> None:
    assert "2026-11-19: 2 messages, 1 sections written" in sanca(home, "compact", "--user", "ann")
    text = (home / "memory" / "default" / "ann" / "2026-11-19.md").read_text(encoding="utf-8")
    assert "- 10:00 Ann: We decided to raise the pool to 40." in text
    again = json.loads(sanca(home, "compact", "--user", "ann", "--day", "2026-11-19", "--json"))
    assert (again["messages"], again["written"]) == (2, [])


def test_a_day_without_messages_and_a_word_that_is_no_day_are_told(home: Path) -> None:
    assert "There is no day to sum up." in sanca(home, "compact", "--user", "bob")
    told = sanca(home, "compact", "--user", "ann", "--day", "yesterday", code=1)
    assert "'yesterday' is no day; write it as 2026-11-22." in told
