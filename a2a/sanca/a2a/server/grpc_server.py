"""The gRPC binding, 1.0 and 0.3 on one port: who calls is checked before a handler runs. Answers no operation."""

from __future__ import annotations

import ipaddress
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

import grpc
import structlog
from google.protobuf.message import DecodeError
from sanca.a2a.server.contexts import GrpcContexts, check_right, grpc_identity
from sanca.core.access import Access, DoorSettings, Identity
from sanca.core.door_errors import INSIDE, sentence_of, status_of
from sanca.core.errors import ConfigurationError, SancaError

from a2a.compat.v0_3 import a2a_v0_3_pb2_grpc
from a2a.compat.v0_3.grpc_handler import CompatGrpcHandler
from a2a.server.request_handlers.grpc_handler import GrpcHandler
from a2a.server.request_handlers.request_handler import RequestHandler
from a2a.types import a2a_pb2_grpc

if TYPE_CHECKING:
    from collections.abc import Iterator

log = structlog.get_logger(__name__)

_GRACE_SECONDS = 1.0
_OPTIONS: dict[str, int] = {
    "grpc.so_reuseport": 0,  # two engines must not share a port by chance
    "grpc.max_metadata_size": 32 * 1024,
    "grpc.keepalive_time_ms": 60_000,
    "grpc.http2.min_recv_ping_interval_without_data_ms": 10_000,
    "grpc.max_concurrent_streams": 1_000,
}
if TYPE_CHECKING:
    Servicer = grpc.aio.ServicerContext[Any, Any]
    _Interceptor = grpc.aio.ServerInterceptor[Any, Any]
else:  # generic in the type stubs only
    _Interceptor = grpc.aio.ServerInterceptor


class GrpcServer:
    """Listens from `open` to `close`."""

    def __init__(self, handler: RequestHandler, access: Access, settings: DoorSettings) -> None:
        self._handler = handler
        self._access = access
        self._settings = settings
        self._server: grpc.aio.Server | None = None
        self.address = ""
        """Where it listens, as `host:port`; empty: it does not."""

    async def open(self) -> None:
        """Listen, if a port is configured.

        Raises:
            ConfigurationError: The port is taken, or the certificate cannot be used.
        """
        settings = self._settings
        if settings.grpc_port is None:
            return
        options = [*_OPTIONS.items(), ("grpc.max_receive_message_length", settings.body_bytes)]
        server = grpc.aio.server(interceptors=(_Gate(self._access),), options=options)
        current, older = cast(Any, a2a_pb2_grpc), cast(Any, a2a_v0_3_pb2_grpc)  # generated code has no types
        current.add_A2AServiceServicer_to_server(GrpcHandler(self._handler, GrpcContexts("1.0")), server)
        older.add_A2AServiceServicer_to_server(CompatGrpcHandler(self._handler, GrpcContexts("0.3")), server)
        port = self._bind(server, f"{_bracketed(settings.host)}:{settings.grpc_port}")
        await server.start()
        self._server, self.address = server, f"{_bracketed(settings.host)}:{port}"

    async def close(self) -> None:
        """Stop; calls that are under way have a second."""
        if self._server is not None:
            await self._server.stop(_GRACE_SECONDS)
            self._server, self.address = None, ""

    @property
    def public_address(self) -> str:
        """How others reach it: the host of the server's URL and the port."""
        if not self.address:
            return ""
        host = urlsplit(self._settings.url).hostname or self._settings.host
        return f"{_bracketed(host)}:{self.address.rpartition(':')[2]}"

    def _bind(self, server: grpc.aio.Server, address: str) -> int:
        certificate, key = self._settings.certificate, self._settings.key
        try:
            if certificate and key:
                pair = (key.read_bytes(), certificate.read_bytes())
                return int(server.add_secure_port(address, grpc.ssl_server_credentials([pair])))
            return int(server.add_insecure_port(address))
        except (RuntimeError, OSError) as error:
            raise ConfigurationError(
                f"gRPC for A2A cannot listen on {address!r}; is the port taken? SANCA_A2A_GRPC_PORT names another one.",
                setting="SANCA_A2A_GRPC_PORT",
            ) from error


class _Gate(_Interceptor):
    """Asks for credentials before each call, and lets no error out but in one sentence."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._guarded: dict[str, grpc.RpcMethodHandler[Any, Any]] = {}

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[grpc.RpcMethodHandler[Any, Any]]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> grpc.RpcMethodHandler[Any, Any]:
        """Put the gate before a method's handler."""
        method = str(handler_call_details.method)
        if method not in self._guarded:
            handler = await continuation(handler_call_details)
            if handler is None:  # no such method
                return handler
            self._guarded[method] = self._guard(handler)
        return self._guarded[method]

    def _guard(self, handler: Any) -> grpc.RpcMethodHandler[Any, Any]:
        read, write = handler.request_deserializer, handler.response_serializer

        async def unary(raw: bytes, context: Servicer) -> Any:
            identity, request = await self._enter(raw, read, context)
            try:
                with self._counted(identity):
                    return await handler.unary_unary(request, context)
            except Exception as error:
                await _refuse(context, error)

        async def streaming(raw: bytes, context: Servicer) -> AsyncIterator[Any]:
            identity, request = await self._enter(raw, read, context)
            try:
                with self._counted(identity):
                    async for message in handler.unary_stream(request, context):
                        yield message
            except Exception as error:
                await _refuse(context, error)

        if handler.response_streaming:
            return grpc.unary_stream_rpc_method_handler(streaming, None, write)
        return grpc.unary_unary_rpc_method_handler(unary, None, write)

    async def _enter(self, raw: bytes, read: Callable[[bytes], Any], context: Servicer) -> tuple[Identity, Any]:
        headers = {key.lower(): str(value) for key, value in context.invocation_metadata() or ()}
        try:
            identity = await self._access.identify(headers, "a2a", _host(context.peer()))
            check_right(identity)
            grpc_identity.set(identity)
            return identity, read(raw)
        except DecodeError:
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, "The request is not of the protocol's form.")
        except Exception as error:
            await _refuse(context, error)
        raise AssertionError("a call that was refused goes on")

    @contextmanager
    def _counted(self, identity: Identity) -> Iterator[None]:
        with self._access.stream(identity):
            yield


async def _refuse(context: Servicer, error: Exception) -> None:
    """End a call that failed: our own errors in their own words, others in none."""
    if isinstance(error, grpc.aio.AbortError):
        raise error
    if not isinstance(error, SancaError):
        log.error("a2a_grpc_call_broke", exc_info=error)
    sentence = sentence_of(error) if isinstance(error, SancaError) else INSIDE
    await context.abort(grpc.StatusCode[status_of(error).grpc], sentence)


def _host(peer: str) -> str:
    """Return the address of `ipv4:127.0.0.1:1234` or `ipv6:%5B::1%5D:1234`."""
    kind, _, rest = peer.partition(":")
    address = rest.rpartition(":")[0].replace("%5B", "").replace("%5D", "").strip("[]")
    return address if kind in ("ipv4", "ipv6") else ""


def _bracketed(host: str) -> str:
    try:
        return f"[{host}]" if ipaddress.ip_address(host).version == 6 else host
    except ValueError:
        return host
