"""Resources and prompts of a server, read by tools; long calls that a server makes tasks of."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp_box import Person, context, odd, toolkit, tools_of
from sanca.core.errors import ToolError, ToolFailedError
from sanca.core.toolkits_file import McpServerEntry
from sanca.core.tools import Effect
from sanca.mcp_adapters.further_tools import further_tools

pytestmark = pytest.mark.anyio
RAW = str(Path(__file__).parents[1] / "fakes/mcp_raw_server.py")
FIXTURES = str(Path(__file__).parents[1] / "conformance/mcp_server.py")


async def test_resources_and_prompts_are_read_by_tools(tmp_path: Path) -> None:
    async with toolkit(tmp_path, **odd()) as made:
        await made.open()
        tools = tools_of(made)
        listed = await made.call("list_resources", {"page": None}, context())
        text = await made.call("read_resource", {"uri": "test://manual"}, context())
        page = await made.call("read_resource", {"uri": "test://page/7"}, context())
        prompts = await made.call("list_prompts", {"page": None}, context())
        filled = await made.call("get_prompt", {"name": "review", "arguments": {"what": "it"}}, context())
        with pytest.raises(ToolError, match="read_resource"):
            await made.call("read_resource", {"uri": "test://nowhere"}, context())
    assert {tools[name].effect for name in ("list_resources", "read_resource", "get_prompt")} == {Effect.READ}
    assert listed["resources"] == [
        {"uri": "test://manual", "name": "manual", "mime_type": "text/plain", "description": "The manual."}
    ]
    assert [one["uri_template"] for one in listed["templates"]] == ["test://page/{number}"]
    assert (text, page) == ("Read me.", "Page 7.")
    assert prompts["prompts"][0]["arguments"][0] | {"description": ""} == {
        "name": "what",
        "description": "",
        "required": True,
    }
    assert filled["messages"] == [{"role": "user", "content": "Please review it."}]


def test_a_server_s_own_tool_keeps_its_name() -> None:
    made = further_tools(["resources", "completions"], {"read_resource": object()}, McpServerEntry(command="x"))
    assert list(made) == ["list_resources", "complete"]


@pytest.fixture(scope="module")
def fixtures() -> Iterator[str]:
    """Our own MCP server with the conformance suite's fixtures, in a process of its own."""
    started = subprocess.Popen([sys.executable, FIXTURES], stdout=subprocess.PIPE, env=dict(os.environ), text=True)
    assert started.stdout is not None
    ready, url = started.stdout.readline().split()
    assert ready == "ready"
    yield url
    started.terminate()
    started.wait(10)
    started.stdout.close()


async def test_a_long_call_is_seen_to_its_end_as_a_task_that_asks(tmp_path: Path, fixtures: str) -> None:
    person = Person(confirm=True)
    async with toolkit(tmp_path, person, url=fixtures) as made:
        assert await made.call("slow_compute", {"seconds": 0.3, "label": "x"}, context()) == "Computed."
        assert "Deleted" in await made.call("confirm_delete", {"filename": "x"}, context())
        with pytest.raises(ToolFailedError, match="The job failed"):
            await made.call("failing_job", {}, context())
    assert len(person.asked) == 1


async def test_a_cancelled_call_cancels_its_task_and_a_late_one_too(tmp_path: Path, fixtures: str) -> None:
    async with toolkit(tmp_path, Person(), url=fixtures) as made:
        await made.open()
        with anyio.move_on_after(0.5) as scope:
            await made.call("slow_compute", {"seconds": 60, "label": "x"}, context())
        assert scope.cancelled_caught
        with pytest.raises(ToolFailedError, match="did not finish in time"):
            await made.call("slow_compute", {"seconds": 60, "label": "y"}, context(0.7))
        assert await made.call("test_simple_text", {}, context())


async def test_a_tool_that_runs_only_as_a_task_of_2025_is_called_as_one(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    entry: dict[str, Any] = {"command": sys.executable, "args": [RAW], "env": {"RAW_MARK": str(mark)}}
    async with toolkit(tmp_path, **entry) as made:
        assert await made.call("long", {}, context()) == "short after 2 looks"
        with anyio.move_on_after(0.5) as scope:
            await made.call("long", {"forever": True}, context())
        assert scope.cancelled_caught
        assert mark.read_text("utf-8") == "forever"
