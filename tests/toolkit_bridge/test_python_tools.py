"""Toolkits in Python: decorated functions, methods and classes; found in a folder; the card toolkit."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

import pytest
from pydantic import BaseModel, Field
from sanca.core.errors import ConfigurationError, ConversionError, ToolArgumentError, ToolFailedError, ToolNotFoundError
from sanca.core.ports import Toolkit
from sanca.core.tools import CallContext, Effect
from sanca.toolkit_bridge import CardToolkit, PythonTool, PythonToolkit, find_toolkits, tool

pytestmark = pytest.mark.anyio

CONTEXT = CallContext(call_id="run_1/1", run_id="run_1", session_id="ses_1", tenant="default", user="olga")


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@dataclass
class Point:
    """A result that is no JSON by itself."""

    x: int
    at: datetime
    price: Decimal


@tool(effect=Effect.DESTRUCTIVE, idempotent=True, right="shop:drop", undo="restore", timeout_seconds=5)
def drop(name: Annotated[str, Field(description="Which.")], kind: Literal["soft", "hard"] = "soft") -> list[str]:
    """Drop a thing."""
    return [name, kind]


@tool
async def where(context: CallContext, deep: bool = False) -> dict[str, Any]:
    """Say where."""
    return {"session": context.session_id, "deep": deep}


@tool
def point() -> Point:
    """Give a point."""
    return Point(1, datetime(2026, 1, 2, tzinfo=UTC), Decimal("1.50"))


FILES = {
    "loose.py": '''"""Loose tools."""
from sanca.toolkit_bridge import tool
@tool
def go(a: int) -> int:
    return a''',
    "kit.py": """from sanca.toolkit_bridge import PythonToolkit, tool
class MyToolkit(PythonToolkit):
    @tool
    def go(self) -> int:
        return 1""",
    "made.py": """from sanca.toolkit_bridge import PythonToolkit, tool
@tool
def _hidden() -> None: ...
kit = PythonToolkit('made.by.hand', tools=[_hidden])""",
}


class NoSchema:
    """A type pydantic knows nothing of."""


class CountWords(PythonTool):
    """Count the words of a text."""

    effect: ClassVar[Effect] = Effect.READ

    class Parameters(BaseModel):
        """Its parameters."""

        text: str
        least: int = Field(default=1, ge=1, description="Shortest word.")

    async def execute(self, parameters: Parameters, context: CallContext) -> int:
        """Count."""
        return sum(len(word) >= parameters.least for word in parameters.text.split())


class ShopToolkit(PythonToolkit):
    """The shop."""

    tools = (drop, CountWords)

    def __init__(self) -> None:
        super().__init__()
        self.sold = 0

    @tool(effect=Effect.WRITE)
    def sell(self, amount: int) -> int:
        """Sell some."""
        self.sold += amount
        return self.sold


async def test_a_function_becomes_a_tool_with_schema_and_effect() -> None:
    definition = PythonToolkit("shop", tools=[drop]).definition.tools[0]

    assert (definition.name, definition.description, definition.effect) == ("drop", "Drop a thing.", Effect.DESTRUCTIVE)
    assert (definition.idempotent, definition.right, definition.undo) == (True, "shop:drop", "restore")
    assert definition.input_schema["properties"] == {
        "name": {"type": "string", "description": "Which."},
        "kind": {"type": "string", "enum": ["soft", "hard"], "default": "soft"},
    }
    assert definition.input_schema["required"] == ["name"]
    assert definition.output_schema == {"type": "array", "items": {"type": "string"}}


async def test_the_context_is_filled_in_and_not_shown() -> None:
    toolkit = PythonToolkit("shop", tools=[where])

    assert list(toolkit.definition.tools[0].input_schema["properties"]) == ["deep"]
    assert await toolkit.call("where", {"deep": True}, CONTEXT) == {"session": "ses_1", "deep": True}


async def test_a_toolkit_class_holds_its_methods_functions_and_tool_classes() -> None:
    toolkit = ShopToolkit()

    assert isinstance(toolkit, Toolkit)
    assert (toolkit.definition.name, toolkit.definition.description) == ("shop", "The shop.")
    assert [each.name for each in toolkit.definition.tools] == ["sell", "drop", "count_words"]
    assert await toolkit.call("sell", {"amount": 2}, CONTEXT) == 2
    assert await toolkit.call("sell", {"amount": 2}, CONTEXT) == 4
    assert await toolkit.call("count_words", {"text": "a bb ccc", "least": 2}, CONTEXT) == 2


async def test_results_become_json_like() -> None:
    value = await PythonToolkit("shop", tools=[point]).call("point", {}, CONTEXT)

    assert value == {"x": 1, "at": "2026-01-02T00:00:00Z", "price": "1.50"}


async def test_mistakes_are_errors_of_ours_with_a_sentence() -> None:
    @tool
    def bad() -> None:
        raise ValueError("no luck")

    @tool
    def odd() -> object:
        return object()

    toolkit = PythonToolkit("shop", tools=[bad, odd, CountWords])

    with pytest.raises(ToolFailedError, match=r"shop\.bad failed: ValueError: no luck"):
        await toolkit.call("bad", {}, CONTEXT)
    with pytest.raises(ConversionError, match=r"shop\.odd"):
        await toolkit.call("odd", {}, CONTEXT)
    with pytest.raises(ToolArgumentError, match="'least'") as wrong:
        await toolkit.call("count_words", {"text": "a", "least": 0}, CONTEXT)
    assert wrong.value.argument == "least"
    with pytest.raises(ToolNotFoundError, match="Did you mean 'bad'"):
        await toolkit.call("bads", {}, CONTEXT)


async def test_what_cannot_be_a_tool_is_told_when_it_is_made() -> None:
    @tool
    def starred(*names: str) -> None:
        """Take any."""

    @tool
    def untypable(connection: NoSchema) -> None:
        """Take what has no schema."""

    with pytest.raises(ConfigurationError, match="name its parameters"):
        PythonToolkit("x", tools=[starred])
    with pytest.raises(ConfigurationError, match="untypable"):
        PythonToolkit("x", tools=[untypable])
    with pytest.raises(ConfigurationError, match="is no tool"):
        PythonToolkit("x", tools=[print])


def test_files_of_the_folder_are_found_and_broken_ones_named(tmp_path: Path) -> None:
    folder = tmp_path / "toolkits"
    folder.mkdir()
    for name, body in FILES.items():
        (folder / name).write_text(f"{body}\n", encoding="utf-8")
    (folder / "broken.py").write_text("def (", encoding="utf-8")
    (folder / "exits.py").write_text("raise RuntimeError('stop')", encoding="utf-8")

    found = find_toolkits(tmp_path)

    assert [toolkit.definition.name for toolkit in found.toolkits] == ["my", "loose", "made.by.hand"]
    assert found.toolkits[1].definition.description == "Loose tools."
    assert set(found.problems) == {"broken.py", "exits.py"}
    assert "SyntaxError" in found.problems["broken.py"]


def test_no_folder_is_no_toolkit_and_no_problem(tmp_path: Path) -> None:
    found = find_toolkits(tmp_path / "nowhere")

    assert (found.toolkits, found.problems) == ([], {})


async def test_cards_are_specifications_with_their_own_surface() -> None:
    card = CardToolkit()

    rows = [{"a": 1}]
    table = (await card.call("table", {"title": "T", "rows": rows, "columns": ["a"]}, CONTEXT))["card"]
    progress = (await card.call("progress", {"title": "P", "value": 0.5, "card_id": "bar"}, CONTEXT))["card"]
    form = (await card.call("form", {"title": "F", "fields": [{"name": "n", "type": "date"}]}, CONTEXT))["card"]

    assert table.pop("surface_id").startswith("card_")
    assert table == {"kind": "table", "title": "T", "rows": rows, "columns": ["a"]}
    assert progress == {"kind": "progress", "surface_id": "bar", "title": "P", "value": 0.5, "total": 1.0}
    assert (form["fields"][0]["name"], form["fields"][0]["type"], form["fields"][0]["required"]) == ("n", "date", False)
    with pytest.raises(ToolArgumentError, match="at least one field"):
        await card.call("form", {"title": "F", "fields": []}, CONTEXT)


def test_the_card_toolkit_has_the_tools_of_the_contract() -> None:
    tools = {each.name: each for each in CardToolkit().definition.tools}

    assert set(tools) == {"text", "facts", "table", "line_chart", "links", "diff", "progress", "form", "approve"}
    assert (tools["form"].interaction, tools["approve"].interaction) == ("form", "approval")
    assert all(each.approval == "NEVER" and each.effect is Effect.READ for each in tools.values())
