"""Motor: runs the round's action in the session's sandbox worker and notes what came of it. Judges nothing."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

from sanca.core.messages import Caller
from sanca.core.syntax import parse_module
from sanca.core.tools import ToolkitDefinition
from sanca.python_runtime.action_check import ActionChecker, tell_remarks, tell_stops
from sanca.python_runtime.files import FileInfo
from sanca.python_runtime.language import sentence
from sanca.python_runtime.observation import cut_middle, format_observation
from sanca.python_runtime.outside_marks import mark_outside, outside_tools
from sanca.python_runtime.planning.goal_book import note_skill_outcome
from sanca.python_runtime.rounds import Round, RunState
from sanca.python_runtime.run_record import RunRequest
from sanca.python_runtime.sandbox.guest.libraries import index_name
from sanca.python_runtime.sandbox.ports import ActionResult

_MISSING_TOOLKIT = re.compile(r"NameError: name '(system|mcp|agents)' is not defined")
"""Toolkits that skills may use and that are not everywhere."""


class Workers(Protocol):
    """The sandbox workers of all sessions."""

    async def wake(self, request: RunRequest, code: str) -> dict[str, Any]:
        """Make the session's worker ready; returns what an action's journal row should say of it."""

    def names(self, session_id: str) -> dict[str, str] | None:
        """Return the names that a session's last action left → their types; None when they are not known."""

    async def run(self, request: RunRequest, code: str, *, round_number: int) -> ActionResult:
        """Run an action in the session's worker, bound to the run's gate. Cancellation ends the action at once."""


class Outputs(Protocol):
    """What actions wrote to /output."""

    async def collect(self, caller: Caller, session_id: str) -> tuple[list[FileInfo], list[str]]:
        """Take over new files; returns them, and a sentence for each that could not be taken."""

    async def keep(self, caller: Caller, session_id: str, name: str, content: bytes) -> FileInfo:
        """Keep what an action made; returns its record."""


class Motor:
    """Parses and checks first, so that a slip of the pen costs no call, and no half of an action."""

    name = "motor"

    def __init__(
        self,
        workers: Workers,
        outputs: Outputs,
        checker: ActionChecker,
        toolkits: Callable[[], Sequence[ToolkitDefinition]],
        *,
        observation_chars: int,
        offers_libraries: bool = False,
    ) -> None:
        self._workers = workers
        self._outputs = outputs
        self._checker = checker
        self._toolkits = toolkits
        self._observation_chars = observation_chars
        self._offers_libraries = offers_libraries

    async def run(self, state: RunState) -> None:
        """Run the action, when this round has one."""
        round_ = state.round
        if round_.claim is not None or round_.strategy == "none":
            round_.status = "ok"
        elif problem := _syntax_problem(round_.code):
            round_.status, round_.error_type, round_.observation = "error", "SyntaxError", problem
            round_.error = sentence("action_failed", state.language, error=problem.splitlines()[-1])
        elif round_.code:
            round_.status = "running"
            state.show_round()
            facts = await self._workers.wake(state.request, round_.code)
            if await self._passes_check(state):
                await self._run_action(state, facts)
                await self._hand_over_files(state)
                note_skill_outcome(state)
                await self._show_images(state)
        state.show_round()

    async def _passes_check(self, state: RunState) -> bool:
        """Whether the action may run: nothing is known that surely fails in it."""
        round_ = state.round
        code, names = _as_checked(round_, self._workers.names(state.request.session_id))
        is_for_now = round_.strategy == "model"
        round_.check = report = await self._checker.check(code, self._toolkits(), names, is_for_now=is_for_now)
        if not report.stops:
            return True
        round_.observation = cut_middle(tell_stops(code, report), self._observation_chars)
        facts = {"round": round_.number, "strategy": round_.strategy, "code": round_.code}
        state.note("action_refused", {**facts, "text": round_.observation})
        first = report.stops[0]
        self._note_error(state, round_, "error", first.error_type, f"{first.error_type}: {first.message}")
        return False

    async def _run_action(self, state: RunState, facts: dict[str, Any]) -> None:
        round_ = state.round
        action = {"round": round_.number, "strategy": round_.strategy, "code": round_.code, **facts}
        state.note("action", {**action, "skill": round_.skill.skill if round_.skill else None})
        result = await self._workers.run(state.request, round_.code, round_number=round_.number)
        if self._offers_libraries and result.missing_library:
            offer = f"A person may agree to add it: sanca.add_library({index_name(result.missing_library)!r})"
            result = replace(result, hint=f"{result.hint or ''} {offer}".strip())
        await state.pass_on()
        round_.result, round_.status, round_.seconds = result, result.status, result.seconds
        round_.value = cut_middle(result.value or "", self._observation_chars)
        round_.observation = self._observation(state, result)
        state.note("observation", {"round": round_.number, "status": result.status, "text": round_.observation})
        if result.names_lost and round_.number > 1:
            state.reporter.notice(sentence("names_lost", state.language), level="warning", code="names_lost")
        if result.status != "ok":
            self._note_error(state, round_, result.status, result.error_type or "", _error_line(result))

    def _observation(self, state: RunState, result: ActionResult) -> str:
        """Return the observation; of an action that failed with what its check had remarked."""
        text = format_observation(result, self._observation_chars)
        check = state.round.check
        remarks = tell_remarks(check.remarks) if check and result.status == "error" else ""
        text = f"{text}\n\n{remarks}" if remarks else text
        return mark_outside(text, outside_tools(state, self._toolkits()))

    async def _hand_over_files(self, state: RunState) -> None:
        request = state.request
        found, refused = await self._outputs.collect(request.caller, request.session_id)
        for info in found:
            state.round.files.append(info.name)
            state.file_ids.append(info.file_id)
            state.reporter.activity("sanca-file", f"file-{info.file_id}", info.activity())
        for reason in refused:
            state.reporter.notice(reason, level="warning", code="file_refused")

    async def _show_images(self, state: RunState) -> None:
        request, images = state.request, state.round.result.images if state.round.result else ()
        for number, image in enumerate(images, 1):
            name = f"chart-{state.round.number}-{number}.png"
            info = await self._outputs.keep(request.caller, request.session_id, name, image.data)
            state.file_ids.append(info.file_id)
            seen = {"title": image.title, "description": image.description}
            state.reporter.activity("sanca-image", f"image-{info.file_id}", {**info.activity(), **seen})

    @staticmethod
    def _note_error(state: RunState, round_: Round, status: str, error_type: str, last_line: str) -> None:
        """Note that the action failed, or would have, with a sentence for the person."""
        round_.status, round_.error_type = status, error_type.rpartition(".")[2]
        if status == "timeout" and (result := round_.result):
            round_.error = sentence("action_timeout", state.language, seconds=result.seconds - result.waited_seconds)
        elif round_.strategy == "experience" and (missing := _MISSING_TOOLKIT.search(last_line)):
            round_.error = sentence("toolkit_missing", state.language, name=missing[1])
        elif round_.error_type == "ToolDeniedError":
            round_.error = sentence("denied", state.language, error=last_line.partition(": ")[2] or last_line)
        else:
            round_.error = sentence("action_failed", state.language, error=last_line)


def _error_line(result: ActionResult) -> str:
    """Return the line that says what went wrong: the last one that begins with the error's class, else the last."""
    lines = (result.error or result.status).strip().splitlines()
    own = f"{(result.error_type or '').rpartition('.')[2]}: "
    return next((line for line in reversed(lines) if line.startswith(own)), lines[-1])


def _as_checked(round_: Round, names: Mapping[str, str] | None) -> tuple[str, Mapping[str, str] | None]:
    """Return the code to check and the names it finds: a skill's without its parameters, so that it stays the same."""
    skill = round_.skill
    if skill is None or names is None:
        return round_.code, names
    parameters = {name: type(value).__name__ for name, value in skill.parameters.items()}
    return skill.code, {**names, **parameters, "language": "str"}


def _syntax_problem(code: str) -> str:
    try:
        parse_module(code)
    except SyntaxError as error:
        line = (error.text or "").rstrip()
        return f"line {error.lineno}: {line}\nSyntaxError: {error.msg}"
    except (ValueError, RecursionError, MemoryError) as error:  # null bytes, nesting too deep
        return f"SyntaxError: {error}"
    return ""
