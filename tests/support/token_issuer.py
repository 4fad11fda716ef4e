"""An issuer of tokens on loopback: discovery, keys that come and go, and tokens signed with them."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm
from sanca.python_runtime.doors.listening import Listener
from sanca.python_runtime.doors.settings import DoorsSettings

AUDIENCE = "https://agents.example"
_MAKE: dict[str, tuple[Callable[[], Any], Callable[[Any], Any]]] = {
    "RS256": (lambda: rsa.generate_private_key(65_537, 2_048), RSAAlgorithm.to_jwk),
    "ES256": (lambda: ec.generate_private_key(ec.SECP256R1()), ECAlgorithm.to_jwk),
    "EdDSA": (ed25519.Ed25519PrivateKey.generate, OKPAlgorithm.to_jwk),
}


class TokenIssuer:
    """The issuer; how often it was asked is counted."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.name = url
        """What the discovery document says that it is."""
        self.private: dict[str, tuple[str, Any]] = {}
        self.public: list[dict[str, Any]] = []
        self.asked: list[str] = []
        self.is_broken = False

    def add_key(self, key_id: str, algorithm: str = "RS256") -> None:
        """Make a key and publish it."""
        make, to_jwk = _MAKE[algorithm]
        key = make()
        self.private[key_id] = (algorithm, key)
        public = json.loads(to_jwk(key.public_key()))
        self.public.append({**public, "kid": key_id, "use": "sig"})

    def withdraw_key(self, key_id: str) -> None:
        """Publish a key no more."""
        self.public = [key for key in self.public if key["kid"] != key_id]

    def claims(self, **more: Any) -> dict[str, Any]:
        """Return the claims of a right token, changed; None takes one out."""
        now = int(time.time())
        said = {"iss": self.url, "aud": AUDIENCE, "sub": "olga", "iat": now, "exp": now + 300, "scope": "sanca:ask"}
        return {name: value for name, value in {**said, **more}.items() if value is not None}

    def token(self, key_id: str, *, headers: dict[str, Any] | None = None, **more: Any) -> str:
        """Return a signed token."""
        algorithm, key = self.private[key_id]
        return jwt.encode(self.claims(**more), key, algorithm, headers={"kid": key_id, **(headers or {})})

    async def __call__(self, scope: Any, _receive: Any, send: Any) -> None:
        """Answer."""
        self.asked.append(scope["path"])
        documents: dict[str, dict[str, Any]] = {
            "/.well-known/openid-configuration": {"issuer": self.name, "jwks_uri": f"{self.url}/keys"},
            "/keys": {"keys": self.public},
        }
        status = 500 if self.is_broken else 200
        body = json.dumps(documents.get(scope["path"], {})).encode()
        await send(
            {"type": "http.response.start", "status": status, "headers": [(b"content-type", b"application/json")]}
        )
        await send({"type": "http.response.body", "body": body})


@asynccontextmanager
async def token_issuer() -> AsyncIterator[TokenIssuer]:
    """Issue for as long as the block lasts."""
    listener = Listener(DoorsSettings(http_port=0))
    issuer = TokenIssuer(listener.url)
    listener.serve(issuer)
    try:
        yield issuer
    finally:
        await listener.close()
