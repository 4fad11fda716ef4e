"""Records the requests of a load test on the port given and answers each with 503. Not a service of the shop."""

from __future__ import annotations

import os
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

RECORDED: list[str] = []


class Recorder(BaseHTTPRequestHandler):
    """Keeps the newest thousand request lines."""

    def do_GET(self) -> None:
        """Record and refuse."""
        RECORDED.append(self.requestline)
        del RECORDED[:-1000]
        self.send_error(503, "recording only")

    do_POST = do_GET

    def log_message(self, format: str, *args: object) -> None:
        """Log nothing."""


def end_with_host() -> None:
    """Wait until standard input closes, then end."""
    while os.read(0, 4096):
        pass
    os._exit(0)


if __name__ == "__main__":
    threading.Thread(target=end_with_host, daemon=True).start()
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Recorder).serve_forever()
