"""What a guest answers about a round: the value in text, charts, warnings, what broke and what to do about it."""

from __future__ import annotations

import builtins
import errno
from typing import Any

from .charts import Charts, describe_chart, is_chart
from .dataframes import table_json
from .formatting import format_json, shorten
from .libraries import explain_missing, missing_name
from .safely import class_name, is_a
from .streams import Printed, PrintedErrors
from .summaries import LAST_VALUE, summarize
from .tracebacks import format_error
from .warned import WarningLog

LAST_OUTPUT = "last_output"
"""Under this name an action finds what the action before it printed, when that was long."""
_LONG_OUTPUT_CHARS = 2_000
_HINT_CHARS = 2_000
_FINAL_CHARS = 32_000
_LIMIT_ERRNOS = frozenset((errno.EFBIG, errno.ENOSPC, errno.EDQUOT))


class Answers:
    """Listens while an action runs and makes its answer. Runs inside the action's limits."""

    def __init__(self, printed: Printed, errors: PrintedErrors, own_files: set[str]) -> None:
        self._printed = printed
        self._errors = errors
        self._own_files = own_files
        self._warnings = WarningLog(own_files)
        self._final: str | None = None

    def begin(self, code: str, space: dict[str, Any]) -> None:
        """Begin a round; what was kept for this action alone is let go when it does not ask for it."""
        self._warnings.begin(space)
        self._final = None
        self._printed.record.take()
        self._errors.record.take()
        for name in (LAST_VALUE, LAST_OUTPUT):
            if name not in code:
                builtins.__dict__.pop(name, None)

    def take_final(self, answer: object) -> None:
        """Give the person their answer: when this action ends without an error, the work ends with this text."""
        self._final = str(answer)[:_FINAL_CHARS]

    def describe_value(self, value: Any, name: str) -> dict[str, Any]:
        """Return the answer of an action that ended well; `name` is what to call its value."""
        charts = Charts()
        if is_chart(value):
            told: dict[str, Any] = {"value": _chart_text(value), "value_json": None}
        elif value is None:
            told = {"value": None, "value_json": None}
        else:
            summary = summarize(value, name)
            told = {"value": summary.text, "value_json": format_json(value), "value_is_text": is_a(value, str)}
            if (table := table_json(value)) is not None:
                told["value_table"] = table
            if not summary.is_whole:
                told["value_name"] = name
                _give(LAST_VALUE, value if name == LAST_VALUE else None)
        charts.draw(value)
        if self._final is not None:
            told["final_answer"] = self._final
        return {**told, "images": charts.images, **self._heard(charts.problems)}

    def describe_error(self, error: BaseException, toolkits: tuple[str, ...]) -> dict[str, Any]:
        """Return the answer of an action that raised."""
        kind = shorten(class_name(error), 200)
        is_limit = is_a(error, MemoryError) or (is_a(error, OSError) and getattr(error, "errno", 0) in _LIMIT_ERRNOS)
        try:
            text = format_error(error, self._own_files)
            missing = missing_name(error)
        except BaseException as other:  # an exception may print itself as badly as it likes
            text, missing = f"{kind} (it cannot be shown: {class_name(other)})", None
        told = {"error": text, "error_type": kind, "is_limit": is_limit, **self._heard([])}
        if missing is not None:
            told |= {"missing_library": missing, "hint": shorten(explain_missing(missing, toolkits), _HINT_CHARS)}
        return told

    def _heard(self, problems: list[str]) -> dict[str, Any]:
        printed = self._printed.record.take()
        _give(LAST_OUTPUT, printed if len(printed) > _LONG_OUTPUT_CHARS else None)
        return {"warnings": [*self._warnings.take(), *problems], "stderr": self._errors.record.take()}


def _chart_text(value: Any) -> str:
    try:
        return describe_chart(value)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # a chart describes itself with the action's own objects
        return f"<{class_name(value)} object that cannot be described: {class_name(error)}>"


def _give(name: str, value: Any) -> None:
    """Make a name known below the action's own names; None takes it away."""
    if value is None:
        builtins.__dict__.pop(name, None)
    else:
        builtins.__dict__[name] = value
