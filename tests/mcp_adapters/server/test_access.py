"""Who sees and may do what at the MCP door: rights, sessions, runs, files; and what is offered of the toolkits."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import httpx2
import pytest
from mcp import MCPError
from mcp_clients import INITIALIZE, LEGACY, MODERN, RawMcp, connected, message_of, words
from mcp_stack import Stack

pytestmark = pytest.mark.anyio
OWN = {"ask", "run_status", "list_runs", "answer_run", "cancel_run"}


@pytest.fixture
async def raw(stack: Stack) -> AsyncIterator[Callable[[str], RawMcp]]:
    """Anybody, request by request."""
    made: list[RawMcp] = []

    def of(name: str) -> RawMcp:
        made.append(RawMcp(stack.url, stack.keys.get(name, "")))
        return made[-1]

    yield of
    for one in made:
        await one.close()


async def test_without_credentials_the_way_to_sign_in_is_told(stack: Stack, raw: Callable[[str], RawMcp]) -> None:
    refused = await raw("nobody").modern("tools/list")
    forbidden = await raw("nora").modern("tools/list")
    async with httpx2.AsyncClient(trust_env=False) as http:
        metadata = (await http.get(f"{stack.origin}/.well-known/oauth-protected-resource/mcp")).json()

    assert refused.status_code == 401
    where = f'resource_metadata="{stack.origin}/.well-known/oauth-protected-resource/mcp"'
    assert where in refused.headers["www-authenticate"]
    assert forbidden.status_code == 403
    assert metadata["resource"] == stack.url
    assert metadata["scopes_supported"] == ["sanca:ask", "sanca:tools"]


@pytest.mark.parametrize("mode", [MODERN, "legacy"])
async def test_everybody_sees_the_tools_they_have_rights_for(stack: Stack, mode: str) -> None:
    seen: dict[str, set[str]] = {}
    for name in ("olga", "petra", "tim"):
        async with connected(stack.url, stack.keys[name], mode) as client:
            seen[name] = {tool.name for tool in (await client.list_tools()).tools}
            if name == "tim":
                hints = {tool.name: tool.annotations for tool in (await client.list_tools()).tools}
                schemas = {tool.name: tool for tool in (await client.list_tools()).tools}

    garden = {"garden_beds", "garden_water", "garden_slow_dig", "garden_break_spade"}
    assert seen == {"olga": OWN | garden, "petra": OWN, "tim": garden}
    assert hints["garden_beds"] is not None
    assert hints["garden_water"] is not None
    assert (hints["garden_beds"].read_only_hint, hints["garden_water"].read_only_hint) == (True, False)
    assert set(schemas["garden_water"].input_schema["properties"]) == {"bed", "litres"}


async def test_a_right_that_is_missing_is_missing_in_a_call_too(stack: Stack, raw: Callable[[str], RawMcp]) -> None:
    before = stack.ledger()
    asked = await raw("tim").modern("tools/call", {"name": "ask", "arguments": {"message": "hello"}}, name="ask")
    called = {"name": "garden_slow_dig", "arguments": {"bed": "x", "seconds": 0}}
    dug = await raw("petra").modern("tools/call", called, name="garden_slow_dig")
    read = await raw("tim").modern("resources/read", {"uri": "sanca://skills"}, name="sanca://skills")

    assert [message_of(one)["error"]["code"] for one in (asked, dug, read)] == [-32600] * 3
    assert "sanca:tools" in message_of(dug)["error"]["message"]
    assert stack.ledger() == before


async def test_what_the_policy_does_not_offer_is_no_tool(raw: Callable[[str], RawMcp]) -> None:
    called = {"name": "system_services", "arguments": {}}
    answer = message_of(await raw("olga").modern("tools/call", called, name="system_services"))

    assert answer["error"]["code"] == -32602


async def test_a_tool_gives_its_value_and_its_failure_in_words(stack: Stack) -> None:
    async with connected(stack.url, stack.keys["tim"], MODERN) as client:
        value = await client.call_tool("garden_beds", {})
        wrong = await client.call_tool("garden_water", {"bad": "north"})
        failed = await client.call_tool("garden_break_spade", {})

    assert value.structured_content == {"result": ["north", "south"]}
    assert (wrong.is_error, failed.is_error) == (True, True)
    assert "the spade is broken" in words(failed.content)
    assert "Traceback" not in words(failed.content)


async def test_a_session_belongs_to_who_opened_it(raw: Callable[[str], RawMcp]) -> None:
    olga, petra = raw("olga"), raw("petra")
    session = await olga.open_session()
    stolen = await petra.legacy("tools/list", session=session)
    headers = {"mcp-session-id": session, "mcp-protocol-version": LEGACY}
    ended = await petra.http.delete(petra.url, headers=headers)
    own = await olga.legacy("tools/list", session=session)

    assert (stolen.status_code, ended.status_code, own.status_code) == (404, 404, 200)


async def test_runs_and_files_are_their_owners_only(stack: Stack, raw: Callable[[str], RawMcp]) -> None:
    code = "open('/output/report.txt', 'w').write('beds are fine')"
    async with connected(stack.url, stack.keys["olga"], MODERN) as client:
        message = f"Look after the garden, please run: {code}"
        run = (await client.call_tool("ask", {"message": message})).structured_content
        (file,) = run["files"]
        listed = {str(one.uri) for one in (await client.list_resources()).resources}
        content = (await client.read_resource(file["uri"])).contents[0]
        report = (await client.read_resource(f"sanca://runs/{run['run_id']}")).contents[0]
    petra = raw("petra")
    theirs = [
        message_of(await petra.modern("resources/read", {"uri": uri}, name=uri))
        for uri in (file["uri"], f"sanca://runs/{run['run_id']}", "sanca://runs/none", "file:///etc/passwd")
    ]

    assert words([content]) == "beds are fine"
    assert f"[report.txt]({file['uri']})" in words([report])
    assert {file["uri"], f"sanca://runs/{run['run_id']}", "sanca://skills"} <= listed
    assert [one["error"]["code"] for one in theirs] == [-32602] * 4


async def test_skills_are_prompts_whose_places_are_arguments(stack: Stack) -> None:
    async with connected(stack.url, stack.keys["petra"], MODERN) as client:
        prompts = {one.name: one for one in (await client.list_prompts()).prompts}
        filled = await client.get_prompt("calculate", {"number": "12", "number_2": "30"})
        chinese = await client.get_prompt("calculate", {"number": "12", "number_2": "30", "language": "zh"})
        with pytest.raises(MCPError, match="The prompt needs 'number_2'"):
            await client.get_prompt("calculate", {"number": "12"})

    wanted = [(one.name, one.required) for one in prompts["calculate"].arguments or ()]
    assert wanted == [("number", True), ("number_2", True), ("language", False)]
    assert words([filled.messages[0].content]) == "calculate 12 plus 30"
    assert "12" in words([chinese.messages[0].content])
    assert words([chinese.messages[0].content]) != words([filled.messages[0].content])


async def test_a_session_that_is_over_is_not_there(raw: Callable[[str], RawMcp]) -> None:
    olga = raw("olga")
    session = await olga.open_session()
    headers = {"mcp-session-id": session, "mcp-protocol-version": LEGACY}
    ended = await olga.http.delete(olga.url, headers=headers)
    again = await olga.legacy("tools/list", session=session)
    unknown = await olga.legacy("tools/list", session="nonsense")
    early = await olga.legacy("tools/list")
    new = await olga.legacy("initialize", INITIALIZE)

    assert (ended.status_code, again.status_code, unknown.status_code) == (200, 404, 404)
    assert early.status_code == 400
    assert new.status_code == 200
