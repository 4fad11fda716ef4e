"""Errors of ours as errors of the protocol: what a peer may read, and never a traceback. Logs what broke inside."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine
from typing import Any, ParamSpec, TypeVar

import structlog
from google.protobuf.message import Message as ProtoMessage
from sanca.core.door_errors import INSIDE, sentence_of, status_of
from sanca.core.errors import SancaError

from a2a.utils.errors import (
    A2AError,
    InternalError,
    InvalidParamsError,
    TaskNotFoundError,
    UnsupportedOperationError,
)
from a2a.utils.proto_utils import validate_proto_required_fields

log = structlog.get_logger(__name__)
P = ParamSpec("P")
T = TypeVar("T")

_BY_STATUS: dict[str, type[A2AError]] = {
    "NOT_FOUND": TaskNotFoundError,
    "INVALID_ARGUMENT": InvalidParamsError,
    "RESOURCE_EXHAUSTED": InvalidParamsError,
    "FAILED_PRECONDITION": UnsupportedOperationError,
    "PERMISSION_DENIED": UnsupportedOperationError,
}


def as_protocol_error(error: Exception, operation: str) -> A2AError:
    """Return what a peer gets for an error; one that nobody expected is logged with its traceback."""
    if isinstance(error, A2AError):
        return error
    if isinstance(error, SancaError):
        return _BY_STATUS.get(status_of(error).grpc, InternalError)(sentence_of(error))
    log.error("a2a_operation_broke", operation=operation, exc_info=error)
    return InternalError(INSIDE)


def operation(method: Callable[P, Awaitable[T]]) -> Callable[P, Coroutine[Any, Any, T]]:
    """Check the fields that the protocol requires, and let no other error out than the protocol's."""

    async def checked(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            _check(args)
            return await method(*args, **kwargs)
        except Exception as error:
            raise as_protocol_error(error, method.__name__) from error

    return checked


def stream(method: Callable[P, AsyncGenerator[T, None]]) -> Callable[P, AsyncGenerator[T, None]]:
    """Do the same for an operation that streams; its generator is closed with its reader."""

    async def checked(*args: P.args, **kwargs: P.kwargs) -> AsyncGenerator[T, None]:
        try:
            _check(args)
            events = method(*args, **kwargs)
            try:
                async for event in events:
                    yield event
            finally:
                await events.aclose()
        except Exception as error:
            raise as_protocol_error(error, method.__name__) from error

    return checked


def _check(args: tuple[Any, ...]) -> None:
    for one in args:
        if isinstance(one, ProtoMessage):
            validate_proto_required_fields(one)
