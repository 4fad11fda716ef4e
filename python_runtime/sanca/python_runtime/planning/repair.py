"""Mends the one statement at which an action failed, by filling in the middle, instead of writing the action again.

Only where a model completes texts as they are; who cannot is asked in the usual way by the planner.
"""

from __future__ import annotations

from collections.abc import Callable

import structlog
from sanca.core.errors import ModelError, ModelOutputError
from sanca.core.ports import Model
from sanca.prompts import FimInputs, InferencePromptConfigManager, complete, cut_for_repair, failing_line, repair
from sanca.python_runtime.planning.asking import ask, sum_of
from sanca.python_runtime.rounds import Round, RunState

log = structlog.get_logger()

_EFFECTS = frozenset({"WRITE", "DESTRUCTIVE"})


class Repairs:
    """Tries once for each action that a model wrote. A model that refuses the form is not asked again."""

    def __init__(
        self, models: Callable[[str, RunState | None], Model | None], prompts: InferencePromptConfigManager
    ) -> None:
        """Take who completes.

        Args:
            models: Gives the model of a role, or None.
            prompts: Builds the request; says by its configuration which models know the form.
        """
        self._models = models
        self._prompts = prompts
        self._refused: set[str] = set()

    async def mend(self, state: RunState, scenario: str) -> bool:
        """Set the current round's code to what is left to run of the last action, mended; False when that is not so.

        Args:
            state: The run.
            scenario: For choosing the prompt.
        """
        failed = _last_failed(state)
        if failed is None:
            return False
        inputs = _gap(failed)
        if inputs is None:
            return False
        text = await self._ask(state, inputs, scenario)
        if not text:
            return False
        try:
            state.round.code = repair(inputs, text)
        except ModelOutputError as error:
            log.info("repair_not_used", reason=str(error))
            return False
        state.round.is_repair = True
        state.note("model_reply", {"round": state.round.number, "purpose": "repair", "reply": text})
        return True

    async def finish(self, state: RunState, code: str, scenario: str) -> str:
        """Return an action that the limit of length cut off, completed; empty when that cannot be had.

        Args:
            state: The run.
            code: The action as far as it came.
            scenario: For choosing the prompt.
        """
        inputs = FimInputs.of_unfinished(code)
        text = await self._ask(state, inputs, scenario)
        if not text:
            return ""
        try:
            return complete(inputs, text)
        except ModelOutputError as error:
            log.info("completion_not_used", reason=str(error))
            return ""

    async def _ask(self, state: RunState, inputs: FimInputs, scenario: str) -> str:
        """Return what a completion model puts into the gap; empty when there is none, or it fails."""
        tenant = state.request.caller.tenant
        # How hard the run has become is no reason to leave the model that knows the form.
        model = self._models(self._prompts.builder("repair", tenant=tenant, scenario=scenario).role, None)
        if model is None or model.name in self._refused:
            return ""
        prompt = self._prompts.builder("repair", tenant=tenant, scenario=scenario, model=model.name).assemble(inputs)
        if prompt.request.form != "completion":
            return ""
        state.note("prompt", {"round": state.round.number, "model": model.name, **prompt.note()})
        try:
            reply = await ask(model, prompt.request, state, aloud=False)
        except ModelError as error:  # the usual way is still there
            if not error.retryable:
                self._refused.add(model.name)
            log.warning("repair_not_asked", model=model.name, reason=str(error))
            return ""
        state.round.usage = sum_of(state.round.usage, reply.usage)
        return reply.text


def _last_failed(state: RunState) -> Round | None:
    """Return the last round of this goal, when its action failed in a way that mending one statement may mend."""
    mine = [one for one in state.rounds[:-1] if one.sub_goal_id == state.round.sub_goal_id]
    last = mine[-1] if mine else None
    if last is None or last.strategy != "model" or last.status != "error" or not last.code or last.is_repair:
        return None
    may_run_again = last.error_type != "ToolDeniedError" and not (last.result and last.result.names_lost)
    # What changed something before it failed is looked at by the planner, which knows what has happened.
    has_changed = any(call.effect in _EFFECTS for call in last.calls.values())
    return last if may_run_again and not has_changed and not state.missing else None


def _gap(failed: Round) -> FimInputs | None:
    stops = failed.check.stops if failed.check else ()
    if failed.result is None and len(stops) == 1:  # refused before it ran; with several faults it is written anew
        return cut_for_repair(failed.code, line=stops[0].line, error=stops[0].message, has_run=False)
    line = failing_line(failed.observation)
    if line is None or stops:
        return None
    error = failed.observation.strip().splitlines()[-1]
    names = tuple(failed.result.names or ()) if failed.result else ()
    return cut_for_repair(failed.code, line=line, error=error, has_run=failed.result is not None, names=names)
