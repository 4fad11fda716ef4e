"""A model that breaks off in the middle of a round: the fall-back goes on, and the person is told what is void."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from agui_story import activities, check_order
from model_server import FakeModelServer, Reply
from sanca.python_runtime import Engine
from sanca.python_runtime.engine import LOCAL
from watching import to_the_end

pytestmark = pytest.mark.anyio

SECRET = "sk-canary-5f0c2a9e7b1d4836"
ASK = "hum a tune for the tulips"


def use(monkeypatch: pytest.MonkeyPatch, *servers: FakeModelServer) -> None:
    """Set the servers as an operator would: a model and its fall-backs, each with its key."""
    monkeypatch.setenv("SANCA_KEY_CANARY", SECRET)
    written = [f"openai:model-{number}@{one.openai_url}$SANCA_KEY_CANARY" for number, one in enumerate(servers, 1)]
    monkeypatch.setenv("SANCA_MODEL_GENERAL", ", ".join(written))


async def story(home: Path) -> list[dict[str, Any]]:
    async with Engine(home) as engine:
        events = await to_the_end(await engine.start(engine.request("ses_a", LOCAL, message=ASK)), seconds=90)
    check_order(events)
    return events


async def test_a_reply_that_breaks_off_is_begun_anew_by_the_fall_back(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    half = Reply(text="I was about to say something long and wrong. " * 4, break_after_chunks=8)
    with FakeModelServer([half]) as first, FakeModelServer(["They like **waltzes**."]) as second:
        use(monkeypatch, first, second)
        events = await story(home)
    result = events[-1]["result"]
    assert (result["status"], result["answer"], result["rounds"]) == ("done", "They like **waltzes**.", 1)
    assert [usage["model"] for usage in result["usage"]] == ["model-2"]
    (notice,) = [one for one in activities(events, "sanca-notice").values() if one["code"] == "model_changed"]
    assert "broke off" in notice["text"] and "is void" in notice["text"]


async def test_a_model_that_is_down_costs_no_round(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    down = Reply(status=503, headers={"retry-after": "0"}, repeat=True)
    with FakeModelServer([down]) as first, FakeModelServer(["Waltzes."]) as second:
        use(monkeypatch, first, second)
        events = await story(home)
    assert (events[-1]["result"]["answer"], events[-1]["result"]["rounds"]) == ("Waltzes.", 1)
