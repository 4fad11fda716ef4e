"""Agents that ask each other in a circle: how the way of a request is told, and when it is refused. Sends nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import urlsplit, urlunsplit

VIA_KEY = "https://sanca.dev/a2a/via"
"""Where a message's metadata name the agents that a request came through, the first one first."""
HOPS = 4
"""How many agents a request may have come through (`SANCA_A2A_HOPS`)."""
_CARD_PATH = "/.well-known/agent-card.json"
_LOOPBACK = {"localhost", "[::1]", "::1"}
_NAMED = 100
_ID_CHARS = 500


def agent_id(url: str) -> str:
    """Return what an agent is called in such a list: the address of its card, spelled in one way."""
    parts = urlsplit(url.removesuffix(_CARD_PATH).rstrip("/"))
    host = (parts.hostname or "").lower()
    host = "127.0.0.1" if host in _LOOPBACK else host
    usual = {"http": 80, "https": 443}.get(parts.scheme.lower())
    port = f":{parts.port}" if parts.port and parts.port != usual else ""
    return urlunsplit((parts.scheme.lower(), f"{host}{port}", parts.path + _CARD_PATH, "", ""))


def via_of(metadata: Any) -> tuple[str, ...]:  # what a stranger sent
    """Return the agents that a message's metadata name; what is no list of texts names nobody."""
    named = metadata.get(VIA_KEY) if isinstance(metadata, dict) else None
    if not isinstance(named, list | tuple):
        return ()
    return tuple(str(one)[:_ID_CHARS] for one in named[:_NAMED])


def refused_way(via: Sequence[str], to: str, *, hops: int = HOPS) -> str:
    """Return why a request that came through `via` may not go on to the agent `to`; empty: it may.

    Args:
        via: Ids, the first one first; whoever sends it on is the last one.
        to: The id of the agent that is to get it; when a request comes in, one's own.
        hops: How many agents it may have come through.
    """
    if _same(to, via):
        way = " → ".join([*map(_short, via), _short(to)])
        return f"This request has been with {_short(to)} before ({way}): the agents ask each other in a circle."
    if len(via) > hops:
        return f"This request has come through {len(via)} agents, and {hops} are allowed."
    return ""


def _same(to: str, via: Iterable[str]) -> bool:
    return agent_id(to) in {agent_id(one) for one in via}


def _short(agent: str) -> str:
    return agent.removesuffix(_CARD_PATH)[:120]
