"""Which addresses may be called on somebody else's word: a URL in a message, of a push notification, in a page.

Not for what the operator configured (model endpoints, `toolkits.json`). A name is resolved once, every address it has
must be a public one, and the connection goes to one that was checked (`outside_http`), so that a name server that
changes its answer gains nothing. The sentence of a refusal is the same for a name that is not there and for one that
leads inside: it must not tell a stranger which inner names exist.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cached_property
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import TYPE_CHECKING, Annotated

import anyio
import anyio.to_thread
from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict
from sanca.core.errors import AddressRefusedError, ConfigurationError

if TYPE_CHECKING:
    import httpx
    import httpx2

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""Host and port → the IP addresses of the host, in the order to try them; an empty answer: there is no such name."""

_ADDRESSES_MAX = 16
"""Of one name; more are not looked at."""
_NAME_CHARS = 253
_RESOLVERS_AT_ONCE = 16
"""Threads that may wait for name servers; others wait for them, not for the engine's threads."""

# Beyond what `ipaddress` calls global: RFC 6890 and the cloud's own. IPv6 is the other way round, see `_is_public`.
_INNER_4 = tuple(
    IPv4Network(network)
    for network in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",  # carriers' inner addresses; Alibaba Cloud's metadata is 100.100.100.200
        "127.0.0.0/8",
        "168.63.129.16/32",  # Azure's inner service has a public address
        "169.254.0.0/16",  # most clouds' metadata
        "172.16.0.0/12",
        "192.0.0.0/24",  # Oracle's metadata is 192.0.0.192
        "192.0.2.0/24",
        "192.88.99.0/24",  # relays of 6to4
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/3",
    )
)
_PUBLIC_6 = IPv6Network("2000::/3")
_INNER_6 = tuple(
    IPv6Network(network)
    for network in (
        "2001::/23",  # Teredo, ORCHID and others: not plain addresses of the net
        "2001:db8::/32",
        "2002::/16",  # 6to4 has any IPv4 address inside
        "3fff::/20",
    )
)
_ISATAP = {0x00005EFE, 0x02005EFE}
"""An IPv6 address with these words before its last 32 bits has an IPv4 address in them (RFC 5214)."""
_PORTS = frozenset({80, 443})
_LOWEST_FREE_PORT = 1024
_OTHER_PROTOCOLS = frozenset(
    {1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6679, 6697, 10080, *range(6665, 6670)}
)
"""From 1024 on, the ports that no browser calls either (the "bad ports" of the Fetch standard)."""


class OutsideSettings(BaseSettings):
    """What may be called beyond public addresses, and for how long; prefix `SANCA_OUTSIDE_`."""

    model_config = SettingsConfigDict(env_prefix="SANCA_OUTSIDE_", extra="ignore")

    addresses: Annotated[tuple[str, ...], NoDecode] = ()
    """Exceptions, separated by commas: `host:port` as in the URL, or networks (`10.20.0.0/16`, `10.1.2.3`)."""
    connect_seconds: float = Field(default=10.0, gt=0, le=120)
    """For finding and reaching a server."""
    wait_seconds: float = Field(default=30.0, gt=0, le=600)
    """For each piece that is sent or read; who calls bounds the whole."""

    @field_validator("addresses", mode="before")
    @classmethod
    def _split(cls, given: object) -> object:
        return tuple(one.strip() for one in given.split(",") if one.strip()) if isinstance(given, str) else given

    @field_validator("addresses")
    @classmethod
    def _check(cls, given: tuple[str, ...]) -> tuple[str, ...]:
        for one in given:
            _exception(one)
        return given


def outside_settings() -> OutsideSettings:
    """Return the settings of the environment.

    Raises:
        ConfigurationError: One is wrong; names it.
    """
    try:
        return OutsideSettings()
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        name = f"SANCA_OUTSIDE_{str(first['loc'][0]).upper()}"
        reason = first["msg"].removeprefix("Value error, ")
        raise ConfigurationError(f"{name} is not right: {reason}.", setting=name) from None


@dataclass(frozen=True)
class OutsideAddresses:
    """The policy. Immutable; may be used from many tasks of one event loop."""

    settings: OutsideSettings = field(default_factory=outside_settings)
    resolve: Resolve | None = None
    """Instead of the machine's own name resolution; for tests."""

    async def check(self, url: str) -> None:
        """Refuse a URL that may not be called now. What is fetched later is checked again when it connects.

        Raises:
            AddressRefusedError: Says why, in one sentence.
        """
        host, port = _host_and_port(url)
        await self.addresses_of(host, port)

    async def addresses_of(self, host: str, port: int) -> tuple[str, ...]:
        """Return the addresses to connect to, in the order to try them. Every one was checked.

        Raises:
            AddressRefusedError: There are none, or one of them is not public.
        """
        host = host.strip("[]").rstrip(".").lower()
        is_exception = (host, port) in self._excepted_places
        if not is_exception:
            _check_port(host, port)
            _check_spelling(host)
        found = await self._resolved(host, port)
        if not found or not (is_exception or all(map(self._may_be_called, found))):
            raise _refused(host)
        return tuple(map(str, found))

    async def _resolved(self, host: str, port: int) -> list[Address]:
        if (literal := _address(host)) is not None:
            return [literal]
        resolve = self.resolve or self._resolve_in_thread
        try:
            with anyio.fail_after(self.settings.connect_seconds):
                names = await resolve(host, port)
        except TimeoutError:
            raise _refused(host) from None
        found = [_address(name) for name in list(dict.fromkeys(names))[:_ADDRESSES_MAX]]
        if None in found:  # an address with a zone (fe80::1%eth0), or no address at all
            raise _refused(host)
        return [one for one in found if one is not None]

    async def _resolve_in_thread(self, host: str, port: int) -> list[str]:
        def ask() -> list[str]:
            try:
                return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
            except (OSError, UnicodeError):
                return []

        # A name server that never answers must not hold who cancelled us.
        return await anyio.to_thread.run_sync(ask, abandon_on_cancel=True, limiter=self._resolvers)

    def _may_be_called(self, address: Address) -> bool:
        return _is_public(address) or any(
            address.version == network.version and address in network for network in self._excepted_networks
        )

    @cached_property
    def _resolvers(self) -> anyio.CapacityLimiter:
        return anyio.CapacityLimiter(_RESOLVERS_AT_ONCE)

    @cached_property
    def _excepted_places(self) -> frozenset[tuple[str, int]]:
        return frozenset(one for one in map(_exception, self.settings.addresses) if isinstance(one, tuple))

    @cached_property
    def _excepted_networks(self) -> tuple[Network, ...]:
        return tuple(one for one in map(_exception, self.settings.addresses) if not isinstance(one, tuple))


@asynccontextmanager
async def outside_client(
    policy: OutsideAddresses, *, redirects: int = 0, connections: int = 20
) -> AsyncIterator[httpx.AsyncClient]:
    """Give an httpx client whose every connection goes to an address the policy allows; a refusal leaves it as it is.

    It reads no proxy, key or certificate setting of the environment. Bound the whole of a request with
    `anyio.fail_after`, and what is read of a body with `outside_http.read_bounded`.

    Args:
        policy: Which addresses.
        redirects: How many are followed; each is checked anew. 0: none, the answer is the redirect itself.
        connections: At once.
    """
    from sanca.core.outside_http import make_client

    async with make_client(policy, redirects, connections) as client:
        yield client


@asynccontextmanager
async def outside_client_httpx2(
    policy: OutsideAddresses, *, redirects: int = 0, connections: int = 20
) -> AsyncIterator[httpx2.AsyncClient]:
    """Give the same as `outside_client` as a client of httpx2, which the MCP SDK uses."""
    from sanca.core.outside_http import make_client_httpx2

    async with make_client_httpx2(policy, redirects, connections) as client:
        yield client


def _host_and_port(url: str) -> tuple[str, int]:
    """Read a URL with the parser that will connect, so that both see the same host in it."""
    from httpx import URL, InvalidURL

    try:
        parts = URL(url)
        if parts.scheme not in {"http", "https"} or not parts.host:
            raise AddressRefusedError("The address must begin with http:// or https:// and name a server.")
        if parts.userinfo:
            raise AddressRefusedError("The address must not have a user name or password in it.")
        usual = 443 if parts.scheme == "https" else 80
        return parts.raw_host.decode("ascii"), usual if parts.port is None else parts.port
    except (InvalidURL, UnicodeError, ValueError, TypeError):
        raise AddressRefusedError("The address is not a URL.") from None


def _check_port(host: str, port: int) -> None:
    is_usual = port in _PORTS or (_LOWEST_FREE_PORT <= port < 65536 and port not in _OTHER_PROTOCOLS)
    if not is_usual:
        raise AddressRefusedError(
            f"Port {port} of {host[:_NAME_CHARS]!r} is not one for HTTP: use 80, 443 or a high one."
        )


def _check_spelling(host: str) -> None:
    """Refuse what looks like a number but is no plain address: 2130706433, 0x7f.1, 010.0.0.1, 1.2.3."""
    if len(host) > _NAME_CHARS or "%" in host:
        raise _refused(host)
    last = host.rpartition(".")[2]
    if _address(host) is None and (last.isdigit() or last.startswith("0x")):
        raise AddressRefusedError(f"{host!r} is an odd way to write an address: write four numbers, or a name.")


def _is_public(address: Address) -> bool:
    if isinstance(address, IPv4Address):
        return address.is_global and not any(address in network for network in _INNER_4)
    # Only what is handed out to networks: so no loopback, private, link-local, mapped, compatible or NAT64 address.
    is_plain = address in _PUBLIC_6 and not any(address in network for network in _INNER_6)
    return is_plain and (int(address) >> 32) & 0xFFFFFFFF not in _ISATAP


def _address(text: str) -> Address | None:
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        return None
    return None if isinstance(found, IPv6Address) and found.scope_id else found


def _exception(text: str) -> tuple[str, int] | Network:
    """Return a place or a network that the operator allows."""
    try:
        return ipaddress.ip_network(text)
    except ValueError:
        host, colon, port = text.rpartition(":")
        if not colon or not host or not port.isdigit() or not 0 < int(port) < 65536:
            raise ValueError(f"{text!r} is neither host:port nor a network such as 10.20.0.0/16") from None
        return host.strip("[]").rstrip(".").lower(), int(port)


def _refused(host: str) -> AddressRefusedError:
    return AddressRefusedError(
        f"{host[:_NAME_CHARS]!r} has no public address that may be called (SANCA_OUTSIDE_ADDRESSES lists exceptions)."
    )
