"""The gateway through py4j's own client: for describe, cancel, status and whatever is not hot. Never re-sends."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from py4j.java_gateway import GatewayClient, GatewayConnection, GatewayParameters, JavaGateway
from py4j.protocol import ERROR_ON_SEND, Py4JAuthenticationError, Py4JError, Py4JJavaError, Py4JNetworkError
from sanca.core.errors import GatewayAuthError, GatewayError, GatewayUnavailableError
from sanca.toolkit_bridge.beside import joined
from sanca.toolkit_bridge.connection import GatewayConnectionInfo, connect
from sanca.toolkit_bridge.delivery import DeliveringGateway
from sanca.toolkit_bridge.gateway import (
    HALF_CHARACTER,
    REFUSED_TOKEN,
    REPLY_LIMIT_BYTES,
    ConnectionBrokenError,
    ReplyTimeoutError,
)
from sanca.toolkit_bridge.wire import refusal

# py4j logs every broken connection with a traceback; ours is the one clear sentence.
logging.getLogger("py4j").addHandler(logging.NullHandler())
logging.getLogger("py4j").propagate = False


class _Once(GatewayClient):  # type: ignore[misc]  # py4j has no annotations
    """py4j's client without its second try, and without its own log of failures."""

    def _should_retry(self, retry: bool, connection: Any, pne: Any = None) -> bool:
        return False

    def send_command(self, command: str, retry: bool = True, binary: bool = False) -> str:
        """Send one command on a pooled connection that was alive a moment ago."""
        connection = self._live_connection()
        try:
            answer: str = connection.send_command(command)
        except BaseException:
            connection.close(True)
            raise
        self._give_back_connection(connection)
        return answer

    def _create_connection(self) -> GatewayConnection:
        """Connect; py4j leaves the socket of a failed attempt to the garbage collector."""
        connection = GatewayConnection(self.gateway_parameters, self.gateway_property)
        try:
            connection.start()
        except BaseException:
            if (stream := getattr(connection, "stream", None)) is not None:
                stream.close()
            connection.socket.close()
            raise
        return connection

    def _live_connection(self) -> GatewayConnection:
        while self.deque:
            try:
                connection = self.deque.pop()
            except IndexError:
                break
            if not _is_stale(connection.socket):
                return connection
            connection.close()
        return self._create_connection()


class Py4JGateway(DeliveringGateway):
    """See `sanca.toolkit_bridge.gateway.Gateway`."""

    def __init__(self, home: Path) -> None:
        super().__init__(home)
        self._lock = threading.Lock()
        self._info: GatewayConnectionInfo | None = None
        self._gateways: dict[float, JavaGateway] = {}

    def abandon(self, call_id: str) -> None:
        """Do nothing to the socket (py4j owns it); the waiting thread is freed by the call's time limit."""
        self._abandoned.add(call_id)

    def close(self) -> None:
        """Close every connection."""
        self._closed.set()
        with self._lock:
            self._forget()

    def _invoke(
        self,
        method: str,
        arguments: tuple[str, ...],
        timeout_seconds: float,
        call_id: str = "",
        *,
        repeatable: bool = False,
        left: Callable[[], None] | None = None,
    ) -> str:
        arguments = joined(arguments)
        _check_texts(arguments)
        if self._closed.is_set():
            raise GatewayUnavailableError("The gateway is closed.")
        try:
            return connect(self._home, lambda info: self._exchange(info, method, arguments, timeout_seconds, left))
        except ConnectionBrokenError:
            raise
        except GatewayUnavailableError as error:
            raise ConnectionBrokenError(str(error), sent=False) from error

    def _exchange(
        self,
        info: GatewayConnectionInfo,
        method: str,
        arguments: tuple[str, ...],
        timeout_seconds: float,
        left: Callable[[], None] | None,
    ) -> str:
        gateway = self._gateway(info, timeout_seconds)
        if left is not None:
            left()  # the library cannot tell when it has sent
        try:
            answer = getattr(gateway.entry_point, method)(*arguments)
        except Py4JAuthenticationError as error:
            raise GatewayAuthError(REFUSED_TOKEN) from error
        except Py4JNetworkError as error:
            raise _broken(error) from error
        except Py4JJavaError as error:
            raise refusal(str(error).partition("\n: ")[2] or str(error)) from error
        except Py4JError as error:
            raise refusal(str(error).partition("Trace:")[2] or str(error)) from error
        if answer is not None and len(answer) > REPLY_LIMIT_BYTES:
            raise GatewayError(
                f"The host's answer is bigger than {REPLY_LIMIT_BYTES // 1024 // 1024} MB; ask for less."
            )
        return answer or ""

    def _gateway(self, info: GatewayConnectionInfo, timeout_seconds: float) -> JavaGateway:
        """Return py4j's gateway of the running host; py4j fixes the time limit of a read when it connects."""
        with self._lock:
            if info != self._info:
                self._forget()
                self._info = info
            if (gateway := self._gateways.get(timeout_seconds)) is None:
                gateway = self._gateways[timeout_seconds] = _open(info, timeout_seconds)
            return gateway

    def _forget(self) -> None:
        for gateway in self._gateways.values():
            gateway.close()
        self._gateways.clear()


def _open(info: GatewayConnectionInfo, timeout_seconds: float) -> JavaGateway:
    parameters = GatewayParameters(
        address="127.0.0.1",
        port=info.port,
        auth_token=info.token.get_secret_value(),
        read_timeout=timeout_seconds,
        enable_memory_management=False,  # the host hands out no object that would have to be given back
    )
    return JavaGateway(gateway_client=_Once(gateway_parameters=parameters), gateway_parameters=parameters)


def _check_texts(arguments: tuple[str, ...]) -> None:
    """Refuse what cannot be encoded before py4j calls it a broken connection."""
    try:
        for text in arguments:
            text.encode()
    except UnicodeEncodeError as error:
        raise GatewayError(HALF_CHARACTER) from error


def _is_stale(connected: socket.socket) -> bool:
    timeout = connected.gettimeout()
    connected.setblocking(False)
    try:
        connected.recv(1, socket.MSG_PEEK)
    except BlockingIOError:
        return False
    except OSError:
        return True
    else:
        return True
    finally:
        connected.settimeout(timeout)


def _broken(error: Py4JNetworkError) -> ConnectionBrokenError:
    if isinstance(error.cause, TimeoutError):
        return ReplyTimeoutError("The host did not answer in time.")
    if error.when in (None, ERROR_ON_SEND):  # not connected, or the end mark is not out: the host runs nothing
        return ConnectionBrokenError("The host does not answer; it may be starting or gone.", sent=False)
    return ConnectionBrokenError("The connection to the host broke before the answer came.", sent=True)
