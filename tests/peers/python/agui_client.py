"""Microsoft's Agent Framework talks to an AG-UI endpoint: `URL KEY QUESTION APPROVED MESSAGE`; prints JSON.

It asks a question, then in the same thread says a message that needs a person's approval, and gives it or refuses.
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

import httpx
from agent_framework import ChatResponse
from agent_framework_ag_ui import AGUIChatClient


def told(response: ChatResponse) -> dict[str, Any]:
    """Return what the framework made of a run."""
    contents = [content for message in response.messages for content in message.contents]
    about = response.additional_properties
    return {
        "text": response.text,
        "calls": [content.name for content in contents if content.type == "function_call"],
        "results": [str(content.result) for content in contents if content.type == "function_result"],
        "errors": [content.message for content in contents if content.type == "error"],
        "thread": about.get("thread_id"),
        "interrupts": about.get("interrupts") or [],
        "outcome": (about.get("outcome") or {}).get("type"),
    }


async def main(url: str, key: str, question: str, approved: str, message: str) -> None:
    """Hold one conversation."""
    async with httpx.AsyncClient(headers={"authorization": f"Bearer {key}"}, timeout=60) as http_client:
        client = AGUIChatClient(endpoint=f"{url}/agui", http_client=http_client)
        said = told(await client.get_response(question))
        metadata = {"thread_id": said["thread"]}
        asked = told(await client.get_response(message, options={"metadata": metadata}))
        payload = {"approved": approved == "true", "reason": "" if approved == "true" else "it rains"}
        entry = {"interruptId": asked["interrupts"][0]["id"], "status": "resolved", "payload": payload}
        answered = told(await client.get_response([], options={"metadata": metadata, "resume": [entry]}))
    print(json.dumps({"said": said, "asked": asked, "answered": answered}))  # noqa: T201 - this is what the test reads


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:6]))
