"""The table of run records: a file of an older engine is read on, and pages name what changed last first."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sanca.core.ids import RunId, SessionId
from sanca.core.messages import Caller
from sanca.python_runtime.run_list import RunFilter, place_from, place_of
from sanca.python_runtime.run_record import RunRecord, RunRequest, RunStatus
from sanca.python_runtime.run_store import RunStore

pytestmark = pytest.mark.anyio

MIRA = Caller(user="mira", channel="a2a")
OLDER = """
CREATE TABLE sanca_runs (
  run_id TEXT PRIMARY KEY, session_id TEXT NOT NULL, tenant TEXT NOT NULL, user TEXT NOT NULL,
  session_sequence INTEGER NOT NULL, status TEXT NOT NULL, record TEXT NOT NULL,
  UNIQUE (session_id, session_sequence)
)
"""


def record(run_id: str, status: RunStatus = RunStatus.DONE, session_id: str = "ses") -> RunRecord:
    ids = {"run_id": RunId(run_id), "session_id": SessionId(session_id), "agui_run_id": run_id}
    asked = RunRequest.model_validate({**ids, "caller": MIRA, "message_id": f"m-{run_id}"})
    return RunRecord(request=asked, status=status)


async def test_a_file_of_an_older_engine_is_read_on(tmp_path: Path) -> None:
    path, old = tmp_path / "runs.db", record("run_old")
    body = old.model_dump_json(exclude={"updated_at", "output_ids", "last_seq"})
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(OLDER)
        values = ("run_old", "ses", "default", "mira", 1, "done", body)
        connection.execute("INSERT INTO sanca_runs VALUES (?, ?, ?, ?, ?, ?, ?)", values)
    store = RunStore(path)
    for _ in range(2):  # opened again, nothing is done again
        await store.open()
        found, total = await store.page(MIRA, RunFilter(channel="a2a", since=old.started_at))
        await store.close()

    assert [one.run_id for one in found] == ["run_old"]
    assert total == 1
    assert place_from(place_of(found[0])) == (old.started_at, "run_old")


async def test_a_run_comes_first_again_only_when_its_status_changed(tmp_path: Path) -> None:
    store = RunStore(tmp_path / "runs.db")
    await store.open()
    first = await store.add(record("run_1", RunStatus.RUNNING))
    await store.add_all([record("run_2"), record("run_3")])
    first.legs = 2
    await store.save(first)
    before = [one.run_id for one in (await store.page(MIRA, RunFilter()))[0]]
    first.status = RunStatus.DONE
    await store.save(first)
    after = [one.run_id for one in (await store.page(MIRA, RunFilter()))[0]]
    order = [one.session_sequence for one in await store.of_session(MIRA, "ses")]
    await store.close()

    assert (before, after) == (["run_3", "run_2", "run_1"], ["run_1", "run_3", "run_2"])
    assert order == [1, 2, 3]


async def test_a_batch_is_kept_whole_or_not_at_all(tmp_path: Path) -> None:
    store = RunStore(tmp_path / "runs.db")
    await store.open()
    broken = record("run_2")
    broken.request.__dict__["session_id"] = None  # what no request holds: the table refuses it
    with pytest.raises(Exception, match="NOT NULL"):
        await store.add_all([record("run_1"), broken])
    await store.add_all([record("run_3")])
    found, _ = await store.page(MIRA, RunFilter())
    await store.close()

    assert [one.run_id for one in found] == ["run_3"]
