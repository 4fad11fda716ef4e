"""Small answers leave at once: connections that the HTTP server accepts do not wait for an acknowledgement."""

from __future__ import annotations

import asyncio
import socket

import pytest
from sanca.python_runtime.doors.listening import listen_on
from sanca.python_runtime.doors.settings import DoorsSettings


@pytest.mark.anyio
async def test_an_accepted_connection_sends_small_packets_at_once() -> None:
    accepted: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        taken = writer.get_extra_info("socket")
        accepted.set_result(taken.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        writer.close()

    listening = listen_on(DoorsSettings(http_port=0))
    async with await asyncio.start_server(take, sock=listening):
        _, writer = await asyncio.open_connection(*listening.getsockname()[:2])
        no_delay = await asyncio.wait_for(accepted, 5)
        writer.close()
        await writer.wait_closed()

    assert no_delay
