"""What follows from the check of a claim: another round, words in the answer, the judge model's part. Over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from agui_story import activities, check_order, text
from model_server import FakeModelServer, Reply
from sanca.python_runtime import Engine
from sanca.python_runtime.broker.journal_reader import JournalReader
from sanca.python_runtime.engine import LOCAL
from small_fleet import lay_out
from watching import to_the_end

pytestmark = pytest.mark.anyio

Play = Callable[..., Any]


def action(code: str) -> str:
    return f"I do it.\n\n```python\n{code}\n```"


@pytest.fixture
def play(home: Path, monkeypatch: pytest.MonkeyPatch) -> Play:
    """Give a function that plays a run: the planner's replies, and what the judge says to each kind of question."""
    lay_out(home)
    monkeypatch.setenv("SANCA_MEMORY_MATCH_THRESHOLD", "1")
    asked: list[dict[str, Any]] = []

    async def run(goal: str, replies: list[str], judge: Callable[[str], str] | None = None) -> dict[str, Any]:
        left = list(replies)

        def reply(body: dict[str, Any]) -> Reply:
            asked.append(body)
            content = "\n".join(str(message["content"]) for message in body["messages"])
            if body["model"] == "judge-model" and judge is not None:
                return Reply(text=judge(content))
            return Reply(text=left.pop(0) if len(left) > 1 else left[0])

        with FakeModelServer(reply) as server:
            monkeypatch.setenv("OPENAI_API_KEY", "test")
            monkeypatch.setenv("OPENAI_BASE_URL", server.openai_url)
            monkeypatch.setenv("SANCA_MODEL", "fake-model")
            if judge is not None:
                monkeypatch.setenv("SANCA_MODEL_JUDGE", f"openai:judge-model@{server.openai_url}$OPENAI_API_KEY")
            async with Engine(home) as engine:
                log = await engine.start(engine.request("ses_a", LOCAL, message=goal))
                events = await to_the_end(log, seconds=120)
            check_order(events)
            rows = [row.data for row in JournalReader(home).rows(log.run_id, kinds=("self_check",))]
            asks = [body for body in asked if body["model"] == "judge-model"]
            return {"events": events, "rows": rows, "asked": asked, "judge": asks, "end": events[-1]["result"]}

    return run


async def test_a_false_claim_goes_back_with_what_is_missing_and_the_next_round_does_it(play: Play) -> None:
    replies = ["I have restarted checkout.", action("system.restart('checkout')"), "I have restarted checkout."]
    found = await play("Restart checkout", replies)

    assert found["end"]["status"] == "done"
    assert [row["verdict"] for row in found["rows"]] == ["missing", "continue", "done"]
    assert "no call that changes anything" in str(found["asked"][1]["messages"][-1]["content"])
    assert found["rows"][-1]["verified"] == ["system.restart(service='checkout'): health(service).status != 'down'"]


async def test_who_stays_with_a_false_claim_is_contradicted_in_the_answer(play: Play) -> None:
    found = await play("Restart checkout", ["I have restarted checkout."])

    assert found["end"]["status"] == "failed"
    assert "Not confirmed: the journal shows no call" in found["end"]["answer"]
    assert "Not confirmed" in text(found["events"])


async def test_how_often_it_goes_back_is_a_setting(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SANCA_SELF_CHECK_REPEATS", "3")
    found = await play("Restart checkout", ["I have restarted checkout."])

    assert [row["verdict"] for row in found["rows"]] == ["missing"] * 3 + ["failed"]


async def test_what_can_not_be_read_again_is_said_to_be_not_verified(play: Play) -> None:
    replies = [action("team.create_ticket('Full pool of checkout')"), "I opened the ticket T-318."]
    found = await play("Open a ticket about the full pool of checkout", replies)

    assert found["end"]["status"] == "done"
    assert "Not verified by reading it again: `team.create_ticket(" in found["end"]["answer"]


async def test_a_reading_alone_adds_no_words(play: Play) -> None:
    found = await play("Is checkout up?", [action("system.health('checkout')"), "checkout is up."])

    assert found["end"]["answer"] == "checkout is up."


async def test_reading_again_is_off_at_0_seconds_and_the_answer_says_so(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SANCA_VERIFY_SECONDS", "0")
    found = await play("Restart checkout", [action("system.restart('checkout')"), "I have restarted checkout."])

    assert "Not verified" in found["end"]["answer"]


async def test_the_judge_refuses_with_a_reason_what_rules_can_not_tell(play: Play) -> None:
    def judge(content: str) -> str:
        return "Verdict: missing\nReason: the slow query was not named.\nMissing: name the slow query."

    replies = [action("system.logs('checkout')"), "checkout is slow: its pool is exhausted."]
    found = await play("Why is checkout slow? Name the slow query.", replies, judge)

    assert found["end"]["status"] == "failed"
    assert "the slow query was not named" in found["end"]["answer"]
    assert len(found["judge"]) == 2  # once for each claim


async def test_the_judge_can_not_accept_what_the_journal_is_against(play: Play) -> None:
    found = await play("Restart checkout", ["I have restarted checkout."], lambda _: "Verdict: done\nReason: fine.")

    assert found["end"]["status"] == "failed"
    assert found["judge"] == []  # nothing to ask


async def test_a_judge_without_a_reason_or_an_answer_refuses_nothing(play: Play) -> None:
    replies = [action("system.logs('checkout')"), "checkout is slow: its pool is exhausted."]
    found = await play("Why is checkout slow?", replies, lambda _: "Hm, missing?")

    assert found["end"]["status"] == "done"


async def test_the_judge_may_name_one_reading_of_a_toolkit_that_does_not_say_how(play: Play) -> None:
    def judge(content: str) -> str:
        if "Name ONE call" in content:
            return '{"tool":"team.members","arguments":{}}'
        return "Verdict: done\nReason: the ticket is there."

    replies = [action("team.create_ticket('Full pool of checkout')"), "I opened the ticket T-318."]
    found = await play("Open a ticket about the full pool of checkout", replies, judge)
    calls = [call["tool"] for one in activities(found["events"], "sanca-round").values() for call in one["calls"]]

    assert found["end"]["status"] == "done"
    assert "members" in calls
    assert "Not verified" not in found["end"]["answer"]


async def test_the_judge_can_not_have_anything_changed(play: Play) -> None:
    def judge(content: str) -> str:
        if "Name ONE call" in content:
            return '{"tool":"team.send_message","arguments":{"to":"anna","text":"hi"}}'
        return "Verdict: done\nReason: fine."

    replies = [action("team.create_ticket('Full pool of checkout')"), "I opened the ticket T-318."]
    found = await play("Open a ticket about the full pool of checkout", replies, judge)
    calls = [call["tool"] for one in activities(found["events"], "sanca-round").values() for call in one["calls"]]

    assert "send_message" not in calls
    assert "Not verified" in found["end"]["answer"]
