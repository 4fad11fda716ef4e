"""A server asks a person: forms, links, and what it may not ask."""

from __future__ import annotations

from pathlib import Path

import anyio
import anyio.lowlevel
import pytest
from mcp_box import Person, context, odd, toolkit
from sanca.core.errors import ToolFailedError
from sanca.core.toolkits_file import McpServerEntry
from sanca.mcp_adapters.call_context import OpenCall, OpenCalls
from sanca.mcp_adapters.elicitation import with_defaults

pytestmark = pytest.mark.anyio
PAGE = "https://forms.example/sign?x=1"


def test_an_entry_is_spoken_to_in_the_newest_way_unless_it_says_otherwise() -> None:
    assert McpServerEntry(command="x").protocol == "auto"


async def test_a_form_is_the_person_s_to_fill_in_and_defaults_stand_for_what_was_left(tmp_path: Path) -> None:
    person = Person(colour="red")
    async with toolkit(tmp_path, person, **odd()) as made:
        given = await made.call("ask", {}, context(user="olga"))
    assert given == {"action": "accept", "data": {"size": 3, "colour": "red"}}
    ((user, kind, message, schema),) = person.asked
    assert (user, kind, message) == ("olga", "form", "The MCP server 'odd' asks: Which one?")
    assert schema is not None
    assert list(schema["properties"]) == ["size", "colour"]


@pytest.mark.parametrize(("outcome", "action"), [("declined", "decline"), ("cancelled", "cancel")])
async def test_a_person_who_does_not_want_to_is_told_to_the_server(tmp_path: Path, outcome: str, action: str) -> None:
    async with toolkit(tmp_path, Person(outcome), **odd()) as made:  # type: ignore[arg-type] # one of the literals
        assert await made.call("ask", {}, context()) == {"action": action, "data": None}


async def test_a_form_for_a_secret_reaches_nobody(tmp_path: Path) -> None:
    person = Person(api_key="sk-1")
    async with toolkit(tmp_path, person, **odd()) as made:
        with pytest.raises(ToolFailedError, match="may not ask for secrets"):
            await made.call("ask_secret", {}, context())
    assert not person.asked


async def test_a_link_is_shown_with_its_host_and_never_opened(tmp_path: Path) -> None:
    person = Person()
    async with toolkit(tmp_path, person, **odd()) as made:
        assert await made.call("ask_link", {"url": PAGE}, context()) == "accept"
    ((_, kind, message, schema),) = person.asked
    assert (kind, schema) == ("approval", None)
    assert "forms.example" in message.splitlines()[0]
    assert f"`{PAGE}`" in message


@pytest.mark.parametrize(
    "url", ["http://forms.example/", "javascript:alert(1)", "https://good.example@evil.example/", "file:///etc/passwd"]
)
async def test_a_link_that_is_no_plain_https_address_is_not_shown(tmp_path: Path, url: str) -> None:
    person = Person()
    async with toolkit(tmp_path, person, **odd()) as made:
        with pytest.raises(ToolFailedError, match="must be an https address"):
            await made.call("ask_link", {"url": url}, context())
    assert not person.asked


async def test_a_call_that_wants_a_page_opened_first_goes_on_once_the_person_did(tmp_path: Path) -> None:
    person = Person()
    async with toolkit(tmp_path, person, **odd()) as made:
        assert await made.call("wants_link", {"url": PAGE}, context()) == "went on"
    assert len(person.asked) == 1


async def test_a_call_that_wants_a_page_opened_fails_when_nobody_does(tmp_path: Path) -> None:
    async with toolkit(tmp_path, Person("declined"), **odd()) as made:
        with pytest.raises(ToolFailedError, match="nobody did"):
            await made.call("wants_link", {"url": PAGE}, context())


async def test_without_anybody_to_ask_the_server_is_told_so(tmp_path: Path) -> None:
    async with toolkit(tmp_path, **odd()) as made:
        with pytest.raises(ToolFailedError, match="not certain whom this question is for"):
            await made.call("ask", {}, context())


def opened(user: str) -> OpenCall:
    return OpenCall(context(user=user), "mcp.odd.ask", anyio.CancelScope())


async def test_a_question_that_could_be_for_two_people_is_for_nobody() -> None:
    calls = OpenCalls()
    with calls.entered(opened("olga")):
        assert calls.meant() is not None
    calls._open = [opened("olga"), opened("mallory")]
    assert calls.meant() is None


async def test_the_time_a_person_takes_does_not_count_as_the_call_s() -> None:
    with anyio.CancelScope(deadline=anyio.current_time() + 30) as scope:
        call = OpenCall(context(), "mcp.odd.ask", scope)
        with call.person_is_asked(), call.person_is_asked():
            await anyio.lowlevel.checkpoint()
            assert scope.deadline == float("inf")
        assert 25 < scope.deadline - anyio.current_time() <= 30


def test_only_fields_that_were_asked_for_are_handed_over() -> None:
    schema = {"properties": {"a": {"type": "string", "default": "x"}, "b": {"type": "string"}}}
    assert with_defaults(schema, {"b": "y", "c": "z"}) == {"a": "x", "b": "y"}
