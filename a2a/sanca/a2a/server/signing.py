"""The key that agent cards and push notifications are signed with, in `<home>/a2a-key.pem`; its public half as JWKS."""

from __future__ import annotations

import hashlib
import json
import os
import time
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm
from sanca.core.errors import ConfigurationError

from a2a.utils.signing import ProtectedHeader, create_agent_card_signer

if TYPE_CHECKING:
    from a2a.types.a2a_pb2 import AgentCard

NAME = "a2a-key.pem"
ALGORITHM = "ES256"
TOKEN_SECONDS = 300


class SigningKey:
    """One elliptic key (P-256). It never leaves the process; others get `jwks`."""

    def __init__(self, key: ec.EllipticCurvePrivateKey, url: str) -> None:
        """Take the key.

        Args:
            key: The private key.
            url: The server's, which is who signs.
        """
        self._key = key
        self._url = url
        public = {
            name: value for name, value in json.loads(ECAlgorithm.to_jwk(key.public_key())).items() if name != "key_ops"
        }
        thumbprint = json.dumps({name: public[name] for name in ("crv", "kty", "x", "y")}, separators=(",", ":"))
        self.id = hashlib.sha256(thumbprint.encode()).hexdigest()[:32]
        """Its thumbprint (RFC 7638), shortened."""
        self.jwks: dict[str, Any] = {"keys": [{**public, "kid": self.id, "use": "sig", "alg": ALGORITHM}]}
        self.jwks_url = f"{url}/.well-known/jwks.json"

    @classmethod
    def load(cls, home: Path, url: str) -> SigningKey:
        """Read the key of a state folder, or make it.

        Raises:
            ConfigurationError: The file is there and holds no such key.
        """
        path = home / NAME
        try:
            pem = path.read_bytes()
        except FileNotFoundError:
            pem = _make(path)
        try:
            key = serialization.load_pem_private_key(pem, password=None)
        except (ValueError, TypeError, UnsupportedAlgorithm):
            key = None
        if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
            raise ConfigurationError(
                f"{NAME!r} in the state folder is no private key of the curve P-256; remove it to have a new one made."
            )
        return cls(key, url)

    def sign_card(self, card: AgentCard) -> None:
        """Add a signature (JWS over the canonical card) to an agent card."""
        header: ProtectedHeader = {"alg": ALGORITHM, "kid": self.id, "typ": "JOSE", "jku": self.jwks_url}
        pem = self._key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        create_agent_card_signer(pem, header)(card)

    def token(self, audience: str, task_id: str, body: bytes) -> str:
        """Return a short-lived JWT that says who sends exactly this body to whom."""
        now = int(time.time())
        claims = {
            "iss": self._url,
            "aud": audience,
            "iat": now,
            "exp": now + TOKEN_SECONDS,
            "jti": uuid.uuid4().hex,
            "taskId": task_id,
            "request_body_sha256": hashlib.sha256(body).hexdigest(),
        }
        return jwt.encode(claims, self._key, ALGORITHM, {"kid": self.id, "jku": self.jwks_url})


def _make(path: Path) -> bytes:
    """Write a new key with mode 0600 and return it; who was there first wins."""
    pem = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    waiting = path.with_name(f"{path.name}.{uuid.uuid4().hex}")
    descriptor = os.open(waiting, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(pem)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(waiting, path)  # in one step, and never over another one
        except FileExistsError:
            return path.read_bytes()
    finally:
        waiting.unlink()
    return pem
