"""Motor: runs the round's action in the session's sandbox worker and notes what came of it. Judges nothing."""

from __future__ import annotations

import ast
import json
from typing import Protocol

from sanca.core.errors import ConversionError
from sanca.python_runtime.language import sentence
from sanca.python_runtime.observation import ActionOutcome, cut_middle, format_observation
from sanca.python_runtime.rounds import Round, RunState
from sanca.python_runtime.run_record import RunRequest

__all__ = ["Motor"]


class Outcome(ActionOutcome, Protocol):
    """What a sandbox worker gives back."""

    value_json: str | None
    error_type: str | None
    seconds: float
    names_lost: bool


class Workers(Protocol):
    """The sandbox workers of all sessions."""

    async def run(self, request: RunRequest, code: str, *, filename: str) -> Outcome:
        """Run an action in the session's worker, bound to the run's gate. Cancellation kills the worker."""


class Motor:
    """Parses first, so that a slip of the pen costs no sandbox round."""

    name = "motor"

    def __init__(self, workers: Workers, *, observation_chars: int) -> None:
        self._workers = workers
        self._observation_chars = observation_chars

    async def run(self, state: RunState) -> None:
        """Run the action, when this round has one."""
        round_ = state.round
        if not round_.code or round_.claim is not None:
            round_.status = "ok"
            return
        filename = f"action_{round_.number}.py"
        if problem := _syntax_problem(round_.code, filename):
            round_.status, round_.error_type = "error", "SyntaxError"
            round_.observation = problem
            round_.error = sentence("action_failed", state.language, error=problem.splitlines()[-1])
        else:
            await self._run_action(state, filename)
        state.show_round()

    async def _run_action(self, state: RunState, filename: str) -> None:
        round_ = state.round
        round_.status = "running"
        state.show_round()
        outcome = await self._workers.run(state.request, round_.code, filename=filename)
        round_.status, round_.seconds = outcome.status, outcome.seconds
        round_.value = cut_middle(_text_of(outcome), self._observation_chars)
        round_.observation = format_observation(outcome, self._observation_chars)
        if outcome.names_lost:
            state.reporter.notice(sentence("names_lost", state.language), level="warning", code="names_lost")
        if outcome.status != "ok":
            self._note_error(state, round_, outcome)

    @staticmethod
    def _note_error(state: RunState, round_: Round, outcome: Outcome) -> None:
        round_.error_type = (outcome.error_type or "").rpartition(".")[2]
        last_line = (outcome.error or outcome.status).strip().splitlines()[-1]
        if outcome.status == "timeout":
            round_.error = sentence("action_timeout", state.language, seconds=outcome.seconds)
        elif round_.error_type == "ToolDeniedError":
            round_.error = sentence("denied", state.language, error=last_line.partition(": ")[2] or last_line)
        else:
            round_.error = sentence("action_failed", state.language, error=last_line)


def _syntax_problem(code: str, filename: str) -> str:
    try:
        ast.parse(code, filename)
    except SyntaxError as error:
        line = (error.text or "").rstrip()
        return f"{filename}, line {error.lineno}: {line}\nSyntaxError: {error.msg}"
    except (ValueError, RecursionError, MemoryError) as error:  # null bytes, nesting too deep
        return f"{filename}\nSyntaxError: {error}"
    return ""


def _text_of(outcome: Outcome) -> str:
    """The value as the person reads it: a string as it is, anything else as Python shows it."""
    if outcome.value is None:
        return ""
    if outcome.value_json is not None:
        try:
            value = json.loads(outcome.value_json)
        except ValueError as error:
            raise ConversionError(f"The sandbox gave a value that is not JSON: {error}.") from error
        if isinstance(value, str):
            return value
        if value is None:
            return ""
    return outcome.value
