"""An agent's card: read, proven by its signature, and known again. Asks the agent nothing else."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx
from google.protobuf.json_format import MessageToDict
from sanca.a2a.card_error import CardError
from sanca.core.toolkits_file import AgentEntry

from a2a.client import A2ACardResolver
from a2a.types import AgentCard

_CARD_CHARS = 256_000
_GRPC = "GRPC"


@dataclass(frozen=True)
class ReadCard:
    """A card that may be used."""

    card: AgentCard
    """Its interfaces reduced to those on the configured server."""
    digest: str
    """`sha256:…` of what it says, signatures aside."""
    is_signed: bool
    """Whether a signature was asked for and was right."""


async def read_card(http_client: httpx.AsyncClient, entry: AgentEntry) -> ReadCard:
    """Read an agent's card and check it as its entry asks.

    Raises:
        CardError: It is not the card that the entry asks for, or names no address that may be used.
        A2AError: It cannot be read.
    """
    is_signed = bool(entry.card_key) or entry.requires_signature
    card = await A2ACardResolver(http_client, entry.url).get_agent_card()
    if is_signed:
        from sanca.a2a.card_signature import check_signature  # loads cryptography: only where it is asked for

        await check_signature(card, http_client, entry)
    digest = digest_of(card)
    if entry.card_digest and entry.card_digest != digest:
        raise CardError(f"its agent card is another one ({digest}) than card_digest says")
    keep_own_interfaces(card, entry)
    return ReadCard(card, digest, is_signed)


def digest_of(card: AgentCard) -> str:
    """Return what tells this card from any other."""
    content = MessageToDict(card)
    content.pop("signatures", None)
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    if len(text) > _CARD_CHARS:
        raise CardError(f"its agent card is longer than {_CARD_CHARS:,} characters")
    return f"sha256:{hashlib.sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()}"


def keep_own_interfaces(card: AgentCard, entry: AgentEntry) -> None:
    """Drop interfaces on other servers: our headers, which may hold a token, go only where the operator said."""
    own = [one for one in card.supported_interfaces if _is_own(one.url, one.protocol_binding, entry.url)]
    if not own:
        raise CardError("its agent card names no address on the configured server")
    if entry.binding and not (own := [one for one in own if one.protocol_binding == entry.binding]):
        raise CardError(f"it does not offer {entry.binding}, which its entry asks for")
    del card.supported_interfaces[:]
    card.supported_interfaces.extend(own)


def origin(url: str) -> tuple[str, str, int]:
    """Return scheme, host and port of an address, spelled in one way."""
    parts = urlsplit(url)
    host = "127.0.0.1" if parts.hostname in {"localhost", "::1"} else parts.hostname or ""
    return parts.scheme, host, parts.port or (443 if parts.scheme == "https" else 80)


def grpc_target(url: str) -> tuple[str, str]:
    """Return host and `host:port` of a gRPC address, which may come without a scheme."""
    parts = urlsplit(url if "://" in url else f"//{url}")
    host = parts.hostname or ""
    shown = f"[{host}]" if ":" in host else host
    return host, f"{shown}:{parts.port or 443}"


def _is_own(url: str, binding: str, configured: str) -> bool:
    try:
        if binding == _GRPC:  # has a port of its own
            host = grpc_target(url)[0]
            return ("127.0.0.1" if host in {"localhost", "::1"} else host) == origin(configured)[1]
        return origin(url) == origin(configured)
    except ValueError:  # no port number
        return False
