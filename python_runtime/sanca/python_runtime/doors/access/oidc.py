"""Tokens of an issuer (OpenID Connect): its keys by discovery, cached and rotated; only asymmetric algorithms.

Who signed, for whom, from when until when: a token without one of these is refused. The network is asked with `await`
and in bounds; a token that was right a moment ago is not checked again until it ends.
"""

from __future__ import annotations

import hashlib
import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import anyio
import httpx
import jwt
import structlog
from sanca.core.access import Channel, Identity
from sanca.core.errors import RunError, UnauthenticatedError
from sanca.core.messages import Caller
from sanca.python_runtime.doors.settings import DoorsSettings

log = structlog.get_logger(__name__)

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""Never HS…: a public key must not become a shared secret; never `none`."""
_KINDS = {"RSA": ("RS", "PS"), "EC": ("ES",), "OKP": ("EdDSA",)}
_CLAIMS = ("iss", "aud", "exp")
_LEEWAY_SECONDS = 30.0
_KEYS_SECONDS = 600.0
_AGAIN_SECONDS = 30.0
"""An unknown key id asks the issuer again, but not more often than this."""
_REQUEST_SECONDS = 5.0
_DOCUMENT_BYTES = 1_000_000
_TOKEN_CHARS = 16_384
_KNOWN = 10_000
_KNOWN_SECONDS = 300.0
_NAME_CHARS = 256
_WRONG = "The token is wrong, expired or not made for this server."


@dataclass(frozen=True)
class Token:
    """What a right token says."""

    tenant: str
    user: str
    rights: tuple[str, ...]
    scopes: tuple[str, ...]
    claims: Mapping[str, Any]
    expires_at: float
    name: str

    def identity(self, channel: Channel, language: str) -> Identity:
        """Return whose it is, as one who comes in by a door."""
        caller = Caller(tenant=self.tenant, user=self.user, rights=self.rights, channel=channel, language=language)
        return Identity(caller, self.name, "token", self.scopes, self.claims, self.expires_at)


class TokenChecker:
    """Checks tokens of one issuer. From the engine's event loop, by many tasks at once."""

    def __init__(self, settings: DoorsSettings, audience: str) -> None:
        self._settings = settings
        self._audience = audience
        self._issuer = settings.oidc_issuer
        self._client = httpx.AsyncClient(timeout=_REQUEST_SECONDS, follow_redirects=False)
        self._keys: dict[str, Mapping[str, Any]] = {}
        self._read_at = self._tried_at = float("-inf")
        self._reading = anyio.Lock()
        self._known: OrderedDict[bytes, tuple[float, Token]] = OrderedDict()

    async def close(self) -> None:
        """Let go of connections."""
        await self._client.aclose()

    def known(self, token: str) -> Token | None:
        """Return a token that was found right a moment ago, and has not ended since."""
        until, found = self._known.get(_digest(token), (0.0, None))
        return found if time.time() < until else None

    async def check(self, token: str) -> Token:
        """Check a token.

        Raises:
            UnauthenticatedError: It is wrong; never says in which way, but the log does.
            RunError: The issuer's keys cannot be had.
        """
        if len(token) > _TOKEN_CHARS:
            raise UnauthenticatedError(_WRONG)
        try:
            header = jwt.get_unverified_header(token)
            claims = self._claims(token, await self._key(header), str(header.get("alg")))
            found = self._token(claims)
        except (jwt.PyJWTError, ValueError, TypeError, RecursionError) as error:
            log.info("token_refused", reason=f"{type(error).__name__}: {error}"[:200])
            raise UnauthenticatedError(_WRONG) from error
        self._remember(token, found)
        return found

    def _claims(self, token: str, key: jwt.PyJWK, algorithm: str) -> Mapping[str, Any]:
        claims: Mapping[str, Any] = jwt.decode(
            token,
            key,
            algorithms=[algorithm],
            audience=self._audience,
            issuer=self._issuer,
            leeway=_LEEWAY_SECONDS,
            options={"require": list(_CLAIMS), "enforce_minimum_key_length": True},
        )
        return claims

    async def _key(self, header: Mapping[str, Any]) -> jwt.PyJWK:
        """Return the issuer's key for a token, bound to an algorithm that the key may be used with."""
        algorithm, key_id = str(header.get("alg")), str(header.get("kid") or "")
        if algorithm not in ALGORITHMS:
            raise ValueError(f"the algorithm {algorithm!r} is not taken")
        now = time.monotonic()
        if now - self._read_at > _KEYS_SECONDS or self._find(key_id) is None:
            await self._read()
        if (found := self._find(key_id)) is None:
            raise ValueError(f"the issuer has no key {key_id!r}")
        kinds, declared = _KINDS.get(str(found.get("kty")), ()), found.get("alg")
        if not algorithm.startswith(kinds or "-") or (declared and declared != algorithm):
            raise ValueError(f"the key {key_id!r} is not for {algorithm}")
        return jwt.PyJWK(dict(found), algorithm)

    def _find(self, key_id: str) -> Mapping[str, Any] | None:
        if key_id:
            return self._keys.get(key_id)
        return next(iter(self._keys.values())) if len(self._keys) == 1 else None

    async def _read(self) -> None:
        """Read the issuer's keys, one reader at a time; keys there are stay when that fails."""
        async with self._reading:
            if time.monotonic() - self._tried_at < _AGAIN_SECONDS:
                return
            self._tried_at = time.monotonic()
            try:
                found = await self._document(f"{self._issuer.rstrip('/')}/.well-known/openid-configuration")
                if found.get("issuer") != self._issuer:
                    raise ValueError("its discovery document names another issuer")
                keys = (await self._document(self._secure(str(found["jwks_uri"]))))["keys"]
                self._keys = {str(key.get("kid") or ""): key for key in keys if key.get("use", "sig") == "sig"}
                self._read_at = time.monotonic()
            except (httpx.HTTPError, ValueError, KeyError, TypeError, AttributeError) as error:
                log.warning("issuer_not_read", issuer=self._issuer, reason=f"{type(error).__name__}: {error}"[:200])
                if not self._keys:
                    self._tried_at = float("-inf")
                    raise RunError(f"The keys of {self._issuer} cannot be read; try again in a moment.") from error

    def _secure(self, url: str) -> str:
        if self._issuer.startswith("https://") and not url.startswith("https://"):
            raise ValueError("its keys are not behind https")
        return url

    async def _document(self, url: str) -> Mapping[str, Any]:
        async with self._client.stream("GET", url, headers={"accept": "application/json"}) as response:
            response.raise_for_status()
            content = b""
            async for piece in response.aiter_bytes():
                content += piece
                if len(content) > _DOCUMENT_BYTES:
                    raise ValueError("its document is too large")
        found = httpx.Response(200, content=content).json()
        if response.is_redirect or not isinstance(found, dict):
            raise ValueError("its document is no JSON object")
        return found

    def _token(self, claims: Mapping[str, Any]) -> Token:
        user = _name(claims.get(self._settings.oidc_user_claim), "user")
        tenant = claims.get(self._settings.oidc_tenant_claim) if self._settings.oidc_tenant_claim else None
        scopes = _scopes(claims)
        return Token(
            tenant=_name(tenant, "tenant") if tenant is not None else "default",
            user=user,
            rights=self._rights(scopes),
            scopes=scopes,
            claims=claims,
            expires_at=float(claims["exp"]),
            name=f"token {claims.get('sub', user)}",
        )

    def _rights(self, scopes: tuple[str, ...]) -> tuple[str, ...]:
        """Return the rights of scopes; without a table each scope is one, but never the right to everything."""
        table = self._settings.oidc_rights
        if not table:
            return tuple(scope for scope in scopes if scope != "*")
        return tuple(dict.fromkeys(right for scope in scopes for right in table.get(scope, ())))

    def _remember(self, token: str, found: Token) -> None:
        self._known[_digest(token)] = (min(found.expires_at + _LEEWAY_SECONDS, time.time() + _KNOWN_SECONDS), found)
        if len(self._known) > _KNOWN:
            self._known.popitem(last=False)


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def _name(value: Any, what: str) -> str:
    if not isinstance(value, str) or not value or len(value) > _NAME_CHARS or not value.isprintable():
        raise ValueError(f"the token names no {what}")
    return value


def _scopes(claims: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the scopes: `scope` or `scp`, words in a text or a list of texts."""
    given = claims.get("scope", claims.get("scp", ""))
    words = given.split() if isinstance(given, str) else given if isinstance(given, list) else []
    return tuple(str(word) for word in words)
