"""What does not follow the protocol gets the protocol's error and leaves the server as it was; bounds hold."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from mcp_clients import BOTH, INITIALIZE, LEGACY, MODERN, RawMcp, message_of
from mcp_fixture_stack import served
from sanca.python_runtime.doors.access.keys import KeyFile

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def with_keys(home: Path) -> AsyncIterator[tuple[str, Mapping[str, str]]]:
    """Serve the door with the suite's fixtures; yields where, and people's keys."""
    file = KeyFile(home)
    keys = {
        name: file.add(name, tenant="default", user=name, rights=("*",), expires_at=None)[1]
        for name in ("olga", "petra")
    }
    async with served(home) as url:
        yield url, keys


@pytest.fixture
async def raw(tmp_path: Path) -> AsyncIterator[RawMcp]:
    """Olga, request by request."""
    async with with_keys(tmp_path) as (url, keys):
        made = RawMcp(url, keys["olga"])
        yield made
        await made.close()


async def post(raw: RawMcp, body: bytes, **headers: str) -> httpx2.Response:
    """Send bytes."""
    told = {name.replace("_", "-"): value for name, value in headers.items()}
    given = {"accept": BOTH, "content-type": "application/json", **told}
    return await raw.http.post(raw.url, content=body, headers=given)


async def test_what_is_no_message_gets_the_error_that_the_protocol_has_for_it(raw: RawMcp) -> None:
    modern = {"mcp_protocol_version": MODERN}
    answers = {
        "not json": await post(raw, b"{nonsense", **modern),
        "not json before": await post(raw, b"{nonsense"),
        "a batch": await post(raw, b'[{"jsonrpc":"2.0","id":1,"method":"ping"}]', **modern),
        "deep": await post(raw, b"[" * 50_000 + b"]" * 50_000, **modern),
        "no method": await post(raw, b'{"jsonrpc":"2.0","id":1}', **modern),
        "no text": await post(raw, b"\xff\xfe", **modern),
    }

    codes = {name: (one.status_code, one.json()["error"]["code"]) for name, one in answers.items()}
    assert codes["not json"] == codes["not json before"] == codes["no text"] == (400, -32700)
    assert codes["a batch"] == codes["no method"] == (400, -32600)
    assert codes["deep"][0] == 400
    assert all("Traceback" not in one.text for one in answers.values())
    assert (await raw.modern("tools/list")).status_code == 200


async def test_versions_and_headers_that_do_not_fit_are_refused(raw: RawMcp) -> None:
    unknown = await post(raw, b'{"jsonrpc":"2.0","id":1,"method":"tools/list"}', mcp_protocol_version="2099-01-01")
    body = b'{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{}}'
    no_meta = await post(raw, body, mcp_protocol_version=MODERN, mcp_method="tools/list")
    name = await raw.modern("tools/call", {"name": "test_simple_text", "arguments": {}}, name="another")
    accept = await raw.http.post(raw.url, json={}, headers={"accept": "text/html", "mcp-protocol-version": MODERN})
    plain = await post(raw, b"{}", mcp_protocol_version=MODERN, content_type="text/plain")
    got = await raw.http.get(raw.url, headers={"accept": BOTH, "mcp-protocol-version": MODERN})
    method = await raw.modern("no/such")

    assert unknown.status_code == 400
    assert no_meta.json()["error"]["code"] == -32602
    assert (name.status_code, name.json()["error"]["code"]) == (400, -32020)
    assert (accept.status_code, plain.status_code, got.status_code) == (406, 400, 405)
    assert (method.status_code, method.json()["error"]["code"]) == (404, -32601)


async def test_a_giant_is_refused_before_it_is_read(raw: RawMcp) -> None:
    giant = await post(raw, b'{"x":"' + b"a" * (5 * 1024 * 1024) + b'"}', mcp_protocol_version=MODERN)

    assert giant.status_code == 413
    assert (await raw.modern("tools/list")).status_code == 200


async def test_a_forged_state_is_refused_and_a_state_is_its_owners_only(tmp_path: Path) -> None:
    tool = "test_input_required_result_request_state"
    given: Mapping[str, Any] = {"name": tool, "arguments": {}}
    answer = {"inputResponses": {"confirm": {"action": "accept", "content": {"ok": True}}}}
    async with with_keys(tmp_path) as (url, keys):
        olga, petra = RawMcp(url, keys["olga"]), RawMcp(url, keys["petra"])
        state = message_of(await olga.modern("tools/call", given, name=tool))["result"]["requestState"]
        own = {**given, **answer, "requestState": state}
        stolen = message_of(await petra.modern("tools/call", own, name=tool))
        forged = message_of(await olga.modern("tools/call", {**own, "requestState": f"{state[:-4]}AAAA"}, name=tool))
        done = message_of(await olga.modern("tools/call", own, name=tool))
        await olga.close()
        await petra.close()

    assert (stolen["error"]["code"], forged["error"]["code"]) == (-32602, -32602)
    assert "state-ok" in done["result"]["content"][0]["text"]


async def test_one_identity_cannot_take_the_sessions_of_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SANCA_MCP_SESSIONS_EACH", "2")
    async with with_keys(tmp_path) as (url, keys):
        olga, petra = RawMcp(url, keys["olga"]), RawMcp(url, keys["petra"])
        first, _ = await olga.open_session(), await olga.open_session()
        refused = await olga.legacy("initialize", INITIALIZE)
        await petra.open_session()
        await olga.http.delete(url, headers={"mcp-session-id": first, "mcp-protocol-version": LEGACY})
        again = await olga.legacy("initialize", INITIALIZE)
        await olga.close()
        await petra.close()

    assert (refused.status_code, again.status_code) == (503, 200)
    assert refused.json()["error"]["message"] == "Too many sessions of yours are open; end some or try later."


async def test_who_listens_hears_of_changes_and_a_session_without_a_stream_stops_nobody(raw: RawMcp) -> None:
    session = await raw.open_session()
    await raw.legacy("tools/list", session=session)
    meta = {"io.modelcontextprotocol/protocolVersion": MODERN, "io.modelcontextprotocol/clientCapabilities": {}}
    wanted = {"_meta": meta, "notifications": {"toolsListChanged": True}}
    headers = {"accept": BOTH, "mcp-protocol-version": MODERN, "mcp-method": "subscriptions/listen"}
    body = {"jsonrpc": "2.0", "id": "one", "method": "subscriptions/listen", "params": wanted}
    seen: list[str] = []
    async with raw.http.stream("POST", raw.url, json=body, headers=headers) as stream:
        async for line in stream.aiter_lines():
            if line.startswith("data:"):
                seen.append(line)
                if len(seen) == 1:
                    given = {"name": "test_trigger_tool_change", "arguments": {}}
                    await raw.modern("tools/call", given, name="test_trigger_tool_change")
                else:
                    break

    assert "notifications/subscriptions/acknowledged" in seen[0]
    assert "notifications/tools/list_changed" in seen[1]
