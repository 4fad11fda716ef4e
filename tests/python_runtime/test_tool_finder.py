"""What an action and a prompt see of many tools, and what the journal tells about them."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import orjson
import pytest
from prompt_cases import toolkits
from sanca.core.tools import ToolDefinition, ToolkitDefinition
from sanca.memory.tool_search import ToolUse
from sanca.prompts import InferencePromptConfigManager, PromptInputs
from sanca.python_runtime import Engine
from sanca.python_runtime.broker.journal import SCHEMA
from sanca.python_runtime.engine import LOCAL
from sanca.python_runtime.models import ScriptedModel
from sanca.python_runtime.tool_finder import SHOWN_TOOLS_MAX, ToolFinder
from sanca.python_runtime.tool_uses import uses_in_journal

WEATHER = ToolkitDefinition(
    name="mcp.weather",
    description="Weather of the world.",
    tools=(
        ToolDefinition(
            name="forecast",
            description="Weather forecast of a city.",
            input_schema={"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
        ),
        ToolDefinition(name="warnings", description="Warnings of storm and frost."),
    ),
)
CRM = ToolkitDefinition(
    name="crm",
    description="Customers.",
    tools=(
        *(ToolDefinition(name=f"field_{n}", description=f"Field number {n} of a record.") for n in range(300)),
        ToolDefinition(name="merge_customers", description="Join two records of the same customer."),
    ),
)


@pytest.mark.anyio
async def test_search_gives_name_form_and_description() -> None:
    found = await ToolFinder(lambda: (WEATHER, CRM)).search("will it rain in Rome? the weather, please")
    assert found[0]["name"] == "mcp.weather.forecast"
    assert found[0]["tool"] == "mcp.weather.forecast(city: str) -> Any"
    assert found[0]["description"] == "Weather forecast of a city."
    assert found[0]["score"] >= found[1]["score"]


@pytest.mark.anyio
async def test_search_follows_the_toolkits() -> None:
    toolkits: list[tuple[ToolkitDefinition, ...]] = [(WEATHER,)]
    finder = ToolFinder(lambda: toolkits[-1])
    assert {one["name"] for one in await finder.search("join customers")} <= {
        "mcp.weather.forecast",
        "mcp.weather.warnings",
    }
    toolkits.append((WEATHER, CRM))
    assert (await finder.search("join customers"))[0]["name"] == "crm.merge_customers"
    toolkits.append((CRM,))
    assert not any(one["name"].startswith("mcp.") for one in await finder.search("weather forecast"))


@pytest.mark.anyio
async def test_few_tools_are_all_shown() -> None:
    finder = ToolFinder(lambda: (WEATHER,))
    assert not finder.is_abridged
    assert "def forecast(city: str)" in finder.shown(LOCAL)
    assert await finder.for_message("weather", LOCAL) == ""


@pytest.mark.anyio
async def test_of_many_tools_a_prompt_shows_only_what_the_message_needs() -> None:
    finder = ToolFinder(lambda: (WEATHER, CRM))
    assert finder.is_abridged
    shown = finder.shown(LOCAL)
    assert "def forecast(city: str)" in shown
    assert "# crm: 301 tools, such as field_0, field_1" in shown
    assert "def field_7" not in shown
    stubs = await finder.for_message("these two customers are the same, merge them", LOCAL)
    assert "class crm:" in stubs and "def merge_customers()" in stubs
    assert stubs.count("def ") < SHOWN_TOOLS_MAX
    compile(stubs, "stubs", "exec")


@pytest.mark.anyio
async def test_what_a_prompt_shows_of_tools_is_bounded_whatever_their_number() -> None:
    sizes = {}
    for count in (20, 200, 2_000):
        kits = toolkits(count)
        finder = ToolFinder(lambda kits=kits: kits)  # type: ignore[misc]  # bound now
        stubs = await finder.for_message("cancel the invoice of region 7", LOCAL)
        shown = finder.shown(LOCAL)
        compile(shown, "stubs", "exec")
        compile(stubs, "stubs", "exec")
        inputs = PromptInputs("x", toolkits=shown, is_abridged=finder.is_abridged, tools=stubs)
        sizes[count] = sum(InferencePromptConfigManager().builder("cmd").assemble(inputs).tokens.values())
        assert "cancel_invoice" in shown + stubs
        if count > 20:
            assert "class region_7:" in stubs
    assert sizes[2_000] <= 1.3 * sizes[20]
    assert "further toolkits, " in shown and " and " in shown and " more" in shown


@pytest.mark.anyio
async def test_the_card_toolkit_is_shown_whole_before_any_other() -> None:
    card = ToolkitDefinition(name="card", tools=tuple(ToolDefinition(name=f"show_{n}") for n in range(9)))
    small = ToolkitDefinition(name="a", tools=(ToolDefinition(name="one"),))
    finder = ToolFinder(lambda: (CRM, card, small))
    shown = finder.shown(LOCAL)
    assert shown.index("class card:") < shown.index("class a:") < shown.index("# crm: 301 tools")


@pytest.mark.anyio
async def test_the_prompt_says_how_to_find_more_only_when_there_is_more() -> None:
    finder = ToolFinder(lambda: (WEATHER, CRM))
    message = "merge two customers"
    builder = InferencePromptConfigManager().builder("cmd")
    inputs = PromptInputs(
        message=message,
        toolkits=finder.shown(LOCAL),
        is_abridged=True,
        tools=await finder.for_message(message, LOCAL),
    )
    request = builder.assemble(inputs).request
    assert 'tools.search("what it should do")' in request.messages[0].content
    assert "<tools>\nclass crm:" in request.messages[1].content
    few = PromptInputs(message=message, toolkits=ToolFinder(lambda: (WEATHER,)).shown(LOCAL))
    assert not any("<tools>\n" in one.content for one in builder.assemble(few).request.messages)


@pytest.mark.anyio
async def test_a_tool_that_keeps_failing_comes_behind_its_like() -> None:
    same = ToolDefinition(name="search", description="Search the documents of the company.")
    kits = tuple(ToolkitDefinition(name=name, tools=(same,)) for name in ("first", "second"))
    finder = ToolFinder(lambda: kits, lambda: {"first.search": ToolUse(3, 0), "second.search": ToolUse(3, 3)})
    assert [one["name"] for one in await finder.search("search documents")] == ["second.search", "first.search"]
    for _ in range(30):
        finder.note_call("second.search", succeeded=False)
        finder.note_call("first.search", succeeded=True)
    assert [one["name"] for one in await finder.search("search documents")] == ["first.search", "second.search"]


@pytest.mark.anyio
async def test_an_action_searches_describes_and_calls_what_it_found(home: Path) -> None:
    code = """
found = tools.search("give the plants some water")
print(found[0]["name"], "litres" in tools.describe(found[0]["name"]))
print([one["name"] for one in tools.search("列出 beds")][:1])
"""
    model = ScriptedModel([f"I look.\n\n```python\n{code}\n```", "Found."])
    async with Engine(home, model=model) as engine:
        assert (await engine.run("hum a tune for the tulips")).answer == "Found."
    seen = model.requests[1].messages[-1].content
    assert "garden.water True" in seen
    assert "garden.beds" in seen


def journal(path: Path, *facts: tuple[str, dict[str, object]]) -> Path:
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(SCHEMA)
        for seq, (kind, data) in enumerate(facts):
            row = (seq, "run_1", "session_1", seq, kind, 0.0, "", orjson.dumps(data).decode())
            connection.execute("INSERT INTO journal VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)
        connection.commit()
    return path


def test_the_journal_is_counted_by_tool(tmp_path: Path) -> None:
    def requested(number: int, tool: str) -> tuple[str, dict[str, object]]:
        return "call_requested", {"call_id": f"run_1/{number}", "toolkit": "system", "tool": tool}

    def finished(number: int, *, ok: bool) -> tuple[str, dict[str, object]]:
        return "call_finished", {"call_id": f"run_1/{number}", "ok": ok}

    path = journal(
        tmp_path / "journal.db",
        requested(1, "logs"), finished(1, ok=True), requested(2, "logs"), finished(2, ok=False),
        requested(3, "restart"), finished(3, ok=True), requested(4, "restart"),
        ("event", {"seq": 1}), ("call_finished", {"call_id": "run_1/5", "ok": False, "toolkit": "a.b", "tool": "c"}),
    )  # fmt: skip
    assert uses_in_journal(path) == {
        "system.logs": ToolUse(2, 1),
        "system.restart": ToolUse(1, 1),
        "a.b.c": ToolUse(1, 0),
    }


@pytest.mark.parametrize("content", [None, b"", b"no database"])
def test_without_a_journal_nothing_is_known(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "journal.db"
    if content is not None:
        path.write_bytes(content)
    assert uses_in_journal(path) == {}
