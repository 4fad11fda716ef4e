"""A run with sub-goals that was cut off: kill -9 of a real engine process, then a new one goes on with the rest."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest
from agui_story import activities, check_order
from model_script import Serve, act, asked, last
from model_server import Reply
from sanca.python_runtime import Engine
from sanca.python_runtime.engine import LOCAL
from sanca.python_runtime.service import engine_pb2 as pb
from served_engine import CALLER, ServedEngine, served
from watching import calls_of, to_the_end

LIST = "```plan\n1. Dig the north bed\n2. Dig the south bed slowly\n3. Tell what was done (after 1, 2)\n```\n\n"


def started(engine: ServedEngine, **more: Any) -> Iterator[dict[str, Any]]:
    """Start a run and yield its events, for longer than the usual half minute: it has several rounds."""
    request = pb.StartRunRequest(caller=CALLER, session_id="s1", **more)
    return (json.loads(event.event_json) for event in engine.StartRun(request, 120))


def test_after_a_kill_going_on_does_only_what_is_left(
    home: Path, tmp_path: Path, serve: Serve, ledger: Callable[[], list[str]]
) -> None:
    runs: list[str] = []
    slow = {"seconds": 60}

    def reply(body: dict[str, Any]) -> Any:
        end = last(body)
        if "Begin your reply with a block" in end:
            return f"{LIST}```python\nfirst = garden.dig('north')\nfirst\n```"
        if "You work at goal 1" in end:
            return "Goal 1: done - dug (evidence: first)"
        if "You work at goal 3" in end:
            return "Goal 3: done - told (evidence: garden.slow_dig)\n\nBoth beds are dug."
        if "Value:" in end:
            return "Goal 2: done - dug (evidence: second)"
        return act(f"second = garden.slow_dig('south', {slow['seconds']})\nsecond")

    server = serve(reply)
    ask = "dig the north bed, and then dig the south bed slowly, and then tell what was done"
    log = tmp_path / "engine.log"
    with served(home, log) as engine:
        for event in started(engine, message=ask, run_id="r1"):
            runs += [call["tool"] for call in calls_of(event) if call["status"] == "running"]
            if "slow_dig" in runs:
                break
        engine.kill()
    slow["seconds"] = 0
    asked_before = len(server.requests)
    with served(home, log) as engine:
        before = engine.session_events("s1")
        after = list(started(engine, continue_run_id="r1", run_id="r2"))

    check_order(after)
    (cut_off,) = activities(before, "sanca-goals").values()
    assert [one["status"] for one in cut_off["sub_goals"]] == ["done", "active", "open"]
    (whole,) = activities(after, "sanca-goals").values()
    assert whole["planned"] == "restored"
    assert [one["status"] for one in whole["sub_goals"]] == ["done"] * 3
    assert whole["sub_goals"][0]["evidence"] == cut_off["sub_goals"][0]["evidence"]
    assert ledger() == ["dig north", "begin south", "begin south", "dug south"]
    assert after[-1]["result"]["answer"].startswith("Both beds are dug.")
    later = [last(request.body) for request in server.requests[asked_before:]]
    assert not any("You work at goal 1" in end for end in later)


@pytest.mark.anyio
async def test_who_goes_on_is_told_before_the_first_action_which_names_are_gone(home: Path, serve: Serve) -> None:
    is_slow = True

    def reply(body: dict[str, Any]) -> Any:
        end = last(body)
        if "Begin your reply with a block" in end:
            return (
                "```plan\n1. Look at the beds\n2. Dig the first (after 1)\n```\n\n```python\nbeds = garden.beds()\n```"
            )
        if "You work at goal 1" in end:
            return "Goal 1: done - seen (evidence: beds)"
        if is_slow:
            return Reply(text="word " * 5_000, chunk_chars=5, chunk_delay_seconds=0.05)
        if "Value:" in end:
            return "Goal 2: done - dug\n\nThe first bed is dug."
        return act("garden.dig(garden.beds()[0])")

    server = serve(reply)
    async with Engine(home) as engine:
        ask = "look at the beds, and then dig the first of them, and then stop"
        log = await engine.start(engine.request("ses_a", LOCAL, message=ask, run_id="r1"))
        with anyio.fail_after(60):
            async for event in log.follow():
                if "TEXT_MESSAGE_CONTENT" in event.json and len(server.requests) == 3:
                    break
            await engine.cancel(log.run_id)
            await to_the_end(log)
    shutil.rmtree(home / "snapshots")  # as after a crash before the first one, or when there was too much to keep
    is_slow, asked_before = False, len(server.requests)
    async with Engine(home) as engine:
        events = await to_the_end(await engine.start(engine.request("ses_a", LOCAL, continue_run_id="r1")), seconds=120)

    assert "These names of it are gone, get their data again where it is needed: beds" in asked(
        server.requests[asked_before].body
    )
    assert "Names that hold its data" not in asked(server.requests[asked_before].body)
    notices = activities(events, "sanca-notice").values()
    (notice,) = [one for one in notices if one["code"] == "names_lost"]
    assert notice["level"] == "warning"
    assert notice["text"].endswith("gone with the engine that ended: beds.")
    assert events[-1]["result"]["answer"].startswith("The first bed is dug.")
