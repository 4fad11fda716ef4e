"""What the engine's log says of an exception, and what it must not say."""

from __future__ import annotations

import json
import logging

import pytest
import structlog
from sanca.python_runtime.logs import configure_logs

KEY = "sk-" + "never-in-a-log"


def break_with(api_key: str) -> None:
    raise OSError("the disk is full")


def test_the_log_of_an_exception_has_its_frames_but_no_values(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs()
    try:
        break_with(KEY)
    except OSError:
        structlog.get_logger().exception("method_failed")
        logging.getLogger("library").exception("library_failed")
    said = capsys.readouterr().err
    structlog.reset_defaults()
    logging.getLogger().handlers.clear()

    assert KEY not in said
    for line in said.splitlines():
        (told,) = json.loads(line)["exception"]
        assert told["exc_value"] == "the disk is full"
        assert told["frames"][-1]["name"] == "break_with"
