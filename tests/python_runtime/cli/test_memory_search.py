"""`sanca memory import` and `sanca memory search`, as a terminal runs them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import anyio
import pytest
from sanca.core.errors import ConfigurationError
from sanca.memory import MemorySettings
from sanca.memory.stores import open_store
from sanca.python_runtime.cli.application import application
from typer.testing import CliRunner

TURNS = [
    {"id": "1", "speaker": "Kim", "time": "2026-03-02T09:00:00+00:00", "text": "I bought a kayak yesterday."},
    {"id": "2", "speaker": "Ben", "time": "2026-03-02T09:01:00+00:00", "text": "I would rather have a horse."},
    {"id": "3", "speaker": "Kim", "time": "2026-03-09T09:00:00+00:00", "text": "我妈妈开了一家面馆。"},
]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A state folder of its own."""
    monkeypatch.setenv("SANCA_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def written(folder: Path, rows: list[Any]) -> Path:
    """Write rows as JSON lines; text goes in as it is."""
    path = folder / "talk.jsonl"
    lines = [row if isinstance(row, str) else json.dumps(row, ensure_ascii=False) for row in rows]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def run(*arguments: str | Path) -> str:
    """Run `sanca memory …` and return what it printed; its errors are raised."""
    result = CliRunner().invoke(application, ["memory", *map(str, arguments)], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def found(*arguments: str | Path) -> list[dict[str, Any]]:
    """Return the lines of a search with --json."""
    return [json.loads(line) for line in run("search", *arguments, "--json").splitlines()]


def test_what_was_imported_is_found_best_first(tmp_path: Path) -> None:
    said = json.loads(run("import", written(tmp_path, TURNS), "--session", "talk", "--json"))
    assert said == {"session": "talk", "imported": 3, "removed": 0}
    (line,) = found("What did Kim buy?", "--session", "talk", "--limit", "2")
    assert line["query"] == "What did Kim buy?"
    assert line["ids"][0] == "1"
    assert len(line["ids"]) == len(line["scores"]) <= 2
    assert line["scores"] == sorted(line["scores"], reverse=True)


def test_a_file_of_questions_gives_a_line_each_in_order(tmp_path: Path) -> None:
    run("import", written(tmp_path, TURNS), "--session", "talk")
    queries = tmp_path / "queries.txt"
    queries.write_text('妈妈开了什么店？\n{"query": "Who wants a horse?"}\n\nWho bought a kayak?\n', encoding="utf-8")
    lines = found("--queries", queries, "--session", "talk", "--limit", "1")
    assert [line["query"] for line in lines] == ["妈妈开了什么店？", "Who wants a horse?", "Who bought a kayak?"]
    assert [line["ids"] for line in lines] == [["3"], ["2"], ["1"]]


@pytest.mark.parametrize(
    ("time", "read"),
    [
        ("1:56 pm on 8 May, 2023", "2023-05-08 13:56"),
        ("2023-05-08 13:56", "2023-05-08 13:56"),
        (1683554160, "2023-05-08 13:56"),
        (1683554160000, "2023-05-08 13:56"),
        (None, ""),
    ],
)
def test_a_time_is_read_as_people_and_programs_write_it(tmp_path: Path, time: object, read: str) -> None:
    row = {"id": "D1:1", "speaker": "Kim", "time": time, "text": "I bought a kayak."}
    run("import", written(tmp_path, [row, {"id": "D1:2", "speaker": "Ben", "text": ""}]), "--session", "talk")
    said = run("search", "Who bought a kayak?", "--session", "talk", "--limit", "1")
    assert (f"[Kim, {read}]" if read else "[Kim]") in said


def test_people_read_who_said_it_when_and_why_it_was_recalled(tmp_path: Path) -> None:
    run("import", written(tmp_path, TURNS), "--session", "talk")
    said = run("search", "Who bought a kayak?", "--session", "talk", "--limit", "1")
    assert "[Kim, 2026-03-02 09:00]" in said
    assert "kayak" in said.splitlines()[-1]
    assert "words" in said.splitlines()[-1]


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("{broken", r"line 2: not JSON .*one object a line"),
        ([1, 2], r"line 2: not a JSON object"),
        ({"id": "9", "speaker": "Kim", "time": "2026-03-02T09:00:00Z"}, r'line 2: it needs a text "text"'),
        ({"id": "9", "speaker": 4, "time": "2026-03-02T09:00:00Z", "text": "x"}, r'line 2: it needs a text "speaker"'),
        ({"id": "9", "speaker": "K", "time": "last week", "text": "x"}, r"line 2: the time 'last week' cannot be read"),
        ({"id": "1", "speaker": "K", "time": "2026-03-02", "text": "x"}, r"line 2: the id '1' stands in line 1"),
        ({"id": "9", "speaker": "K", "time": "2026-03-02", "text": "x" * 200_001}, r"line 2: text: .*cut the row"),
    ],
)
def test_a_bad_row_is_named_by_its_line_and_nothing_is_imported(tmp_path: Path, row: Any, says: str) -> None:
    run("import", written(tmp_path, TURNS), "--session", "talk")
    changed = [TURNS[0] | {"text": "I sold the kayak."}, row]
    with pytest.raises(ConfigurationError, match=says):
        run("import", written(tmp_path, changed), "--session", "talk")
    (line,) = found("kayak", "--session", "talk")
    assert line["ids"][0] == "1"
    assert "bought" in run("search", "kayak", "--session", "talk", "--limit", "1")


def test_importing_again_replaces_the_session(tmp_path: Path) -> None:
    run("import", written(tmp_path, TURNS), "--session", "talk")
    run("import", written(tmp_path, TURNS), "--session", "other")
    shorter = [TURNS[0] | {"text": "I sold the tent."}]
    said = json.loads(run("import", written(tmp_path, shorter), "--session", "talk", "--json"))
    assert said == {"session": "talk", "imported": 1, "removed": 2}
    assert found("horse tent kayak", "--session", "talk")[0]["ids"] == ["1"]
    assert "2" in found("horse", "--session", "other")[0]["ids"]


def test_another_user_has_no_such_session(tmp_path: Path) -> None:
    run("import", written(tmp_path, TURNS), "--session", "talk")
    with pytest.raises(ConfigurationError, match="You have no session 'talk'"):
        run("search", "kayak", "--session", "talk", "--user", "somebody-else")
    assert found("kayak", "--user", "somebody-else")[0]["ids"] == []


def test_it_works_while_another_process_holds_the_store_open(tmp_path: Path, home: Path) -> None:
    home.mkdir(parents=True)

    async def beside() -> None:
        store = open_store(MemorySettings(), home)
        await store.open()
        try:
            await anyio.to_thread.run_sync(lambda: run("import", written(tmp_path, TURNS), "--session", "talk"))
            lines = await anyio.to_thread.run_sync(lambda: found("Who bought a kayak?", "--session", "talk"))
            assert lines[0]["ids"][0] == "1"
        finally:
            await store.close()

    anyio.run(beside)


@pytest.mark.parametrize("arguments", [[], ["a question", "--queries", "file.txt"]])
def test_one_question_or_a_file_of_them_is_wanted(arguments: list[str]) -> None:
    with pytest.raises(ConfigurationError, match="one question, or a file"):
        run("search", *arguments)
