"""Self-check: compares what is claimed with what the journal shows, and gives the verdict.

Runs nothing, says nothing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from sanca.python_runtime.language import sentence
from sanca.python_runtime.rounds import CallFact, RunState, Verdict
from sanca.python_runtime.stuck import look
from sanca.python_runtime.zones.cognitive import Planner

_EFFECTS = {"WRITE", "DESTRUCTIVE"}
_UNDONE = {"denied", "failed", "cancelled", "unknown"}
_ADMITS = re.compile(
    r"den(?:y|ied)|refus|reject|declin|fail|error|unknown|cancel|could ?n.t"
    r"|not (?:done|changed|approved|allowed|executed)"
    r"|拒绝|失败|未批准|没有执行|未执行|未能|取消|错误|不允许",
    re.IGNORECASE,
)
_CLAIMS_EFFECT = re.compile(
    r"\b(?:I|we)(?: have|'ve)? (?:now )?(?:restarted|rolled back|deployed|changed|deleted|stopped|repaired|fixed)\b"
    r"|已(?:经)?(?:重启|回滚|部署|修改|删除|停止|修复)",
    re.IGNORECASE,
)


class SelfCheck:
    """A claim is done when the evidence does not speak against it; else the run goes on, if anybody can go on."""

    name = "self_check"

    def __init__(self, planner: Planner, *, stuck_rounds: int) -> None:
        self._planner = planner
        self._stuck_rounds = stuck_rounds

    async def run(self, state: RunState) -> None:
        """Set the run's verdict, and what is missing when it goes on."""
        round_ = state.round
        state.missing = ""
        if state.closing is not None:
            self._judge_closing(state)
        elif round_.strategy == "none":
            state.verdict = Verdict.FAILED
        elif round_.claim is None:
            self._judge_action(state)
        elif missing := self._speaks_against(round_.claim, state.calls):
            self._judge_doubt(state, missing)
        else:
            state.verdict = Verdict.DONE
        if state.verdict.goes_on:
            self._tell_what_is_near(state)
        verdict = {"round": round_.number, "verdict": state.verdict, "missing": state.missing, "error": state.error}
        state.note("self_check", {**verdict, "answer": state.answer})

    def _tell_what_is_near(self, state: RunState) -> None:
        """Add to what the next round is told: that the run goes round in circles, and budgets that come to an end."""
        notes = [state.missing, look(state, rounds=self._stuck_rounds)]
        if state.stuck.strikes and notes[1]:
            facts = {"round": state.round.number, "sign": state.stuck.last, "strikes": state.stuck.strikes}
            state.note("stuck", {**facts, "difficulty": state.difficulty})
        for warning in state.guard.warnings(state):
            state.reporter.notice(warning, level="warning", code="budget_near")
            notes.append(warning)
        state.missing = "\n".join(note for note in notes if note)

    @staticmethod
    def _judge_closing(state: RunState) -> None:
        """The last words were said: the run ends without having reached its goal."""
        is_spent = state.closing is not None and state.closing.code == "budget"
        state.verdict = Verdict.SPENT if is_spent else Verdict.FAILED
        state.error = state.closing.why if state.closing else ""

    def _judge_action(self, state: RunState) -> None:
        """No claim yet: a model looks at the observation in the next round; without one an error is the end."""
        round_ = state.round
        mendable = round_.strategy == "experience" and self._planner.is_available
        if round_.strategy == "model" or mendable:
            state.verdict = Verdict.CONTINUE
            return
        state.verdict = Verdict.BROKEN
        state.error = round_.error + self._what_was_done(state)

    @staticmethod
    def _judge_doubt(state: RunState, missing: str) -> None:
        """A model is told once what is missing; who cannot be told, or stays with it, has not done what was asked."""
        if state.round.strategy == "model" and not any(one.checked for one in state.rounds):
            state.missing = missing
            state.verdict = Verdict.MISSING
            state.round.checked = {"verdict": "missing"}
        else:
            state.verdict = Verdict.FAILED

    @staticmethod
    def _speaks_against(claim: str, calls: Sequence[CallFact]) -> str:
        """Return what the journal holds against the claim; empty when nothing."""
        effects = {(call.toolkit, call.tool): call for call in calls if call.effect in _EFFECTS}
        undone = [f"{call.toolkit}.{call.tool} ({call.status})" for call in effects.values() if call.status in _UNDONE]
        if undone and not _ADMITS.search(claim):
            return f"the journal shows that these calls did not succeed: {', '.join(undone)}; do them or say so."
        if not effects and _CLAIMS_EFFECT.search(claim):
            return "the journal shows no call that changes anything; do it, or say that nothing was changed."
        return ""

    @staticmethod
    def _what_was_done(state: RunState) -> str:
        done = [
            f"{call.toolkit}.{call.tool}" for call in state.calls if call.effect in _EFFECTS and call.status == "ok"
        ]
        if done:
            return sentence("effects_done", state.language, calls=", ".join(done))
        return sentence("nothing_changed", state.language) if state.round.strategy == "experience" else ""
