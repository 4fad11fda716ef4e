"""Languages, observations that are cut, and how light the door is."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from sanca.python_runtime.language import answer_language, tell_language
from sanca.python_runtime.observation import cut_middle, format_observation
from sanca.python_runtime.sandbox import ActionResult
from sanca.python_runtime.version import VERSION

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("text", "page", "language"),
    [
        ("why is checkout failing?", "zh", "en"),
        ("为什么出错了？", "en", "zh"),
        ("checkout 为什么出错?", "en", "mixed"),
        ("12 + 3?", "zh-CN", "zh"),
        ("", "en", "en"),
    ],
)
def test_the_messages_own_language_wins(text: str, page: str, language: str) -> None:
    assert tell_language(text, page) == language


def test_a_long_observation_is_cut_in_the_middle_and_says_how_much() -> None:
    text = "\n".join(str(number) for number in range(1_000))
    cut = cut_middle(text, 300)

    assert cut.startswith("0\n1\n")
    assert cut.endswith("998\n999")
    assert "characters" in cut
    assert len(cut) < 400


def test_an_observation_holds_output_value_and_error() -> None:
    ok = ActionResult(status="ok", value="7", stdout="hi\n", dropped_chars=5)
    error = ActionResult(status="error", error="Traceback …\nValueError: no")

    said = "(5 characters of output were dropped: print(last_output[0:3000]).)"
    assert format_observation(ok, 1_000) == f"Output:\nhi\n\n{said}\n\nValue:\n7"
    assert "ValueError: no" in format_observation(error, 1_000)


def test_the_door_loads_nothing_heavy_before_it_answers() -> None:
    code = "import sys, sanca.python_runtime.app; print([n for n in sys.argv[1:] if n in sys.modules])"
    heavy = ["pydantic", "dbos", "sqlalchemy", "openai", "dashscope", "a2ui", "ag_ui", "numpy", "wordllama", "jinja2"]
    found = subprocess.run([sys.executable, "-c", code, *heavy], capture_output=True, text=True, check=True)

    assert found.stdout.strip() == "[]"


def test_the_version_is_the_packages() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["project"]["version"] == VERSION


def test_who_runs_an_action_of_their_own_is_answered_in_the_language_of_the_page() -> None:
    assert answer_language("", "zh-CN") == "zh"
    assert answer_language("", "en") == "en"
    assert answer_language("为什么 checkout 出错？", "en") == "zh"
    assert answer_language("why does it fail?", "zh") == "en"
