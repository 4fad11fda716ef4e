"""Libraries that a person agrees to add: fetched by the real pip from a folder of wheels, used in the real sandbox."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from agui_story import activities, text
from sanca.python_runtime import Engine
from sanca.python_runtime.added_libraries import AddedLibraries, LibraryNotAddedError
from sanca.python_runtime.asks import Answer
from sanca.python_runtime.engine import LOCAL
from watching import to_the_end

pytestmark = pytest.mark.anyio

IMPORT = "import gardenlib\ngardenlib.bloom(3)"
ADD = "sanca.add_library('gardenlib')"


def make_wheel(folder: Path, name: str, files: dict[str, str], needs: tuple[str, ...] = ()) -> None:
    """Write a wheel by hand, as no index would: any file names in it."""
    info = f"{name}-1.0.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n" + "".join(
        f"Requires-Dist: {one}\n" for one in needs
    )
    told = {
        **files,
        f"{info}/METADATA": metadata,
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/RECORD": "",
    }
    with zipfile.ZipFile(folder / f"{name}-1.0-py3-none-any.whl", "w") as wheel:
        for path, content in told.items():
            wheel.writestr(path, content)


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of wheels that is all pip may look at."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    make_wheel(folder, "soil", {"soil.py": "DEPTH = 30\n"})
    make_wheel(folder, "gardenlib", {"gardenlib/__init__.py": "import soil\ndef bloom(n): return '*' * n\n"}, ("soil",))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setenv("SANCA_TEST_SECRET", "sk-not-for-pip")
    return folder


@pytest.fixture
def libraries(tmp_path: Path) -> AddedLibraries:
    (tmp_path / "input").mkdir()
    return AddedLibraries(lambda _: tmp_path / "input", lambda: None)


async def test_library_and_what_it_needs_come_as_files_that_others_may_read(
    index: Path, libraries: AddedLibraries, tmp_path: Path
) -> None:
    added = await libraries.add("ses", "gardenlib")
    assert (added.packages, added.modules) == (("gardenlib 1.0", "soil 1.0"), ("gardenlib", "soil"))
    folder = tmp_path / "input" / ".libraries"
    assert (folder / "gardenlib" / "__init__.py").stat().st_mode & 0o777 == 0o644
    assert folder.stat().st_mode & 0o777 == 0o755
    make_wheel(index, "hedge", {"hedge.py": ""})
    assert (await libraries.add("ses", "hedge==1.0")).modules == ("hedge",)
    assert (folder / "soil.py").exists(), "what was added before stays"
    assert sorted(path.name for path in (tmp_path / "input").iterdir()) == [".libraries"]


async def test_nothing_of_a_wheel_leads_out_of_its_folder_or_is_run(
    index: Path, libraries: AddedLibraries, tmp_path: Path
) -> None:
    wheel = {
        "../../out.py": "", "/tmp/sanca-wheel-out.py": "", "evil.py": "raise SystemExit",
        "evil-1.0.data/scripts/start": "#!/bin/sh\n", "evil-1.0.data/purelib/pure.py": "",
        "setup.py": "raise SystemExit",
        "evil-1.0.data/data/etc/passwd": "root",
    }  # fmt: skip
    make_wheel(index, "evil", wheel)
    added = await libraries.add("ses", "evil")
    assert {"evil", "pure"} <= set(added.modules)
    folder = tmp_path / "input" / ".libraries"
    assert not {"out.py", "sanca-wheel-out.py"} & {*os.listdir(tmp_path), *os.listdir("/tmp")}  # noqa: PTH208
    assert not any(path.name in {"start", "passwd"} for path in folder.rglob("*"))
    assert all(path.resolve().is_relative_to(folder) for path in folder.rglob("*"))


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("no-such-library", "no ready-made wheel of 'no-such-library'"),
        ("../wheels/soil.whl", "not the name of a library"),
        ("--index-url=http://127.0.0.1", "not the name of a library"), ("git+https://x/y", "not the name of a library"),
        ("soil @ file:///etc/passwd", "not the name of a library"), ("soil==9", "no ready-made wheel of 'soil==9'"),
        ("", "not the name of a library"), ("x" * 100, "not the name of a library"),
    ],
)  # fmt: skip
async def test_what_cannot_be_added_is_said_in_a_sentence(
    index: Path, libraries: AddedLibraries, tmp_path: Path, name: str, told: str
) -> None:
    with pytest.raises(LibraryNotAddedError, match=told):
        await libraries.add("ses", name)
    assert not list((tmp_path / "input").iterdir())


async def test_source_distribution_is_not_built(index: Path, libraries: AddedLibraries) -> None:
    (index / "builder-1.0.tar.gz").write_bytes(b"not even an archive")
    with pytest.raises(LibraryNotAddedError, match="nothing is built here"):
        await libraries.add("ses", "builder")


async def test_index_out_of_reach_is_one_sentence(libraries: AddedLibraries, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_FIND_LINKS", "")
    for proxy in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.delenv(proxy, raising=False)
    with pytest.raises(LibraryNotAddedError, match="package index cannot be reached"):
        await libraries.add("ses", "gardenlib")


async def test_person_agrees_and_the_next_action_finds_the_library(
    home: Path, index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SANCA_SANDBOX_ADD_LIBRARIES", "ask")
    async with Engine(home) as engine:
        log = await engine.start(engine.request("ses_a", LOCAL, action_code=f"kept = 5\n{IMPORT}"))
        (shown,) = activities(await to_the_end(log), "sanca-round").values()
        assert "There is no library 'gardenlib' in the sandbox." in shown["observation"]
        assert "A person may agree to add it: sanca.add_library('gardenlib')" in shown["observation"]

        log = await engine.start(engine.request("ses_a", LOCAL, action_code=ADD))
        asked = await to_the_end(log)
        (interrupt,) = asked[-1]["outcome"]["interrupts"]
        assert (interrupt["metadata"]["tool"], interrupt["metadata"]["effect"]) == ("add_library", "WRITE")
        assert interrupt["metadata"]["argumentsJson"] == '{"name":"gardenlib"}'
        _, after = await engine.answer_interrupt(LOCAL, "", interrupt["id"], Answer(True, by="olga"), "agui-2")
        answered = await to_the_end(log, after)
        assert "gardenlib 1.0" in text(answered)

        log = await engine.start(engine.request("ses_a", LOCAL, action_code=f"{IMPORT} + str(kept)"))
        assert text(await to_the_end(log)) == "***5"
        log = await engine.start(engine.request("ses_a", LOCAL, action_code="open('/input/.libraries/soil.py', 'w')"))
        (shown,) = activities(await to_the_end(log), "sanca-round").values()
        assert shown["status"] == "error"
        log = await engine.start(engine.request("ses_b", LOCAL, action_code=IMPORT))
        (shown,) = activities(await to_the_end(log), "sanca-round").values()
        assert "ModuleNotFoundError" in shown["observation"], "another session has it not"


async def test_person_refuses_and_nothing_is_added(home: Path, index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SANCA_SANDBOX_ADD_LIBRARIES", "ask")
    async with Engine(home) as engine:
        log = await engine.start(engine.request("ses_a", LOCAL, action_code=ADD))
        (interrupt,) = (await to_the_end(log))[-1]["outcome"]["interrupts"]
        await engine.answer_interrupt(LOCAL, "", interrupt["id"], Answer(False, by="olga"), "agui-2")
    assert not (home / "sessions" / "ses_a" / "input" / ".libraries").exists()


async def test_no_library_can_be_asked_for_by_default(home: Path, index: Path, ledger: Callable[[], list[str]]) -> None:
    async with Engine(home) as engine:
        log = await engine.start(engine.request("ses_a", LOCAL, action_code=ADD))
        (shown,) = activities(await to_the_end(log), "sanca-round").values()
    assert "ToolNotFoundError" in shown["observation"]
    assert not (home / "sessions" / "ses_a" / "input" / ".libraries").exists()
