"""Bodies from the outside: read up to a limit, unpacked piece by piece, by clients of both libraries."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from typing import Any

import anyio
import httpx
import httpx2
import pytest
from local_site import ENGLISH, LocalSite, local_site
from sanca.core.errors import AddressRefusedError, BodyRefusedError
from sanca.core.outside import OutsideAddresses, OutsideSettings, outside_client, outside_client_httpx2
from sanca.core.outside_http import BoundedBody, read_bounded

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("make", [outside_client, outside_client_httpx2])]
_LIMIT = 100_000


async def _read(site: LocalSite, make: Callable[..., Any], path: str) -> BoundedBody:
    policy = OutsideAddresses(OutsideSettings(addresses=f"127.0.0.1:{site.port}"))  # type: ignore[arg-type] # environment
    with anyio.fail_after(20):
        async with make(policy) as client, client.stream("GET", site.url(path)) as answer:
            return await read_bounded(answer, _LIMIT)


async def test_a_body_within_the_limit_comes_whole(make: Callable[..., Any]) -> None:
    async with local_site() as site:
        assert await _read(site, make, "/english") == BoundedBody(ENGLISH.encode(), truncated=False)
        assert await _read(site, make, "/packed") == BoundedBody(ENGLISH.encode(), truncated=False)
        assert site.asked[0][1]["accept-encoding"] == "gzip, deflate"


@pytest.mark.parametrize("path", ["/endless", "/bomb", "/bomb/endless"])
async def test_a_longer_one_is_cut_and_never_held_whole(make: Callable[..., Any], path: str) -> None:
    async with local_site() as site:
        tracemalloc.start()
        try:
            body = await _read(site, make, path)
            most = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert (len(body.data), body.truncated) == (_LIMIT, True)
    assert most < 20_000_000


@pytest.mark.parametrize("path", ["/bomb/twice", "/bomb/brotli", "/damaged"])
async def test_what_cannot_be_unpacked_within_a_limit_is_refused(make: Callable[..., Any], path: str) -> None:
    async with local_site() as site:
        with pytest.raises(BodyRefusedError):
            await _read(site, make, path)


async def test_a_socket_of_this_machine_is_refused(make: Callable[..., Any]) -> None:
    async with make(OutsideAddresses(OutsideSettings())) as client:
        with pytest.raises(AddressRefusedError):
            await client._transport._pool._network_backend.connect_unix_socket("/run/docker.sock")


async def test_a_slow_head_is_bounded_by_who_waits(make: Callable[..., Any]) -> None:
    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
    port = listener.extra(anyio.abc.SocketAttribute.local_port)  # noqa: S610 - no Django here

    async def drip(stream: anyio.abc.SocketStream) -> None:
        async with stream:
            await stream.send(b"HTTP/1.1 200 OK\r\nx-slow: ")
            await anyio.sleep_forever()

    async with listener, anyio.create_task_group() as tasks:
        tasks.start_soon(listener.serve, drip)
        policy = OutsideAddresses(OutsideSettings(addresses=f"127.0.0.1:{port}", wait_seconds=0.2))  # type: ignore[arg-type] # as above
        async with make(policy) as client:
            with anyio.fail_after(5), pytest.raises((httpx.ReadTimeout, httpx2.ReadTimeout)):
                await client.get(f"http://127.0.0.1:{port}/")
        tasks.cancel_scope.cancel()
