"""A client on the last official SDK that knows only A2A 0.3: `URL TOKEN jsonrpc|rest QUESTION`; prints JSON."""

from __future__ import annotations

import asyncio
import json
import sys

import httpx
from a2a.client import A2ACardResolver, ClientConfig, ClientFactory
from a2a.types import Message, Part, Role, Task, TaskQueryParams, TextPart, TransportProtocol

TRANSPORTS = {"jsonrpc": TransportProtocol.jsonrpc, "rest": TransportProtocol.http_json}


async def main(url: str, token: str, transport: str, question: str) -> None:
    """Stream one question's answer and read its task."""
    headers = {"authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(headers=headers, timeout=30) as http_client:
        card = await A2ACardResolver(http_client, url).get_agent_card()
        config = ClientConfig(
            httpx_client=http_client, supported_transports=[TRANSPORTS[transport]], use_client_preference=True
        )
        client = ClientFactory(config).create(card)
        asked = Message(role=Role.user, message_id="before-1", parts=[Part(root=TextPart(text=question))])
        events, task_id = 0, ""
        async for event in client.send_message(asked):
            events += 1
            if isinstance(event, tuple):
                task_id = event[0].id
        task: Task = await client.get_task(TaskQueryParams(id=task_id))
    texts = [part.root.text for one in task.artifacts or () for part in one.parts if isinstance(part.root, TextPart)]
    said = {"state": task.status.state.value, "text": " ".join(texts), "events": events, "card": card.protocol_version}
    print(json.dumps(said))  # noqa: T201 - this is what the test reads


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:5]))
