"""What a provider's refusal means, in one sentence that names the mend. Knows HTTP, no SDK."""

from __future__ import annotations

import email.utils
import re
import time
from collections.abc import Mapping

from sanca.core.errors import ModelError, ModelUnavailableError
from sanca.python_runtime.models.entries import Endpoint
from sanca.python_runtime.models.streams import StalledError

_DETAIL_CHARS = 300


class EndpointRefusedError(ModelError):
    """The endpoint refuses everybody with this key: no right, no such model, no money. Waiting does not mend it."""


class TooManyRequestsError(ModelUnavailableError):
    """The endpoint works, and asks us to come back later."""


_CONTROL = re.compile(r"[\x00-\x1f\x7f]+")
_TOO_LONG = re.compile(r"context.{0,20}(length|window)|maximum context|too many tokens|input length", re.IGNORECASE)
_NO_MONEY = re.compile(r"insufficient_quota|arrear|billing|exceeded your current quota", re.IGNORECASE)
_WAIT_STATUSES = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})


class ModelTimeoutError(ModelUnavailableError):
    """The endpoint took too long to begin, to go on or to finish."""


def clean_detail(detail: object, endpoint: Endpoint) -> str:
    """Return what the provider said on one short line, never with the key in it."""
    text = _CONTROL.sub(" ", str(detail or "")).strip()
    if text.startswith("<"):  # a proxy's page says nothing that the status does not
        return ""
    key = endpoint.api_key.get_secret_value()
    if key:
        text = text.replace(key, "***")
    return text if len(text) <= _DETAIL_CHARS else text[:_DETAIL_CHARS] + "…"


def retry_after_seconds(headers: Mapping[str, str]) -> float | None:
    """Return the wait that `Retry-After` asks for (seconds or an HTTP date), or None."""
    value = next((value for name, value in headers.items() if name.lower() == "retry-after"), "").strip()
    if not value:
        return None
    try:
        return max(0.0, float(value))
    except ValueError:
        parsed = email.utils.parsedate_tz(value)
        return max(0.0, email.utils.mktime_tz(parsed) - time.time()) if parsed else None


def status_failure(
    status: int, detail: object, endpoint: Endpoint, *, code: str = "", headers: Mapping[str, str] | None = None
) -> ModelError:
    """Return the error that an HTTP status stands for.

    Args:
        status: The HTTP status, or the one a stream's error event names.
        detail: What the provider wrote; shortened, and cleaned of the key.
        code: The provider's own error code, for instance `insufficient_quota`.
        headers: The answer's headers, for `Retry-After`.
    """
    said = clean_detail(detail, endpoint)
    suffix = f": {said}" if said else "."
    place, model = endpoint.place, endpoint.model
    if status in {401, 403}:
        return EndpointRefusedError(
            f"The model server {place} refused the key (HTTP {status}); set a valid key for it{suffix}"
        )
    if status == 404:
        return EndpointRefusedError(
            f"The model server {place} knows no model {model!r} at this address (HTTP 404); "
            f"check the model's name and the base URL{suffix}"
        )
    if _NO_MONEY.search(f"{code} {said}"):
        return EndpointRefusedError(
            f"The account at {place} has no quota left (HTTP {status}); top it up or use another key{suffix}"
        )
    if _TOO_LONG.search(f"{code} {said}"):
        return ModelError(
            f"The prompt is too long for the model {model!r} (HTTP {status}); use a model that takes more{suffix}"
        )
    if status in _WAIT_STATUSES:
        why = "asks us to wait, too many requests" if status == 429 else "is not able to answer now"
        kind = TooManyRequestsError if status == 429 else ModelUnavailableError
        return kind(
            f"The model server {place} {why} (HTTP {status}){suffix}",
            retry_after_seconds=retry_after_seconds(headers or {}),
        )
    return ModelError(f"The model server {place} refused the request (HTTP {status}){suffix}")


def connection_failure(detail: object, endpoint: Endpoint) -> ModelUnavailableError:
    """Return the error of a server that cannot be reached."""
    said = clean_detail(detail, endpoint)
    return ModelUnavailableError(
        f"The model server {endpoint.place} cannot be reached; is it running, and is the base URL right?"
        + (f" ({said})" if said else "")
    )


def timeout_failure(endpoint: Endpoint, seconds: float, error: Exception | None = None) -> ModelTimeoutError:
    """Return the error of a server that took too long: for the whole reply, or as the error itself says."""
    why = str(error) if isinstance(error, StalledError) else f"did not finish within {seconds:g} seconds"
    return ModelTimeoutError(f"The model server {endpoint.place} {why}.")


def broken_stream_failure(endpoint: Endpoint) -> ModelUnavailableError:
    """Return the error of a connection lost in mid-reply."""
    return ModelUnavailableError(f"The model server {endpoint.place} broke off in the middle of its reply.")


def not_a_reply_failure(endpoint: Endpoint, detail: object = "") -> ModelError:
    """Return the error of an answer in another form than the wire format's."""
    said = clean_detail(detail, endpoint)
    hint = " (an OpenAI-compatible one usually ends in /v1)" if endpoint.kind.startswith("openai") else ""
    return ModelError(
        f"The server {endpoint.place} answered, but not in the form of the {endpoint.kind} protocol; "
        f"check the base URL{hint}" + (f": {said}" if said else ".")
    )
