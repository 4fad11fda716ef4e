"""`sanca tools search` as a script runs it: which forms of files it takes, what it prints, what it refuses."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from sanca.core.errors import ConfigurationError
from sanca.python_runtime.cli.tools import print_found, read_tools

DATA = Path(__file__).parent.parent.parent / "memory" / "data"
PARAMETERS = {"type": "object", "properties": {"city": {"type": "string", "description": "A city."}}}


def write(folder: Path, name: str, content: Any) -> Path:
    file = folder / name
    file.write_text(content if isinstance(content, str) else json.dumps(content, ensure_ascii=False), encoding="utf-8")
    return file


def test_the_command_prints_one_line_a_query(tmp_path: Path) -> None:
    queries = write(tmp_path, "queries.txt", 'refund the customer\n\n{"query": "明天会下雨吗"}\n')
    result = subprocess.run(
        [sys.executable, "-m", "sanca", "tools", "search", "--json", "--limit=3", f"--queries={queries}",
         f"--tools={DATA / 'tools.json'}"],
        capture_output=True, text=True, timeout=60, check=True, env={**os.environ, "SANCA_HOME": str(tmp_path)},
    )  # fmt: skip
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert [line["query"] for line in lines] == ["refund the customer", "明天会下雨吗"]
    assert [line["tools"][0] for line in lines] == ["billing.refund", "weather.forecast"]
    assert all(len(line["tools"]) == len(line["scores"]) == 3 for line in lines)
    assert all(line["scores"] == sorted(line["scores"], reverse=True) for line in lines)


TOOL = {"name": "get_weather", "description": "Weather of a city."}


@pytest.mark.parametrize(
    "content",
    [
        [{**TOOL, "parameters": PARAMETERS}],
        [{**TOOL, "input_schema": PARAMETERS}],
        [{"type": "function", "function": {**TOOL, "parameters": PARAMETERS}}],
        {**TOOL, "parameters": PARAMETERS},
        {"get_weather": "Weather of a city."},
        json.dumps(TOOL) + "\n\n" + json.dumps({**TOOL, "name": "other"}),
    ],
)
def test_tools_may_be_written_in_several_forms(tmp_path: Path, content: Any) -> None:
    tools = read_tools(write(tmp_path, "tools.json", content))
    assert tools["get_weather"].description == "Weather of a city."


def test_tools_of_one_name_count_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tools = write(tmp_path, "tools.json", [TOOL, {**TOOL, "description": "Feed fish."}, {**TOOL, "name": "other"}])
    assert list(read_tools(tools)) == ["get_weather", "get_weather#2", "other"]
    print_found(write(tmp_path, "queries.txt", "fish"), tools, limit=5, as_json=True)
    assert sorted(json.loads(capsys.readouterr().out)["tools"]) == ["get_weather", "other"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("[1", "neither JSON nor JSON lines"),
        ([{"description": "x"}], "tool 1: it needs a text \"name\""),
        ("5", "tool 1: it needs a text \"name\""),
        ([], "holds no tools"),
        ([{"name": "x", "parameters": "none"}], "input_schema"),
        ({"toolkits": [{"name": "a", "tools": [{"name": "b", "description": 5}]}]}, "'a.b'"),
    ],
)  # fmt: skip
def test_a_bad_file_of_tools_is_refused_in_one_sentence(tmp_path: Path, content: Any, said: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        read_tools(write(tmp_path, "tools.json", content))
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)
