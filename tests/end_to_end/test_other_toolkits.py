"""Tools that are not the portal's own, called from an action in the demo: MCP, another agent, a dropped file."""

from __future__ import annotations

import time
from typing import Any

import pytest
from demo_process import DemoProcess

pytestmark = [pytest.mark.jvm]

PATCH = """--- a/services/checkout/config.toml
+++ b/services/checkout/config.toml
@@ -1,2 +1,2 @@
-pool.size = 20
+pool.size = 1
"""


@pytest.fixture(scope="module", autouse=True)
def connected(demo: DemoProcess) -> None:
    """Wait until the engine has reached what it is configured to reach: that goes on after its start."""
    deadline = time.monotonic() + 30
    probe = "(mcp.runbooks, agents.change_reviewer) and 'there'"
    while (last := demo.ask("", actionCode=probe).activities("sanca-round")[-1])["value"] != "there":
        assert time.monotonic() < deadline, last["error"]
        time.sleep(0.2)


def value_of(demo: DemoProcess, code: str) -> str:
    """Run a person's action, approve what it asks, and return its value as text."""
    talk = demo.ask_and_approve("", actionCode=code)
    last = talk.activities("sanca-round")[-1]
    assert last["status"] == "ok", last["error"]
    return str(last["value"])


def test_an_action_searches_runbooks_over_mcp_without_asking_anybody(demo: DemoProcess) -> None:
    talk = demo.ask("", actionCode='found = mcp.runbooks.search("connection pool exhausted")\nfound')
    assert not talk.interrupts, "a tool that says it only reads must not ask"
    last = talk.activities("sanca-round")[-1]
    assert (last["status"], last["calls"][-1]["tool"], last["calls"][-1]["effect"]) == ("ok", "search", "READ")
    assert "pool" in last["value"].lower()


def test_an_action_asks_another_agent_and_gets_text_and_data(demo: DemoProcess) -> None:
    code = (
        f"answer = agents.change_reviewer.ask('Is this safe?', data={{'diff': {PATCH!r}}})\n"
        "(answer.state, answer.data['risk'] if isinstance(answer.data, dict) else answer.data, bool(answer.text))"
    )
    state, risk, has_text = eval(value_of(demo, code), {"__builtins__": {}})  # noqa: S307 - a literal of our own action
    assert state == "completed"
    assert has_text
    assert "high" in str(risk) or "medium" in str(risk), "a pool of 20 cut down to 1 is no small risk"


def test_an_agent_that_asks_back_is_answered_by_the_next_ask(demo: DemoProcess) -> None:
    code = (
        "first = agents.change_reviewer.ask('Is this safe?')\n"
        f"second = agents.change_reviewer.ask({PATCH!r})\n"
        "(first.state, second.state)"
    )
    assert value_of(demo, code) == "('input_required', 'completed')"


def test_a_python_toolkit_dropped_into_the_state_folder_is_callable(demo: DemoProcess) -> None:
    assert value_of(demo, "almanac.weekday(1989, month=11, day=9)") == "Thursday"
    assert "almanac" in value_of(demo, "tools.search('name of a weekday')")


def test_help_prints_a_signature(demo: DemoProcess) -> None:
    talk = demo.ask("", actionCode="help(system.logs)")
    seen = talk.activities("sanca-round")[-1]["observation"]
    assert "logs(service: str" in seen
    assert "since_minutes" in seen and "newest last" in seen.lower()


@pytest.mark.parametrize(
    ("code", "error", "words"),
    [
        ("system.logs()", "ToolArgumentError", ["service"]),
        ("system.logs(service='checkout', levl='ERROR')", "ToolArgumentError", ["levl", "level"]),
        ("system.lgos('checkout')", "ToolNotFoundError", ["lgos", "logs"]),
        ("system.logs('chekout')", "Tool", ["chekout", "checkout"]),
    ],
)
def test_a_wrong_call_names_what_is_wrong_and_what_is_near(
    code: str, error: str, words: list[str], demo: DemoProcess
) -> None:
    last: dict[str, Any] = demo.ask("", actionCode=code).activities("sanca-round")[-1]
    assert last["status"] == "error"
    assert error in last["observation"]
    assert all(word in last["observation"] for word in words), last["observation"]
    assert "py4j" not in last["observation"].lower() and "dev.sanca" not in last["observation"]
