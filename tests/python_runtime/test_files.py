"""Files in and out: hostile names, links and pipes in /output, types and sizes."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import anyio
import pytest
from sanca.core.messages import Caller
from sanca.memory import SqliteStore
from sanca.python_runtime.files import MEDIA_TYPES, SessionFiles, check_session_id, safe_name
from sanca.python_runtime.refusals import BadRequestError, NotFoundError
from sanca.python_runtime.sandbox.output_folder import is_over_limit

pytestmark = pytest.mark.anyio

OLGA, MALLORY = Caller(user="olga"), Caller(user="mallory")


@pytest.fixture
async def files(tmp_path: Path) -> AsyncIterator[SessionFiles]:
    store = SqliteStore(tmp_path / "memory.db")
    await store.open()
    await store.touch_session(OLGA.tenant, OLGA.user, "s1")
    yield SessionFiles(tmp_path / "sessions", store, limit_bytes=1_000)
    await store.close()


async def test_links_pipes_and_folders_in_output_give_nothing_away(files: SessionFiles, tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("secret")
    _, output = files.folders("s1")
    (output / "link.txt").symlink_to(secret)
    (output / "folder").symlink_to(tmp_path)
    os.mkfifo(output / "pipe.txt")
    (output / "deep").mkdir()
    (output / "deep" / "real.txt").write_text("real")

    found, refused = await files.collect(OLGA, "s1")

    assert [info.name for info in found] == ["real.txt"]
    assert refused == []


async def test_only_new_and_allowed_files_are_taken_and_as_a_copy(files: SessionFiles) -> None:
    _, output = files.folders("s1")
    (output / "a.csv").write_text("1")
    (output / "b.exe").write_text("x")
    (output / "c.csv").write_text("x" * 1_001)
    (first,), refused = await files.collect(OLGA, "s1")
    (output / "a.csv").unlink()
    again, _ = await files.collect(OLGA, "s1")
    kept = await files.get(OLGA, first.file_id)

    assert first.name == "a.csv"
    assert again == []
    assert await anyio.Path(kept.path).read_text(encoding="utf-8") == "1"
    assert [reason.partition(":")[0] for reason in refused] == ["b.exe", "c.csv"]
    with pytest.raises(NotFoundError):
        await files.get(MALLORY, first.file_id)


async def test_a_name_that_is_taken_gets_a_number_and_folders_are_cut_off(files: SessionFiles) -> None:
    names = [(await files.put(OLGA, "s1", name, b"x")).name for name in ("a.csv", "a.csv", "../../a.csv")]

    assert names == ["a.csv", "a (2).csv", "a (3).csv"]
    assert await files.input_names("s1") == ["a (2).csv", "a (3).csv", "a.csv"]
    with pytest.raises(NotFoundError):
        await files.put(MALLORY, "s1", "a.csv", b"x")
    with pytest.raises(BadRequestError, match="larger"):
        await files.put(OLGA, "s1", "a.csv", b"x" * 1_001)


@pytest.mark.parametrize(
    ("given", "safe"),
    [("..\\..\\x.csv", "x.csv"), ("a\x00b/c\n.csv", "c_.csv"), ("报告.csv", "报告.csv"), ("...", "file"), ("", "file")],
)
def test_names_become_safe(given: str, safe: str) -> None:
    assert safe_name(given) == safe


@pytest.mark.parametrize("wrong", ["", ".", "..", "a/b", "a..b", "-a", "a" * 129, "a\n"])
def test_session_ids_that_are_no_folder_names_are_refused(wrong: str) -> None:
    with pytest.raises(BadRequestError):
        check_session_id(wrong)


async def test_folders_a_thousand_deep_are_passed_over_end_the_action_and_can_be_deleted(
    files: SessionFiles, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    _, output = files.folders("s1")
    (output / "a.csv").write_text("1")
    request.addfinalizer(lambda: subprocess.run(["/bin/rm", "-rf", str(tmp_path)], check=True))  # pytest's own recurses
    bottom = make_deep(output, 1_200)
    os.close(bottom)
    (output / "closed").mkdir()
    (output / "closed").chmod(0)

    found, _ = await files.collect(OLGA, "s1")
    await files.remember_outputs("s1")

    assert [info.name for info in found] == ["a.csv"]
    assert await is_over_limit(output, 1)
    await files.forget("s1")
    assert not (tmp_path / "sessions" / "s1").exists()


def make_deep(folder: Path, levels: int) -> int:
    """Make folders in folders, as an action would, and return a descriptor of the innermost."""
    at = os.open(folder, os.O_RDONLY)
    for _ in range(levels):
        os.mkdir("d", dir_fd=at)
        inner = os.open("d", os.O_RDONLY, dir_fd=at)
        os.close(at)
        at = inner
    return at


async def test_a_name_that_is_no_text_is_told_as_text(files: SessionFiles) -> None:
    _, output = files.folders("s1")
    os.close(os.open(os.fsencode(output) + b"/\xff\nx.exe", os.O_CREAT | os.O_WRONLY))
    found, refused = await files.collect(OLGA, "s1")
    assert found == []
    assert refused[0].startswith("__x.exe: ")
    refused[0].encode()


def test_the_host_takes_the_same_kinds_of_files_unless_told_otherwise() -> None:
    root = Path(__file__).parents[2] / "java-host" / "sanca-spring-boot-starter" / "src" / "main" / "java"
    source = (root / "dev" / "sanca" / "host" / "agui" / "FileProperties.java").read_text(encoding="utf-8")
    taken = re.findall(r'"(\w+)"', source.partition("List.of(")[2])
    assert sorted(f".{ending}" for ending in taken) == sorted(MEDIA_TYPES)
    assert not {"text/html", "image/svg+xml", "text/javascript"} & set(MEDIA_TYPES.values())
