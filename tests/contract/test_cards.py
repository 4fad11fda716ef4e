"""Both card toolkits, the host's and the engine's own, offer the same tools and give cards that can be shown."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest
from sanca.core.errors import ToolError
from sanca.core.tools import CallContext, CallOutcome, ToolDefinition
from sanca.python_runtime.cards import card_messages
from sanca.toolkit_bridge import CardToolkit, GatewayCall, WireGateway
from sanca.toolkit_bridge.gateway import failure

pytestmark = [pytest.mark.anyio, pytest.mark.jvm]

PATCH = "--- a\n+++ b\n@@ -1 +1 @@\n-a\n+b\n"
SHOWN: dict[str, dict[str, Any]] = {
    "text": {"markdown": "**x**", "title": "T"},
    "facts": {"title": "T", "items": {"a": 1, "b": None, "c": "中"}},
    "table": {"title": "T", "rows": [{"a": 1, "b": "x"}, {"a": 2, "b": "y"}], "columns": ["b", "a"]},
    "line_chart": {"title": "T", "series": {"p": [["2026-11-21T10:00:00Z", 1.5], ["2026-11-21T10:01:00Z", 2]]}},
    "links": {"title": "T", "items": [{"label": "Docs", "url": "https://a.example/b", "what": "x"},
                                      {"label": "Here", "url": "/orders/17"}]},
    "diff": {"title": "T", "patch": PATCH, "path": "a.py"},
    "progress": {"title": "T", "value": 2, "total": 9, "card_id": "bar"},
    "form": {"title": "T", "fields": [{"name": "n", "type": "number", "required": True}, {"name": "c", "type": "choice",
                                                                                        "choices": ["x", "y"]}]},
    "approve": {"title": "T", "detail": "Sure?"},
}  # fmt: skip
REFUSED: dict[str, dict[str, Any]] = {
    "no series": {"tool": "line_chart", "title": "T", "series": {}},
    "no fields": {"tool": "form", "title": "T", "fields": []},
    "no links": {"tool": "links", "title": "T", "items": []},
    "script": {"tool": "links", "title": "T", "items": [{"label": "x", "url": "javascript:alert(1)"}]},
    "elsewhere in disguise": {"tool": "links", "title": "T", "items": [{"label": "x", "url": "/\\evil.example"}]},
    "half a scheme": {"tool": "links", "title": "T", "items": [{"label": "x", "url": "//evil.example"}]},
    "unknown argument": {"tool": "text", "markdown": "x", "colour": "red"},
}
_numbers = itertools.count(1)


class Cards:
    """One of the two toolkits."""

    def __init__(self, name: str, gateway: WireGateway) -> None:
        self._gateway = gateway if name == "java" else None
        self._own = CardToolkit()

    def tools(self) -> dict[str, ToolDefinition]:
        """Return its tools by name."""
        if self._gateway is None:
            return {tool.name: tool for tool in self._own.definition.tools}
        (card,) = (toolkit for toolkit in self._gateway.describe().toolkits if toolkit.name == "card")
        return {tool.name: tool for tool in card.tools}

    async def call(self, tool: str, arguments: dict[str, Any]) -> CallOutcome:
        """Call a tool as the broker does."""
        context = CallContext(call_id=f"run_k/{next(_numbers)}", run_id="run_k", session_id="s", tenant="t", user="u")
        if self._gateway is None:
            try:
                return CallOutcome(ok=True, value=await self._own.call(tool, arguments, context))
            except ToolError as error:
                return failure(error.kind, str(error))
        sent = json.dumps(arguments, ensure_ascii=False)
        return self._gateway.call(
            GatewayCall(context.call_id, "card", tool, sent, context.model_dump_json(), 10.0, True)
        )


@pytest.fixture(params=["java", "python"])
def cards(request: pytest.FixtureRequest, gateway: WireGateway) -> Cards:
    """Each of the two."""
    return Cards(request.param, gateway)


def test_both_offer_the_same_tools_with_the_same_arguments(gateway: WireGateway) -> None:
    java, python = Cards("java", gateway).tools(), Cards("python", gateway).tools()

    assert set(java) == set(python) == set(SHOWN)
    for name, tool in java.items():
        other = python[name]
        assert set(tool.input_schema["properties"]) == set(other.input_schema["properties"]), name
        assert set(tool.input_schema.get("required", ())) == set(other.input_schema.get("required", ())), name
        assert (tool.effect, tool.approval, tool.interaction) == (other.effect, other.approval, other.interaction), name


@pytest.mark.parametrize("tool", SHOWN)
async def test_each_tool_gives_a_card_that_can_be_shown(cards: Cards, tool: str) -> None:
    outcome = await cards.call(tool, SHOWN[tool])

    assert outcome.ok, outcome.error
    card = outcome.value["card"]
    assert card["kind"] == tool
    assert card_messages(card)


@pytest.mark.parametrize("case", REFUSED)
async def test_what_cannot_be_shown_is_refused_in_a_sentence(cards: Cards, case: str) -> None:
    arguments = dict(REFUSED[case])
    outcome = await cards.call(arguments.pop("tool"), arguments)

    assert outcome.error is not None
    assert outcome.error.kind == "argument"
    assert outcome.error.message.endswith((".", "?"))
