"""An agent on the last official SDK that knows A2A 0.3 only: answers with an artifact, asks back when told nothing."""

from __future__ import annotations

from a2a.server.agent_execution import AgentExecutor, RequestContext
from a2a.server.apps import A2AStarletteApplication
from a2a.server.events import EventQueue
from a2a.server.request_handlers import DefaultRequestHandler
from a2a.server.tasks import InMemoryTaskStore, TaskUpdater
from a2a.types import AgentCapabilities, AgentCard, AgentSkill, DataPart, Part, TextPart
from a2a.utils import new_task
from serving import serve
from starlette.applications import Starlette


class Reverser(AgentExecutor):
    """Says it backwards."""

    async def execute(self, context: RequestContext, event_queue: EventQueue) -> None:
        """Answer one message."""
        task = context.current_task
        if task is None:
            task = new_task(context.message)
            await event_queue.enqueue_event(task)
        updater = TaskUpdater(event_queue, task.id, task.context_id)
        said = context.get_user_input().strip()
        if said == "?":
            question = updater.new_agent_message([Part(root=TextPart(text="What shall I reverse?"))])
            await updater.requires_input(question, final=True)
            return
        await updater.start_work()
        parts = [Part(root=TextPart(text=said[::-1])), Part(root=DataPart(data={"length": len(said)}))]
        await updater.add_artifact(parts, name="answer")
        await updater.complete()

    async def cancel(self, context: RequestContext, event_queue: EventQueue) -> None:
        """Stop; there is nothing to stop."""
        await TaskUpdater(event_queue, context.task_id, context.context_id).cancel()


def make_app(url: str) -> Starlette:
    """Return the agent's server."""
    skill = AgentSkill(id="reverse", name="Reverse", description="Says it backwards.", tags=["words"])
    card = AgentCard(
        name="reverser",
        description="Says it backwards.",
        version="1.0.0",
        url=f"{url}/",
        default_input_modes=["text/plain"],
        default_output_modes=["text/plain"],
        capabilities=AgentCapabilities(streaming=True),
        skills=[skill],
    )
    handler = DefaultRequestHandler(agent_executor=Reverser(), task_store=InMemoryTaskStore())
    app: Starlette = A2AStarletteApplication(agent_card=card, http_handler=handler).build()
    return app


if __name__ == "__main__":
    serve(make_app)
