"""A model server for tests that says what a script tells it, in real wire formats, on loopback. Not a model.

Use it in a test as `from model_server import FakeModelServer, Reply` and
`with FakeModelServer(["first reply", Reply(text="second")]) as server: …`, or alone:
`python tests/fakes/model_server.py --script FILE --port N`, where FILE is a JSON list of texts and `Reply` objects.
OpenAI-compatible at `/v1` (chat completions, completions, responses; and `/compatible-mode/v1`), Anthropic's messages
at `/v1/messages`, DashScope's own format at `/api/v1`.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import signal
import socket
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any

from model_formats import AnthropicFormat, ResponsesFormat
from model_wire import CompletionFormat, DashScopeFormat, OpenAIFormat, Reply, WireFormat

__all__ = ["FakeModelServer", "RecordedRequest", "Reply", "read_script"]

Script = Sequence[str | Reply] | Callable[[dict[str, Any]], str | Reply]

_DASHSCOPE_PATH = "/api/v1/services/aigc/text-generation/generation"
_WIRES: tuple[tuple[tuple[str, ...], WireFormat], ...] = (
    (("/v1/chat/completions", "/compatible-mode/v1/chat/completions"), OpenAIFormat()),
    (("/v1/completions", "/compatible-mode/v1/completions"), CompletionFormat()),
    (("/v1/responses",), ResponsesFormat()),
    (("/v1/messages",), AnthropicFormat()),
    ((_DASHSCOPE_PATH,), DashScopeFormat()),
)


@dataclass(frozen=True)
class RecordedRequest:
    """A request as it came in."""

    path: str
    headers: dict[str, str]
    """Names in lower case."""
    body: dict[str, Any]

    @property
    def messages(self) -> list[dict[str, Any]]:
        """The messages, whichever the format; a completion's prompt is one of them."""
        if "prompt" in self.body:
            return [{"role": "user", "content": self.body["prompt"]}]
        given = self.body.get("input")
        inner: Any = given.get("messages") if isinstance(given, dict) else given
        messages: list[dict[str, Any]] = self.body.get("messages") or inner or []
        return messages


class FakeModelServer:
    """The server; a context manager. Serves from a thread, so that it works beside any event loop."""

    def __init__(
        self, script: Script, *, port: int = 0, api_key: str = "", models: Sequence[str] = ("fake-model",)
    ) -> None:
        """Take the script.

        Args:
            script: Replies in order, or a function of the request's body.
            port: 0: any free one.
            api_key: When given, any other key is refused with 401.
            models: What `GET /v1/models` lists.
        """
        self._script = script if callable(script) else [_as_reply(one) for one in script]
        self._lock = threading.Lock()
        self.api_key = api_key
        self.models = tuple(models)
        self.requests: list[RecordedRequest] = []
        self.disconnected = threading.Event()
        """Set when a client went away before its reply was over."""
        self.stopping = threading.Event()
        self._http = _Server(("127.0.0.1", port), _Handler)
        self._http.fake = self
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    @property
    def url(self) -> str:
        """The server's root address."""
        return f"http://127.0.0.1:{self._http.server_port}"

    @property
    def openai_url(self) -> str:
        """The base URL for OpenAI clients."""
        return f"{self.url}/v1"

    @property
    def dashscope_url(self) -> str:
        """The base URL for DashScope clients."""
        return f"{self.url}/api/v1"

    def __enter__(self) -> FakeModelServer:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stopping.set()
        self._http.shutdown()
        self._http.close_connections()
        self._http.server_close()
        self._thread.join(timeout=5)

    def next_reply(self, request: RecordedRequest) -> Reply:
        """Return the reply for a request, and take it off the script."""
        with self._lock:
            self.requests.append(request)
            if callable(self._script):
                return _as_reply(self._script(request.body))
            asked = "\n".join(str(message.get("content")) for message in request.messages)
            for position, reply in enumerate(self._script):
                if isinstance(reply, Reply) and reply.contains in asked:
                    if not reply.repeat:
                        del self._script[position]
                    return reply
        return Reply(
            status=400, error_code="script_exhausted", error_message="the script has no reply for this request"
        )


class _Server(ThreadingHTTPServer):
    daemon_threads = False  # joined at the end, so that no thread outlives a test
    fake: FakeModelServer

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> None:
        self._open: set[socket.socket] = set()
        super().__init__(address, handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Serve a connection in a thread of its own."""
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """End a connection."""
        self._open.discard(request)
        super().shutdown_request(request)

    def close_connections(self) -> None:
        """End what clients keep open for later, so that their threads end."""
        for connection in list(self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: object, client_address: object) -> None:
        """Note a client that reset its connection; anything else is a fault of this fake and is shown."""
        if isinstance(sys.exc_info()[1], ConnectionError):
            self.fake.disconnected.set()
        else:
            super().handle_error(request, client_address)  # type: ignore[arg-type]  # typeshed wants its private alias


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def log_message(self, format: str, *args: object) -> None:
        """Stay quiet."""

    def do_GET(self) -> None:
        """Answer the list of models."""
        names = [{"id": name, "object": "model", "created": 0, "owned_by": "fake"} for name in self.server.fake.models]
        self._send_json(200, {"object": "list", "data": names})

    def do_POST(self) -> None:
        """Answer from the script."""
        body = json.loads(self.rfile.read(int(self.headers.get("content-length") or 0)) or b"{}")
        request = RecordedRequest(self.path, {name.lower(): value for name, value in self.headers.items()}, body)
        wire = _wire(self.path)
        if wire is None:
            self._send_json(404, {"error": {"message": f"no such path {self.path}"}})
            return
        reply = self._reply(request)
        if self.server.fake.stopping.wait(reply.first_delay_seconds):
            return
        try:
            self._answer(reply, request, wire)
        except OSError:
            self.server.fake.disconnected.set()
            self.close_connection = True

    def _reply(self, request: RecordedRequest) -> Reply:
        key = self.server.fake.api_key
        given = request.headers.get("x-api-key") or request.headers.get("authorization", "").removeprefix("Bearer ")
        if key and given != key:
            self.server.fake.requests.append(request)
            return Reply(status=401, error_code="InvalidApiKey", error_message="Incorrect API key provided.")
        return self.server.fake.next_reply(request)

    def _answer(self, reply: Reply, request: RecordedRequest, wire: WireFormat) -> None:
        if reply.raw_body is not None:
            self._send(reply.status, reply.raw_body.encode(), reply.raw_content_type, reply.headers)
        elif reply.status != 200 and reply.error_after_chunks is None:
            self._send_json(reply.status, wire.error(reply), reply.headers)
        elif wire.wants_stream(request.body, request.headers):
            self._stream(reply, request.body, wire)
        else:
            self._send_json(200, wire.whole(reply, request.body))

    def _stream(self, reply: Reply, body: dict[str, Any], wire: WireFormat) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/event-stream; charset=utf-8")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        for number, event in enumerate(wire.events(reply, body)):
            if number == reply.break_after_chunks:
                self.close_connection = True
                return
            if number == reply.error_after_chunks:
                self._write_chunk(wire.error_event(reply))
                break
            self._write_chunk(event)
            if self.server.fake.stopping.wait(reply.chunk_delay_seconds):
                self.close_connection = True
                return
        self._write_chunk(wire.ending())
        self.wfile.write(b"0\r\n\r\n")

    def _write_chunk(self, data: bytes) -> None:
        if data:
            self.wfile.write(b"%x\r\n%b\r\n" % (len(data), data))
            self.wfile.flush()

    def _send_json(self, status: int, body: dict[str, Any], headers: dict[str, str] | None = None) -> None:
        self._send(status, json.dumps(body, ensure_ascii=False).encode(), "application/json", headers or {})

    def _send(self, status: int, body: bytes, content_type: str, headers: dict[str, str]) -> None:
        self.send_response(status)
        self.send_header("content-type", content_type)
        self.send_header("content-length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


def _wire(path: str) -> WireFormat | None:
    return next((wire for paths, wire in _WIRES if path in paths), None)


def _as_reply(one: str | Reply) -> Reply:
    return Reply(text=one) if isinstance(one, str) else one


def read_script(text: str) -> list[Reply]:
    """Read a script file: a JSON list of texts and objects with the fields of `Reply`."""
    return [Reply(text=one) if isinstance(one, str) else Reply(**one) for one in json.loads(text)]


def main() -> None:
    """Serve a script until SIGINT or SIGTERM; the first line on stdout is the address."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--script", type=Path, required=True)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--api-key", default="")
    arguments = parser.parse_args()
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with FakeModelServer(
        read_script(arguments.script.read_text("utf-8")), port=arguments.port, api_key=arguments.api_key
    ) as server:
        sys.stdout.write(f"{server.url}\n")
        sys.stdout.flush()
        stop.wait()


if __name__ == "__main__":
    main()
