"""What is done and said about tools that fail: tried again, taken out for a while, counted, an alternative offered.

The parts know tools by name only; here they meet calls. Decides nothing about rights, persons or the journal.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sanca.core.tools import CallError, CallOutcome
from sanca.python_runtime.broker.attempts import call_with_patience
from sanca.python_runtime.broker.backends import HostBackend
from sanca.python_runtime.broker.call_counts import CallCounts
from sanca.python_runtime.broker.catalog import Catalog
from sanca.python_runtime.broker.passage import Passage
from sanca.python_runtime.broker.records import RunContext
from sanca.python_runtime.broker.taken_out import TakenOut

_FAILURES = {"failed", "timeout", "unknown", "unavailable", "conflict"}


class Reliability:
    """One a broker. Called by the gate, from any thread."""

    def __init__(self, taken_out: TakenOut) -> None:
        self.taken_out = taken_out
        self.counts = CallCounts()

    def call(self, passage: Passage) -> CallOutcome:
        """Run a call that may leave, again if it may and need be."""
        outcome = call_with_patience(passage)
        self.note(passage, outcome.error)
        if passage.toolkit == "sanca" and passage.tool == "search_tools" and outcome.ok:
            return self._with_notes(outcome, passage.run.who)
        return outcome

    def check(self, passage: Passage) -> None:
        """Let a call go on if its tool is in use, or may be tried.

        Raises:
            ToolFailedError: It is out of use.
        """
        self.taken_out.check(passage.run.who, passage.name)

    def enter(self, passage: Passage) -> None:
        """Let a call leave: as `check`, but of a tool that was out only one is let through."""
        self.taken_out.enter(passage.run.who, passage.name)

    def note(self, passage: Passage, error: CallError | None) -> None:
        """Take note how a call that had left ended."""
        is_of_host = isinstance(passage.entry.backend, HostBackend)
        self.taken_out.note(passage.run.who, passage.name, error, is_of_host=is_of_host)

    def advised(self, passage: Passage, outcome: CallOutcome, catalog: Catalog) -> CallOutcome:
        """Offer in a failure the tool that its toolkit names to take its place, if there is one that is in use."""
        error = outcome.error
        if error is None or error.kind not in _FAILURES:
            return outcome
        entry = passage.entry
        if not entry.definition.alternative:
            return outcome
        name = catalog.full_name(entry.toolkit, entry.definition.alternative)
        if not name or name in self.taken_out.sentences(passage.run.who):
            return outcome
        message = error.message.rstrip()
        # Of an effect that may have happened, doing it another way may be doing it twice.
        if error.kind != "unknown" or entry.is_repeatable:
            message = f"{message}{'' if message.endswith(('.', '!', '?')) else '.'} {name} may do instead."
        return outcome.model_copy(update={"error": error.model_copy(update={"alternative": name, "message": message})})

    def described(self, content: Mapping[str, Any], context: RunContext) -> dict[str, Any]:
        """Return what actions are told of the toolkits, with a sentence first at each tool that is out of use."""
        sentences = self.taken_out.sentences(_user(context))
        if not sentences:
            return dict(content)
        return {**content, "toolkits": [_toolkit_with_notes(toolkit, sentences) for toolkit in content["toolkits"]]}

    def count(self, passage: Passage, outcome: CallOutcome) -> None:
        """Count a call that ended, unless there was no such tool."""
        if outcome.error is None or outcome.error.kind != "not_found":
            attempts = 1 + len(outcome.attempts)
            self.counts.note(passage.name, passage.seconds, failed=outcome.error is not None, attempts=attempts)

    def _with_notes(self, outcome: CallOutcome, who: str) -> CallOutcome:
        sentences = self.taken_out.sentences(who)
        if not sentences or not isinstance(outcome.value, list):
            return outcome
        found = [_found_with_note(one, sentences) for one in outcome.value]
        return outcome.model_copy(update={"value": found})


def _user(context: RunContext) -> str:
    return f"{context.tenant}/{context.user}"


def _toolkit_with_notes(toolkit: Mapping[str, Any], sentences: Mapping[str, str]) -> dict[str, Any]:
    tools = [_with_note(tool, sentences.get(f"{toolkit['name']}.{tool['name']}")) for tool in toolkit["tools"]]
    return {**toolkit, "tools": tools}


def _found_with_note(found: Any, sentences: Mapping[str, str]) -> Any:
    return _with_note(found, sentences.get(str(found.get("name")))) if isinstance(found, dict) else found


def _with_note(tool: Mapping[str, Any], sentence: str | None) -> dict[str, Any]:
    if sentence is None:
        return dict(tool)
    return {**tool, "description": f"{sentence} {tool.get('description') or ''}".rstrip(), "out_of_use": sentence}
