"""What an action's value and its errors look like to the one who reads them. Runs inside the action's limits."""

from __future__ import annotations

import json
import linecache
import traceback
import types
from collections import deque
from typing import Any

VALUE_CHARS = 64 << 10
_ERROR_CHARS = 8_000
_JSON_BYTES = 64 << 10
_SHOWN_NAME = "action"
_FRAMES = 2_000


def shorten(text: str, limit: int) -> str:
    """Cut out the middle of a text that is too long, and say how much."""
    if len(text) <= limit:
        return text
    head = limit * 3 // 4
    return f"{text[:head]}\n[… {len(text) - limit:,} characters left out …]\n{text[len(text) - (limit - head) :]}"


def format_value(value: Any) -> str | None:
    """Return a text as it is, anything else as its repr; None for None."""
    if value is None:
        return None
    return shorten(value if isinstance(value, str) else repr(value), VALUE_CHARS)


def format_json(value: Any) -> str | None:
    """Return the value as JSON when it is JSON-like and short, else None."""
    if value is None:
        return None
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        return None
    return text if len(text.encode("utf-8", "replace")) < _JSON_BYTES else None


def remember_source(filename: str, code: str) -> None:
    """Let tracebacks show the action's lines."""
    linecache.cache[filename] = (len(code), None, code.splitlines(keepends=True), filename)


def format_error(error: BaseException, own_files: set[str]) -> str:
    """Return the traceback with the frames of actions only. Changes the tracebacks of the error and its causes."""
    _keep_own_frames(error, own_files, set())
    report = traceback.TracebackException.from_exception(error, compact=True)
    _rename_files(report, own_files)
    return shorten("".join(report.format()).rstrip(), _ERROR_CHARS)


def _keep_own_frames(error: BaseException, own_files: set[str], seen: set[int]) -> None:
    if id(error) in seen:
        return
    seen.add(id(error))
    first: list[types.TracebackType] = []
    last: deque[types.TracebackType] = deque(maxlen=_FRAMES // 2)
    step = error.__traceback__
    while step is not None:
        if step.tb_frame.f_code.co_filename in own_files:
            (first if len(first) < _FRAMES // 2 else last).append(step)
        step = step.tb_next
    chain: types.TracebackType | None = None
    for step in reversed((*first, *last)):
        chain = types.TracebackType(chain, step.tb_frame, step.tb_lasti, step.tb_lineno)
    error.__traceback__ = chain
    inner = error.exceptions if isinstance(error, BaseExceptionGroup) else ()
    for other in (error.__cause__, error.__context__, *inner):
        if other is not None:
            _keep_own_frames(other, own_files, seen)


def _rename_files(report: traceback.TracebackException, own_files: set[str]) -> None:
    for frame in report.stack:
        _ = frame.line  # read now: it is looked up by the name that the next line replaces
        frame.filename = _SHOWN_NAME
    if getattr(report, "filename", None) in own_files:  # a SyntaxError's own place
        report.filename = _SHOWN_NAME
    for other in (report.__cause__, report.__context__, *(report.exceptions or ())):
        if other is not None:
            _rename_files(other, own_files)
