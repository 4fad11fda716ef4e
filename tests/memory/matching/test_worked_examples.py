"""Skills as worked examples: short, whole, and of the toolkits that are there."""

from __future__ import annotations

import ast
import builtins

import pytest
from sanca.memory import Skill, load_skill_library
from sanca.memory.matching.worked_examples import worked_example

LIBRARY = load_skill_library()
GIVEN = {
    "system",
    "card",
    "mcp",
    "agents",
    "say",
    "tools",
    "memory",
    "language",
    "host",
    "sanca",
    "ToolError",
    "ToolNotFoundError",
}


@pytest.mark.parametrize("skill", LIBRARY.skills, ids=lambda skill: skill.name)
def test_an_example_is_python_that_binds_every_helper_it_uses(skill: Skill) -> None:
    code = worked_example(skill)
    tree = ast.parse(code)
    assert len(code) <= 7_000
    if "they are not there for you" in code:
        return
    names = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
    bound = {node.id for node in names if isinstance(node.ctx, ast.Store)}
    bound |= {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    bound |= {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
    bound |= {one.asname or one.name for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)
              for one in node.names}  # fmt: skip
    bound |= {node.name or "" for node in ast.walk(tree) if isinstance(node, ast.ExceptHandler)}
    given = GIVEN | {one.name for one in skill.sheet.parameters} | set(dir(builtins))
    assert {node.id for node in names if isinstance(node.ctx, ast.Load)} <= bound | given


def test_the_nearest_skill_is_found_below_the_bar_of_the_fast_path_and_not_for_what_is_unlike() -> None:
    found = LIBRARY.nearest("which service restarted most often last week")
    assert found is not None and 0.03 <= found.score <= 1
    assert found.code.startswith("# Given as names:") or "def " in found.code
    assert LIBRARY.nearest("hum a tune for the tulips") is None
    assert LIBRARY.nearest("") is None


def test_a_skill_whose_toolkit_is_missing_is_no_example() -> None:
    found = LIBRARY.nearest("show me the errors of orders", toolkits=["card"])
    assert found is None or "system." not in found.code


def test_the_title_is_in_the_language_asked_for() -> None:
    found = LIBRARY.nearest("show me the errors of orders", language="zh")
    assert found is not None and not found.title.isascii()
