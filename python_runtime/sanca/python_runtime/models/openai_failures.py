"""What the OpenAI SDK raises, as our errors."""

from __future__ import annotations

from typing import Any

from sanca.core.errors import ModelError
from sanca.python_runtime.models import failures
from sanca.python_runtime.models.entries import Endpoint


def map_failure(error: Exception, endpoint: Endpoint, timeout_seconds: float) -> ModelError:
    """Return what went wrong as one of our errors; anything unforeseen is raised again as it is."""
    import httpx
    import openai

    if isinstance(error, ModelError):
        return error
    if isinstance(error.__cause__, httpx.ConnectTimeout):
        return failures.connection_failure("no connection in time", endpoint)
    if isinstance(error, TimeoutError | openai.APITimeoutError | httpx.TimeoutException):
        return failures.timeout_failure(endpoint, timeout_seconds, error)
    if isinstance(error, openai.APIStatusError):
        detail = error.body.get("message") if isinstance(error.body, dict) else ""
        return failures.status_failure(
            error.status_code,
            detail or error.response.text,
            endpoint,
            code=str(error.code or ""),
            headers=error.response.headers,
        )
    if isinstance(error, openai.APIConnectionError):
        return failures.connection_failure(error.__cause__ or "", endpoint)
    if isinstance(error, openai.APIResponseValidationError | ValueError | KeyError):
        return failures.not_a_reply_failure(endpoint)
    if isinstance(error, openai.APIError):  # an error event inside the stream
        return failures.status_failure(_stream_status(error), error.message, endpoint, code=str(error.code or ""))
    if isinstance(error, httpx.HTTPError | httpx.StreamError):
        return failures.broken_stream_failure(endpoint)
    raise error


def _stream_status(error: Any) -> int:
    return int(error.code) if str(error.code or "").isdigit() else 500
