"""HTTP to the outside: clients that connect only where `OutsideAddresses` says, and bodies read up to a limit.

Loaded with the first request; the policy itself is `outside`.
"""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterable, AsyncIterator, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import anyio
import httpcore
import httpx
from sanca.core.errors import AddressRefusedError, BodyRefusedError
from sanca.core.outside import OutsideAddresses

if TYPE_CHECKING:
    import httpx2

_LEAST_SECONDS = 1.0
"""What each of a name's addresses gets at least to answer."""
_ACCEPTED_ENCODINGS = "gzip, deflate"
_WINDOW_BITS = {"gzip": 16 + zlib.MAX_WBITS, "x-gzip": 16 + zlib.MAX_WBITS, "deflate": zlib.MAX_WBITS}


@dataclass(frozen=True)
class BoundedBody:
    """What was read of a body, decompressed."""

    data: bytes
    truncated: bool
    """Whether there is more than the limit."""


class RawAnswer(Protocol):
    """What `read_bounded` needs of an answer: httpx's and httpx2's have it."""

    @property
    def headers(self) -> Any:
        """Names in any case."""

    def aiter_raw(self, chunk_size: int | None = None) -> AsyncIterator[bytes]:
        """Yield the body as it came."""


async def read_bounded(answer: RawAnswer, limit_bytes: int) -> BoundedBody:
    """Read a streamed answer's body and decompress it, never holding more than the limit and one piece.

    Raises:
        BodyRefusedError: It is compressed in a way that was not asked for, or cannot be decompressed.
    """
    data = bytearray()
    pieces = _plain_pieces(answer.aiter_raw(), answer.headers.get("content-encoding", ""), limit_bytes + 1)
    async for piece in pieces:
        data += piece
        if len(data) > limit_bytes:
            break
    return BoundedBody(bytes(data[:limit_bytes]), len(data) > limit_bytes)


async def _plain_pieces(raw: AsyncIterable[bytes], encoding: str, limit_bytes: int) -> AsyncIterator[bytes]:
    """Yield pieces of at most `limit_bytes`: httpx would unpack a whole piece at once, a thousandfold and nested."""
    encoding = encoding.strip().lower()
    if encoding in {"", "identity"}:
        async for piece in raw:
            yield piece
        return
    if (bits := _WINDOW_BITS.get(encoding)) is None:
        raise BodyRefusedError(f"The answer is packed as {encoding[:40]!r}, which was not asked for.")
    unpacker = zlib.decompressobj(bits)
    try:
        async for piece in raw:
            while piece and not unpacker.eof:
                yield unpacker.decompress(piece, limit_bytes)
                piece = unpacker.unconsumed_tail
    except zlib.error as error:
        raise BodyRefusedError("The answer's compressed body is damaged.") from error


def make_client(policy: OutsideAddresses, redirects: int, connections: int) -> httpx.AsyncClient:
    """Return a client of httpx; see `outside.outside_client`."""
    transport = httpx.AsyncHTTPTransport(trust_env=False)
    transport._pool = httpcore.AsyncConnectionPool(
        ssl_context=httpx.create_ssl_context(trust_env=False),
        max_connections=connections,
        max_keepalive_connections=connections,
        keepalive_expiry=5.0,
        network_backend=_backend(policy, httpcore),
    )
    return httpx.AsyncClient(
        transport=transport,
        trust_env=False,
        headers={"accept-encoding": _ACCEPTED_ENCODINGS},
        follow_redirects=redirects > 0,
        max_redirects=redirects,
        timeout=httpx.Timeout(policy.settings.wait_seconds, connect=policy.settings.connect_seconds),
    )


def make_client_httpx2(policy: OutsideAddresses, redirects: int, connections: int) -> httpx2.AsyncClient:
    """Return a client of httpx2; see `outside.outside_client`."""
    import httpcore2
    import httpx2

    transport = httpx2.AsyncHTTPTransport(trust_env=False)
    transport._pool = httpcore2.AsyncConnectionPool(
        ssl_context=httpx2.create_ssl_context(trust_env=False),
        max_connections=connections,
        max_keepalive_connections=connections,
        keepalive_expiry=5.0,
        network_backend=_backend(policy, httpcore2),
    )
    return httpx2.AsyncClient(
        transport=transport,
        trust_env=False,
        headers={"accept-encoding": _ACCEPTED_ENCODINGS},
        follow_redirects=redirects > 0,
        max_redirects=redirects,
        timeout=httpx2.Timeout(policy.settings.wait_seconds, connect=policy.settings.connect_seconds),
    )


def _backend(policy: OutsideAddresses, library: Any) -> Any:
    """Return a network backend for httpcore or httpcore2, which are alike and share no type."""
    return _CheckedBackend(policy, library.AnyIOBackend(), (library.ConnectError, library.ConnectTimeout))


class _CheckedBackend:
    """Opens every connection of a pool: asks the policy for addresses and connects to one of those, by number.

    The pool goes on to use the name for the Host header, the server name of TLS and the check of its certificate.
    """

    def __init__(self, policy: OutsideAddresses, inner: Any, failures: tuple[type[Exception], ...]) -> None:
        self._policy = policy
        self._inner = inner
        self._failures = failures

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> Any:
        """Connect to the first address that answers."""
        addresses = await self._policy.addresses_of(host, port)
        seconds = timeout or self._policy.settings.connect_seconds
        share = max(_LEAST_SECONDS, seconds / len(addresses))
        for address in addresses[:-1]:
            try:
                return await self._inner.connect_tcp(address, port, share, local_address, socket_options)
            except self._failures:
                continue
        return await self._inner.connect_tcp(addresses[-1], port, share, local_address, socket_options)

    async def connect_unix_socket(self, path: str, timeout: float | None = None, socket_options: Any = None) -> Any:
        """Refuse: a socket of this machine is not the outside."""
        raise AddressRefusedError("A socket of this machine is not an address of the outside.")

    async def sleep(self, seconds: float) -> None:
        """Wait, as a pool does between tries."""
        await anyio.sleep(seconds)
