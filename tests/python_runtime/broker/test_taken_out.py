"""When a tool that keeps failing is out of use, when it is tried again, and what is said of it."""

from __future__ import annotations

import pytest
from sanca.core.errors import ToolFailedError
from sanca.core.tools import CallError
from sanca.python_runtime.broker.taken_out import FORGET_SECONDS, TakenOut

WHO, NAME = "default/olga", "system.logs"
NOON = 1_800_014_400.0  # 2027-01-15 12:00:00 UTC


class Clock:
    """A clock that stands until it is set."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def tools(clock: Clock) -> TakenOut:
    return TakenOut(3, 30.0, clock)


def error(message: str = "the disk is gone", kind: str = "failed", java_class: str | None = None) -> CallError:
    return CallError.model_validate({"kind": kind, "message": message, "java_class": java_class})


def fail(tools: TakenOut, *errors: CallError, is_of_host: bool = True) -> None:
    for one in errors:
        tools.note(WHO, NAME, one, is_of_host=is_of_host)


def is_out(tools: TakenOut) -> bool:
    try:
        tools.check(WHO, NAME)
    except ToolFailedError:
        return True
    return False


def test_after_so_many_failures_it_is_out_and_the_sentence_says_since_when_until_when_and_why(
    tools: TakenOut,
) -> None:
    fail(tools, error(), error())
    tools.check(WHO, NAME)
    fail(tools, error("the disk\nis gone."))

    with pytest.raises(ToolFailedError) as refused:
        tools.check(WHO, NAME)

    sentence = str(refused.value)
    assert sentence == (
        "system.logs is out of use since 12:00:00 UTC until 12:00:30 UTC, because it kept failing, at last with: "
        "the disk is gone."
    )
    assert (refused.value.kind, refused.value.retryable) == ("unavailable", True)
    assert tools.sentences(WHO) == {NAME: sentence}
    tools.check(WHO, "system.health")


def test_a_value_in_between_begins_a_new_row(tools: TakenOut) -> None:
    fail(tools, error(), error())
    tools.note(WHO, NAME, None, is_of_host=True)
    fail(tools, error(), error())

    assert not is_out(tools)


def test_different_failures_are_no_row_but_numbers_make_no_difference(tools: TakenOut) -> None:
    fail(tools, error("no service a"), error("no service b"), error("no service c"))
    assert not is_out(tools)

    fail(tools, error("port 4711 is closed"), error("port 4712 is closed"), error("port 4713 is closed"))
    assert is_out(tools)


def test_failures_far_apart_are_no_row(tools: TakenOut, clock: Clock) -> None:
    for _ in range(5):
        fail(tools, error())
        clock.now += FORGET_SECONDS + 1

    assert not is_out(tools)


@pytest.mark.parametrize("kind", ["argument", "denied", "cancelled", "not_found", "conflict", "approval_required"])
def test_what_says_nothing_about_the_tool_does_not_count(tools: TakenOut, kind: str) -> None:
    fail(tools, *[error(kind=kind)] * 10, is_of_host=False)

    assert not is_out(tools)


@pytest.mark.parametrize("kind", ["unavailable", "unknown"])
def test_a_host_that_is_away_is_not_a_tool_that_fails(tools: TakenOut, kind: str) -> None:
    fail(tools, *[error(kind=kind)] * 10)
    assert not is_out(tools)

    fail(tools, *[error(kind=kind)] * 3, is_of_host=False)
    assert is_out(tools)


def test_after_the_pause_one_call_tries_it_and_a_value_brings_it_back(tools: TakenOut, clock: Clock) -> None:
    fail(tools, *[error()] * 3)
    clock.now += 30

    tools.check(WHO, NAME)
    tools.enter(WHO, NAME)
    with pytest.raises(ToolFailedError, match="while one call tries whether it works again"):
        tools.enter(WHO, NAME)
    tools.note(WHO, NAME, None, is_of_host=True)

    tools.enter(WHO, NAME)
    tools.enter(WHO, NAME)
    assert tools.sentences(WHO) == {}


def test_a_try_that_fails_takes_it_out_for_twice_as_long_and_it_still_says_since_when(
    tools: TakenOut, clock: Clock
) -> None:
    fail(tools, *[error()] * 3)
    for expected in ("12:01:30", "12:03:30"):
        clock.now = _until(tools)
        tools.enter(WHO, NAME)
        fail(tools, error("other reason"))
        sentence = tools.sentences(WHO)[NAME]
        assert f"since 12:00:00 UTC until {expected} UTC" in sentence
        assert sentence.endswith("other reason.")


def test_a_try_that_says_nothing_leaves_the_next_one_to_another_call(tools: TakenOut, clock: Clock) -> None:
    fail(tools, *[error()] * 3)
    clock.now += 30
    tools.enter(WHO, NAME)
    fail(tools, error(kind="cancelled"))

    tools.enter(WHO, NAME)


def test_failures_of_calls_that_left_before_change_nothing(tools: TakenOut, clock: Clock) -> None:
    fail(tools, *[error()] * 3)
    before = tools.sentences(WHO)
    clock.now += 10
    fail(tools, *[error()] * 20)

    assert tools.sentences(WHO) == before


def test_with_no_number_of_failures_no_tool_is_ever_out(clock: Clock) -> None:
    tools = TakenOut(0, 30.0, clock)
    fail(tools, *[error()] * 100)

    assert not is_out(tools)


def test_what_fails_for_one_user_is_not_taken_from_another_and_whoever_runs_the_engine_sees_whose_it_is(
    tools: TakenOut,
) -> None:
    fail(tools, *[error()] * 3)

    tools.check("default/otto", NAME)
    assert tools.sentences("default/otto") == {}
    assert tools.everybodys() == {NAME: f"{tools.sentences(WHO)[NAME]} (for default/olga)"}


def test_what_is_forgotten_is_in_use(tools: TakenOut) -> None:
    fail(tools, *[error()] * 3)
    tools.forget({NAME, "other.tool"})

    assert not is_out(tools)


def _until(tools: TakenOut) -> float:
    hour, minute, second = tools.sentences(WHO)[NAME].partition("until ")[2][:8].split(":")
    return NOON + (int(hour) - 12) * 3600 + int(minute) * 60 + int(second)
