"""How the engine's process logs: JSON lines on stderr, with run, session and trace bound by the run's task."""

from __future__ import annotations

import logging
import sys

import structlog
from sanca.core.errors import ConfigurationError
from sanca.core.settings import CoreSettings
from structlog.tracebacks import ExceptionDictTransformer
from structlog.typing import Processor

# Without the values of local variables: among them are keys, tokens and what people wrote.
_TRACEBACKS = structlog.processors.ExceptionRenderer(ExceptionDictTransformer(show_locals=False))
_LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}


def configure_logs() -> None:
    """Configure structlog and what libraries log by the standard module.

    Raises:
        ConfigurationError: SANCA_LOG_LEVEL is not a level.
    """
    level = CoreSettings().log_level.lower()
    if level not in _LEVELS:
        raise ConfigurationError(
            f"SANCA_LOG_LEVEL is {level!r}; it must be one of {', '.join(_LEVELS)}.", setting="SANCA_LOG_LEVEL"
        )
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, _TRACEBACKS, structlog.processors.JSONRenderer()],
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[level]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.add_logger_name],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _TRACEBACKS,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    logging.basicConfig(level=max(_LEVELS[level], logging.WARNING), handlers=[handler], force=True)
