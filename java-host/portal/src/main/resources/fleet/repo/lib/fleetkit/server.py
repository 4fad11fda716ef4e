"""The HTTP server in front of a service: /health and /metrics for everybody, the rest through the service's limits."""

from __future__ import annotations

import json
import logging
import signal
import socketserver
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from fleetkit import logs
from fleetkit.service import Service

log = logging.getLogger("main")


class Server(ThreadingHTTPServer):
    """A thread a request, on loopback only."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, service: Service, port: int) -> None:
        self.service = service
        super().__init__(("127.0.0.1", port), RequestHandler)

    def server_bind(self) -> None:
        """Bind without asking the name service who we are."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = "localhost", self.server_address[1]


class RequestHandler(BaseHTTPRequestHandler):
    """Reads a request, gives it to the service, writes the answer."""

    server: Server

    def do_GET(self) -> None:
        """Answer a GET."""
        service = self.server.service
        if self.path == "/health":
            self._send_json(*service.health())
        elif self.path == "/metrics":
            self._send(200, service.metrics.render().encode(), "text/plain; version=0.0.4")
        else:
            self._traced("GET", {})

    def do_POST(self) -> None:
        """Answer a POST."""
        length = int(self.headers.get("Content-Length", "0"))
        raw = self.rfile.read(length)
        limit = self.server.service.max_body_bytes
        if length > limit:
            self._refuse(413, f"a body of {length} bytes is more than the {limit} allowed")
            return
        try:
            body = json.loads(raw or b"{}")
        except ValueError:
            self._refuse(400, "the body is not JSON")
            return
        if self.path == "/admin/maintenance":
            self._send_json(*self.server.service.start_maintenance(self._key(), body))
        else:
            self._traced("POST", body)

    def log_message(self, format: str, *args: object) -> None:  # the name is the base class's
        """Log nothing: the service logs each request itself."""

    def _traced(self, method: str, body: dict[str, Any]) -> None:
        logs.set_trace(self.headers.get("X-Trace-Id") or uuid.uuid4().hex[:16])
        self._send_json(*self.server.service.handle(method, self.path, self._key(), body))

    def _refuse(self, status: int, message: str) -> None:
        logs.set_trace(self.headers.get("X-Trace-Id"))
        logging.getLogger("http").warning("POST %s refused: %s", self.path, message)
        self.server.service.metrics.finished(status, 0.0)
        self._send_json(status, {"error": message})

    def _key(self) -> str:
        return self.headers.get("X-Client-Key", "")

    def _send_json(self, status: int, answer: dict[str, Any]) -> None:
        self._send(status, json.dumps(answer).encode(), "application/json")

    def _send(self, status: int, payload: bytes, media_type: str) -> None:
        try:
            self.send_response(status)
            self.send_header("Content-Type", media_type)
            self.send_header("Content-Length", str(len(payload)))
            self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(payload)
        except (BrokenPipeError, ConnectionResetError):
            logging.getLogger("http").info("the caller of %s had gone before the answer", self.path)


def serve(service: Service) -> None:
    """Open the port and answer requests until the process is told to end."""
    port = service.config.get("server.port", int)
    server = Server(service, port)
    signal.signal(signal.SIGTERM, _end)
    log.info("%s %s listens on port %d", service.name, service.release, port)
    server.serve_forever(poll_interval=0.5)


def _end(signum: int, frame: object) -> None:
    log.info("stopping on request")
    raise SystemExit(0)
