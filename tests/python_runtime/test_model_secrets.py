"""The model's key stays in the engine: not in the broker, the guest, logs, files, journal, events or errors."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from model_server import FakeModelServer, Reply
from sanca.core.errors import SancaError
from sanca.python_runtime import Engine
from sanca.python_runtime.engine import LOCAL
from watching import to_the_end

pytestmark = pytest.mark.anyio
SECRET = "sk-canary-5f0c2a9e7b1d4836"
LOOK = """I look around.

```python
import os, glob
seen = {name: value for name, value in os.environ.items()}
for path in glob.glob('/proc/[0-9]*/environ') + glob.glob('/proc/[0-9]*/cmdline'):
    try:
        seen[path] = open(path, 'rb').read()
    except OSError:
        pass
found = [name for name, value in seen.items() if 'canary-5f0c' in str(value)]
(len(seen) > 0, found)
```"""


def _children_with(secret: bytes) -> list[str]:
    """Return the processes below this one whose environment or arguments hold the secret."""
    below, found = {os.getpid()}, []
    for folder in sorted(Path("/proc").glob("[0-9]*"), key=lambda one: int(one.name)):
        try:
            parent = int(folder.joinpath("stat").read_text().rpartition(")")[2].split()[1])
            if parent not in below:
                continue
            below.add(int(folder.name))
            if secret in folder.joinpath("environ").read_bytes() + folder.joinpath("cmdline").read_bytes():
                found.append(folder.joinpath("cmdline").read_text().replace("\0", " "))
        except OSError:
            continue
    assert len(below) > 2, "broker and fork server run below this process"
    return found


async def test_key_reaches_nothing_but_the_model_server(
    home: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    leak = Reply(status=500, error_message=f"upstream refused key {SECRET}", headers={"retry-after": "0"})
    with FakeModelServer([leak, LOOK, "Nothing there."], api_key=SECRET) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.openai_url)
        monkeypatch.setenv("OPENAI_API_KEY", SECRET)
        monkeypatch.setenv("OPENAI_MODEL", "fake-model")
        async with Engine(home) as engine:
            events = await to_the_end(
                await engine.start(engine.request("ses_a", LOCAL, message="hum for the tulips")), seconds=90
            )
            assert _children_with(SECRET.encode()) == []
            facts = [engine.parts.models.entries(), engine.parts.models.usage(), vars(engine.parts.models)]
            assert SECRET not in repr(facts)
    assert len(server.requests) == 3
    assert events[-1]["result"]["answer"] == "Nothing there."
    assert "(True, [])" in str(events)
    assert SECRET not in str(events)
    logged = capfd.readouterr()
    assert SECRET not in logged.out + logged.err
    assert _files_with(home, SECRET.encode()) == []
    assert _rows(home / "journal.db") > 5


async def test_error_of_a_refused_key_does_not_repeat_it(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with FakeModelServer([Reply(status=401, error_message=f"no such key: {SECRET}")]) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.openai_url)
        monkeypatch.setenv("OPENAI_API_KEY", SECRET)
        async with Engine(home) as engine:
            events = await to_the_end(
                await engine.start(engine.request("ses_a", LOCAL, message="hum for the tulips")), seconds=90
            )
    assert "refused the key" in str(events[-1])
    assert SECRET not in str(events)
    assert _files_with(home, SECRET.encode()) == []


async def test_setting_that_cannot_be_read_is_named_without_its_key(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SANCA_MODEL_FAST", f"openai:m@ftp://x$%{SECRET}")
    with pytest.raises(SancaError) as caught:
        async with Engine(home):
            pass
    assert "SANCA_MODEL_FAST" in str(caught.value)
    assert SECRET not in str(caught.value)


def _files_with(folder: Path, secret: bytes) -> list[str]:
    return [str(path) for path in folder.rglob("*") if path.is_file() and secret in path.read_bytes()]


def _rows(database: Path) -> int:
    with closing(sqlite3.connect(database)) as connection:
        (table,) = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").fetchone()
        return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])  # noqa: S608 - the name is ours
