"""Tools that fail, through a real broker: tried again, taken out, told, counted, an alternative offered."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import anyio
import pytest
from broker_driver import Driver, driven
from sanca.python_runtime.broker.records import ApprovalRule

pytestmark = pytest.mark.anyio

PAUSE_SECONDS = 1.0
TOOLS = '''
"""Tools that fail."""

from collections.abc import AsyncIterator
from pathlib import Path

from sanca.core.errors import ToolFailedError
from sanca.core.tools import Effect
from sanca.toolkit_bridge import tool

HOME = Path(__file__).parent.parent
tries: dict[str, int] = {}


def _try(key: str, times: int) -> int:
    tries[key] = tries.get(key, 0) + 1
    if tries[key] <= times:
        raise ToolFailedError(f"not now, {key}", retryable=True)
    return tries[key]


@tool
def read(key: str, times: int) -> int:
    """Fail so many times in a way that passes."""
    return _try(key, times)


@tool(effect=Effect.WRITE, approval="NEVER", idempotent=True)
def put(key: str, times: int) -> int:
    """Fail so many times in a way that passes."""
    return _try(key, times)


@tool(effect=Effect.WRITE, approval="NEVER")
def add(key: str, times: int) -> int:
    """Fail so many times in a way that passes."""
    return _try(key, times)


@tool(alternative="other")
def moody() -> str:
    """Fail while there is a file."""
    if (HOME / "broken").exists():
        raise OSError("the disk is gone")
    return "fine"


@tool(alternative="ill.other")
async def stream() -> AsyncIterator[int]:
    """Give something and fail."""
    yield 1
    raise OSError("the disk is gone")


@tool
def other() -> str:
    """Do the same in another way."""
    return "other"
'''


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    (folder / "toolkits").mkdir(parents=True)
    (folder / "toolkits" / "ill.py").write_text(TOOLS, encoding="utf-8")
    return folder


@pytest.fixture
async def driver(home: Path) -> AsyncIterator[Driver]:
    async with driven(home, tool_failures=3, tool_pause_seconds=PAUSE_SECONDS) as made:
        await made.open_run(rules=(ApprovalRule("allow"),))
        yield made


async def finished(driver: Driver) -> list[dict[str, Any]]:
    return [row.data for row in await driver.journal("run_1", "call_finished")]


@pytest.mark.parametrize("tool", ["read", "put"])
async def test_what_does_no_harm_twice_is_tried_again_under_its_id_and_the_journal_tells_each_try(
    driver: Driver, tool: str
) -> None:
    assert await driver.value("ill", tool, "a", 2) == 3

    (row,) = await finished(driver)
    assert row["ok"]
    assert [(one["kind"], one["message"]) for one in row["attempts"]] == [("failed", "not now, a")] * 2
    assert len(await driver.journal("run_1", "call_requested")) == 1


async def test_an_effect_that_is_not_idempotent_is_tried_once(driver: Driver) -> None:
    error = await driver.error("ill", "add", "b", 1)

    assert error["retryable"]
    assert await driver.value("ill", "add", "b", 1) == 2
    assert "attempts" not in (await finished(driver))[0]


async def test_it_is_not_tried_for_ever(driver: Driver) -> None:
    begun = time.monotonic()
    error = await driver.error("ill", "read", "c", 100)

    assert error["message"] == "not now, c"
    assert len((await finished(driver))[0]["attempts"]) == 3
    assert time.monotonic() - begun < 10


async def test_a_cancelled_run_tries_no_more(driver: Driver) -> None:
    driver.guest.begin("ill", "read", "d", 100)
    await driver.engine.until(lambda: "running read" in driver.engine.heard)
    await driver.client.close_gate("run_1")

    assert not (await driver.finish())["ok"]
    assert len((await finished(driver))[0].get("attempts", [])) < 3


async def test_a_failure_offers_the_declared_alternative(driver: Driver, home: Path) -> None:
    (home / "broken").touch()
    error = await driver.error("ill", "moody")

    assert error["alternative"] == "ill.other"
    assert error["message"] == "ill.moody failed: OSError: the disk is gone. ill.other may do instead."


async def test_a_stream_that_breaks_off_offers_it_too(driver: Driver) -> None:
    outcome = await driver.client.call("run_1", "ill", "stream", {})

    assert outcome.error is not None
    assert outcome.error.alternative == "ill.other"
    assert (await finished(driver))[0]["error"]["alternative"] == "ill.other"


async def test_a_tool_that_keeps_failing_is_out_of_use_and_everybody_is_told_until_a_try_gives_a_value(
    driver: Driver, home: Path
) -> None:
    (home / "broken").touch()
    for _ in range(3):
        await driver.error("ill", "moody")

    error = await driver.error("ill", "moody")
    described = await driver.value("sanca", "describe")
    health = await driver.client.health()

    assert error["kind"] == "unavailable"
    assert "ill.moody is out of use since" in error["message"]
    assert "the disk is gone" in error["message"]
    assert (error["alternative"], error["message"].endswith("ill.other may do instead.")) == ("ill.other", True)
    (moody,) = [tool for kit in described["toolkits"] for tool in kit["tools"] if tool["name"] == "moody"]
    assert moody["description"].startswith("ill.moody is out of use since")
    assert health.problems["ill.moody"] == f"{moody['out_of_use']} (for default/olga)"
    assert [row["error"]["kind"] for row in await finished(driver)] == [*["failed"] * 3, "unavailable"]
    assert len(await driver.journal("run_1", "call_requested")) == 3  # the fourth never left

    (home / "broken").unlink()
    with anyio.fail_after(10):
        while (await driver.client.health()).problems:  # noqa: ASYNC110 - the pause is over when it is over
            await anyio.sleep(0.05)
    assert await driver.value("ill", "moody") == "fine"
    assert await driver.value("ill", "moody") == "fine"


async def test_found_tools_say_that_they_are_out_of_use(driver: Driver, home: Path) -> None:
    async def found(run_id: str, tool: str, arguments: dict[str, Any]) -> Any:
        return [{"name": "ill.moody", "description": "Fail.", "score": 1.0}, {"name": "ill.other", "description": "O."}]

    driver.engine.on_engine_call = found  # type: ignore[method-assign]
    (home / "broken").touch()
    for _ in range(3):
        await driver.error("ill", "moody")

    moody, other = await driver.value("sanca", "search_tools", "mood")

    assert moody["description"].startswith("ill.moody is out of use since")
    assert moody["description"].endswith(". Fail.")
    assert other == {"name": "ill.other", "description": "O."}


async def test_calls_failures_tries_and_seconds_are_counted_by_tool(driver: Driver) -> None:
    await driver.value("ill", "other")
    await driver.value("ill", "read", "e", 1)
    await driver.error("ill", "add", "f", 1)
    await driver.error("ill", "no_such_tool")
    await driver.client.flush()

    counts = {str(count["tool"]): count for count in (await driver.client.health()).calls}

    assert set(counts) == {"ill.other", "ill.read", "ill.add"}
    read, add = counts["ill.read"], counts["ill.add"]
    assert (read["calls"], read["failures"], read["attempts"]) == (1, 0, 2)
    assert (add["calls"], add["failures"], add["attempts"]) == (1, 1, 1)
    assert 0 < float(str(read["longest_seconds"])) <= float(str(read["seconds"]))
