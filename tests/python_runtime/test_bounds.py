"""What one run may show: an action that says or shows without end does not fill the session for good."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from agui_story import activities, check_order
from sanca.python_runtime import Engine
from sanca.python_runtime.engine import LOCAL

pytestmark = pytest.mark.anyio

TALK = """
said = 0
try:
    for _ in range(100):
        say("x" * 50_000)
        said += 1
except ToolError as error:
    refused = str(error)
said, refused
"""
SHOW = """
for number in range(700):
    card.text(markdown="x" * 10_000)
"""


async def test_an_action_that_talks_without_end_is_refused(home: Path) -> None:
    async with Engine(home) as engine:
        result = await engine.execute(TALK, session_id="ses_a")

    assert result.status == "ok", result.error
    assert result.value is not None
    assert result.value.startswith("(10, ")
    assert "500,000 characters" in result.value


async def test_an_action_that_shows_cards_without_end_is_told_once_and_the_session_stays_small(home: Path) -> None:
    async with Engine(home) as engine:
        log = await engine.start(engine.request("ses_a", LOCAL, action_code=SHOW))
        events = [json.loads(event.json) async for event in log.follow(until="first_end")]

    check_order(events)
    assert len(activities(events, "a2ui-surface")) <= 501
    assert sum(len(json.dumps(event)) for event in events) < 12_000_000
    notices = [notice["text"] for notice in activities(events, "sanca-notice").values()]
    assert notices == ["This run has shown all the cards it may show."]
