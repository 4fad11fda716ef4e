"""The agent card: what the agent can do, where and how it is asked. Signed; made anew when skills may have changed."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from email.utils import formatdate
from typing import Any

import orjson
from google.protobuf.json_format import MessageToDict, ParseDict
from sanca.a2a.server.incoming import INPUT_TYPES
from sanca.a2a.server.signing import SigningKey
from sanca.core.access import ASK, Access, DoorSettings
from sanca.core.agent_loops import VIA_KEY
from sanca.core.agent_runner import AgentRunner
from sanca.core.messages import Caller

from a2a.server.request_handlers.response_helpers import agent_card_to_dict
from a2a.types.a2a_pb2 import AgentCard, AgentExtension, AgentInterface, AgentSkill, SecurityScheme
from a2a.utils.constants import TransportProtocol

FRESH_SECONDS = 60
OUTPUT_TYPES = ("text/markdown", "text/plain", "application/json", "image/png")
_DESCRIPTION = (
    "A junior teammate inside an enterprise portal: it answers, looks things up and operates what it may, by code "
    "that runs in a sandbox, and asks before it changes anything."
)
_STRANGER = Caller(tenant="default", user="", rights=(), channel="a2a")
_GENERAL = {
    "name": "ask",
    "title_en": "Ask the agent",
    "example_en": "what is 12% of 85?",
}
_SKILLS_MAX = 200


@dataclass(frozen=True)
class ServedCard:
    """A card as it is sent."""

    body: bytes
    """With the fields of 0.3 beside those of 1.0: its clients do not say who they are."""
    current: bytes
    """With those of 1.0 alone."""
    etag: str
    made_at: float
    modified: str
    """When it last became another one, as HTTP writes times."""


class Cards:
    """Makes the public card and the extended ones."""

    def __init__(
        self, runner: AgentRunner, access: Access, settings: DoorSettings, key: SigningKey, grpc_address: str = ""
    ) -> None:
        self._runner = runner
        self._access = access
        self._settings = settings
        self._key = key
        self.grpc_address = grpc_address
        """Where gRPC listens; empty: it does not."""
        self._served: ServedCard | None = None

    async def public(self) -> ServedCard:
        """Return the public card, at most a minute old."""
        now = time.monotonic()
        if self._served is None or now - self._served.made_at > FRESH_SECONDS:
            card = await self._card(_STRANGER)
            etag = f'W/"{hashlib.sha256(card.SerializeToString(deterministic=True)).hexdigest()[:32]}"'
            is_same = self._served is not None and self._served.etag == etag
            modified = self._served.modified if self._served and is_same else formatdate(usegmt=True)
            self._key.sign_card(card)
            both, current = orjson.dumps(agent_card_to_dict(card)), orjson.dumps(MessageToDict(card))
            self._served = ServedCard(both, current, etag, now, modified)
        return self._served

    async def extended(self, caller: Caller) -> AgentCard:
        """Return the card for somebody known: with the toolkits that the agent may use for them."""
        card = await self._card(caller)
        for toolkit in await self._runner.toolkits(caller):
            names = ", ".join(tool.name for tool in toolkit.tools[:20])
            card.skills.append(
                AgentSkill(
                    id=f"toolkit-{toolkit.name}",
                    name=toolkit.name,
                    description=f"{toolkit.description or toolkit.name} ({names})",
                    tags=["toolkit", toolkit.source],
                )
            )
        self._key.sign_card(card)
        return card

    async def _card(self, caller: Caller) -> AgentCard:
        settings = self._settings
        skills = [_GENERAL, *list(await self._runner.skills(caller))[:_SKILLS_MAX]]
        card = AgentCard(
            name=settings.name,
            description=settings.description or _DESCRIPTION,
            version=settings.version,
            supported_interfaces=self._interfaces(),
            default_input_modes=INPUT_TYPES,
            default_output_modes=OUTPUT_TYPES,
            skills=[_skill(skill) for skill in skills],
        )
        capabilities = card.capabilities
        capabilities.streaming = capabilities.push_notifications = capabilities.extended_agent_card = True
        capabilities.extensions.append(
            AgentExtension(uri=VIA_KEY, description="Names the agents a request came through, so that circles end.")
        )
        for name, scheme in _schemes(self._access.schemes).items():
            card.security_schemes[name].CopyFrom(scheme)
            requirement = card.security_requirements.add()
            requirement.schemes[name].list.extend([ASK] if scheme.HasField("open_id_connect_security_scheme") else [])
        return card

    def _interfaces(self) -> list[AgentInterface]:
        url, grpc = self._settings.url, self.grpc_address
        found = [
            (f"{url}/a2a", TransportProtocol.JSONRPC, "1.0"),
            (grpc, TransportProtocol.GRPC, "1.0"),
            (f"{url}/a2a/v1", TransportProtocol.HTTP_JSON, "1.0"),
            (f"{url}/a2a", TransportProtocol.JSONRPC, "0.3"),
            (grpc, TransportProtocol.GRPC, "0.3"),
            (f"{url}/a2a/v0.3", TransportProtocol.HTTP_JSON, "0.3"),
        ]
        return [
            AgentInterface(url=address, protocol_binding=binding.value, protocol_version=version)
            for address, binding, version in found
            if address
        ]


def _skill(skill: Mapping[str, str]) -> AgentSkill:
    title = skill.get("title_en") or skill["name"]
    examples = [skill[name] for name in ("example_en", "example_zh") if skill.get(name)]
    other = skill.get("title_zh", "")
    return AgentSkill(
        id=skill["name"],
        name=title,
        description=f"{title} ({other})" if other else f"{title}.",
        tags=[skill["name"].replace("_", "-")],
        examples=examples,
    )


def _schemes(kinds: Sequence[Mapping[str, Any]]) -> dict[str, SecurityScheme]:
    """Return the ways to prove who one is in the card's words."""
    found: dict[str, SecurityScheme] = {}
    for one in kinds:
        if one.get("kind") == "oidc":
            oidc = {"openIdConnectUrl": str(one.get("url", "")), "description": "A token of the issuer."}
            found["oidc"] = ParseDict({"openIdConnectSecurityScheme": oidc}, SecurityScheme())
        elif one.get("kind") == "key":
            bearer = {"scheme": "Bearer", "description": "An API key of the agent, as a bearer token."}
            found["bearer"] = ParseDict({"httpAuthSecurityScheme": bearer}, SecurityScheme())
            header = {"location": "header", "name": "X-API-Key", "description": "The same key in a header of its own."}
            found["key"] = ParseDict({"apiKeySecurityScheme": header}, SecurityScheme())
    return found
