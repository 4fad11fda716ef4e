"""Runs with a model of one's own: a scripted server in the real wire formats, everything else is the running demo."""

from __future__ import annotations

import random
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from string import ascii_lowercase
from typing import Any

import httpx
import pytest
from agui_story import check_order
from demo_process import Conversation, DemoProcess, run_input
from model_server import FakeModelServer, Reply
from playwright.sync_api import Page, expect

pytestmark = [pytest.mark.jvm]

MESSAGE = "Hum a tune for the tulips of"
"""No skill matches it; whose tulips is another name each time, for what a run teaches serves the same words."""
ANSWER = "**All four services are humming.** I looked at each of them once, and wrote down what I saw in a table above."
KINDS = ("openai", "dashscope")


def action(code: str, thought: str) -> str:
    """Return a model's reply that acts."""
    return f"{thought}\n\n```python\n{code}\n```"


WRONG = action("services = system.services()\nservices[99].name", "I look at the services.")
RIGHT = action(
    'card.table("The choir", [{"name": one.name, "status": one.status} for one in services])\n'
    "sorted(one.name for one in system.services())",
    "There are fewer than I thought.",
)


def setting(server: FakeModelServer, kind: str, key: str) -> dict[str, str]:
    """Return what the settings page sends."""
    url = server.openai_url if kind == "openai" else server.dashscope_url
    return {"role": "general", "kind": kind, "model": "fake-model", "baseUrl": url, "apiKey": key}


@contextmanager
def model(demo: DemoProcess, kind: str, *replies: str | Reply) -> Iterator[FakeModelServer]:
    """Set a scripted model in the running demo, and take it away again."""
    key = f"sk-{uuid.uuid4().hex}"
    with FakeModelServer(list(replies), api_key=key) as server:
        demo.send("PUT", "/api/sanca/models", setting(server, kind, key))
        try:
            yield server
        finally:
            demo.send("DELETE", "/api/sanca/models/general")


def ask(demo: DemoProcess) -> tuple[Conversation, list[float]]:
    """Ask, and note when each piece of text arrived."""
    talk, arrived = Conversation(f"ses_{uuid.uuid4().hex}"), []
    name = "".join(random.choices(ascii_lowercase, k=9)).capitalize()  # noqa: S311 - no secret
    for event in demo.stream(run_input(talk.thread_id, f"{MESSAGE} {name}.", {})):
        talk.events.append(event)
        if event["type"] == "TEXT_MESSAGE_CONTENT":
            arrived.append(time.monotonic())
    return talk, arrived


@pytest.mark.parametrize("kind", KINDS)
def test_a_model_errs_is_told_mends_its_action_and_answers(kind: str, demo: DemoProcess) -> None:
    slow_answer = Reply(text=ANSWER, chunk_delay_seconds=0.05, reasoning="Now I can answer.")
    with model(demo, kind, Reply(text=WRONG), Reply(text=RIGHT), slow_answer) as server:
        talk, arrived = ask(demo)
        first, second, third = server.requests

    check_order(talk.events)
    rounds = talk.activities("sanca-round")
    assert [(one["status"], one["strategy"]) for one in rounds] == [
        ("error", "model"),
        ("ok", "model"),
        ("ok", "model"),
    ]
    assert "IndexError" in rounds[0]["error"]
    assert "checkout" in rounds[1]["value"]
    calls = [(call["toolkit"], call["tool"], call["status"]) for call in rounds[1]["calls"]]
    assert calls[-2:] == [("card", "table", "ok"), ("system", "services", "ok")]  # perception may look before them

    assert "def services(" in str(first.messages[0]["content"])
    assert MESSAGE in str(first.messages)
    assert "IndexError" in str(second.messages[-1]["content"])
    assert "checkout" in str(third.messages[-1]["content"])

    card = next(iter(talk.activities("a2ui-surface")))
    assert "The choir" in str(card) and "checkout" in str(card)
    assert talk.text.endswith(ANSWER)
    assert "```" not in talk.text
    assert arrived[-1] - arrived[0] > 0.3, "the answer came in one piece instead of streaming"
    assert talk.terminal["result"]["status"] == "done"
    assert talk.terminal["result"]["answer"] == ANSWER


@pytest.mark.parametrize("kind", KINDS)
def test_tokens_and_cost_of_each_round_are_told(kind: str, demo: DemoProcess) -> None:
    with model(demo, kind, Reply(text=RIGHT.replace("services]", "system.services()]")), Reply(text=ANSWER)):
        talk, _ = ask(demo)

    told = [event["value"] for event in talk.events if event.get("name") == "sanca.usage"]
    assert [(one["round"], one["input_tokens"], one["output_tokens"]) for one in told] == [(1, 100, 20), (2, 100, 20)]
    for one in (*told, *talk.terminal["result"]["usage"]):
        assert one["model"] == "fake-model"
        assert one["currency"] == "EUR"
    assert sum(one["cost"] for one in told) == pytest.approx(2 * (100 * 1000 + 20 * 2000) / 1e6)
    summary = demo.get(f"/api/sanca/runs/{talk.terminal['result']['run_id']}")
    assert [one["inputTokens"] for one in summary["usage"]] == [100, 100]


@pytest.mark.parametrize("kind", KINDS)
def test_a_model_s_effect_waits_for_a_person_inside_its_action(kind: str, demo: DemoProcess) -> None:
    service = str(demo.get("/api/fleet")["services"][0]["name"])
    code = f"before = 'kept'\ndone = system.restart(service={service!r})\n(before, done.outcome)"
    with model(demo, kind, Reply(text=action(code, "I restart one.")), Reply(text="It hums again.")) as server:
        talk, _ = ask(demo)
        assert talk.interrupts[0]["metadata"]["tool"] == "restart"
        assert len(server.requests) == 1
        demo.answer(talk)
        observed = str(server.requests[1].messages[-1]["content"])

    check_order(talk.events)
    assert "'kept', 'ok'" in observed
    assert [one["state"] for one in talk.activities("sanca-approval")] == ["approved"]
    assert talk.terminal["result"]["answer"] == "It hums again."


def test_a_model_is_told_that_a_person_said_no(demo: DemoProcess) -> None:
    service = str(demo.get("/api/fleet")["services"][0]["name"])
    code = action(f"system.restart(service={service!r})", "I restart one.")
    with model(demo, "openai", code, "You denied the restart, so nothing was changed.") as server:
        talk, _ = ask(demo)
        demo.answer(talk, approved=False, reason="not at noon")
        observed = str(server.requests[1].messages[-1]["content"])

    assert "ToolDeniedError" in observed and "not at noon" in observed
    assert talk.terminal["result"]["status"] == "done"


@pytest.mark.parametrize("kind", KINDS)
def test_a_reply_that_cannot_be_used_goes_back_with_the_reason(kind: str, demo: DemoProcess) -> None:
    with model(demo, kind, Reply(text="```python\nsystem.services("), Reply(text="It hums.")) as server:
        talk, _ = ask(demo)
        told = str(server.requests[1].messages[-1]["content"])

    assert "not closed" in told
    assert [one["status"] for one in talk.activities("sanca-round")] == ["error", "ok"]
    assert talk.terminal["result"]["answer"] == "It hums."


@pytest.mark.parametrize("kind", KINDS)
def test_the_test_button_answers_in_one_sentence(kind: str, demo: DemoProcess) -> None:
    with FakeModelServer([Reply(text="ready", repeat=True)], api_key="sk-right") as server:
        good = demo.post("/api/sanca/models/test", setting(server, kind, "sk-right"))
        refused = demo.post("/api/sanca/models/test", setting(server, kind, "sk-wrong"))
        elsewhere = {**setting(server, kind, "sk-right"), "baseUrl": f"{server.url}/nowhere"}
        lost = demo.post("/api/sanca/models/test", elsewhere)
    gone = demo.post("/api/sanca/models/test", setting(server, kind, "sk-right"))

    assert good["ok"] is True and "fake-model" in good["message"]
    for one, word in ((refused, "key"), (lost, "404"), (gone, "reach")):
        assert one["ok"] is False
        assert word in one["message"].lower(), one
        assert len(one["message"]) < 300 and "Traceback" not in one["message"] and "\n" not in one["message"]
        assert "sk-" not in one["message"].replace("sk-…", "")
    assert demo.get("/api/sanca/models") == []


def test_a_setting_that_cannot_be_used_is_refused_in_one_sentence(demo: DemoProcess) -> None:
    answer = demo.client.put(
        "/api/sanca/models",
        json={"role": "general", "kind": "openai", "model": "", "baseUrl": "ftp://nowhere", "apiKey": ""},
        headers={"X-XSRF-TOKEN": demo.client.cookies.get("XSRF-TOKEN") or ""},
    )
    assert answer.status_code == httpx.codes.BAD_REQUEST
    assert answer.json()["detail"].endswith(".")
    assert demo.get("/api/sanca/models") == []


def test_the_key_is_nowhere_but_in_the_engine_s_own_file(demo: DemoProcess) -> None:
    key = f"sk-{uuid.uuid4().hex}"
    said: list[Any] = []
    with FakeModelServer(
        [WRONG, RIGHT, ANSWER, Reply(status=401, error_message=f"bad key {key}")], api_key=key
    ) as server:
        said.append(demo.post("/api/sanca/models/test", setting(server, "openai", key + "x")))
        said.append(demo.send("PUT", "/api/sanca/models", setting(server, "openai", key)))
        try:
            talk, _ = ask(demo)
            failed, _ = ask(demo)
            said += [talk.events, failed.events, demo.get("/api/sanca/models"), demo.get("/api/sanca/status")]
            said.append(demo.client.get("/agui/connect", params={"threadId": talk.thread_id}).text)
            peek = "import os\n[open('/proc/self/environ').read(), dict(os.environ)]"
            said.append(demo.ask("", actionCode=peek).events)
            assert server.requests[-1].headers["authorization"] == f"Bearer {key}"
        finally:
            said.append(demo.send("DELETE", "/api/sanca/models/general"))

    assert failed.terminal["type"] == "RUN_ERROR"
    assert key not in str(said)
    holders = [path.name for path in demo.home.rglob("*") if path.is_file() and key.encode() in path.read_bytes()]
    assert holders == [], "the key outlived its removal"


@pytest.mark.browser
def test_the_settings_page_sets_tests_and_removes_a_model(demo: DemoProcess, open_page: Any) -> None:
    key = f"sk-{uuid.uuid4().hex}"
    page: Page = open_page()
    page.goto(f"http://127.0.0.1:{demo.port}/#/settings")
    with FakeModelServer([Reply(text="ready", repeat=True)], api_key=key) as server:
        page.get_by_test_id("settings-model-name").fill("fake-model")
        page.get_by_test_id("settings-model-url").fill(server.openai_url)
        page.get_by_test_id("settings-model-key").fill("sk-wrong")
        page.get_by_test_id("settings-model-test").click()
        result = page.get_by_test_id("settings-model-result")
        expect(result).to_have_attribute("data-ok", "false")
        page.get_by_test_id("settings-model-key").fill(key)
        page.get_by_test_id("settings-model-test").click()
        expect(result).to_have_attribute("data-ok", "true")
        page.get_by_test_id("settings-model-save").click()
        expect(page.get_by_test_id("settings-model-current")).to_contain_text("fake-model")
        page.reload()
        expect(page.get_by_test_id("settings-model-name")).to_have_value("fake-model")
        expect(page.get_by_test_id("settings-model-key")).to_have_value("")
        assert key not in page.content()
        assert key not in str(page.evaluate("JSON.stringify({...localStorage, ...sessionStorage})"))
        page.get_by_test_id("settings-model-remove").click()
        expect(page.get_by_test_id("settings-model-remove")).to_have_count(0)
    assert demo.get("/api/sanca/models") == []
