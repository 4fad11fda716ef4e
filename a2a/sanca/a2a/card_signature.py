"""Whether an agent card is signed with the right key: the entry's, or one that the agent's own server publishes."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import httpx
import jwt
from sanca.a2a.card_error import CardError
from sanca.core.toolkits_file import AgentEntry

from a2a.types import AgentCard
from a2a.utils.signing import SignatureVerificationError, create_signature_verifier

_ALGORITHMS = ["ES256", "ES384", "ES512", "EdDSA", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512"]
"""Public keys only: a card must not choose to be checked with a secret."""
_JWKS_PATH = "/.well-known/jwks.json"
_KEYS_MOST = 20


async def check_signature(card: AgentCard, http_client: httpx.AsyncClient, entry: AgentEntry) -> None:
    """Check that a card bears a good signature.

    Raises:
        CardError: It does not, or there is no key to check it with.
    """
    keys = [_pinned(entry.card_key)] if entry.card_key else await _published(http_client, entry.url)

    def key_for(kid: str | None, _jku: str | None) -> jwt.PyJWK | str:
        named = [key for key in keys if isinstance(key, jwt.PyJWK) and kid and key.key_id == kid]
        return (named or keys)[0]

    try:
        create_signature_verifier(key_for, _ALGORITHMS)(card)
    except (SignatureVerificationError, ValueError, TypeError) as error:  # ValueError: card_key is no key at all
        raise CardError("its agent card is not signed with the key that is asked for") from error


def _pinned(key: str | dict[str, Any]) -> jwt.PyJWK | str:
    if isinstance(key, str):
        return key
    try:
        return jwt.PyJWK.from_dict(key)
    except jwt.PyJWTError as error:
        raise CardError(f"card_key is no public key ({error})") from error


async def _published(http_client: httpx.AsyncClient, url: str) -> list[jwt.PyJWK | str]:
    """Return the keys that the agent's own server publishes: they show that the card comes from there."""
    parts = urlsplit(url)
    response = await http_client.get(f"{parts.scheme}://{parts.netloc}{_JWKS_PATH}")
    content = response.json() if response.is_success else {}
    listed = content.get("keys") if isinstance(content, dict) else None
    keys: list[jwt.PyJWK | str] = []
    for one in (listed if isinstance(listed, list) else [])[:_KEYS_MOST]:
        try:
            keys.append(jwt.PyJWK.from_dict(one))
        except (jwt.PyJWTError, TypeError, AttributeError):  # one of a kind we do not know
            continue
    if not keys:
        raise CardError("its server publishes no key to check the card with")
    return keys
