"""Asks the judge model what rules cannot tell. It may refuse a claim, with a reason; it never overrules the rules."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sanca.core.ports import Model
from sanca.core.tools import Effect, ToolkitDefinition
from sanca.prompts import InferencePromptConfigManager, JudgeInputs, read_verdict
from sanca.python_runtime.rounds import RunState
from sanca.python_runtime.self_check.doubts import Doubt
from sanca.python_runtime.self_check.evidence import Call, Evidence
from sanca.python_runtime.side_questions import ask_aside, plain_request

_LINES = 60
_CHARS = 2_000
_TOOLS = 40
_JSON = re.compile(r"\{.*\}", re.DOTALL)
_PROPOSE = (
    "An action changed something. Name ONE call of the tools below that only reads and shows whether the change is "
    'there. Answer with JSON and nothing else: {"tool":"toolkit.tool","arguments":{…}}; {} when there is none.'
)


class Judge:
    """The judge model's part in the check of a claim."""

    def __init__(
        self,
        model: Callable[[], Model | None],
        prompts: InferencePromptConfigManager,
        toolkits: Callable[[], Sequence[ToolkitDefinition]],
        *,
        limit_seconds: float,
    ) -> None:
        """Take whom it asks.

        Args:
            model: Gives the judge model; None: nobody judges.
            prompts: Builds the question.
            toolkits: The tools there are now, of which a reading may be proposed.
            limit_seconds: What one question may take; 0: none is asked.
        """
        self._model = model
        self._prompts = prompts
        self._toolkits = toolkits
        self._limit_seconds = limit_seconds

    @property
    def is_there(self) -> bool:
        """Whether a judge model is set."""
        return self._limit_seconds > 0 and self._model() is not None

    async def judge(
        self, state: RunState, claim: str, evidence: Evidence, read_again: Sequence[str]
    ) -> tuple[str, list[Doubt]]:
        """Return what it said, and its doubt when it refuses the claim and says why."""
        model = self._model()
        if model is None:
            return "", []
        inputs = JudgeInputs(
            goal=goal_of(state),
            claim=claim,
            evidence=tuple(_line(call) for call in evidence.calls[-_LINES:]),
            observations=(*(text[:_CHARS] for text in evidence.observations[-6:]), *read_again),
            language=state.language,
        )
        builder = self._prompts.builder("judge", tenant=state.request.caller.tenant, model=model.name)
        request = builder.assemble(inputs).request
        text = await ask_aside(model, request, state, limit_seconds=self._limit_seconds, what="judge")
        verdict = read_verdict(text)
        reason = " ".join(part for part in (verdict.reason, verdict.missing) if part).strip()
        refuses = verdict.verdict in {"missing", "failed"} and bool(reason)
        said = f"{verdict.verdict}: {reason}" if verdict.verdict else ""
        return said, [Doubt("judge_says", reason)] if refuses else []

    async def propose(self, state: RunState, call: Call) -> tuple[str, str, Mapping[str, Any]] | None:
        """Return a call that would show an effect, as the model proposes it; whether it only reads is not told."""
        model = self._model()
        if model is None:
            return None
        reads = [
            f"{kit.name}.{tool.name}({', '.join(tool.input_schema.get('properties', {}))}): {tool.description[:100]}"
            for kit in self._toolkits()
            for tool in kit.tools
            if tool.effect is Effect.READ and kit.name not in {"sanca", "card", "page"}
        ]
        # Tools of the same toolkit first: what a toolkit changes it can mostly show.
        reads.sort(key=lambda line: not line.startswith(f"{call.toolkit}."))
        content = "\n".join([f"The call: {_line(call)}", "Tools:", *reads[:_TOOLS]])
        request = plain_request(_PROPOSE, content, limit_seconds=self._limit_seconds, output_tokens=256)
        text = await ask_aside(model, request, state, limit_seconds=self._limit_seconds, what="verification")
        return _proposed(text)


def goal_of(state: RunState) -> str:
    """Return what the run is to reach, as it was understood."""
    percept = state.round.percept
    return state.goal or (percept.meant if percept else "") or state.request.message or state.request.text


def _line(call: Call) -> str:
    gave = str(call.value)[:400] if call.status == "ok" else f"{call.status}: {call.error}"[:400]
    return f"{call.told} [{call.effect}] → {gave}"


def _proposed(text: str) -> tuple[str, str, Mapping[str, Any]] | None:
    match = _JSON.search(text)
    try:
        said = json.loads(match.group()) if match else {}
    except ValueError:
        return None
    toolkit, _, tool = str(said.get("tool", "")).rpartition(".")
    arguments = said.get("arguments", {})
    return (toolkit, tool, arguments) if toolkit and tool and isinstance(arguments, dict) else None
