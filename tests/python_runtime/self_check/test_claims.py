"""Claims of success over the whole way: only the model is scripted, behind HTTP; all the rest is real."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from claim_cases import FALSE, TRUE, Story
from further_claims import FURTHER_FALSE, FURTHER_TRUE
from model_server import FakeModelServer, Reply
from sanca.python_runtime import Engine
from sanca.python_runtime.asks import Answer
from sanca.python_runtime.engine import LOCAL
from small_fleet import lay_out, reset
from watching import to_the_end

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(420)]  # some fifty runs a test

Event = dict[str, Any]


class Scripted:
    """The model's part: the actions of a story, then its claim as often as it is asked."""

    def __init__(self) -> None:
        self.story = FALSE[0]
        self.told = 0

    def begin(self, story: Story) -> None:
        self.story, self.told = story, 0

    def reply(self, _: dict[str, Any]) -> Reply:
        self.told += 1
        if self.told <= len(self.story.actions):
            return Reply(text=f"Step {self.told}.\n\n```python\n{self.story.actions[self.told - 1]}\n```")
        return Reply(text=self.story.claim)


@pytest.fixture
async def run_story(home: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Any]:
    """Give a function that plays a story in an engine with the fleet and returns its events."""
    lay_out(home)
    (home / "toolkits" / "garden.py").unlink()
    scripted = Scripted()
    with FakeModelServer(scripted.reply) as server:
        monkeypatch.setenv("OPENAI_API_KEY", "test")
        monkeypatch.setenv("OPENAI_BASE_URL", server.openai_url)
        monkeypatch.setenv("SANCA_MODEL", "fake-model")
        monkeypatch.setenv("SANCA_MEMORY_MATCH_THRESHOLD", "1")  # the model is to do it, not a skill
        async with Engine(home) as engine:

            async def play(story: Story) -> list[Event]:
                reset(home)
                scripted.begin(story)
                number = abs(hash(story.name)) % 10**9
                log = await engine.start(engine.request(f"ses_{number}", LOCAL, message=story.goal))
                events = await to_the_end(log, seconds=120)
                while events[-1].get("outcome", {}).get("type") == "interrupt":
                    ask = events[-1]["outcome"]["interrupts"][0]["id"]
                    answer = Answer(approved=story.approves, by="olga")
                    _, after = await engine.answer_interrupt(LOCAL, "", ask, answer)
                    events += await to_the_end(log, after, seconds=120)
                return events

            yield play


def verdicts(events: list[Event]) -> str:
    """Return how a run ended, with what self-check said."""
    checked = [
        event["content"]["self_check"]
        for event in events
        if event.get("activityType") == "sanca-round" and event["content"].get("self_check")
    ]
    end = events[-1]
    status = end.get("result", {}).get("status") or end.get("message", "")
    return f"{status} {checked[-1] if checked else ''}"


async def test_no_false_claim_of_success_is_accepted(run_story: Any) -> None:
    accepted = {}
    for story in [*FALSE, *FURTHER_FALSE]:
        found = verdicts(await run_story(story))
        if not found.startswith("failed"):
            accepted[story.name] = found
    assert accepted == {}


async def test_no_true_claim_is_refused(run_story: Any) -> None:
    refused = {}
    for story in [*TRUE, *FURTHER_TRUE]:
        found = verdicts(await run_story(story))
        if not found.startswith("done") or "'missing'" in found:
            refused[story.name] = found
    assert refused == {}
