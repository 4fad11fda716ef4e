"""Other people's clients, with a served engine: A2A in three bindings and two versions, MCP in both generations."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import grpc.aio
import httpx
import pytest
from a2a.client import A2ACardResolver, Client, ClientCallContext, ClientConfig, ClientFactory
from a2a.helpers import get_text_parts, new_text_message
from a2a.types import (
    CancelTaskRequest,
    GetExtendedAgentCardRequest,
    GetTaskRequest,
    ListTasksRequest,
    Role,
    SendMessageRequest,
    SubscribeToTaskRequest,
    Task,
    TaskState,
)
from peers import SCRIPTS, peer_python, peer_says
from served_doors import served_doors

pytestmark = pytest.mark.anyio
QUESTION = "what is 12% of 85?"
ANSWER = "10.2"
"""What no peer can know by itself: it comes from a skill's action in the engine's sandbox."""
ASK = json.dumps({"message": QUESTION})
UNCLEAR = "show the configuration"
"""Of which service? It asks back."""
SYSTEM = '''
"""Two services, as a portal's own toolkit would tell of them."""

from typing import Any

from sanca.toolkit_bridge import tool


@tool
def services() -> list[dict[str, Any]]:
    """List the services."""
    return [{"name": "storefront", "release": "v1.0.0"}, {"name": "checkout", "release": "v1.2.0"}]


@tool
def config(service: str, ref: str | None = None) -> dict[str, Any]:
    """Return a service's configuration."""
    return {"service": service, "path": f"{service}/config.toml", "release": "v1.2.0", "values": {"pool.size": 7}}
'''
NODE = SCRIPTS / "node"
PYTHON = SCRIPTS / "python"


@pytest.fixture(scope="module")
def door(home: Path) -> Iterator[tuple[str, str]]:
    """Where a served engine's doors are, and the token that opens them."""
    (home / "toolkits").mkdir()
    (home / "toolkits" / "system.py").write_text(SYSTEM, encoding="utf-8")
    with served_doors(home, home.parent / "engine.log") as doors:
        yield doors.url, doors.token


@asynccontextmanager
async def official_client(door: tuple[str, str], binding: str) -> AsyncIterator[Client]:
    """The official Python SDK's client over one binding."""
    url, token = door
    async with httpx.AsyncClient(headers={"authorization": f"Bearer {token}"}, timeout=30) as http_client:
        card = await A2ACardResolver(http_client, url).get_agent_card()
        config = ClientConfig(
            httpx_client=http_client,
            grpc_channel_factory=grpc.aio.insecure_channel,
            supported_protocol_bindings=[binding],
            use_client_preference=True,
        )
        client = ClientFactory(config).create(card)
        try:
            yield client
        finally:
            await client.close()


def authorized(door: tuple[str, str]) -> ClientCallContext:
    """The token for bindings without HTTP headers."""
    return ClientCallContext(service_parameters={"authorization": f"Bearer {door[1]}"})


@pytest.mark.parametrize("binding", ["JSONRPC", "HTTP+JSON", "GRPC"])
async def test_the_official_a2a_client_streams_reads_lists_and_cancels(door: tuple[str, str], binding: str) -> None:
    context = authorized(door)
    with anyio.fail_after(60):
        async with official_client(door, binding) as client:
            message = new_text_message(QUESTION, role=Role.ROLE_USER)
            events = [
                event async for event in client.send_message(SendMessageRequest(message=message), context=context)
            ]
            task_id = events[0].task.id
            task = await client.get_task(GetTaskRequest(id=task_id), context=context)
            mine = ListTasksRequest(context_id=task.context_id)
            listed = await client.list_tasks(mine, context=context)
            waiting = new_text_message(UNCLEAR, role=Role.ROLE_USER)
            asked = [event async for event in client.send_message(SendMessageRequest(message=waiting), context=context)]
            cancelled = await client.cancel_task(CancelTaskRequest(id=asked[0].task.id), context=context)
            extended = await client.get_extended_agent_card(GetExtendedAgentCardRequest(), context=context)

    assert ANSWER in answer_of(task)
    assert task.status.state == TaskState.TASK_STATE_COMPLETED
    assert any(event.HasField("artifact_update") for event in events)
    assert [one.id for one in listed.tasks] == [task_id]
    assert asked[-1].status_update.status.state == TaskState.TASK_STATE_INPUT_REQUIRED
    assert cancelled.status.state == TaskState.TASK_STATE_CANCELED
    assert extended.name


async def test_the_official_a2a_client_answers_a_question_and_follows_the_task_from_elsewhere(
    door: tuple[str, str],
) -> None:
    context = authorized(door)
    with anyio.fail_after(60):
        async with official_client(door, "JSONRPC") as client, official_client(door, "GRPC") as other:
            message = new_text_message(UNCLEAR, role=Role.ROLE_USER)
            asked = [event async for event in client.send_message(SendMessageRequest(message=message), context=context)]
            task = asked[0].task
            follow = other.subscribe(SubscribeToTaskRequest(id=task.id), context=context)
            seen: list[Any] = [await anext(follow)]
            reply = new_text_message("storefront", role=Role.ROLE_USER, task_id=task.id, context_id=task.context_id)
            done = [event async for event in client.send_message(SendMessageRequest(message=reply), context=context)]
            seen += [event async for event in follow]

    last = [event.status_update.status.state for event in (done[-1], seen[-1])]
    assert seen[0].task.status.state == TaskState.TASK_STATE_INPUT_REQUIRED
    assert last == [TaskState.TASK_STATE_COMPLETED, TaskState.TASK_STATE_COMPLETED]


@pytest.mark.parametrize("binding", ["jsonrpc", "rest", "grpc"])
def test_the_javascript_a2a_client_streams_and_reads_a_task(door: tuple[str, str], binding: str) -> None:
    said = peer_says(["node", str(NODE / "a2a_client.mjs"), *door, binding, QUESTION])

    assert ANSWER in said["task"]["artifacts"][0]["parts"][0]["content"]["value"]
    assert (said["kinds"][0], said["kinds"][-1]) == ("task", "statusUpdate")


@pytest.mark.parametrize("transport", ["jsonrpc", "rest"])
def test_a_client_that_knows_only_a2a_0_3_gets_its_answer(door: tuple[str, str], transport: str) -> None:
    command = [peer_python("before"), str(PYTHON / "before_client.py"), *door, transport, QUESTION]
    said = peer_says(command)

    assert (said["state"], ANSWER in said["text"]) == ("completed", True)


@pytest.mark.parametrize("binding", ["JSONRPC", "HTTP+JSON"])
def test_microsofts_agent_framework_asks_us_as_one_of_its_agents(door: tuple[str, str], binding: str) -> None:
    command = [peer_python("now"), str(PYTHON / "framework_client.py"), *door, binding, QUESTION, "what is 3*4?"]
    said = peer_says(command)

    assert ANSWER in said["answers"][0]
    assert "12" in said["answers"][1]
    assert ANSWER in said["streamed"]


@pytest.mark.parametrize(("mode", "protocol"), [("auto", "2026-07-28"), ("legacy", "2025-11-25")])
def test_an_agent_of_pydantic_ai_uses_our_mcp_server(door: tuple[str, str], mode: str, protocol: str) -> None:
    url, token = door
    command = [peer_python("now"), str(PYTHON / "toolset_client.py"), f"{url}/mcp", token, mode, "ask", ASK]
    said = peer_says(command)

    assert said["protocol"] == protocol
    assert ANSWER in said["answer"]


@pytest.mark.parametrize(("mode", "protocol"), [("auto", "2026-07-28"), ("legacy", "2025-11-25")])
def test_the_typescript_mcp_client_uses_our_mcp_server(door: tuple[str, str], mode: str, protocol: str) -> None:
    url, token = door
    said = peer_says(["node", str(NODE / "mcp_client.mjs"), f"{url}/mcp", token, mode, "ask", ASK])

    assert said["protocol"] == protocol
    assert ANSWER in said["answer"]
    assert "ask" in said["tools"]


def answer_of(task: Task) -> str:
    return " ".join(text for artifact in task.artifacts for text in get_text_parts(artifact.parts))
