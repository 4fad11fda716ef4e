"""Agents of other frameworks, asked from an action by our agent toolkit: A2A 1.0 in two bindings, and 0.3."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import ExitStack
from pathlib import Path
from typing import Literal

import pytest
from peers import SCRIPTS, Acted, act, peer_python, peer_server, until_there
from sanca.python_runtime import Engine

pytestmark = pytest.mark.anyio
AGENTS: dict[str, tuple[str, Literal["now", "before"]]] = {
    "shouter": ("pydantic_agent.py", "now"),
    "counter": ("framework_agent.py", "now"),
    "reverser": ("before_agent.py", "before"),
}


@pytest.fixture(scope="module")
async def engine(home: Path) -> AsyncIterator[Engine]:
    """An engine that knows three agents, each of a framework of its own."""
    with ExitStack() as stack:
        agents = {}
        for name, (script, environment) in AGENTS.items():
            command = [peer_python(environment), str(SCRIPTS / "python" / script)]
            agents[name] = {"url": stack.enter_context(peer_server(command, home.parent / f"{name}.log"))}
        (home / "toolkits.json").write_text(json.dumps({"agents": agents}), encoding="utf-8")
        async with Engine(home) as engine:
            await until_there(engine, *(f"agents.{name}" for name in AGENTS))
            yield engine


def well_done(acted: Acted) -> Acted:
    assert acted.status == "ok", acted.error
    return acted


async def test_an_agent_of_pydantic_ai_answers_and_remembers_the_conversation(engine: Engine) -> None:
    code = (
        "first = agents.shouter.ask('is the pool too small?')\n"
        "second = agents.shouter.ask('and now?')\n"
        "(first.state, first.text.strip(), second.text.strip())"
    )
    acted = well_done(await act(engine, code))

    assert acted.value == "('completed', 'Question 1: IS THE POOL TOO SMALL?', 'Question 2: AND NOW?')"
    assert {call for call, _ in acted.calls} == {"agents.shouter.ask"}


async def test_an_agent_of_microsofts_framework_answers_over_http_and_json(engine: Engine) -> None:
    acted = well_done(await act(engine, "agents.counter.ask('one two three four').text.strip()"))

    assert acted.value == "4 words"


async def test_an_agent_of_protocol_0_3_answers_with_text_and_data_and_asks_back(engine: Engine) -> None:
    code = (
        "first = agents.reverser.ask('?')\n"
        "second = agents.reverser.ask('stressed')\n"
        "(first.state, first.text, second.state, second.text, second.data['length'])"
    )
    acted = well_done(await act(engine, code))

    assert acted.value == "('input_required', 'What shall I reverse?', 'completed', 'desserts', 8)"
