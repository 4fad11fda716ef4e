"""MCP servers that nobody here wrote, used from an action: by their typed proxies, through the gate."""

from __future__ import annotations

import json
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from peers import Acted, act, npm_program, peer_program, until_there
from sanca.python_runtime import Engine

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def folder(home: Path) -> Path:
    """A folder with a note, which is a git repository too."""
    folder = (home.parent / "shared").resolve()
    folder.mkdir()
    (folder / "notes.txt").write_text("the pool has 20 places\n", encoding="utf-8")
    author = ["-c", "user.name=olga", "-c", "user.email=o@example.org"]
    for command in (["init", "-q"], ["add", "."], [*author, "commit", "-qm", "first"]):
        subprocess.run(["git", *command], cwd=folder, check=True)
    return folder


@pytest.fixture(scope="module")
async def engine(home: Path, folder: Path) -> AsyncIterator[Engine]:
    """An engine that knows five servers, three of npm and two of the Python package index."""
    servers = {
        "files": {"command": npm_program("mcp-server-filesystem"), "args": [str(folder)], "trust": "hints"},
        "graph": {"command": npm_program("mcp-server-memory"), "env": {"MEMORY_FILE_PATH": str(home / "graph.jsonl")}},
        "every": {"command": npm_program("mcp-server-everything"), "args": ["stdio"]},
        "git": {"command": peer_program("mcp-server-git"), "args": ["--repository", str(folder)]},
        "clock": {"command": peer_program("mcp-server-time"), "args": ["--local-timezone", "UTC"]},
    }
    (home / "toolkits.json").write_text(json.dumps({"mcpServers": servers}), encoding="utf-8")
    async with Engine(home) as engine:
        await until_there(engine, *(f"mcp.{name}" for name in servers))
        yield engine


def well_done(acted: Acted) -> Acted:
    assert acted.status == "ok", acted.error
    return acted


async def test_the_file_server_of_npm_reads_and_writes_only_when_a_person_agrees(engine: Engine, folder: Path) -> None:
    path = folder / "made.txt"
    read = well_done(await act(engine, f"mcp.files.read_text_file(path={str(folder / 'notes.txt')!r})"))
    written = well_done(await act(engine, f"mcp.files.write_file(path={str(path)!r}, content='made by an action')"))
    outside = await act(engine, "mcp.files.read_text_file(path='/etc/hostname')")

    assert "20 places" in read.value
    assert (read.asked, read.calls) == ([], [("mcp.files.read_text_file", "READ")])
    assert written.asked == ["mcp.files.write_file"]
    assert path.read_text(encoding="utf-8") == "made by an action"
    assert outside.status == "error"
    assert "denied" in outside.error.lower()


async def test_the_memory_server_of_npm_keeps_a_graph_between_actions(engine: Engine, home: Path) -> None:
    entity = {"name": "checkout", "entityType": "service", "observations": ["its pool ran dry"]}
    code = "found = mcp.graph.search_nodes(query='pool')\n[one['name'] for one in found['entities']]"
    made = well_done(await act(engine, f"mcp.graph.create_entities(entities=[{entity!r}])"))
    found = well_done(await act(engine, code))

    assert made.asked == ["mcp.graph.create_entities"]
    assert found.value == "['checkout']"
    assert "its pool ran dry" in (home / "graph.jsonl").read_text(encoding="utf-8")


async def test_the_everything_server_of_npm_answers_with_text_structures_and_images(engine: Engine) -> None:
    code = (
        "total = mcp.every.get_sum(a=19, b=23)\n"
        "weather = mcp.every.get_structured_content(location='Chicago')\n"
        "(str(total), sorted(weather))"
    )
    acted = well_done(await act(engine, code))
    image = well_done(await act(engine, "str(mcp.every.get_tiny_image())[:2000]"))
    wrong = await act(engine, "mcp.every.get_sum(a='many', b=23)")

    assert "42" in acted.value
    assert "temperature" in acted.value
    assert "image" in image.value.lower()
    assert wrong.status == "error"


async def test_the_git_server_of_pypi_tells_of_a_repository(engine: Engine, folder: Path) -> None:
    told = well_done(await act(engine, f"str(mcp.git.git_log(repo_path={str(folder)!r}))"))

    assert "first" in told.value


async def test_the_time_server_of_pypi_converts_between_zones(engine: Engine) -> None:
    code = "str(mcp.clock.convert_time(source_timezone='UTC', time='12:00', target_timezone='Asia/Shanghai'))"
    told = well_done(await act(engine, code))

    assert "20:00" in told.value
