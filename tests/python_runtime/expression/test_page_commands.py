"""Page commands from an action through sandbox, broker and engine to a page played here, and back."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio
import pytest
from agui_story import activities, check_order, text
from sanca.python_runtime import Engine
from sanca.python_runtime.engine import LOCAL
from sanca.python_runtime.expression.page_link import PageReply
from sanca.python_runtime.run_record import PageContext
from watching import to_the_end, until_event

pytestmark = pytest.mark.anyio

PERSON = LOCAL.model_copy(update={"channel": "chat"})
THREE = (
    "page.open('fleet/checkout')\n"
    "try:\n    page.highlight('fleet/chekout')\nexcept ToolArgumentError as error:\n    said = str(error)\n"
    "page.fill('composer', 'Hello')\nsaid"
)
Event = dict[str, Any]
Page = Callable[[Event], PageReply | None]


def answering(command: Event) -> PageReply:
    """Do as a page does that has a fleet and a composer."""
    there = command["target"] in ("fleet/checkout", "composer")
    targets = () if there else ("composer", "fleet/checkout", "fleet/payment")
    return PageReply(command["id"], ok=there, reason="" if there else "not_there", targets=targets)


async def perform(home: Path, code: str, page: Page, *, takes: bool = True) -> list[Event]:
    async with Engine(home) as engine:
        looked_at = PageContext(url="http://portal/#/", takes_commands=takes)
        log = await engine.start(engine.request("ses_a", PERSON, action_code=code, page=looked_at))
        live = engine.parts.runs.live(log.run_id)
        with anyio.fail_after(30):
            async for logged in log.follow(until="first_end"):
                event = json.loads(logged.json)
                if event.get("name") == "sanca.page_command" and live and (reply := page(event["value"])):
                    live.page.take_reply(reply)
        events = await to_the_end(log)
    check_order(events)
    return events


def named(events: list[Event], name: str) -> list[Event]:
    return [event["value"] for event in events if event.get("name") == name]


async def test_each_command_waits_for_the_one_before_and_a_wrong_name_is_told_with_near_ones(home: Path) -> None:
    events = await perform(home, THREE, answering)

    order = [
        (event["name"].removeprefix("sanca.page_"), event["value"]["id"].rpartition("-")[2])
        for event in events
        if str(event.get("name", "")).startswith("sanca.page_")
    ]
    assert order == [("command", "1"), ("done", "1"), ("command", "2"), ("done", "2"), ("command", "3"), ("done", "3")]
    assert [(one["command"], one["target"], one["value"]) for one in named(events, "sanca.page_command")] == [
        ("open", "fleet/checkout", ""), ("highlight", "fleet/chekout", ""), ("fill", "composer", "Hello"),
    ]  # fmt: skip
    assert "There is no 'fleet/chekout' on the page now. Did you mean 'fleet/checkout' or" in text(events)


async def test_without_a_page_the_action_is_told_so_at_once(home: Path) -> None:
    events = await perform(home, "page.open('fleet')", answering, takes=False)

    assert named(events, "sanca.page_command") == []
    assert "No page is connected that takes commands" in text(events) + events[-1].get("message", "")


async def test_a_page_that_does_not_answer_ends_the_command(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SANCA_PAGE_COMMAND_SECONDS", "0.2")
    events = await perform(home, "page.open('fleet')", lambda _command: None)

    assert named(events, "sanca.page_done")[0]["reason"] == "timeout"
    assert "did not answer page.open('fleet') within 0.2 seconds" in events[-1]["message"]


async def test_what_a_page_refuses_reaches_the_action_in_its_words(home: Path) -> None:
    def refusing(command: Event) -> PageReply:
        return PageReply(command["id"], ok=False, reason="not_possible", detail="The field is read-only.")

    events = await perform(home, "page.fill('composer', 'x')", refusing)
    assert "page.fill('composer'): The field is read-only." in events[-1]["message"]


async def test_a_stopped_run_stops_waiting_and_sends_no_more(home: Path) -> None:
    async with Engine(home) as engine:
        looked_at = PageContext(takes_commands=True)
        code = "page.open('fleet')\npage.open('fleet')"
        log = await engine.start(engine.request("ses_a", PERSON, action_code=code, page=looked_at))
        await until_event(log, lambda event: event.get("name") == "sanca.page_command")
        with anyio.fail_after(5):
            await engine.cancel(log.run_id, caller=PERSON)
        events = await to_the_end(log)

    check_order(events)
    assert len(named(events, "sanca.page_command")) == 1
    assert named(events, "sanca.page_done")[0]["reason"] == "stopped"
    assert events[-1]["outcome"]["type"] == "cancelled"


async def test_only_the_first_answer_to_a_waiting_command_counts(home: Path) -> None:
    def twice(command: Event) -> PageReply:
        return PageReply(command["id"], ok=True)

    async with Engine(home) as engine:
        log = await engine.start(
            engine.request("ses_a", PERSON, action_code="page.open('a')", page=PageContext(takes_commands=True))
        )
        command = (await until_event(log, lambda event: event.get("name") == "sanca.page_command"))["value"]
        live = engine.parts.runs.live(log.run_id)
        assert live is not None
        assert not live.page.take_reply(PageReply("another", ok=True))
        assert live.page.take_reply(twice(command))
        assert not live.page.take_reply(PageReply(command["id"], ok=False, reason="failed"))
        assert (await to_the_end(log))[-1]["outcome"]["type"] == "success"


async def test_a_message_is_replaced_in_its_place(home: Path) -> None:
    code = "for part in range(1, 4):\n    say(f'{part} of 3', message_id='way')\nsay('Once.')\nsay('Done.', 'way')"
    async with Engine(home) as engine:
        log = await engine.start(engine.request("ses_a", LOCAL, action_code=code))
        events = await to_the_end(log)
        history = await engine.parts.sessions.messages(LOCAL.tenant, LOCAL.user, "ses_a", limit=9)

    shown = [event["content"]["text"] for event in events if event.get("activityType") == "sanca-message"]
    assert shown == ["1 of 3", "2 of 3", "3 of 3", "Done."]
    assert list(activities(events, "sanca-message")) == [f"said-{log.run_id}-way"]
    assert history[-1].content.startswith("Done.\n\nOnce.")
