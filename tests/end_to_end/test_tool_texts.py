"""What an approval card says of a tool that comes with sanca is there in Chinese, by the words of the tool itself."""

from __future__ import annotations

import json

import pytest
from demo_process import ROOT, DemoProcess
from sanca.core.tools import Effect
from sanca.python_runtime.broker.catalog import engine_toolkit

pytestmark = [pytest.mark.jvm]
TEXTS = json.loads((ROOT / "java-host/portal/page/src/i18n/toolTexts.json").read_text(encoding="utf-8"))["zh"]


def test_every_tool_that_changes_something_speaks_chinese_on_its_card(demo: DemoProcess) -> None:
    tools = [tool for kit in demo.get("/api/sanca/tools")["toolkits"] for tool in kit["tools"]]
    said = {text for tool in tools if tool["effect"] != "READ" for text in (tool["description"], tool["undo"]) if text}
    for tool in engine_toolkit(adds_libraries=True, remembers=True).tools:
        said |= {text for text in (tool.description, tool.undo) if text and tool.effect is not Effect.READ}
    assert len(said) > 6
    assert said == set(TEXTS)
