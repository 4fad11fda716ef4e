"""The journal: order, durability, what waits for the disk and what does not."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sanca.core.errors import StoreUnavailableError
from sanca.python_runtime.broker.journal import VALUE_LIMIT_BYTES, Fact, Journal
from sanca.python_runtime.broker.journal_reader import JournalReader


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    opened = Journal(tmp_path / "journal.db")
    yield opened
    opened.close()


def fact(kind: str = "event", run_id: str = "run_1", **data: Any) -> Fact:
    return Fact(run_id, "ses_1", kind, time.time(), "t" * 32, data)


def test_facts_come_back_in_the_order_they_were_put(journal: Journal, tmp_path: Path) -> None:
    for number in range(500):
        journal.put(fact(number=number, run_id=f"run_{number % 3}"))
    journal.wait()

    rows = JournalReader(tmp_path).rows("run_1")
    assert [row.data["number"] for row in rows] == list(range(1, 500, 3))
    assert [row.seq for row in rows] == list(range(1, len(rows) + 1))
    assert (rows[0].session_id, rows[0].trace_id, rows[0].kind) == ("ses_1", "t" * 32, "event")


def test_what_was_waited_for_is_on_the_disk(journal: Journal, tmp_path: Path) -> None:
    journal.put(fact(n=1))
    journal.put_and_wait(fact("call_requested", call_id="run_1/1"))

    assert [row.kind for row in JournalReader(tmp_path).rows("run_1")] == ["event", "call_requested"]


def test_an_effect_does_not_wait_for_the_window_to_end(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sanca.python_runtime.broker.journal.WINDOW_SECONDS", 5.0)
    journal.wait()
    begun = time.monotonic()
    for number in range(5):
        journal.put(fact(n=number))
        journal.put_and_wait(fact("call_requested", call_id=f"run_1/{number}"))

    assert time.monotonic() - begun < 2.5


def test_effects_of_many_threads_share_commits(journal: Journal, tmp_path: Path) -> None:
    def effects(thread: int) -> None:
        for number in range(50):
            journal.put_and_wait(fact(run_id=f"run_{thread}", n=number))

    threads = [threading.Thread(target=effects, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    for number in range(8):
        assert [row.data["n"] for row in JournalReader(tmp_path).rows(f"run_{number}")] == list(range(50))


def test_a_reopened_journal_goes_on_counting(tmp_path: Path) -> None:
    for number in range(3):
        journal = Journal(tmp_path / "journal.db")
        journal.put(fact(n=number))
        journal.close()

    assert [row.seq for row in JournalReader(tmp_path).rows("run_1")] == [1, 2, 3]


def test_rows_cannot_be_changed(journal: Journal, tmp_path: Path) -> None:
    journal.put_and_wait(fact(n=1))

    with sqlite3.connect(tmp_path / "journal.db") as other, pytest.raises(sqlite3.IntegrityError, match="append-only"):
        other.execute("UPDATE journal SET data = '{}'")
    other.close()


def test_a_journal_that_cannot_be_written_says_so_and_catches_up_later(journal: Journal, tmp_path: Path) -> None:
    journal.put_and_wait(fact(n=1))
    journal._connection.execute("PRAGMA busy_timeout = 50")
    blocker = sqlite3.connect(tmp_path / "journal.db", isolation_level=None)
    blocker.execute("BEGIN EXCLUSIVE")

    with pytest.raises(StoreUnavailableError, match="cannot be written"):
        journal.put_and_wait(fact(n=2))
    problem = journal.problem
    blocker.execute("ROLLBACK")
    blocker.close()
    journal.put_and_wait(fact(n=3))

    assert "locked" in problem
    assert journal.problem == ""
    assert [row.data["n"] for row in JournalReader(tmp_path).rows("run_1")] == [1, 2, 3]


def test_a_file_that_is_no_journal_is_named(tmp_path: Path) -> None:
    (tmp_path / "journal.db").write_bytes(b"this is no database, not at all" * 100)

    with pytest.raises(StoreUnavailableError, match=r"journal\.db"):
        Journal(tmp_path / "journal.db")


def test_a_value_that_is_too_long_leaves_its_size(journal: Journal, tmp_path: Path) -> None:
    journal.put_and_wait(fact("call_finished", call_id="run_1/1", ok=True, value="x" * (VALUE_LIMIT_BYTES + 1)))

    data = JournalReader(tmp_path).rows("run_1")[0].data
    assert data["value"] is None
    assert data["value_bytes"] > VALUE_LIMIT_BYTES


def test_an_empty_folder_reads_as_nothing(tmp_path: Path) -> None:
    reader = JournalReader(tmp_path)

    assert (reader.rows("run_1"), reader.events("run_1"), reader.calls("run_1"), reader.runs("ses_1")) == (
        [],
        [],
        [],
        [],
    )


def test_events_after_a_number_runs_of_a_session_and_calls_are_found(journal: Journal, tmp_path: Path) -> None:
    journal.put(fact("run_started"))
    for seq in (1, 2, 3):
        journal.put(fact(seq=seq, event={"type": "X"}))
    journal.put(fact("call_requested", call_id="run_1/1", tool="a"))
    journal.put(fact("call_requested", call_id="run_1/2", tool="b"))
    journal.put(fact("call_finished", call_id="run_1/1", ok=True, value=3))
    journal.put(fact("run_started", run_id="run_2"))
    journal.wait()
    reader = JournalReader(tmp_path)

    assert [event["seq"] for event in reader.events("run_1", after=1)] == [2, 3]
    assert reader.runs("ses_1") == ["run_1", "run_2"]
    assert [(call["tool"], (call["finished"] or {}).get("value")) for call in reader.calls("run_1")] == [
        ("a", 3),
        ("b", None),
    ]
    assert journal.last_call_number("run_1") == 2
    assert journal.last_call_number("run_9") == 0
