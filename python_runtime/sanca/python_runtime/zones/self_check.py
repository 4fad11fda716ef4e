"""Self-check: holds what is claimed against the journal and the world, and gives the verdict. Changes nothing.

It says what it could not verify: the last words of an answer are its own.
"""

from __future__ import annotations

from typing import Protocol

from sanca.python_runtime.language import sentence
from sanca.python_runtime.rounds import RunState, Verdict
from sanca.python_runtime.self_check import Finding
from sanca.python_runtime.stuck import look
from sanca.python_runtime.zones.cognitive import Planner

_EFFECTS = {"WRITE", "DESTRUCTIVE"}


class TaskCheck(Protocol):
    """Checks a claimed goal."""

    async def check(self, state: RunState) -> Finding:
        """Hold the current round's claim against everything that can be known."""


class SelfCheck:
    """A claim is done when nothing speaks against it; else the run goes on, if anybody can go on."""

    name = "self_check"

    def __init__(self, planner: Planner, tasks: TaskCheck, *, stuck_rounds: int, repeats_max: int) -> None:
        """Take what it judges with.

        Args:
            planner: Tells whether a model could go on.
            tasks: Checks a claim.
            stuck_rounds: So many rounds without anything new count as stuck.
            repeats_max: How often a run goes on because its claim was not borne out.
        """
        self._planner = planner
        self._tasks = tasks
        self._stuck_rounds = stuck_rounds
        self._repeats_max = repeats_max

    async def run(self, state: RunState) -> None:
        """Set the run's verdict, and what is missing when it goes on."""
        round_ = state.round
        state.missing = ""
        finding = Finding()
        if state.closing is not None:
            self._judge_closing(state)
        elif round_.strategy == "none":
            state.verdict = Verdict.FAILED
        elif round_.claim is None:
            self._judge_action(state)
        else:
            finding = await self._tasks.check(state)
            self._judge_claim(state, finding)
        if state.verdict.goes_on:
            self._tell_what_is_near(state)
        verdict = {"round": round_.number, "verdict": state.verdict, "missing": state.missing, "error": state.error}
        state.note("self_check", {**verdict, **finding.facts(), "answer": state.answer})

    def _judge_claim(self, state: RunState, finding: Finding) -> None:
        """A model is told what is missing, some times; who cannot be told, or stays with it, has not done it."""
        repeats = sum(one.checked is not None and one.checked["verdict"] == Verdict.MISSING for one in state.rounds)
        if not finding.doubts:
            state.verdict = Verdict.DONE
        elif state.round.strategy == "model" and repeats < self._repeats_max:
            state.missing = finding.missing
            state.verdict = Verdict.MISSING
        else:
            state.verdict = Verdict.FAILED
        if finding.doubts or finding.verified or finding.unverified:
            reasons = [doubt.told(state.language) for doubt in finding.doubts]
            told = {"verified": finding.verified, "unverified": finding.unverified}
            state.round.checked = {"verdict": str(state.verdict), "reasons": reasons, **told}
            state.show_round()
        self._tell_the_person(state, finding)

    @staticmethod
    def _tell_the_person(state: RunState, finding: Finding) -> None:
        """Add to the answer what is not confirmed or not verified; what goes on is only noticed."""
        reasons = "; ".join(doubt.told(state.language) for doubt in finding.doubts)
        if state.verdict is Verdict.MISSING:
            state.reporter.notice(
                sentence("not_confirmed", state.language, reasons=reasons), level="info", code="self_check"
            )
            return
        if reasons:
            said = sentence("not_confirmed", state.language, reasons=reasons)
        elif finding.unverified and state.round.strategy != "person":
            said = sentence("not_verified", state.language, calls=", ".join(f"`{one}`" for one in finding.unverified))
        else:
            return
        state.answer = f"{state.answer}\n\n> {said}".strip()
        state.reporter.say(f"> {said}")

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
        is_part = bool(round_.sub_goal_id)  # the next round goes on with another, sums up or gives up
        if round_.strategy == "model" or mendable or is_part:
            state.verdict = Verdict.CONTINUE
            return
        state.verdict = Verdict.BROKEN
        state.error = round_.error + self._what_was_done(state)

    @staticmethod
    def _what_was_done(state: RunState) -> str:
        done = [
            f"{call.toolkit}.{call.tool}" for call in state.calls if call.effect in _EFFECTS and call.status == "ok"
        ]
        if done:
            return sentence("effects_done", state.language, calls=", ".join(done))
        return sentence("nothing_changed", state.language) if state.round.strategy == "experience" else ""
