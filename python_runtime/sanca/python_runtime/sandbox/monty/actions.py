"""An action as the interpreter gets it, and what it says of its end. Runs nothing."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

import pydantic_monty
from sanca.core.errors import LimitExceededError
from sanca.core.syntax import tree_of
from sanca.python_runtime.sandbox.guest.errors import PUBLIC

VALUE = "sanca_last_value_"
"""Holds the last expression's value between an action and the question for it."""
SHOW_VALUE = f"""
def sanca_show_(value):
    import json
    text = None if value is None else value if isinstance(value, str) else repr(value)
    try:
        as_json = None if value is None else json.dumps(value, ensure_ascii=False, allow_nan=False)
    except Exception:
        as_json = None
    is_short = as_json is not None and len(as_json) < 65536
    return None if text is None else text[:65537], as_json if is_short else None, isinstance(value, str)
sanca_show_({VALUE})
"""
_SHOWN_VALUE = re.compile(rf"^( *){VALUE} = \((.*)\)$", re.MULTILINE)
_MARKS = re.compile(r"^ *[~^]+\n", re.MULTILINE)
_OUR_ERROR = re.compile(rf"(?:RuntimeError|ValueError): ({'|'.join(error.__name__ for error in PUBLIC)}): ")
_WRITE_LIMIT = "disk write limit"
_FILE = re.compile(r'"<python-input-\d+>"')
_VALUE_CHARS = 65536
_ERROR_CHARS = 8000


@dataclass(frozen=True)
class Prepared:
    """An action as it is fed."""

    code: str
    has_value: bool = False
    """Whether its last expression's value was put into `VALUE`. Lines stay in place."""
    names: frozenset[str] = frozenset()
    """What it binds at its top level, if it gets that far."""


def prepare(code: str) -> Prepared:
    """Return the action with the value of its last expression put into a name."""
    tree = tree_of(code)
    if tree is None:
        return Prepared(code)  # what the interpreter says about it is what counts
    last = tree.body[-1] if tree.body else None
    names = frozenset(name for statement in tree.body for name in _bound_by(statement))
    if not isinstance(last, ast.Expr) or last.end_lineno is None or last.end_col_offset is None:
        return Prepared(code, names=names)
    raw = code.encode()
    lines = raw.splitlines(keepends=True)
    start = sum(map(len, lines[: last.lineno - 1])) + last.col_offset
    end = sum(map(len, lines[: last.end_lineno - 1])) + last.end_col_offset
    named = raw[:start] + f"{VALUE} = (".encode() + raw[start:end] + b")" + raw[end:]
    return Prepared(named.decode(), has_value=True, names=names)


def _bound_by(statement: ast.stmt) -> Iterator[str]:
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield statement.name
        return
    for node in ast.walk(statement):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.alias):
            yield (node.asname or node.name).partition(".")[0]


def read_value(shown: object) -> tuple[str | None, str | None, bool]:
    """Return a value as text, as JSON, and whether it is a text; none of it is trusted."""
    if not isinstance(shown, tuple) or len(shown) != 3:
        return None, None, False
    text, as_json, is_text = shown
    if not isinstance(text, str):
        return None, None, False
    if len(text) > _VALUE_CHARS:
        text = f"{text[:_VALUE_CHARS]}\n[… more characters left out …]"
    return text, as_json if isinstance(as_json, str) else None, is_text is True


def describe_error(error: pydantic_monty.MontyError) -> tuple[str, str]:
    """Return an error's traceback as actions show theirs, and its class."""
    if not isinstance(error, pydantic_monty.MontyRuntimeError | pydantic_monty.MontySyntaxError):
        return f"{type(error).__name__}: {error}"[:_ERROR_CHARS], type(error).__name__
    text = _FILE.sub('"action"', _MARKS.sub("", error.display("traceback")))
    text = _SHOWN_VALUE.sub(r"\1\2", text)
    kind = type(error.exception()).__name__
    if (ours := _OUR_ERROR.search(text.splitlines()[-1])) is not None:
        kind, text = ours[1], text.replace(ours[0], f"{ours[1]}: ")
    if kind == "OSError" and _WRITE_LIMIT in text:
        kind = LimitExceededError.__name__
    return text[:_ERROR_CHARS], kind
