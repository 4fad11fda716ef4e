"""Tries a call again that does no harm twice, when its failure may pass. Decides nothing else about calls."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import structlog
from sanca.core.tools import CallAttempt, CallError, CallOutcome
from sanca.python_runtime.broker.passage import Passage
from sanca.python_runtime.broker.run_state import RunState

if TYPE_CHECKING:
    from tenacity import RetryCallState

log = structlog.get_logger(__name__)

MOST_ATTEMPTS = 4
_FIRST_PAUSE_SECONDS = 0.1
_LONGEST_PAUSE_SECONDS = 2.0
_LOOK_SECONDS = 0.05
"""How often a pause looks whether the run was cancelled."""


def call_with_patience(passage: Passage) -> CallOutcome:
    """Run a call, under its one id as often as it may: reads and idempotent tools, while the failure may pass.

    The outcome tells the tries before it. The time limit of the tool is also that for starting another try.
    """
    outcome = passage.entry.backend.call(passage)
    if outcome.error is None or not passage.entry.is_repeatable or not _may_pass(outcome.error):
        return outcome
    return _Again(passage, outcome).outcome()


class _Again:
    """The tries of one call; the first has just failed."""

    def __init__(self, passage: Passage, first: CallOutcome) -> None:
        self._passage = passage
        self._first: CallOutcome | None = first
        self._begun = passage.begun + passage.person_seconds
        self._attempts: list[CallAttempt] = []

    def outcome(self) -> CallOutcome:
        """Try until one gives a value or a failure that stays, or it is enough; return the last one's outcome."""
        # few calls need it, and it takes a while to load
        from tenacity import Retrying, stop_after_attempt, stop_after_delay, wait_exponential_jitter

        passage = self._passage
        retrying = Retrying(
            stop=stop_after_attempt(MOST_ATTEMPTS) | stop_after_delay(passage.definition.timeout_seconds),
            wait=wait_exponential_jitter(initial=_FIRST_PAUSE_SECONDS, max=_LONGEST_PAUSE_SECONDS, jitter=0.1),
            retry=lambda state: not passage.run.is_closed and _failed(state) is not None,
            before_sleep=self._note,
            sleep=lambda seconds: _pause(passage.run, seconds),
            retry_error_callback=_result,
        )
        outcome: CallOutcome = retrying(self._try)
        return outcome.model_copy(update={"attempts": (*self._attempts, *outcome.attempts)})

    def _try(self) -> CallOutcome:
        if self._first is not None:
            first, self._first = self._first, None
            return first
        self._begun = time.monotonic()
        return self._passage.entry.backend.call(self._passage)

    def _note(self, state: RetryCallState) -> None:
        outcome, error = _result(state), _failed(state)
        if error is not None:
            seconds = round(time.monotonic() - self._begun, 6)
            self._attempts += [*outcome.attempts, CallAttempt(kind=error.kind, message=error.message, seconds=seconds)]
            log.info("tool_call_tried_again", tool=self._passage.name, call_id=self._passage.call_id, kind=error.kind)


def _may_pass(error: CallError) -> bool:
    return error.retryable or error.kind == "unavailable"


def _result(state: RetryCallState) -> CallOutcome:
    assert state.outcome is not None  # noqa: S101 - tenacity asks after a try only
    outcome: CallOutcome = state.outcome.result()
    return outcome


def _failed(state: RetryCallState) -> CallError | None:
    """Return why the try failed, if another one may not."""
    error = _result(state).error
    return error if error is not None and _may_pass(error) else None


def _pause(run: RunState, seconds: float) -> None:
    end = time.monotonic() + seconds
    while not run.is_closed and (left := end - time.monotonic()) > 0:
        time.sleep(min(left, _LOOK_SECONDS))
