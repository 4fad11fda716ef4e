"""JSON lines for every log record, with the trace id of the request it belongs to."""

from __future__ import annotations

import json
import logging
import logging.handlers
import sys
import threading
import traceback
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType

_current = threading.local()


def set_trace(trace_id: str | None) -> None:
    """Name the request that this thread works for."""
    _current.trace_id = trace_id


def trace_id() -> str | None:
    """Return the trace id of the request that this thread works for."""
    return getattr(_current, "trace_id", None)


class JsonLines(logging.Formatter):
    """One JSON object a record: time, level, logger, message, trace_id, stack."""

    def format(self, record: logging.LogRecord) -> str:
        """Return `record` as one line."""
        stack = "".join(traceback.format_exception(*record.exc_info)) if record.exc_info else None
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": "WARN" if record.levelname == "WARNING" else record.levelname.replace("CRITICAL", "ERROR"),
            "logger": record.name,
            "message": record.getMessage(),
            "trace_id": trace_id(),
            "stack": stack,
        }
        return json.dumps(line, ensure_ascii=False)


def configure(path: Path) -> None:
    """Send every record of this process to `path`, and what nobody caught too."""
    handler = logging.handlers.RotatingFileHandler(path, maxBytes=4_000_000, backupCount=1, encoding="utf-8")
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    sys.excepthook = _log_uncaught


def _log_uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    logging.getLogger("main").critical("the service ends: %s: %s", kind.__name__, error, exc_info=(kind, error, trace))
    sys.__excepthook__(kind, error, trace)
