"""The socket, TLS and connections of the HTTP server, by uvicorn in the engine's event loop. Knows no request."""

from __future__ import annotations

import asyncio
import logging
import resource
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import anyio
import uvicorn
from sanca.core.errors import ConfigurationError
from sanca.python_runtime.doors.connections import guarded_protocol
from sanca.python_runtime.doors.settings import DEFAULT_PORT, DoorsSettings

_END_SECONDS = 2
_HEADER_BYTES = 65_536
_KEEP_ALIVE_SECONDS = 15
_OTHER_FILES = 512
"""What the engine has open besides connections."""


class Listener:
    """One socket that an ASGI application answers on; `serve` once, `close` once."""

    def __init__(self, settings: DoorsSettings) -> None:
        """Bind the socket.

        Raises:
            ConfigurationError: It cannot be had.
        """
        self._settings = settings
        self._socket = listen_on(settings)
        self._serving: asyncio.Task[None] | None = None
        self._server: uvicorn.Server | None = None
        self.url = settings.url_at(self._socket.getsockname()[1])
        """How others reach it."""

    def serve(self, application: Any) -> None:
        """Begin to answer."""
        _allow_files(self._settings.http_connections)
        self._server = _Server(server_config(application, self._settings))
        self._serving = asyncio.create_task(self._server.serve([self._socket]), name="http server")

    def refuse(self) -> None:
        """Take no more connections; what is under way goes on until `close`."""
        if self._server is not None:
            self._server.should_exit = True

    async def close(self) -> None:
        """End what is under way, in bounds."""
        if self._serving is None:
            self._socket.close()
            return
        self.refuse()
        with anyio.move_on_after(2 * _END_SECONDS):
            await asyncio.wait([self._serving])
        self._serving.cancel()
        with suppress(asyncio.CancelledError):
            await self._serving


class _Server(uvicorn.Server):
    """uvicorn without its signal handlers: the engine has its own."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def server_config(application: Any, settings: DoorsSettings) -> uvicorn.Config:
    """Return how uvicorn serves an ASGI application here: bounded in connections, headers and waits."""
    logging.getLogger("uvicorn.error").setLevel(logging.ERROR)  # it warns of every malformed request
    return uvicorn.Config(
        application,
        loop="none",
        http=guarded_protocol(settings.http_connections, settings.http_header_seconds),
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=settings.http_behind_proxy,
        forwarded_allow_ips=settings.http_proxies,
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=_END_SECONDS,
        h11_max_incomplete_event_size=_HEADER_BYTES,
        ssl_certfile=settings.http_certificate,
        ssl_keyfile=settings.http_key,
        reset_contextvars=True,
    )


def listen_on(settings: DoorsSettings) -> socket.socket:
    """Return a socket bound to where the settings say.

    Raises:
        ConfigurationError: It cannot be had; names the setting.
    """
    host, port = settings.http_host, DEFAULT_PORT if settings.http_port is None else settings.http_port
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE | socket.AI_NUMERICSERV
        )[0]
        # With the protocol said, asyncio turns Nagle off for what it accepts; without, answers wait 40 ms for an ACK.
        listening = socket.socket(family, kind, protocol)
        try:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind(address)
        except OSError:
            listening.close()
            raise
    except OSError as error:
        raise ConfigurationError(
            f"The doors cannot listen on {host}, port {port} ({error.strerror}); set SANCA_HTTP_PORT to another port, "
            "or 0 for any.",
            setting="SANCA_HTTP_PORT",
        ) from error
    return listening


def _allow_files(connections: int) -> None:
    """Have room for as many connections as are allowed; most shells give a process 1,024 files."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = connections + _OTHER_FILES
    if soft != resource.RLIM_INFINITY and soft < wanted:
        most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
