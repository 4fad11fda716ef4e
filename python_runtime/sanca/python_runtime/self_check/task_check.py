"""The check of a claimed goal: by rules against the journal, against the world, by a judge model where one is set."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import anyio
import anyio.to_thread
import structlog
from sanca.core.errors import SancaError
from sanca.core.tools import ToolkitDefinition
from sanca.python_runtime.rounds import RunState
from sanca.python_runtime.self_check import lexicon
from sanca.python_runtime.self_check.case import Case, case_of
from sanca.python_runtime.self_check.claims import clauses
from sanca.python_runtime.self_check.doubts import Doubt, Finding
from sanca.python_runtime.self_check.evidence import EFFECTS, Call, Evidence, gather
from sanca.python_runtime.self_check.judge import Judge, goal_of
from sanca.python_runtime.self_check.rules import doubts_of, says_back
from sanca.python_runtime.self_check.world import World

log = structlog.get_logger()

_CALLS_AT_ONCE = 40
_CHARS_AT_ONCE = 4_000
"""A claim and calls beyond these are looked at in a thread."""

_OF_EFFECTS = frozenset({"undone", "unknown_outcome", "result_says"})
"""Kinds of doubt about calls, whatever the words: all that is looked for in a skill's answer."""

Rows = Callable[[str], Awaitable[Sequence[Mapping[str, Any]]]]
"""Reads a run's calls from the journal."""


class SelfTaskCheck:
    """Tells whether a claim is borne out. Of a skill's or a person's own action only effects are looked at."""

    def __init__(
        self, rows: Rows, toolkits: Callable[[], Sequence[ToolkitDefinition]], world: World, judge: Judge
    ) -> None:
        """Take what it looks at.

        Args:
            rows: Reads a run's calls from the journal.
            toolkits: The tools there are now.
            world: Reads again what effects have left behind.
            judge: Asked last, about what rules cannot tell.
        """
        self._rows = rows
        self._toolkits = toolkits
        self._world = world
        self._judge = judge
        self._has_ruled = False

    async def check(self, state: RunState) -> Finding:
        """Hold the current round's claim against everything that can be known."""
        began = time.monotonic()
        claim = state.round.claim or ""
        is_models = state.round.strategy in {"model", "summary"}
        if not is_models and not any(call.effect in EFFECTS for call in state.calls):
            return Finding()
        evidence = await self._evidence(state)
        case, doubts = await self._ruled(claim, goal_of(state), evidence, is_models=is_models)
        finding = Finding(doubts=doubts)
        if not finding.doubts and state.round.strategy != "person":
            await self._look_again(state, case, finding)
        if not finding.doubts and is_models and self._judge.is_there and (evidence.calls or case.wishes):
            finding.judged, doubts = await self._judge.judge(state, claim, evidence, finding.verified)
            finding.doubts += doubts
        finding.seconds = time.monotonic() - began
        return finding

    async def doubts(self, text: str, state: RunState) -> list[Doubt]:
        """Return what the journal holds against any text, by rules alone; that something is open is no doubt."""
        _, doubts = await self._ruled(text, goal_of(state), await self._evidence(state), is_models=True)
        return [doubt for doubt in doubts if doubt.kind not in {"no_effect", "left_out"}]

    async def _ruled(self, claim: str, goal: str, evidence: Evidence, *, is_models: bool) -> tuple[Case, list[Doubt]]:
        """Go by the rules; where there is much to look at, beside the event loop."""
        toolkits = self._toolkits()

        def rule() -> tuple[Case, list[Doubt]]:
            case = case_of(claim, goal, evidence, toolkits)
            return case, self._by_rules(case, is_models=is_models)

        is_long = len(evidence.calls) > _CALLS_AT_ONCE or len(claim) > _CHARS_AT_ONCE
        # The first claim of all compiles the patterns.
        is_first, self._has_ruled = not self._has_ruled, True
        return await anyio.to_thread.run_sync(rule) if is_long or is_first else rule()

    async def _evidence(self, state: RunState) -> Evidence:
        try:
            rows = await self._rows(state.request.run_id)
        except SancaError as error:
            log.warning("journal_not_read", reason=str(error))
            rows = ()
        files = [name for one in state.rounds for name in one.files]
        return gather(state, rows, files)

    @staticmethod
    def _by_rules(case: Case, *, is_models: bool) -> list[Doubt]:
        found = doubts_of(case)
        return found if is_models else [doubt for doubt in found if doubt.kind in _OF_EFFECTS]

    async def _look_again(self, state: RunState, case: Case, finding: Finding) -> None:
        """Read again what is claimed, and say what could not be."""
        effects = standing(case.evidence.done)
        looked = await self._world.look(state.request.run_id, effects)
        finding.verified += [f"{call.told}: {said}" for call, said in looked.agrees]
        for call, found in looked.disagrees:
            later = says_back(case, call)
            if not later and not _admits(case, call):
                finding.doubts.append(Doubt("world_says", found, call.told))
        for call in looked.untold:
            await self._look_as_proposed(state, call, finding)

    async def _look_as_proposed(self, state: RunState, call: Call, finding: Finding) -> None:
        """Where a tool does not say how, the judge model may name one reading, and judges by what that gave."""
        proposed = await self._judge.propose(state, call) if self._judge.is_there and not finding.doubts else None
        outcome = None
        if proposed is not None:
            try:
                with anyio.fail_after(10):
                    outcome = await self._world.read(state.request.run_id, *proposed)
            except (SancaError, TimeoutError) as error:
                log.info("proposed_reading_failed", tool=".".join(proposed[:2]), reason=str(error))
        if proposed is not None and outcome is not None and outcome.ok:
            finding.verified.append(
                f"{call.told}: {proposed[0]}.{proposed[1]}({dict(proposed[2])}) → {str(outcome.value)[:600]}"
            )
        else:
            finding.unverified.append(call.told)


def standing(done: Sequence[Call]) -> list[Call]:
    """Return the effects that a later call of the same tool on the same thing has not replaced."""
    newest: dict[tuple[str, str], Call] = {}
    for call in done:
        texts = [f"{name}={value}" for name, value in call.arguments.items() if isinstance(value, str)]
        key = (
            call.name,
            texts[0] + (f",{texts[1]}" if len(texts) > 1 and "key" in texts[1] else "")
            if texts
            else call.argument_text,
        )
        newest.pop(key, None)
        newest[key] = call
    return list(newest.values())


def _admits(case: Case, call: Call) -> bool:
    """Whether the claim itself says that it did not come out as it should."""
    names = [value.casefold() for value in call.arguments.values() if isinstance(value, str)]
    parts = [lexicon.NO_TROUBLE.sub("", part) for part in clauses(case.claim)]
    trouble = [part for part in parts if lexicon.ADMITS.search(part) and not lexicon.TO_COME.search(part)]
    return any(any(name in part.casefold() for name in names) for part in trouble) or (
        len(trouble) > 0 and len(case.evidence.done) == 1
    )
