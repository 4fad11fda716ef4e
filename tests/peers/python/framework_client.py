"""Microsoft's Agent Framework asks an A2A agent, as one of its own: `URL TOKEN BINDING QUESTION…`; prints JSON."""

from __future__ import annotations

import asyncio
import json
import sys

import httpx
from a2a.client import A2ACardResolver
from agent_framework import AgentSession
from agent_framework_a2a import A2AAgent


async def main(url: str, token: str, binding: str, *questions: str) -> None:
    """Ask one question after another in one conversation."""
    async with httpx.AsyncClient(headers={"authorization": f"Bearer {token}"}, timeout=30) as http_client:
        card = await A2ACardResolver(http_client, url).get_agent_card()
        agent = A2AAgent(agent_card=card, http_client=http_client, supported_protocol_bindings=[binding])
        session: AgentSession = agent.create_session()
        answers = [(await agent.run(question, session=session)).text for question in questions]
        streamed = [update.text async for update in agent.run(questions[0], stream=True)]
    print(json.dumps({"answers": answers, "streamed": "".join(streamed)}))  # noqa: T201 - this is what the test reads


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
