"""Agents that a host names in its description."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from a2a_agent import FakeAgent
from broker_driver import Driver, driven
from jvm_host import JvmHost

pytestmark = pytest.mark.anyio


def name_agents(home: Path, **agents: Any) -> None:
    """Have the host name these agents."""
    (home / "agents_of_test_host.json").write_text(json.dumps(agents), encoding="utf-8")


def names_of(driver: Driver) -> set[str]:
    """Return the toolkits of agents that there are."""
    return {one.name for one in driver.client.toolkits if one.name.startswith("agents.")}


async def test_agents_of_the_host_come_change_and_go_with_its_description(
    with_host: Driver, home: Path, host: JvmHost
) -> None:
    assert host.port
    with FakeAgent() as agent:
        name_agents(home, helper={"url": agent.url}, odd={"url": "nowhere"})
        await with_host.client.refresh_toolkits()
        await with_host.engine.until(lambda: names_of(with_host) == {"agents.helper"})
        answer = await with_host.value("agents.helper", "ask", "hello")

        name_agents(home, helper={"url": agent.url, "trust": "untrusted"})
        await with_host.client.refresh_toolkits()
        await with_host.engine.until(lambda: effect_of(with_host) == "WRITE")

        name_agents(home)
        await with_host.client.refresh_toolkits()
        await with_host.engine.until(lambda: not names_of(with_host))
    assert answer["text"] == "hello"


def effect_of(driver: Driver) -> str:
    """Return what asking the agent is; empty: it is not there."""
    toolkits = [one for one in driver.client.toolkits if one.name == "agents.helper"]
    return str(toolkits[0].tools[0].effect) if toolkits else ""


async def test_an_agent_of_the_state_folder_counts_before_the_host_s(host: JvmHost, home: Path) -> None:
    assert host.port
    with FakeAgent(description="Of the file.") as ours, FakeAgent(description="Of the host.") as theirs:
        (home / "toolkits.json").write_text(json.dumps({"agents": {"helper": {"url": ours.url}}}))
        name_agents(home, helper={"url": theirs.url})
        async with driven(home) as driver:
            await driver.engine.until(lambda: "agents.helper" in names_of(driver))
            (toolkit,) = [one for one in driver.client.toolkits if one.name == "agents.helper"]
            problems = (await driver.client.health()).problems
    assert "Of the file." in toolkit.description
    assert "state folder counts" in problems["agents.helper (of the host)"]
