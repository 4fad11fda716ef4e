"""What an action's value looks like in text: its repr when short, else a summary that says how to see more.

Hostile values are expected: nothing here asks a value what it is, and whatever it raises becomes part of the text.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import Any

from .arrays import is_array, render_array
from .dataframes import is_dataframe, is_series, render_dataframe, render_series
from .objects import fields_of, plain_repr
from .outlines import render_bytes, render_container, render_fields, render_text
from .safely import class_name, exact, is_a, is_short_number, is_small, shown

LAST_VALUE = "last_value"
"""Under this name an action finds the value of the action before it, when not all of that was shown."""
SHORT_CHARS = 500
TEXT_CHARS = 64 << 10
_OTHER_CHARS = 4_000
_NAME_CHARS = 60


@dataclass(frozen=True)
class Summary:
    """A value in text."""

    text: str
    is_whole: bool
    """Whether the text is all of it; else the next action may want to look at more."""


def summarize(value: Any, name: str) -> Summary:
    """Return what a value looks like; `name` is what the next action may call it."""
    if is_short_number(value):
        return Summary(repr(value), is_whole=True)
    if is_a(value, str):
        text = exact(value)
        return Summary(render_text(text, name, TEXT_CHARS), len(text) <= SHORT_CHARS)
    try:
        return _summarize(value, name)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # a value may raise from anything it is asked
        return Summary(f"<{class_name(value)} object that cannot be shown: {class_name(error)}>", is_whole=True)


def name_of(expression: ast.expr) -> str:
    """Return what to call the value of an action's last expression: itself when it is a plain name or path."""
    node: ast.AST = expression
    while isinstance(node, ast.Attribute | ast.Subscript):
        if isinstance(node, ast.Subscript) and not isinstance(node.slice, ast.Constant):
            return LAST_VALUE
        node = node.value
    if not isinstance(node, ast.Name):
        return LAST_VALUE
    text = ast.unparse(expression)
    return text if len(text) <= _NAME_CHARS else LAST_VALUE


def _summarize(value: Any, name: str) -> Summary:
    if is_dataframe(value):
        return Summary(render_dataframe(value, name), is_whole=False)
    if is_series(value):
        return Summary(render_series(value, name), is_whole=False)
    if is_array(value):
        return Summary(render_array(value, name), is_whole=value.size <= SHORT_CHARS // 10)
    if is_small(value, SHORT_CHARS):
        text = plain_repr(value) or shown(value)
        if len(text) <= SHORT_CHARS:
            return Summary(text, is_whole=True)
    return _summarize_long(value, name)


def _summarize_long(value: Any, name: str) -> Summary:
    if is_a(value, bytes, bytearray):
        return Summary(render_bytes(value, name), is_whole=False)
    fields = fields_of(value)
    if fields:
        return Summary(render_fields(value, fields, name), is_whole=False)
    if is_a(value, dict, list, tuple, set, frozenset):
        return Summary(render_container(value, name), is_whole=False)
    text = shown(value)
    return Summary(render_text(text, f"repr({name})", _OTHER_CHARS), len(text) <= SHORT_CHARS)
