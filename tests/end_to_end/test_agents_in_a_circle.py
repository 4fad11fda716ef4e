"""Two engines whose models ask each other's agent: the circle ends with a clear sentence, and nobody waits for long."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from model_server import FakeModelServer
from served_engine import ServedEngine, served

ASK = "I ask the other one.\n\n```python\nagents.other.ask('pass the parcel on')['text']\n```"


def asks_then_tells(body: dict[str, Any]) -> str:
    """Ask the other agent first, and then say what came of it."""
    said = json.dumps(body["messages"], ensure_ascii=False)
    return "The parcel came back: in a circle." if "in a circle" in said else ASK


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ServedEngine]:
    """One of two engines that know each other as `other`."""
    for name in ("DASHSCOPE_API_KEY", "ANTHROPIC_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    ports = free_ports()
    with ExitStack() as stack:
        server = stack.enter_context(FakeModelServer(asks_then_tells))
        settings = {"OPENAI_BASE_URL": f"{server.url}/v1", "OPENAI_API_KEY": "k", "OPENAI_MODEL": "parcels"}
        for name, value in {**settings, "SANCA_ENGINE_PORT": "0", "SANCA_A2A_GRPC_PORT": "off"}.items():
            monkeypatch.setenv(name, value)
        engines: list[ServedEngine] = []
        for here, there in (("two", "one"), ("one", "two")):
            home = tmp_path / here
            home.mkdir(mode=0o700)
            token = engines[0].card["token"] if engines else "none: the circle ends before it is needed"
            entry = {"url": f"http://127.0.0.1:{ports[there]}", "headers": {"Authorization": f"Bearer {token}"}}
            (home / "toolkits.json").write_text(json.dumps({"agents": {"other": {**entry, "trust": "trusted"}}}))
            monkeypatch.setenv("SANCA_HOME", str(home))
            monkeypatch.setenv("SANCA_HTTP_PORT", str(ports[here]))
            engines.append(stack.enter_context(served(home, tmp_path / f"{here}.log")))
        for engine in engines:
            wait_for_other(engine)
        yield engines[1]


def free_ports() -> dict[str, int]:
    """Return two ports that nobody listens on."""
    with socket.socket() as one, socket.socket() as two:
        one.bind(("127.0.0.1", 0))
        two.bind(("127.0.0.1", 0))
        return {"one": one.getsockname()[1], "two": two.getsockname()[1]}


def wait_for_other(engine: ServedEngine) -> None:
    """Return when an engine's broker has found the other agent."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        *_, last = engine.start(f"ses_{time.monotonic_ns()}", action_code="agents.other and 'there'")
        if last.get("result", {}).get("answer") == "there":
            return
        time.sleep(0.2)  # nothing tells of an agent that is there at last
    raise AssertionError("the other agent was not found")


def test_engines_that_ask_each_other_end_with_a_clear_sentence(asked: ServedEngine) -> None:
    *events, last = asked.start("ses_a", message="Pass the parcel on to the other agent.")
    values = [event["content"]["value"] for event in events if event.get("activityType") == "sanca-round"]
    assert "The parcel came back: in a circle." in values
    assert last["result"]["answer"] == "The parcel came back: in a circle."
