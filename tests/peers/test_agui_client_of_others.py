"""An AG-UI client that is not the official one, with its own reader of the stream: a whole talk with an approval."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import anyio.to_thread
import pytest
from agui_door import DoorUnderTest, open_door
from peers import SCRIPTS, peer_python, peer_says

pytestmark = pytest.mark.anyio

SKILL = """---
name: water_bed
description: Waters the north bed of the garden.
metadata:
  sanca:
    title: {en: Water the north bed, zh: 给北边的花坛浇水}
    order: 40
    phrases:
      en: [water the north bed of the garden, please water the north bed]
      zh: [给北边的花坛浇水]
---
"""
ACTION = """try:
    answer = garden.water("north", litres=3)
except ToolDeniedError as error:
    answer = f"Not watered: {error}"
answer
"""


@pytest.fixture(scope="module")
async def door(home: Path) -> AsyncIterator[DoorUnderTest]:
    """The open door of an engine that has a skill with an effect."""
    skill = home.parent / "skills" / "water_bed"
    skill.mkdir(parents=True)
    (skill / "SKILL.md").write_text(SKILL, encoding="utf-8")
    (skill / "action.py").write_text(ACTION, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SANCA_MEMORY_SKILL_FOLDERS", json.dumps([str(skill.parent)]))
        async with open_door(home) as opened:
            yield opened


@pytest.mark.parametrize("approved", [True, False])
async def test_the_agent_framework_holds_a_conversation_with_an_approval(
    door: DoorUnderTest, home: Path, approved: bool
) -> None:
    ledger = home / "ledger.txt"
    ledger.unlink(missing_ok=True)
    said = ("what is 12% of 85?", json.dumps(approved), "please water the north bed")
    command = [peer_python("now"), str(SCRIPTS / "python/agui_client.py"), door.url, door.keys["olga"], *said]
    told = await anyio.to_thread.run_sync(lambda: peer_says(command))

    assert "10.2" in told["said"]["text"]
    assert told["said"]["outcome"] == "success"
    assert told["asked"]["outcome"] == "interrupt"
    assert told["asked"]["calls"] == ["garden.water"]
    assert told["asked"]["interrupts"][0]["message"]
    assert told["answered"]["outcome"] == "success"
    assert told["asked"]["errors"] == told["answered"]["errors"] == []
    written = ledger.read_text(encoding="utf-8").splitlines() if ledger.exists() else []
    assert written == (["water north 3"] if approved else [])
    assert ("watered north" if approved else "it rains") in told["answered"]["text"]
    assert any(("watered" if approved else "denied") in result for result in told["answered"]["results"])
