"""Clients of an MCP door under test: the SDK's in both generations, and raw requests of either."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx2
import mcp_types as types
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

MODERN = "2026-07-28"
LEGACY = "2025-11-25"
TASKS = "io.modelcontextprotocol/tasks"
BOTH = "application/json, text/event-stream"


@dataclass
class Person:
    """Who fills in forms at the client; remembers what was asked."""

    answers: Mapping[str, Any] = field(default_factory=lambda: {"approved": True})
    action: Any = "accept"
    asked: list[types.ElicitRequestParams] = field(default_factory=list)

    async def fill_in(self, context: Any, params: types.ElicitRequestParams) -> types.ElicitResult:
        """Answer a form."""
        self.asked.append(params)
        content = dict(self.answers) if self.action == "accept" else None
        return types.ElicitResult(action=self.action, content=content)


@asynccontextmanager
async def connected(url: str, key: str, mode: str, person: Person | None = None, **more: Any) -> AsyncIterator[Client]:
    """Connect the SDK's client; without a person it shows no forms."""
    async with httpx2.AsyncClient(headers={"authorization": f"Bearer {key}"}, timeout=60, trust_env=False) as http:
        transport = streamable_http_client(url, http_client=http)
        callback = person.fill_in if person else None
        async with Client(transport, mode=mode, elicitation_callback=callback, **more) as client:
            yield client


class RawMcp:
    """Sends single requests and reads what comes back, whatever it is."""

    def __init__(self, url: str, key: str = "") -> None:
        self.url = url
        headers = {"authorization": f"Bearer {key}"} if key else {}
        self.http = httpx2.AsyncClient(headers=headers, timeout=60, trust_env=False)

    async def close(self) -> None:
        """Let go of the connections."""
        await self.http.aclose()

    async def modern(
        self, method: str, params: Mapping[str, Any] | None = None, *, name: str = "", extensions: tuple[str, ...] = ()
    ) -> httpx2.Response:
        """Send a request of 2026-07-28."""
        capabilities: dict[str, Any] = {"elicitation": {}, "extensions": {one: {} for one in extensions}}
        meta = {
            types.PROTOCOL_VERSION_META_KEY: MODERN,
            types.CLIENT_INFO_META_KEY: {"name": "raw", "version": "1"},
            types.CLIENT_CAPABILITIES_META_KEY: capabilities,
        }
        headers = {"accept": BOTH, "mcp-protocol-version": MODERN, "mcp-method": method}
        if name:
            headers["mcp-name"] = name
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": {**(params or {}), "_meta": meta}}
        return await self.http.post(self.url, json=body, headers=headers)

    async def task(self, method: str, task_id: str, **params: Any) -> dict[str, Any]:
        """Send a request about a task; returns its message."""
        given = {"taskId": task_id, **params}
        return message_of(await self.modern(method, given, name=task_id, extensions=(TASKS,)))

    async def legacy(
        self, method: str, params: Mapping[str, Any] | None = None, *, session: str = "", request_id: int | None = 1
    ) -> httpx2.Response:
        """Send a request of 2025-11-25, or a notification."""
        headers = {"accept": BOTH}
        if session:
            headers |= {"mcp-session-id": session, "mcp-protocol-version": LEGACY}
        body: dict[str, Any] = {"jsonrpc": "2.0", "method": method, "params": dict(params or {})}
        if request_id is not None:
            body["id"] = request_id
        return await self.http.post(self.url, json=body, headers=headers)

    async def open_session(self) -> str:
        """Open a session of 2025-11-25; returns its id."""
        answer = await self.legacy("initialize", INITIALIZE)
        assert answer.status_code == 200, answer.text
        session = str(answer.headers["mcp-session-id"])
        await self.legacy("notifications/initialized", session=session, request_id=None)
        return session


INITIALIZE = {"protocolVersion": LEGACY, "capabilities": {}, "clientInfo": {"name": "raw", "version": "1"}}


def message_of(answer: httpx2.Response) -> dict[str, Any]:
    """Return the last message of an answer, plain or as events."""
    if answer.headers.get("content-type", "").startswith("text/event-stream"):
        lines = [line.removeprefix("data:").strip() for line in answer.text.splitlines() if line.startswith("data:")]
        return dict(json.loads([line for line in lines if line][-1]))
    return dict(answer.json())


def words(blocks: Sequence[Any]) -> str:
    """Return the text of the blocks that have one."""
    return "\n".join(block.text for block in blocks if hasattr(block, "text"))
