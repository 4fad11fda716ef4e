"""A run as the journal tells it: what was asked, what its actions did, how it came out. Judges and keeps nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import anyio.to_thread
from sanca.core.ports import Entities
from sanca.core.tools import ToolkitDefinition
from sanca.memory.experience import Deed, SeenCall, Taught
from sanca.python_runtime.broker.journal_reader import JournalReader, JournalRow
from sanca.python_runtime.planning.strategy import goals_in
from sanca.python_runtime.run_record import RunRecord, RunStatus

_KINDS = ("percept", "action", "observation", "self_check", "action_refused", "call_requested", "call_finished")
WHY_CHARS = 200
"""How long a reason is kept."""
_BY_A_PERSON = {"message"}
"""Where words come from that may become a phrase: never another agent, a click, a form, a schedule or a tool's page."""


@dataclass(frozen=True)
class Story:
    """One run."""

    record: RunRecord
    percept: Mapping[str, Any] = field(default_factory=dict)
    """The first one; empty when the run did not come so far."""
    deeds: tuple[Deed, ...] = ()
    strategies: tuple[str, ...] = ()
    """Of the rounds that ran something, in order."""
    verdict: str = ""
    missing: tuple[str, ...] = ()
    """What self-check found missing in claims, in its words."""
    error: str = ""
    denied: tuple[tuple[str, str], ...] = ()
    """Calls that a person did not allow: tool and reason."""

    @property
    def message(self) -> str:
        """The words, as they were understood."""
        return str(self.percept.get("meant") or self.percept.get("text") or self.record.request.message)

    @property
    def entities(self) -> Mapping[str, Sequence[str]]:
        """The names that existed then."""
        return self.percept.get("entities") or {}

    @property
    def is_persons_word(self) -> bool:
        """Whether a person said it, in words."""
        request = self.record.request
        return request.came_by in _BY_A_PERSON and not request.action_code and bool(request.message.strip())

    @property
    def points_back(self) -> bool:
        """Whether the message means data or words that another message will not have."""
        return bool(self.percept.get("data_references")) or bool(self.record.request.file_ids)

    @property
    def came_out_well(self) -> bool:
        """Whether self-check let its claim pass."""
        return self.record.status is RunStatus.DONE and self.verdict == "done"


async def story_of(reader: JournalReader, record: RunRecord) -> Story:
    """Return a run's story; what it appended must be on the disk."""
    rows = await anyio.to_thread.run_sync(lambda: reader.rows(record.run_id, kinds=_KINDS))
    calls = await anyio.to_thread.run_sync(lambda: reader.calls(record.run_id))
    of_kind = {kind: [row for row in rows if row.kind == kind] for kind in _KINDS}
    checks = [row.data for row in of_kind["self_check"]]
    return Story(
        record=record,
        percept=of_kind["percept"][0].data if of_kind["percept"] else {},
        deeds=_deeds(of_kind["action"], of_kind["observation"], calls),
        strategies=tuple(str(row.data["strategy"]) for row in of_kind["action"]),
        verdict=str(checks[-1].get("verdict", "")) if checks else "",
        missing=tuple(str(one["missing"]) for one in checks if one.get("verdict") == "missing" and one.get("missing")),
        error=record.error or (str(checks[-1].get("error", "")) if checks else ""),
        denied=_denied(calls),
    )


def taught_by(
    story: Story,
    message: str,
    by: Literal["model", "person"],
    entities: Entities,
    toolkits: Sequence[ToolkitDefinition],
    *,
    title: str = "",
) -> Taught:
    """Return what a run teaches: the actions of its model, or of the person whose own action it was."""
    deeds = [deed for deed, one in zip(story.deeds, story.strategies, strict=True) if one == by]
    calls = story.record.evidence.get("calls", ())
    return Taught(
        run_id=story.record.run_id,
        message=message,
        deeds=tuple(deeds),
        by=by,
        language=str(story.percept.get("language", "") or "en"),
        scenario=str(story.percept.get("scenario", "")),
        entities=entities,
        toolkits=frozenset(toolkit.name for toolkit in toolkits),
        tool_words="\n".join(toolkit.model_dump_json() for toolkit in toolkits),
        points_back=by == "model" and (story.points_back or len(goals_in(message)) > 1),
        read_outside=by == "model" and _read_outside(story, toolkits),
        evidence=tuple(f"{call.get('name', '')} {call.get('about', '')}".strip() for call in calls),
        title=title,
    )


def _read_outside(story: Story, toolkits: Sequence[ToolkitDefinition]) -> bool:
    """Whether an action was written after one before it had called a tool that gives what strangers wrote."""
    outside = {toolkit.name for toolkit in toolkits if toolkit.gives_outside_data}
    return any(call.name.rpartition(".")[0] in outside for deed in story.deeds[:-1] for call in deed.calls)


def why_failed(story: Story) -> str:
    """Return why a run failed in one line; what tools said in it is cut short, for it is data."""
    why = story.missing[-1] if story.missing else story.error
    if not why:
        broken = [deed for deed in story.deeds if not deed.ok]
        why = broken[-1].observation.strip().splitlines()[-1] if broken and broken[-1].observation.strip() else ""
    return " ".join(why.split())[:WHY_CHARS]


def _deeds(
    actions: Sequence[JournalRow], observations: Sequence[JournalRow], calls: Sequence[Mapping[str, Any]]
) -> tuple[Deed, ...]:
    outcomes = {row.data["round"]: row.data for row in observations}
    deeds = []
    for row in actions:
        number = row.data["round"]
        outcome = outcomes.get(number, {})
        own = [call for call in calls if call.get("round") == number]
        seen = tuple(SeenCall(_name(one), str(one.get("effect") or "READ"), ok=_is_ok(one)) for one in own)
        deeds.append(Deed(str(row.data["code"]), outcome.get("status") == "ok", seen, str(outcome.get("text", ""))))
    return tuple(deeds)


def _denied(calls: Sequence[Mapping[str, Any]]) -> tuple[tuple[str, str], ...]:
    errors = [(_name(call), (call.get("finished") or {}).get("error") or {}) for call in calls]
    return tuple((name, str(error.get("message", ""))) for name, error in errors if error.get("kind") == "denied")


def _name(call: Mapping[str, Any]) -> str:
    return f"{call.get('toolkit', '')}.{call.get('tool', '')}"


def _is_ok(call: Mapping[str, Any]) -> bool:
    return bool((call.get("finished") or {}).get("ok"))
