"""Serves an ASGI application of a peer on a free port and prints the address once it listens."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import Any

import uvicorn


def serve(make_app: Callable[[str], Any]) -> None:
    """Serve the application that is made for an address, until the process is ended."""
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    listening.listen()
    address = f"http://127.0.0.1:{listening.getsockname()[1]}"
    server = uvicorn.Server(uvicorn.Config(make_app(address), log_level="warning", lifespan="on"))
    print(address, flush=True)  # noqa: T201 - this is what the test waits for
    asyncio.run(server.serve(sockets=[listening]))
