"""Lets everybody in as one identity, in tests of a door that stand beside the engine's HTTP server."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any

from sanca.core.access import ASK, STATE_KEY, Channel, Door, Identity
from sanca.core.errors import UnauthenticatedError
from sanca.core.messages import Caller


def identity(user: str = "olga", *, tenant: str = "default", rights: tuple[str, ...] = (ASK,)) -> Identity:
    """Return somebody who proved who they are."""
    return Identity(Caller(tenant=tenant, user=user, rights=rights, channel="a2a"), f"{tenant}-{user}", "key")


OLGA = identity()


@dataclass(frozen=True)
class Everybody:
    """An `Access` that knows one person, or several by the word after `Bearer`."""

    one: Identity | None = OLGA
    others: Mapping[str, Identity] = field(default_factory=dict)
    schemes: Sequence[Mapping[str, Any]] = ({"kind": "key", "header": "X-API-Key"},)

    async def identify(self, headers: Mapping[str, str], channel: Channel, address: str = "") -> Identity:
        """Return who it is."""
        word = headers.get("authorization", "").removeprefix("Bearer ")
        found = dict(self.others).get(word, self.one)
        if found is None:
            raise UnauthenticatedError("Credentials are missing.")
        return found

    def stream(self, identity: Identity) -> AbstractContextManager[None]:
        """Bound nothing."""
        return nullcontext()


class LetIn:
    """An ASGI application around one door, as the engine's HTTP server is around all of them."""

    def __init__(self, door: Door, access: Everybody | None = None) -> None:
        self._door = door
        self._access = access or Everybody()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Name who it is and pass the request on."""
        if scope["path"] not in self._door.public_paths:
            headers = {name.decode().lower(): value.decode("latin-1") for name, value in scope["headers"]}
            scope.setdefault("state", {})[STATE_KEY] = await self._access.identify(headers, "a2a")
        await self._door(scope, receive, send)
