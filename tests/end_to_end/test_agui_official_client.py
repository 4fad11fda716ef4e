"""The host's AG-UI endpoint and the protocol's official client, whose verification runs over every stream."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from demo_process import DemoProcess
from official_client import CONNECT, Step, answer, code, say, talk

pytestmark = pytest.mark.jvm

Result = dict[str, Any]
CANCEL = {"path": "/api/sanca/runs/{run}/cancel"}


def results_of(demo: DemoProcess, *steps: Step) -> list[Result]:
    """Perform the steps as the signed-in operator, in a thread of their own."""
    cookies = "; ".join(f"{one.name}={one.value}" for one in demo.client.cookies.jar)
    headers = {"Cookie": cookies, "X-XSRF-TOKEN": demo.client.cookies.get("XSRF-TOKEN") or ""}
    return talk(f"http://127.0.0.1:{demo.port}", headers, f"ses_{uuid.uuid4().hex}", list(steps), cancel=CANCEL)


def texts(result: Result) -> list[str]:
    """Return what the assistant said."""
    return [one["content"] for one in result["messages"] if one["role"] == "assistant" and one.get("content")]


def test_every_end_of_a_run_is_one_that_the_client_takes(demo: DemoProcess) -> None:
    endless = {**code("import time\nsay('begun')\nwhile True:\n    time.sleep(0.05)"), "do": "cancel"}
    goals = say("what is 12% of 85?; what is 3 times 14?")
    edited = say("what is 3 times 14?", edit=True)
    done, failed, stopped, shown, changed, after = results_of(
        demo, goals, code("1 / 0"), endless, CONNECT, edited, CONNECT
    )

    assert [one["outcome"] for one in (done, failed, stopped)] == ["success", "error failed", "cancelled"]
    assert [one["status"] for one in done["state"]["sub_goals"]] == ["done", "done"]
    assert shown["events"].count("RUN_STARTED") == 3
    assert shown["state"] == stopped["state"]
    assert "42" in texts(changed)[-1]
    assert after["events"].count("RUN_STARTED") < shown["events"].count("RUN_STARTED") + 1


def test_an_approval_goes_through_connections_that_are_cut_in_every_event(demo: DemoProcess) -> None:
    service = demo.get("/api/fleet")["services"][0]["name"]
    restart = (
        f"say('before')\ndone = system.restart(service={service!r})\ncard.facts('Done', {{'outcome': done.outcome}})"
    )
    cut: Step = {"cut": 1}
    steps = (code(restart, **cut), answer({"approved": True}, **cut), {**CONNECT, **cut}, CONNECT)
    asked, answered, torn, whole = results_of(demo, *steps)

    assert (asked["outcome"], answered["outcome"]) == ("interrupt", "success")
    assert min(asked["cuts"], answered["cuts"], torn["cuts"]) >= 5
    assert torn["events"] == whole["events"]
    assert torn["events"] == [*asked["events"], *answered["events"]]
    assert torn["messages"] == whole["messages"]
    assert torn["state"] == whole["state"]
    assert torn["state"]["run"]["status"] == "done"
    calls = [call["function"]["name"] for one in whole["messages"] for call in one.get("toolCalls") or []]
    assert calls == ["system.restart", "card.facts"]
