"""Python text as a syntax tree, from any thread. Runs nothing, and says nothing of what the text means.

Before Python 3.11.8 `ast.parse` counts its depth for the whole process: when the collector lets another thread in while
a tree is being built, and that one builds a tree too, one of them gets a `SystemError` (python/cpython#106905).
"""

from __future__ import annotations

import ast
import threading

_ONE_AT_A_TIME = threading.RLock()
"""Costs nothing: a tree is built under the interpreter's own lock anyway. Again by the same thread: a finalizer may."""


def parse_module(text: str) -> ast.Module:
    """Return the tree of a program.

    Raises:
        SyntaxError: It is no Python. Also ValueError, RecursionError and MemoryError, as `ast.parse`.
    """
    with _ONE_AT_A_TIME:
        return ast.parse(text)


def tree_of(text: str) -> ast.Module | None:
    """Return the tree of a program; None when it is no Python."""
    try:
        return parse_module(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):  # the last three: null bytes, nesting too deep
        return None


def parse_expression(text: str) -> ast.expr:
    """Return the tree of one expression.

    Raises:
        SyntaxError: It is no expression of Python. Also ValueError, RecursionError and MemoryError, as `ast.parse`.
    """
    with _ONE_AT_A_TIME:
        return ast.parse(text, mode="eval").body
