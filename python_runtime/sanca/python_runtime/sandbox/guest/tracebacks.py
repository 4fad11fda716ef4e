"""An action's exception in text: the frames of actions only, and the line it broke at marked among its neighbours."""

from __future__ import annotations

import linecache
import traceback
import types
from collections import deque

from .safely import class_name

ERROR_CHARS = 8_000
_SHOWN_NAME = "action"
_FRAMES = 2_000
_LINES_BEFORE, _LINES_AFTER = 2, 1
_LINE_CHARS = 160


def remember_source(filename: str, code: str) -> None:
    """Let tracebacks show the action's lines."""
    linecache.cache[filename] = (len(code), None, code.splitlines(keepends=True), filename)


def format_error(error: BaseException, own_files: set[str]) -> str:
    """Return the traceback with the frames of actions only. Changes the tracebacks of the error and its causes."""
    _keep_own_frames(error, own_files, set())
    report = traceback.TracebackException.from_exception(error, compact=True)
    if report.stack and not isinstance(error, BaseExceptionGroup):
        report.stack = _MarkedStack.of(report.stack)
    _rename_files(report, own_files)
    return _shorten("".join(report.format()).rstrip())


def name_error(error: BaseException) -> str:
    """Return the exception's class name."""
    return class_name(error)


class _MarkedStack(traceback.StackSummary):
    """A stack whose innermost line is shown between its neighbours."""

    @classmethod
    def of(cls, stack: traceback.StackSummary) -> _MarkedStack:
        made = cls(stack)
        made.excerpt = _excerpt(stack[-1])
        return made

    excerpt: str = ""

    def format(self) -> list[str]:
        """Return the frames in text, then the excerpt."""
        return [*super().format(), *([self.excerpt] if self.excerpt else [])]


def _excerpt(frame: traceback.FrameSummary) -> str:
    lines = [line.rstrip("\n") for line in linecache.getlines(frame.filename)]
    if frame.lineno is None or len(lines) <= 1:
        return ""
    first = max(1, frame.lineno - _LINES_BEFORE)
    wanted = range(first, min(len(lines), frame.lineno + _LINES_AFTER) + 1)
    width = len(str(wanted[-1]))
    return "".join(
        f"  {'>' if at == frame.lineno else ' '} {at:>{width}} | {lines[at - 1][:_LINE_CHARS]}\n" for at in wanted
    )


def _shorten(text: str) -> str:
    """Keep head and tail: the outermost frame and what it was all about."""
    if len(text) <= ERROR_CHARS:
        return text
    head = ERROR_CHARS // 3
    left = len(text) - ERROR_CHARS
    return f"{text[:head]}\n[… {left:,} characters left out …]\n{text[len(text) - (ERROR_CHARS - head) :]}"


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
