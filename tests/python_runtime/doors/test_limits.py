"""A rate and a number of streams, counted by name."""

from __future__ import annotations

import pytest
from sanca.core.errors import RateLimitedError
from sanca.python_runtime.doors.access.limits import RateLimit, StreamLimit


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_so_many_may_come_at_once_and_then_as_many_in_a_minute() -> None:
    clock = Clock()
    limit = RateLimit(6, clock=clock)
    for _ in range(6):
        limit.take("one", "requests")
    with pytest.raises(RateLimitedError) as refused:
        limit.take("one", "requests")
    limit.take("other", "requests")
    clock.now = 9.9
    still = limit.wait_seconds("one")
    clock.now = 10.1
    limit.take("one", "requests")

    assert refused.value.retry_after_seconds in (10, 11)
    assert 0 < still <= 0.2
    assert limit.wait_seconds("one") > 9


def test_over_a_long_time_no_more_than_the_rate_gets_through() -> None:
    clock = Clock()
    limit = RateLimit(60, clock=clock)
    let_in = 0
    for tenth in range(6_000):  # ten minutes, ten tries a second
        clock.now = tenth / 10
        if not limit.wait_seconds("one"):
            limit.count("one")
            let_in += 1

    assert 60 * 10 <= let_in <= 60 * 11


def test_who_has_been_quiet_is_forgotten() -> None:
    clock = Clock()
    limit = RateLimit(60, clock=clock)
    for number in range(1_000):
        limit.count(f"address-{number}")
    clock.now = 500.0
    limit.count("another")

    assert list(limit._used_until) == ["another"]


def test_a_stream_that_ended_makes_room_however_it_ended() -> None:
    limit = StreamLimit(1)
    with pytest.raises(RateLimitedError), limit.hold("one"), limit.hold("one"):
        raise AssertionError("two were let in")
    with limit.hold("one"), limit.hold("other"):
        both = dict(limit._open)

    assert both == {"one": 1, "other": 1}
    assert not limit._open
