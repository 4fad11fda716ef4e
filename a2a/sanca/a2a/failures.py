"""What went wrong with another agent, in one sentence that says what mends it. Knows no toolkit."""

from __future__ import annotations

from typing import Any

import httpx
from google.protobuf.json_format import Error as JsonFormatError
from sanca.core.errors import ToolFailedError
from sanca.core.untrusted import plain_text

from a2a.utils.errors import A2AError, TaskNotFoundError

OUTSIDE_ERRORS: tuple[type[Exception], ...] = (A2AError, httpx.HTTPError, JsonFormatError, ValueError)
"""What a call of another agent may end with."""
LATE_OR_OUTSIDE: tuple[type[Exception], ...] = (TimeoutError, *OUTSIDE_ERRORS)
_REFUSED = {"UNAUTHENTICATED", "PERMISSION_DENIED"}


def failure_of(label: str, error: Exception) -> ToolFailedError:
    """Return the error of a call that an agent did not answer."""
    causes = (error, error.__cause__)
    if any(isinstance(one, httpx.ConnectError) for one in causes) or _is_unconnected(error):
        return unreachable(label, error)
    status = next((one.response.status_code for one in causes if isinstance(one, httpx.HTTPStatusError)), 0)
    if status or _grpc_code(error) in _REFUSED:
        mend = "; set its headers in toolkits.json" if status in {0, 401, 403} else ""
        return ToolFailedError(
            f"{label} refused the call ({f'HTTP {status}' if status else _grpc_code(error)}){mend}.", tool_name=label
        )
    if isinstance(error, TimeoutError):
        return ToolFailedError(f"{label} did not answer in time.", tool_name=label, kind="timeout")
    if any(isinstance(one, httpx.HTTPError) for one in causes) or _grpc_code(error) == "UNAVAILABLE":
        message = f"{label} broke off; whether it finished is not known: {plain_text(error, 300)}"
        return ToolFailedError(message, tool_name=label, kind="unknown")
    if isinstance(error, TaskNotFoundError):
        return ToolFailedError(f"{label} knows no such task any more.", tool_name=label, kind="not_found")
    return ToolFailedError(f"{label} failed: {plain_text(error, 500)}", tool_name=label)


def unreachable(label: str, error: BaseException, seconds: float = 0.0) -> ToolFailedError:
    """Return the error of an agent that is not there, or whose card cannot be used."""
    text = f"no answer within {seconds:g} seconds" if isinstance(error, TimeoutError) else plain_text(error, 300)
    message = f"{label} cannot be reached: {text.rstrip('.') or type(error).__name__}."
    return ToolFailedError(message, tool_name=label, kind="unavailable", retryable=True)


def _is_unconnected(error: BaseException) -> bool:
    """Whether gRPC never reached the other side; of a connection that broke nobody knows what arrived."""
    return _grpc_code(error) == "UNAVAILABLE" and "failed to connect" in str(error).lower()


def _grpc_code(error: BaseException) -> str:
    """Return the name of the gRPC status that an error stands for; empty: it is none of gRPC."""
    code: Any = getattr(error.__cause__, "code", None)
    return str(code().name) if callable(code) and hasattr(code(), "name") else ""
