"""An agent of Microsoft's Agent Framework, served over A2A 1.0 by its executor. Only its model is fake."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any

from a2a.server.request_handlers import DefaultRequestHandler
from a2a.server.routes import create_agent_card_routes, create_rest_routes
from a2a.server.tasks import InMemoryTaskStore
from a2a.types import AgentCapabilities, AgentCard, AgentInterface
from agent_framework import Agent, BaseChatClient, ChatResponse, ChatResponseUpdate, Content, Message, ResponseStream
from agent_framework_a2a import A2AExecutor
from serving import serve
from starlette.applications import Starlette


class Echo(BaseChatClient[Any]):
    """A model that counts the words of what it is told."""

    def _inner_get_response(self, *, messages: Sequence[Message], stream: bool, **_: Any) -> Any:
        said = f"{len(messages[-1].text.split())} words"
        if stream:
            return ResponseStream(self._pieces(said), finalizer=ChatResponse.from_updates)
        return self._whole(said)

    async def _whole(self, said: str) -> ChatResponse[Any]:
        return ChatResponse(messages=[Message(role="assistant", contents=[said])])

    async def _pieces(self, said: str) -> AsyncIterator[ChatResponseUpdate]:
        for piece in said.split(" "):
            yield ChatResponseUpdate(role="assistant", contents=[Content.from_text(f"{piece} ")])


def make_app(url: str) -> Starlette:
    """Return the agent's server: HTTP+JSON only, a binding that few speak."""
    card = AgentCard(
        name="counter",
        description="Counts words.",
        version="1.0.0",
        default_input_modes=["text/plain"],
        default_output_modes=["text/plain"],
        capabilities=AgentCapabilities(streaming=True),
        supported_interfaces=[AgentInterface(url=url, protocol_binding="HTTP+JSON", protocol_version="1.0")],
    )
    executor = A2AExecutor(Agent(client=Echo(), name="counter"), stream=True)
    handler = DefaultRequestHandler(agent_executor=executor, task_store=InMemoryTaskStore(), agent_card=card)
    return Starlette(routes=[*create_agent_card_routes(card), *create_rest_routes(handler)])


if __name__ == "__main__":
    serve(make_app)
