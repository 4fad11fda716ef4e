"""Shows yesterday's sales report to a colleague, on the port given. Not a service of the shop."""

from __future__ import annotations

import os
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer


class Preview(BaseHTTPRequestHandler):
    """One page, whatever the path."""

    def do_GET(self) -> None:
        """Answer with the page."""
        page = b"<h1>Sales report (preview)</h1><p>Not final.</p>"
        self.send_response(404 if self.path != "/" else 200)
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    def log_message(self, format: str, *args: object) -> None:
        """Log nothing."""


def end_with_host() -> None:
    """Wait until standard input closes, then end."""
    while os.read(0, 4096):
        pass
    os._exit(0)


if __name__ == "__main__":
    threading.Thread(target=end_with_host, daemon=True).start()
    HTTPServer(("127.0.0.1", int(sys.argv[1])), Preview).serve_forever()
