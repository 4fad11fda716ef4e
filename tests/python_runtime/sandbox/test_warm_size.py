"""How many sessions are kept ready."""

from __future__ import annotations

from sanca.python_runtime.sandbox.warm_size import WarmSize


def test_least_is_ready_before_any_take() -> None:
    assert WarmSize(2, 8, idle_seconds=10).wanted(100.0) == 2


def test_a_busy_moment_raises_it_up_to_the_most() -> None:
    size = WarmSize(1, 8, idle_seconds=10)
    for _ in range(5):
        size.took(100.0)
    assert size.wanted(100.1) == 5
    for _ in range(50):
        size.took(100.2)
    assert size.wanted(100.3) == 8


def test_takes_far_apart_do_not_add_up() -> None:
    size = WarmSize(1, 8, idle_seconds=60)
    for second in range(100, 130):
        size.took(float(second))
    assert size.wanted(130.0) == 1


def test_a_busy_moment_is_forgotten_after_the_idle_time() -> None:
    size = WarmSize(1, 8, idle_seconds=10)
    for _ in range(6):
        size.took(100.0)
    assert size.wanted(109.0) == 6
    assert size.wanted(111.0) == 1


def test_most_below_the_least_gives_way() -> None:
    assert WarmSize(4, 0, idle_seconds=10).wanted(1.0) == 4
