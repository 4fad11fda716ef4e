"""What an action's tree says of a place in it: caught, conditional, reached."""

from __future__ import annotations

import ast

import pytest
from sanca.python_runtime.action_check.source import Source


def is_certain(code: str, *, ignores_conditions: bool = False) -> bool:
    """Whether what fails at the name `here` ends the action."""
    source = Source(code)
    (name,) = [node for node in source._places.values() if isinstance(node, ast.Name) and node.id == "here"]
    return source.is_certain(name, ignores_conditions=ignores_conditions)


@pytest.mark.parametrize(
    "code",
    [
        "here()",
        "for x in []:\n    here()",
        "[here for x in [1]]",
        "with open('x') as f:\n    here()",
        "def f():\n    here()\nf()",
        "def f():\n    here()\ndef g():\n    f()\ng()",
        "class A:\n    x = here",
        "try:\n    here()\nexcept ValueError:\n    pass",
        "try:\n    pass\nfinally:\n    here()",
        "try:\n    pass\nexcept Exception:\n    pass\nelse:\n    here()",
        "if here:\n    pass",
        "here and 1",
    ],
)
def test_what_nothing_holds_back_is_certain(code: str) -> None:
    assert is_certain(code)


@pytest.mark.parametrize(
    "code",
    [
        "try:\n    here()\nexcept Exception:\n    pass",
        "try:\n    here()\nexcept:\n    pass",
        "try:\n    here\nexcept NameError:\n    pass",
        "try:\n    here\nexcept (ValueError, ToolError):\n    pass",
        "try:\n    here\nexcept errors.Own:\n    pass",
        "try:\n    1\nexcept Exception:\n    here()",
        "import contextlib\nwith contextlib.suppress(Exception):\n    here()",
        "f = lambda: here()",
        "def f():\n    here()",
        "def f():\n    here()\nmaybe(f)",
        "def f():\n    here()\n    f()",
        "def f():\n    here()\ntry:\n    f()\nexcept Exception:\n    pass",
        "class A:\n    def m(self):\n        here()\nA().m()",
        "if hasattr(system, 'x'):\n    here()",
        "if 'x' in globals():\n    here()",
    ],
)
def test_what_may_be_caught_or_never_reached_is_not(code: str) -> None:
    assert not is_certain(code, ignores_conditions=True)


@pytest.mark.parametrize(
    "code", ["if x:\n    here()", "1 if x else here", "x or here", "match x:\n    case 1:\n        here"]
)
def test_a_condition_counts_only_for_what_was_not_written_for_this_moment(code: str) -> None:
    assert not is_certain(code)
    assert is_certain(code, ignores_conditions=True)


def test_names_are_found_in_every_way_they_are_bound() -> None:
    code = """
import os.path as p, sys
from a import b
def f(arg, *rest, key=1, **more): global g
async def h(): ...
class C: ...
for i in x: ...
with y as z: ...
try: ...
except E as e: ...
match v:
    case [m, *n]: ...
    case {"k": o, **q}: ...
(w := 1)
del d
"""
    bound = {
        "p",
        "sys",
        "b",
        "f",
        "arg",
        "rest",
        "key",
        "more",
        "g",
        "h",
        "C",
        "i",
        "z",
        "e",
        "m",
        "n",
        "o",
        "q",
        "w",
        "d",
    }

    assert Source(code).names_bound == bound


@pytest.mark.parametrize("code", ["exec('a = 1')", "globals()['a'] = 1", "from a import *", "import sys\nsys.modules"])
def test_names_that_come_unseen_are_told(code: str) -> None:
    assert Source(code).makes_names_unseen
    assert not Source("import sys\nsys.version").makes_names_unseen
