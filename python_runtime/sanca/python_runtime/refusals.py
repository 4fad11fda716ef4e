"""Why the engine refuses a request of a caller.

Each becomes one gRPC status (service/status.py); the text is for the person.
"""

from __future__ import annotations

from sanca.core.errors import SancaError


class RefusedError(SancaError):
    """The request cannot be served as it is."""


class NotFoundError(RefusedError):
    """No such thing, or not this caller's: the two look the same from outside."""


class BadRequestError(RefusedError):
    """A field is missing, wrong or too large; the message names it."""


class NotWaitingError(RefusedError):
    """The run does not wait for this answer (any more)."""


class NotAllowedError(RefusedError):
    """The caller lacks a right; the message names it."""
