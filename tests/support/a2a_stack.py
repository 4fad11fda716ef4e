"""The A2A door behind the engine's HTTP server, with runs that are fixtures, and clients: official ones, and raw."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import grpc
import httpx
from a2a.client import Client, ClientCallContext, ClientConfig, ClientFactory
from a2a.types.a2a_pb2 import AgentCard, Message, SendMessageRequest, StreamResponse
from fixture_runner import FixtureRunner, Script
from google.protobuf.json_format import MessageToDict, ParseDict
from sanca.a2a.server.door import A2aDoor
from sanca.core.access import ASK, Access, DoorSettings
from sanca.core.agent_runner import AgentRunner
from sanca.core.home import ensure_home
from sanca.python_runtime.doors.access import DoorAccess
from sanca.python_runtime.doors.access.keys import KeyFile
from sanca.python_runtime.doors.http import HttpApplication
from sanca.python_runtime.doors.listening import Listener
from sanca.python_runtime.doors.registry import DOORS, Doors
from sanca.python_runtime.doors.settings import DoorsSettings

BINDINGS = ("JSONRPC", "GRPC", "HTTP+JSON")
PEOPLE: Mapping[str, tuple[str, str, tuple[str, ...]]] = {
    "olga": ("acme", "olga", (ASK,)),
    "paul": ("acme", "paul", (ASK,)),
    "guest": ("acme", "guest", ("system:read",)),
    **{name: ("acme", name, (ASK,)) for number in range(3) for name in (f"lister-{number}", f"lister-{number}-too")},
}
"""Name of the key → tenant, user, rights."""


class OneDoor(Doors):
    """The doors of a server that has only this one, made already."""

    def __init__(self, door: A2aDoor, runner: AgentRunner, access: Access, settings: DoorSettings) -> None:
        super().__init__(runner, access, lambda: settings, [one for one in DOORS if one.name == "a2a"])
        self._open["a2a"] = door


@dataclass
class A2aStack:
    """A door that is open."""

    url: str
    grpc_address: str
    runner: FixtureRunner
    door: A2aDoor
    keys: Mapping[str, str]
    http: httpx.AsyncClient
    _stack: AsyncExitStack = field(default_factory=AsyncExitStack)

    def headers(self, who: str = "olga", **more: str) -> dict[str, str]:
        """Return what lets somebody in."""
        return {"authorization": f"Bearer {self.keys[who]}", "A2A-Version": "1.0", **more}

    def context(self, who: str = "olga") -> ClientCallContext:
        """Return the same for the official client, which names the version itself."""
        return ClientCallContext(service_parameters={"authorization": f"Bearer {self.keys[who]}"})

    async def card(self) -> AgentCard:
        """Return the public card."""
        answer = await self.http.get("/.well-known/agent-card.json")
        return ParseDict(answer.json(), AgentCard(), ignore_unknown_fields=True)

    async def client(self, binding: str, version: str = "1.0") -> Client:
        """Return an official client that knows one binding of the card."""
        card = await self.card()
        wanted = [
            one
            for one in card.supported_interfaces
            if (one.protocol_binding, one.protocol_version) == (binding, version)
        ]
        del card.supported_interfaces[:]
        card.supported_interfaces.extend(wanted)
        config = ClientConfig(
            httpx_client=self.http,
            grpc_channel_factory=grpc.aio.insecure_channel,
            supported_protocol_bindings=[binding],
        )
        client = ClientFactory(config).create(card)
        if binding == "GRPC":
            self._stack.push_async_callback(client.close)
        return client

    async def rpc(self, method: str, params: Any = None, who: str = "olga", **headers: str) -> dict[str, Any]:
        """Return the answer to one JSON-RPC request."""
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params or {}}
        answer = await self.http.post("/a2a", json=body, headers=self.headers(who, **headers))
        found: dict[str, Any] = answer.json()
        return found

    async def send(self, message_id: str, text: str = "hello", who: str = "olga", **more: Any) -> dict[str, Any]:
        """Send a message by JSON-RPC and return the task."""
        configuration = more.pop("configuration", {})
        params = {"message": message(message_id, text, **more), "configuration": configuration}
        found = await self.rpc("SendMessage", params, who)
        assert "result" in found, found
        task: dict[str, Any] = found["result"]["task"]
        return task

    async def stream(self, path: str, body: Any = None, who: str = "olga") -> AsyncIterator[dict[str, Any]]:
        """Yield the events of a stream of HTTP+JSON."""
        async with self.http.stream("POST", path, json=body, headers=self.headers(who)) as answer:
            async for line in answer.aiter_lines():
                if line.startswith("data: "):
                    yield json.loads(line[6:])


def message(message_id: str, text: str = "hello", **more: Any) -> dict[str, Any]:
    """Return a message in JSON."""
    return {"messageId": message_id, "role": "ROLE_USER", "parts": [{"text": text}], **more}


def request(message_id: str, text: str = "hello", **more: Any) -> SendMessageRequest:
    """Return a request for the official client."""
    configuration = more.pop("configuration", None)
    made = SendMessageRequest(message=ParseDict(message(message_id, text, **more), Message()))
    if configuration:
        ParseDict(configuration, made.configuration)
    return made


def shown(event: StreamResponse) -> dict[str, Any]:
    """Return an event in JSON."""
    return MessageToDict(event)


@asynccontextmanager
async def a2a_stack(
    home: Path,
    scripts: Mapping[str, Script] | None = None,
    *,
    runner: FixtureRunner | None = None,
    door: type[A2aDoor] = A2aDoor,
    **told: Any,
) -> AsyncIterator[A2aStack]:
    """Open a door with gRPC for as long as the block lasts."""
    ensure_home(home)
    settings = DoorsSettings(http_port=0, http_requests_per_minute=1_000_000)
    runner = runner or FixtureRunner(scripts)
    access = DoorAccess(home, settings)
    listener = Listener(settings)
    given = replace(DoorSettings(home=home, url=listener.url, version="0.1.0", grpc_port=0), **told)
    made = door(runner, access, given)
    await made.open()
    listener.serve(HttpApplication(OneDoor(made, runner, access, given), access, settings, listener.url))
    async with AsyncExitStack() as stack, httpx.AsyncClient(base_url=listener.url, timeout=20) as client:
        yield A2aStack(listener.url, made.grpc_address, runner, made, _keys(home), client, stack)
    listener.refuse()
    await made.close()
    await listener.close()
    await access.close()


def _keys(home: Path) -> dict[str, str]:
    """Make the people's keys, once for a state folder."""
    file = home / "keys-of-the-test.json"
    if not file.exists():
        made = {
            name: KeyFile(home).add(name, tenant=tenant, user=user, rights=rights, expires_at=None)[1]
            for name, (tenant, user, rights) in PEOPLE.items()
        }
        file.write_text(json.dumps(made), encoding="utf-8")
    found: dict[str, str] = json.loads(file.read_text(encoding="utf-8"))
    return found
