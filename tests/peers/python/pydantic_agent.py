"""An agent of Pydantic AI, over A2A 1.0 by fasta2a, which is no kin of the official SDK. Its model is fake."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

from fasta2a.pydantic_ai import agent_to_a2a
from fasta2a.schema import Task
from fasta2a.storage import InMemoryStorage
from pydantic_ai import Agent
from pydantic_ai.messages import ModelMessage, ModelRequest, ModelResponse, TextPart, UserPromptPart
from pydantic_ai.models.function import AgentInfo, FunctionModel
from serving import serve


class ZonedStorage(InMemoryStorage[Any]):
    """fasta2a 2.1.1 writes times without a zone, which A2A forbids and the official SDK refuses to read."""

    async def submit_task(self, *arguments: Any, **more: Any) -> Task:
        """Keep a new task."""
        return _zoned(await super().submit_task(*arguments, **more))

    async def update_task(self, *arguments: Any, **more: Any) -> Task:
        """Keep a task's new state."""
        return _zoned(await super().update_task(*arguments, **more))


def _zoned(task: Task) -> Task:
    task["status"]["timestamp"] = datetime.now(UTC).isoformat()
    return task


def words_of(messages: list[ModelMessage]) -> str:
    """Return what the model says: the last question, and how many it has heard in this conversation."""
    asked = [
        str(part.content)
        for message in messages
        if isinstance(message, ModelRequest)
        for part in message.parts
        if isinstance(part, UserPromptPart)
    ]
    return f"Question {len(asked)}: {asked[-1].upper()}"


def whole(messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
    """Answer at once."""
    return ModelResponse(parts=[TextPart(words_of(messages))])


async def piece_by_piece(messages: list[ModelMessage], info: AgentInfo) -> AsyncIterator[str]:
    """Answer word by word."""
    for word in words_of(messages).split(" "):
        yield f"{word} "


if __name__ == "__main__":
    agent = Agent(FunctionModel(whole, stream_function=piece_by_piece), name="shouter")
    serve(
        lambda url: agent_to_a2a(agent, url=url, storage=ZonedStorage(), name="shouter", description="Says it louder.")
    )
