"""The guest library: where it is found, what is in it, and what is said when it cannot be used or made."""

from __future__ import annotations

import stat
import sys
from pathlib import Path

import anyio
import pytest
from sanca.core.errors import ConfigurationError, SandboxError
from sanca.python_runtime.sandbox import SandboxSettings, library
from sanca.python_runtime.sandbox.launcher import ForkServer


def test_library_is_looked_for_beside_the_environment() -> None:
    assert library.default_folder() == Path(sys.prefix).parent / ".sandbox-library"
    assert library.is_current(library.default_folder()), "run `make setup`, or `sanca setup-libraries`"
    assert library.find_library(SandboxSettings()) == library.default_folder()


def test_setting_that_names_no_folder_is_refused_by_its_name(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"SANCA_SANDBOX_LIBRARY_FOLDER names .*missing"):
        library.find_library(SandboxSettings(library_folder=tmp_path / "missing"))


def test_folder_of_another_python_or_half_made_is_not_taken(tmp_path: Path) -> None:
    assert not library.made_from(tmp_path)
    (tmp_path / ".made-from").write_text("0123 cpython-39", encoding="ascii")
    assert not library.made_from(tmp_path)
    (tmp_path / ".made-from").write_text(f"0123 {sys.implementation.cache_tag}", encoding="ascii")
    assert library.made_from(tmp_path)
    assert not library.is_current(tmp_path)


def test_library_holds_none_of_the_engines_packages_and_everybody_may_read_it() -> None:
    folder = library.default_folder()
    assert not {"sanca", "grpc", "structlog", "openai", "py4j", "msgpack"} & {path.name for path in folder.iterdir()}
    closed = [
        path
        for path in folder.rglob("*")
        if not path.is_symlink() and path.stat().st_mode & (stat.S_IROTH | (stat.S_IXOTH if path.is_dir() else 0)) == 0
    ]
    assert closed == []
    assert (folder / "numpy" / "__pycache__").is_dir()


def test_library_that_cannot_be_installed_is_told_and_the_old_one_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "guest.lock").write_text("this is no requirement\n", encoding="ascii")
    monkeypatch.setattr(library, "_lock_file", lambda: tmp_path / "guest.lock")
    folder = tmp_path / "library"
    folder.mkdir()
    (folder / "old.py").touch()
    with pytest.raises(SandboxError, match="could not be installed: "):
        library.make_library(folder)
    assert [path.name for path in folder.iterdir()] == ["old.py"]
    assert {path.name for path in tmp_path.iterdir()} == {"guest.lock", "library"}


def test_library_below_a_closed_home_is_shown_all_the_same(tmp_path: Path) -> None:
    home = tmp_path / "home"
    folder = home / "library"
    folder.mkdir(parents=True)
    (folder / "greeting.py").write_text("import sys\nsys.stderr.write('loaded')\n", encoding="utf-8")
    folder.chmod(0o755)
    home.chmod(0o700)
    server = ForkServer(SandboxSettings(library_folder=folder, preload_libraries=("greeting",)), libraries=True)

    async def start_and_read() -> None:
        try:
            await server.start()  # as root it has given up being root when it loads them
            assert server.alive
        finally:
            await server.close()

    anyio.run(start_and_read)
    assert home.stat().st_mode & 0o077 == 0
