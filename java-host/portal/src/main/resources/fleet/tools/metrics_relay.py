"""Takes metric lines on the port given, acknowledges and forgets them. Not a service of the shop."""

from __future__ import annotations

import os
import socketserver
import sys
import threading


class Relay(socketserver.StreamRequestHandler):
    """Reads a line, answers OK."""

    def handle(self) -> None:
        """Acknowledge one line."""
        self.rfile.readline(4096)
        self.wfile.write(b"OK\n")


class RelayServer(socketserver.ThreadingTCPServer):
    """A thread a connection."""

    allow_reuse_address = True
    daemon_threads = True


def end_with_host() -> None:
    """Wait until standard input closes, then end."""
    while os.read(0, 4096):
        pass
    os._exit(0)


if __name__ == "__main__":
    threading.Thread(target=end_with_host, daemon=True).start()
    RelayServer(("127.0.0.1", int(sys.argv[1])), Relay).serve_forever()
