"""An action's own time."""

from __future__ import annotations

import pytest
from sanca.python_runtime.sandbox.clock import ActionClock

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    times = [100.0]
    monkeypatch.setattr("sanca.python_runtime.sandbox.clock.time.monotonic", lambda: times[0])
    return times


async def test_wall_time_counts_when_nothing_is_waited_for(now: list[float]) -> None:
    clock = ActionClock(5.0, None)
    now[0] += 3
    assert await clock.left() == 2
    now[0] += 3
    assert await clock.left() == -1


async def test_waited_time_is_asked_for_only_when_time_seems_to_be_up(now: list[float]) -> None:
    asked: list[float] = []

    async def waited() -> float:
        asked.append(now[0])
        return 4.0

    clock = ActionClock(5.0, waited)
    now[0] += 4.9
    await clock.left()
    assert asked == []
    now[0] += 1.1
    assert await clock.left() == 3.0
    now[0] += 2
    assert await clock.left() == 1.0
    assert asked == [106.0]
    assert clock.waited_seconds == 4.0


async def test_more_cannot_have_been_waited_than_went_by(now: list[float]) -> None:
    async def waited() -> float:
        return 1e9

    clock = ActionClock(5.0, waited)
    now[0] += 7
    assert await clock.left() == 5.0
    assert clock.waited_seconds == 7.0
