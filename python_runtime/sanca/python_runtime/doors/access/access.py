"""Tells who sends a request: an API key, an issuer's token, or the engine's own; then there is one policy for all."""

from __future__ import annotations

import getpass
import hmac
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sanca.core.access import Channel, Identity
from sanca.core.errors import UnauthenticatedError
from sanca.core.messages import Caller
from sanca.python_runtime.doors.access.keys import PREFIX, ApiKey, KeyFile
from sanca.python_runtime.doors.access.limits import RateLimit, StreamLimit
from sanca.python_runtime.doors.settings import DoorsSettings, is_loopback

if TYPE_CHECKING:
    from sanca.python_runtime.doors.access.oidc import TokenChecker

_LANGUAGE_CHARS = 35
_WRONG = "The credentials are wrong, expired or revoked."


class DoorAccess:
    """Implements `sanca.core.access.Access`. From the engine's event loop, by many tasks at once."""

    def __init__(self, home: Path, settings: DoorsSettings, *, engine_token: str = "") -> None:
        """Take whose keys count.

        Args:
            home: The state folder with the keys.
            settings: Limits, and the issuer.
            engine_token: The token of `engine.json`; empty: none counts.
        """
        self._keys = KeyFile(home)
        self._settings = settings
        self._engine_token = engine_token
        self._audience = settings.oidc_audience
        self._requests = RateLimit(settings.http_requests_per_minute)
        self._strangers = RateLimit(settings.http_requests_per_minute)
        self._failures = RateLimit(settings.http_failures_per_minute)
        self._streams = StreamLimit(settings.http_streams)
        self._checker: TokenChecker | None = None

    def set_audience(self, url: str) -> None:
        """Say how others reach the server: what a token must be made for, unless the settings say otherwise."""
        self._audience = self._settings.oidc_audience or url

    @property
    def has_way_in(self) -> bool:
        """Whether anybody from elsewhere could come in."""
        return bool(self._settings.oidc_issuer or self._keys.all())

    @property
    def schemes(self) -> Sequence[Mapping[str, Any]]:
        """The ways to prove who one is, for agent cards."""
        key = {"kind": "key", "header": "Authorization", "scopes": []}
        if not self._settings.oidc_issuer:
            return [key]
        url = f"{self._settings.oidc_issuer.rstrip('/')}/.well-known/openid-configuration"
        return [
            key,
            {"kind": "oidc", "header": "Authorization", "url": url, "scopes": sorted(self._settings.oidc_rights)},
        ]

    async def identify(self, headers: Mapping[str, str], channel: Channel, address: str = "") -> Identity:
        """Return who it is, and count the request against their limits.

        Raises:
            UnauthenticatedError: No or wrong credentials.
            RateLimitedError: Too many requests.
        """
        shown = _shown(headers)
        if not shown:
            self._strangers.take(address, "requests")
            raise UnauthenticatedError("Credentials are missing: send `Authorization: Bearer …` or `X-API-Key`.")
        found = await self._find(shown, channel, address, _language(headers))
        if found.kind != "local":  # who holds the engine's own token can do worse than ask often
            self._requests.take(found.name, "requests")
        return found

    def count_stranger(self, address: str) -> None:
        """Count a request that needs no identity.

        Raises:
            RateLimitedError: Too many from that address.
        """
        self._strangers.take(address, "requests")

    def stream(self, identity: Identity) -> AbstractContextManager[None]:
        """Count a stream of theirs for as long as the block lasts."""
        return self._streams.hold(identity.name)

    async def close(self) -> None:
        """Let go of the connection to the issuer."""
        if self._checker is not None:
            await self._checker.close()

    async def _find(self, shown: str, channel: Channel, address: str, language: str) -> Identity:
        if shown.startswith(PREFIX) and (key := self._keys.find(shown)):
            return _of_key(key, channel, language)
        if self._engine_token and hmac.compare_digest(shown.encode(), self._engine_token.encode()):
            if is_loopback(address):
                return _local(channel, language)
        elif self._settings.oidc_issuer and shown.count(".") == 2:
            return await self._of_token(shown, channel, address, language)
        self._failures.take(address, "wrong credentials")
        raise UnauthenticatedError(_WRONG)

    async def _of_token(self, token: str, channel: Channel, address: str, language: str) -> Identity:
        """A signature costs time to check: who showed many wrong ones waits. A right key never does."""
        if self._checker is None:
            from sanca.python_runtime.doors.access.oidc import TokenChecker

            self._checker = TokenChecker(self._settings, self._audience)
        if (known := self._checker.known(token)) is None:
            self._failures.check(address, "wrong credentials")
            try:
                known = await self._checker.check(token)
            except UnauthenticatedError:
                self._failures.count(address)
                raise
        return known.identity(channel, language)


def _shown(headers: Mapping[str, str]) -> str:
    """Return the key or token of a request; one that is no ASCII is as wrong as any."""
    scheme, _, value = headers.get("authorization", "").strip().partition(" ")
    if scheme.lower() == "bearer" and value.strip():
        return value.strip()
    return headers.get("x-api-key", "").strip()


def _language(headers: Mapping[str, str]) -> str:
    first = headers.get("accept-language", "").split(",")[0].partition(";")[0].strip()
    is_tag = first.replace("-", "").isalnum() and first.isascii() and len(first) <= _LANGUAGE_CHARS
    return first if is_tag else "en"


def _of_key(key: ApiKey, channel: Channel, language: str) -> Identity:
    caller = Caller(tenant=key.tenant, user=key.user, rights=key.rights, channel=channel, language=language)
    expires_at = key.expires_at.timestamp() if key.expires_at else None
    return Identity(caller, f"key {key.name}", "key", expires_at=expires_at)


def _local(channel: Channel, language: str) -> Identity:
    caller = Caller(user=_own_name(), rights=("*",), channel=channel, language=language)
    return Identity(caller, "local", "local")


def _own_name() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user without a name
        return "local"
