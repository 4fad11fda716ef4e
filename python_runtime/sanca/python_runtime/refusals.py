"""Why the engine refuses a request of a caller.

Each becomes one gRPC status (service/door.py) and one status of a door (sanca.core.door_errors); the text is for the
person.
"""

from __future__ import annotations

from sanca.core.errors import BadRequestError, NotAllowedError, NotFoundError, NotWaitingError, RefusedError

__all__ = ["BadRequestError", "NotAllowedError", "NotFoundError", "NotWaitingError", "RefusedError"]
