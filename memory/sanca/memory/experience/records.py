"""What a record of the layer `experience` holds in its `data`, and how good it is by use and age. Keeps nothing."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from sanca.core.memory import MemoryRecord
from sanca.memory.experience.taught import Use

PHRASES_MOST, RUNS_MOST, MESSAGES_MOST = 12, 20, 10
FAILURES_MOST = 2
"""A skill that failed so often in a row serves no message by itself any more."""


class LearnedParameter(BaseModel):
    """What a message says each time anew."""

    model_config = ConfigDict(frozen=True)

    name: str
    kind: str
    take: str = ""
    default: None = None
    """Never set: a default would be somebody's word of another day."""


class Experience(BaseModel):
    """`MemoryRecord.data` of an experience (docs/reference/memory.md, section 4)."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    outcome: Literal["ok", "failed"] = "ok"
    skill: str = ""
    """The folder's name; empty for what failed."""
    title: str = ""
    situation: dict[str, str] = Field(default_factory=dict)
    """`scenario` and `language`, and of a failure `missing` or `said`."""
    phrases: tuple[str, ...] = ()
    """How it was asked for, with `{kind}` in place of names."""
    says: tuple[str, ...] = ()
    parameters: tuple[LearnedParameter, ...] = ()
    use: Use = "fast_path"
    why: str = ""
    """Of what failed, or is no longer used, or is only an example: why."""
    by: Literal["model", "person"] = "model"
    writes: bool = False
    verified: bool = False
    """It was run once more from its folder and gave an answer; only what only reads is."""
    proof: Literal["", "loaded", "checked", "ran"] = ""
    """How far it was tried: its folder loaded, the type checker found nothing, it ran."""
    evidence: tuple[str, ...] = ()
    run_ids: tuple[str, ...] = ()
    made_at: str = ""
    helped: int = 0
    failed: int = 0
    failed_in_row: int = 0
    disliked: bool = False
    """A person said that it is wrong: the same again does not bring it back."""
    last_used_at: str = ""
    replaced_by: str = ""

    @classmethod
    def of(cls, record: MemoryRecord) -> Experience:
        """Read it from a record."""
        return cls.model_validate(record.data)

    def as_data(self) -> dict[str, Any]:
        """Return it as a record's data."""
        return self.model_dump(mode="json")

    def days_unused(self, now: datetime) -> float:
        """Return how long it has not been used, in days."""
        last = self.last_used_at or self.made_at
        return (now - datetime.fromisoformat(last)).total_seconds() / 86_400 if last else 0.0

    def is_faded(self, now: datetime, fade_days: int) -> bool:
        """Whether it was not used for so long that it is put aside; 0 days: never."""
        return fade_days > 0 and self.days_unused(now) > fade_days

    def score(self, now: datetime, fade_days: int) -> float:
        """Return how much it is worth to be looked at: use counts for it, failures and age against it."""
        worth = (1 + self.helped) / (1 + self.failed)
        return float(worth * 0.5 ** (self.days_unused(now) / (fade_days or 90)))

    @property
    def state(self) -> str:
        """How it stands, in a word: fast_path, example, replaced, withdrawn or failure."""
        if self.outcome == "failed":
            return "failure"
        if self.use != "none":
            return self.use
        return "replaced" if self.replaced_by else "withdrawn"
