"""Who calls, in which version of the protocol: read from HTTP headers or gRPC metadata. Decides no right but `ask`."""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Literal

from sanca.core.access import ASK, Identity, identity_of
from sanca.core.errors import ForbiddenError
from sanca.core.messages import Caller

from a2a.auth.user import User
from a2a.extensions.common import HTTP_EXTENSION_HEADER, get_requested_extensions
from a2a.server.context import ServerCallContext
from a2a.server.request_handlers.grpc_handler import GrpcServerCallContextBuilder
from a2a.server.routes.common import ServerCallContextBuilder
from a2a.utils.constants import VERSION_HEADER
from a2a.utils.errors import InvalidParamsError, TaskNotFoundError, VersionNotSupportedError

if TYPE_CHECKING:
    import grpc.aio
    from starlette.requests import Request

Version = Literal["1.0", "0.3"]
_HEADER = VERSION_HEADER.lower()
grpc_identity: ContextVar[Identity] = ContextVar("grpc_identity")
"""Set for each gRPC call before its handler runs."""


class KnownUser(User):
    """Somebody the server has asked for credentials."""

    def __init__(self, name: str) -> None:
        self._name = name

    @property
    def is_authenticated(self) -> bool:
        """Always: nobody comes so far without."""
        return True

    @property
    def user_name(self) -> str:
        """The key's name, or the token's subject."""
        return self._name


class HttpContexts(ServerCallContextBuilder):
    """Contexts of HTTP requests that the server has let in."""

    def build(self, request: Request) -> ServerCallContext:
        """Return the context of one request.

        Raises:
            VersionNotSupportedError: It asks for a version we do not speak.
        """
        given = request.headers.get(_HEADER) or request.query_params.get(VERSION_HEADER, "")
        extensions = request.headers.getlist(HTTP_EXTENSION_HEADER)
        return _context(identity_of(request.scope), given, known_version(given), extensions)


class GrpcContexts(GrpcServerCallContextBuilder):
    """Contexts of gRPC calls; the service that is called says which version it must be."""

    def __init__(self, version: Version) -> None:
        self._version = version

    def build(self, context: grpc.aio.ServicerContext[Any, Any]) -> ServerCallContext:
        """Return the context of one call.

        Raises:
            VersionNotSupportedError: The version it names is not the service's.
        """
        metadata = [(key.lower(), str(value)) for key, value in context.invocation_metadata() or ()]
        given = next((value for key, value in metadata if key == _HEADER), "")
        if known_version(given) != self._version:
            raise VersionNotSupportedError(
                f"This service speaks A2A {self._version}; the call named {given or 'no version, which means 0.3'!r}."
            )
        extensions = [value for key, value in metadata if key == HTTP_EXTENSION_HEADER.lower()]
        return _context(grpc_identity.get(), given, self._version, extensions)


def known_version(given: str) -> Version:
    """Return the version a peer means; an empty word means 0.3, patch numbers mean nothing.

    Raises:
        VersionNotSupportedError: It is neither 1.0 nor 0.3.
    """
    numbers = given.strip().split(".")
    if not given or numbers[:2] == ["0", "3"]:
        return "0.3"
    if numbers[:2] == ["1", "0"] and all(number.isdecimal() for number in numbers[2:]):
        return "1.0"
    raise VersionNotSupportedError(f"A2A {given[:20]!r} is not spoken here: use 1.0 or 0.3.")


def check_right(identity: Identity) -> None:
    """Refuse who may not talk to the agent.

    Raises:
        ForbiddenError: Names the right.
    """
    if not identity.may(ASK):
        raise ForbiddenError(f"The right {ASK!r} is missing.", right=ASK)


def caller_of(context: ServerCallContext, params: Any) -> Caller:  # any request of the protocol
    """Return on whose behalf an operation is done.

    Raises:
        TaskNotFoundError: The request names a task in another tenant than the caller's.
        InvalidParamsError: It names another tenant.
    """
    caller: Caller = context.state["caller"]
    tenant = context.tenant or getattr(params, "tenant", "")
    if tenant and tenant != caller.tenant:
        fields = params.DESCRIPTOR.fields_by_name
        if "id" in fields or "task_id" in fields:
            raise TaskNotFoundError
        raise InvalidParamsError(f"There is no tenant {tenant[:100]!r} here; leave it out, or name your own.")
    return caller


def version_of(context: ServerCallContext) -> Version:
    """Return in which version a request came."""
    version: Version = context.state["version"]
    return version


def _context(identity: Identity, given: str, version: Version, extensions: list[str]) -> ServerCallContext:
    state: Mapping[str, Any] = {
        "headers": {_HEADER: given},
        "caller": identity.caller,
        "version": version,
    }
    return ServerCallContext(
        state=dict(state), user=KnownUser(identity.name), requested_extensions=get_requested_extensions(extensions)
    )
