"""The A2A door with a test kit's fixtures in place of an agent; made as the agent's is."""

from __future__ import annotations

from collections.abc import Sequence

import anyio
from a2a.server.context import ServerCallContext
from a2a.types.a2a_pb2 import (
    AgentCard,
    GetExtendedAgentCardRequest,
    Message,
    Part,
    Role,
    SendMessageRequest,
    Task,
)
from a2a.utils.errors import ExtendedAgentCardNotConfiguredError
from fixture_runner import FixtureRunner, Script
from sanca.a2a.server.contexts import version_of
from sanca.a2a.server.door import A2aDoor
from sanca.a2a.server.handler import RunnerHandler
from sanca.core.access import Access, DoorSettings
from sanca.core.agent_runner import AgentRunner
from sanca.core.outside import OutsideAddresses, OutsideSettings

# What no scenario of the kit names stays open: its older tests go on with such tasks, or cancel them.
DEFAULT = Script(asks="question")


class KitHandler(RunnerHandler):
    """The operations, and what our agent never does: a message as an answer instead of a task, and strangers."""

    async def on_message_send(self, params: SendMessageRequest, context: ServerCallContext) -> Task | Message:
        """Answer `tck-message-response` by a message."""
        asked = params.message
        if not asked.message_id.startswith("tck-message-response"):
            return await super().on_message_send(params, context)
        return Message(
            message_id=f"answer-to-{asked.message_id}",
            context_id=asked.context_id or "ses_direct",
            role=Role.ROLE_AGENT,
            parts=[Part(text="Direct message response", media_type="text/plain")],
        )

    async def on_get_extended_agent_card(
        self, params: GetExtendedAgentCardRequest, context: ServerCallContext
    ) -> AgentCard:
        """Give it by 1.0 only: the kit shows no credentials, and that of 0.3 wants to be refused without."""
        if version_of(context) == "0.3":
            raise ExtendedAgentCardNotConfiguredError("The extended card is for those who show credentials.")
        return await super().on_get_extended_agent_card(params, context)


async def resolve(host: str, port: int) -> Sequence[str]:
    """Find `example.com`, which the kit registers as an address, on machines without name servers, too."""
    if host == "example.com":
        return ("93.184.215.14",)
    return [str(found[4][0]) for found in await anyio.getaddrinfo(host, port)]


class KitDoor(A2aDoor):
    """The door, with that handler; notifications may go to this machine, where the kit receives them."""

    handler_class = KitHandler
    outside = OutsideAddresses(OutsideSettings(addresses=("127.0.0.0/8", "::1")), resolve)


def make_door(runner: AgentRunner, access: Access, settings: DoorSettings) -> A2aDoor:
    """Make the door; its runs are fixtures."""
    return KitDoor(FixtureRunner(default=DEFAULT), access, settings)
