"""HTTP requests of the three JSON bindings, checked before the SDK's dispatchers see them. Answers no operation."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from functools import lru_cache
from typing import Any, cast

import orjson
from google.protobuf.json_format import ParseError
from pydantic import TypeAdapter, ValidationError
from sanca.a2a.server.contexts import HttpContexts
from sse_starlette.sse import EventSourceResponse
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, Router
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from a2a.compat.v0_3.context_builders import V03ServerCallContextBuilder
from a2a.compat.v0_3.conversions import to_core_message
from a2a.compat.v0_3.jsonrpc_adapter import JSONRPC03Adapter
from a2a.compat.v0_3.rest_adapter import REST03Adapter
from a2a.compat.v0_3.rest_handler import REST03Handler
from a2a.server.jsonrpc_models import InvalidParamsError as JsonRpcInvalidParams
from a2a.server.jsonrpc_models import JSONParseError
from a2a.server.request_handlers.request_handler import RequestHandler
from a2a.server.request_handlers.response_helpers import build_error_response
from a2a.server.routes.jsonrpc_dispatcher import JsonRpcDispatcher
from a2a.server.routes.rest_routes import create_rest_routes
from a2a.utils.error_handlers import build_rest_error_payload, rest_stream_error_handler
from a2a.utils.errors import (
    A2A_REASON_TO_ERROR,
    A2AError,
    ContentTypeNotSupportedError,
    InternalError,
    InvalidRequestError,
    MethodNotFoundError,
)

_JSON_TYPES = frozenset({"application/json", "application/a2a+json"})
_NOT_JSON = "The body is not JSON."
_UNREADABLE = "Invalid params: message: a part or its metadata cannot be read; bytes must be Base64."


class JsonRequest(Request):
    """A request whose body was read already."""

    def __init__(self, scope: Scope, body: Any) -> None:
        super().__init__(scope)
        self._read_body = body

    async def json(self) -> Any:
        """Return what was read."""
        return self._read_body


class JsonRpc:
    """JSON-RPC 1.0 and 0.3 at one address: the method's name tells which."""

    def __init__(self, handler: RequestHandler) -> None:
        self._dispatcher = JsonRpcDispatcher(handler, HttpContexts(), enable_v0_3_compat=True)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        response = await self._answer(Request(scope, receive))
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        if request.method != "POST":
            return Response(status_code=405, headers={"Allow": "POST"})
        if not _is_json(request):
            wrong = ContentTypeNotSupportedError("JSON-RPC requests have the Content-Type application/json.")
            return JSONResponse(build_error_response(None, wrong))
        try:
            # Read once, with a parser that knows bounds in depth and refuses NaN and half surrogates.
            body = orjson.loads(await request.body())
        except orjson.JSONDecodeError:
            return JSONResponse(build_error_response(None, JSONParseError(message=_NOT_JSON)))
        if refused := _refused_params(body):
            return refused
        return await self._dispatcher.handle_requests(JsonRequest(request.scope, body))


class Rest:
    """HTTP+JSON of one version, below a prefix."""

    def __init__(self, handler: RequestHandler, prefix: str, version: str) -> None:
        self._prefix = prefix
        self._is_older = version == "0.3"
        if version == "1.0":
            routes = create_rest_routes(handler, HttpContexts())
        else:
            adapted = REST03Adapter(handler, HttpContexts()).routes() | _older_streams(handler)
            routes = [Route(path, endpoint, methods=[method]) for (path, method), endpoint in adapted.items()]
        self._router: ASGIApp = Router(routes, default=_no_such_operation)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; the prefix is left away."""
        inner = {**scope, "path": scope["path"].removeprefix(self._prefix), "root_path": ""}
        if self._is_older:
            send = _OlderErrors(send)
        if scope["method"] == "POST":
            body = await Request(scope, receive).body()
            if refused := _refused_body(Request(scope), body):
                await rest_error(refused)(scope, receive, send)
                return
            receive = _again(body, receive)
            if _media_type(Request(scope)) == "application/json":
                send = _in_plain_json(send)
        await self._router(inner, receive, send)


def _refused_params(body: Any) -> Response | None:
    """Refuse parameters that are not of the form of 0.3; the SDK would call the whole request invalid."""
    if not isinstance(body, dict) or body.get("jsonrpc") != "2.0" or "params" not in body:
        return None
    request_id, expected = body.get("id"), _params_of(str(body.get("method")))
    if expected is None or isinstance(request_id, bool) or not isinstance(request_id, str | int | None):
        return None
    try:
        params = expected.validate_python(body["params"])
        if (message := getattr(params, "message", None)) is not None:
            to_core_message(message)
    except ValidationError as error:
        return JSONResponse(build_error_response(request_id, JsonRpcInvalidParams(message=_first(error))))
    except (ValueError, ParseError):  # what the form alone does not tell; the SDK would say that it broke inside
        return JSONResponse(build_error_response(request_id, JsonRpcInvalidParams(message=_UNREADABLE)))
    return None


@lru_cache(maxsize=32)
def _params_of(method: str) -> TypeAdapter[Any] | None:
    model = cast(Any, JSONRPC03Adapter.METHOD_TO_MODEL.get(method))
    field = model.model_fields.get("params") if model is not None else None
    return TypeAdapter(field.annotation) if field is not None else None


def _first(error: ValidationError) -> str:
    """Return what is wrong first, without what was sent."""
    found = error.errors(include_url=False, include_input=False, include_context=False)[0]
    return f"Invalid params: {'.'.join(map(str, found['loc']))[:200]}: {found['msg'][:200]}."


def _older_streams(handler: RequestHandler) -> dict[tuple[str, str], Callable[[Request], Any]]:
    """Return the streams of 0.3; the SDK's begin before they know whether there is anything to stream."""
    methods, contexts = REST03Handler(handler), V03ServerCallContextBuilder(HttpContexts())

    def endpoint(method: Callable[..., AsyncIterator[Any]]) -> Callable[[Request], Any]:
        async def answer(request: Request) -> Response:
            events = aiter(method(request, contexts.build(request)))
            first = await anext(events, None)

            async def lines() -> AsyncIterator[dict[str, str]]:
                try:
                    if first is not None:
                        yield {"data": orjson.dumps(first).decode()}
                        async for event in events:
                            yield {"data": orjson.dumps(event).decode()}
                except A2AError as error:
                    yield {"event": "error", "data": orjson.dumps(build_rest_error_payload(error)).decode()}

            return EventSourceResponse(lines())

        return rest_stream_error_handler(answer)

    subscribe = endpoint(methods.on_subscribe_to_task)
    return {
        ("/v1/message:stream", "POST"): endpoint(methods.on_message_send_stream),
        ("/v1/tasks/{id}:subscribe", "GET"): subscribe,
        ("/v1/tasks/{id}:subscribe", "POST"): subscribe,
    }


class _OlderErrors:
    """Sends errors to clients of 0.3 as its servers do: `type` and `message` beside what 1.0 says."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._start: Message | None = None
        self._body = b""

    async def __call__(self, message: Message) -> None:
        """Send a message on; an error's when it is whole."""
        if message["type"] == "http.response.start" and message["status"] >= 400:
            self._start = message
        elif self._start is None:
            await self._send(message)
        else:
            self._body += message.get("body", b"")
            if not message.get("more_body", False):
                await self._send_error(self._start)

    async def _send_error(self, start: Message) -> None:
        try:
            error = orjson.loads(self._body)["error"]
            reason = next((one.get("reason") for one in error.get("details", ()) if "reason" in one), "")
            kind = A2A_REASON_TO_ERROR.get(reason, InternalError)
            self._body = orjson.dumps({"type": kind.__name__, "message": error["message"], "error": error})
        except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError):
            pass  # it is none of the SDK's: plain text of the router
        headers = [(name, value) for name, value in start["headers"] if name.lower() != b"content-length"]
        headers.append((b"content-length", str(len(self._body)).encode()))
        await self._send({**start, "headers": headers})
        await self._send({"type": "http.response.body", "body": self._body})


def rest_error(error: A2AError) -> Response:
    """Return an error in the form of HTTP+JSON."""
    payload = build_rest_error_payload(error)
    return JSONResponse(payload, status_code=payload["error"]["code"])


async def _no_such_operation(scope: Scope, receive: Receive, send: Send) -> None:
    await rest_error(MethodNotFoundError("There is no such operation at this address."))(scope, receive, send)


def _is_json(request: Request) -> bool:
    return _media_type(request) in _JSON_TYPES


def _media_type(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def _in_plain_json(send: Send) -> Send:
    """Answer who speaks `application/json`, as the protocol's 1.0.0 had it, in the same."""

    async def plainly(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = [
                (
                    name,
                    value.replace(b"application/a2a+json", b"application/json") if name == b"content-type" else value,
                )
                for name, value in message["headers"]
            ]
            message = {**message, "headers": headers}
        await send(message)

    return plainly


def _refused_body(request: Request, body: bytes) -> A2AError | None:
    if not body:
        return None
    if not _is_json(request):
        return ContentTypeNotSupportedError("Requests have the Content-Type application/a2a+json or application/json.")
    try:
        orjson.loads(body)
    except orjson.JSONDecodeError:
        return InvalidRequestError(_NOT_JSON)
    return None


def _again(body: bytes, receive: Receive) -> Receive:
    """Give a body that was read once more; what comes after it is whether the other side is still there."""
    given = False

    async def replay() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay
