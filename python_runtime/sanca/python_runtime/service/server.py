"""The gRPC server: token, loopback, one handler a method of engine.proto, errors as statuses. Knows no method by name.

Loads nothing but gRPC and the generated messages, so that it answers while the engine behind it is still opening.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Protocol

import grpc
import grpc.aio
from google.protobuf import message_factory
from google.protobuf.descriptor import MethodDescriptor
from sanca.core.errors import ConfigurationError, SancaError
from sanca.python_runtime.service import engine_pb2

SERVICE = engine_pb2.DESCRIPTOR.services_by_name["Engine"]
MESSAGE_LIMIT_BYTES = 16 * 1024 * 1024
_KEEPALIVE = (("grpc.keepalive_time_ms", 20_000), ("grpc.http2.max_pings_without_data", 0))


class Door(Protocol):
    """Answers the methods of engine.proto: `start_run(request)` and so on, by the method's name in snake case."""

    def status_of(self, error: SancaError) -> grpc.StatusCode:
        """Return the status that stands for an error."""


class Refusal(SancaError):
    """A call that is answered by a gRPC status."""

    def __init__(self, status: grpc.StatusCode, message: str) -> None:
        self.status = status
        super().__init__(message)


class EngineServer:
    """Serves one engine on loopback. The engine may come later than the server: calls wait for it."""

    def __init__(self, token: str, door: Callable[[str], Awaitable[Door]], log_failure: Callable[[str], None]) -> None:
        """Take what it needs.

        Args:
            token: What every call must carry.
            door: Gives the door for a method, when it is open.
            log_failure: Told of a method that broke, inside the exception's handler.
        """
        self._token = f"Bearer {token}"
        self._door = door
        self._log_failure = log_failure
        self._server = grpc.aio.server(
            options=(
                ("grpc.max_receive_message_length", MESSAGE_LIMIT_BYTES),
                ("grpc.max_send_message_length", MESSAGE_LIMIT_BYTES),
                ("grpc.so_reuseport", 0),
                *_KEEPALIVE,
            )
        )
        handlers = {method.name: self._handler(method) for method in SERVICE.methods}
        self._server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE.full_name, handlers),))

    async def start(self, port: int) -> str:
        """Listen on loopback and return the address.

        Raises:
            ConfigurationError: The port is taken.
        """
        try:
            bound = self._server.add_insecure_port(f"127.0.0.1:{port}")
        except RuntimeError as error:
            raise ConfigurationError(
                f"The engine's port {port} on 127.0.0.1 is taken; set SANCA_ENGINE_PORT to another one, or 0 for any.",
                setting="SANCA_ENGINE_PORT",
            ) from error
        await self._server.start()
        return f"127.0.0.1:{bound}"

    async def stop(self, grace_seconds: float) -> None:
        """Take no more calls, and let those under way end."""
        await self._server.stop(grace_seconds)

    def _handler(self, method: MethodDescriptor) -> grpc.RpcMethodHandler[Any, Any]:
        request_class = message_factory.GetMessageClass(method.input_type)
        codec = {"request_deserializer": request_class.FromString, "response_serializer": _serialize}
        name = _snake(method.name)
        serve = self._serve_stream(name) if method.server_streaming else self._serve_one(name)
        if method.client_streaming:
            return grpc.stream_unary_rpc_method_handler(serve, **codec)
        if method.server_streaming:
            return grpc.unary_stream_rpc_method_handler(serve, **codec)
        return grpc.unary_unary_rpc_method_handler(serve, **codec)

    def _serve_one(self, name: str) -> Callable[..., Awaitable[Any]]:
        async def serve(request: Any, context: grpc.aio.ServicerContext[Any, Any]) -> Any:
            try:
                self._check_token(context)
                return await getattr(await self._door(name), name)(request)
            except Exception as error:
                await self._abort(context, name, error)

        return serve

    def _serve_stream(self, name: str) -> Callable[..., AsyncIterator[Any]]:
        async def serve(request: Any, context: grpc.aio.ServicerContext[Any, Any]) -> AsyncIterator[Any]:
            try:
                self._check_token(context)
                async for reply in getattr(await self._door(name), name)(request):
                    yield reply
            except Exception as error:
                await self._abort(context, name, error)

        return serve

    def _check_token(self, context: grpc.aio.ServicerContext[Any, Any]) -> None:
        metadata = context.invocation_metadata() or ()
        given = next((str(value) for key, value in metadata if key == "authorization"), "")
        if not hmac.compare_digest(given.encode(), self._token.encode()):
            message = "The token is missing or wrong; it is in engine.json of the engine's state folder."
            raise Refusal(grpc.StatusCode.UNAUTHENTICATED, message)

    async def _abort(self, context: grpc.aio.ServicerContext[Any, Any], name: str, error: Exception) -> None:
        if isinstance(error, grpc.aio.AbortError):
            raise error
        if isinstance(error, Refusal):
            await context.abort(error.status, str(error))
        if isinstance(error, SancaError):
            door = await self._door(name)
            await context.abort(door.status_of(error), str(error))
        self._log_failure(name)
        sentence = f"The engine failed inside ({type(error).__name__}); its log says where."
        await context.abort(grpc.StatusCode.INTERNAL, sentence)


def _serialize(message: Any) -> bytes:
    data: bytes = message.SerializeToString()
    return data


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
