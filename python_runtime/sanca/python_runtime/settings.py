"""The engine's own settings: port, budgets, limits and waits. Other rooms have theirs."""

from __future__ import annotations

from typing import Self

from pydantic import Field, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from sanca.python_runtime.guard import Budgets


class EngineSettings(BaseSettings):
    """How much the engine may do and how long it waits; prefix `SANCA_`."""

    model_config = SettingsConfigDict(env_prefix="SANCA_", extra="ignore")

    rounds_max: int = Field(default=12, ge=1, le=100)
    """Rounds since the last human message; then one more, without tools, sums up and ends the run with `budget`."""
    calls_max: int = Field(default=2_000, ge=1)
    """Tool calls of a run at most."""
    tokens_max: int = Field(default=2_000_000, ge=0)
    """Tokens of a run, in and out; 0: not bounded."""
    cost_max: float = Field(default=0.0, ge=0)
    """Money for a run's model calls, in the currency of `SANCA_MODEL_PRICES`; 0: not bounded."""
    quiet_seconds_max: float = Field(default=1_800.0, gt=0)
    """Seconds a run may go on without hearing from a person."""
    tenant_budgets: dict[str, dict[str, float]] = {}
    """Other budgets for some tenants, as JSON: `{"acme":{"rounds_max":20,"tokens_max":500000}}`."""
    self_check_repeats: int = Field(default=1, ge=0, le=5)
    """How often a run goes on because its claim was not borne out; after that the answer says what is not confirmed."""
    verify_seconds: float = Field(default=5.0, ge=0)
    """What reading the world again may take, once a claim; 0: effects are not read again."""
    judge_seconds: float = Field(default=20.0, ge=0)
    """What the judge model may take for a claim, where one is set; 0: it is not asked."""
    stuck_rounds: int = Field(default=3, ge=2, le=20)
    """Rounds without anything new after which another approach is asked for; twice as many end the run."""
    fold_chars: int = Field(default=24_000, ge=4_000)
    """Characters of earlier rounds in a prompt; when there are more, the older ones are summed up in one step."""
    fold_keeps: int = Field(default=4, ge=2, le=50)
    """The newest rounds, which are never summed up."""
    malformed_replies_max: int = Field(default=2, ge=0, le=10)
    """How often a reply that cannot be used goes back to the model, with the reason."""
    action_limit_seconds: float = Field(default=60.0, gt=0)
    """Seconds an action may work; waiting for a tool or a person does not count."""
    type_check_seconds: float = Field(default=2.0, ge=0)
    """What the type check of an action may take; then the action runs without. 0: actions are not checked."""
    observation_chars: int = Field(default=8_000, ge=500)
    """Characters of an observation that a model or a page reads; more is cut in the middle, and said."""
    runs_at_once: int = Field(default=16, ge=1)
    """Runs of different sessions that work at the same time."""
    queue_poll_seconds: float = Field(default=0.1, gt=0)
    """How often the queue looks for work; the mean wait of a message is half of it."""
    history_messages: int = Field(default=20, ge=0)
    """Messages of the session that a run sees."""
    message_chars: int = Field(default=32_000, ge=1)
    """Longest message; longer ones are refused."""
    code_chars: int = Field(default=200_000, ge=1)
    """Longest action a person may send."""
    sandbox_idle_seconds: float = Field(default=600.0, gt=0)
    """A session's sandbox worker is put to sleep when it was idle for so long: its names are kept on the disk."""
    awake_sessions: int = Field(default=32, ge=1)
    """Sandbox workers awake at most; of more, the one idle for longest is put to sleep first."""
    snapshot_megabytes: int = Field(default=32, ge=1)
    """What is kept of one session's names and /tmp; what does not fit is lost when it sleeps, and told."""
    snapshot_seconds: float = Field(default=10.0, gt=0)
    """How long that may take."""
    snapshots_megabytes: int = Field(default=2_048, ge=1)
    """What is kept of all sessions together; the oldest snapshots are deleted first."""
    quick_snapshot_kilobytes: int = Field(default=1_024, ge=1)
    """What is kept after each round, for an action that has to be killed."""
    quick_snapshot_milliseconds: float = Field(default=50.0, gt=0)
    """How long that may take."""
    idle_snapshot_seconds: float = Field(default=5.0, gt=0)
    """When a session was idle for so long, what the quick snapshot left out is kept too."""
    tool_failures: int = Field(default=5, ge=0)
    """A tool that fails so many times in a row is taken out of use for a while, and said so; 0: never."""
    tool_pause_seconds: float = Field(default=30.0, gt=0)
    """For so long at first; twice as long, up to 8 minutes, whenever it still fails after that."""
    page_command_seconds: float = Field(default=10.0, gt=0, le=40)
    """How long an action waits for the page to carry out a command."""
    cards_by_data: int = Field(default=3, ge=0, le=50)
    """Cards a run may show because its values ask for them, and nobody chose one; 0: none."""
    environment_seconds: float = Field(default=20.0, ge=0)
    """For how long names of services and releases are taken as known."""
    clarifying_questions: bool = True
    """Whether a person is asked back when no goal can be formed from a message; without, it is tried as it stands."""
    perception_sure_at: float = Field(default=0.45, ge=0, le=1)
    """Below this confidence of the rules the fast model is asked what a message wants, where one is set."""
    perception_seconds: float = Field(default=3.0, ge=0, le=60)
    """How long a message may wait for that; 0: it is never asked."""
    file_bytes: int = Field(default=10 * 1024 * 1024, ge=1)
    """Largest file that comes in or goes out."""

    @model_validator(mode="after")
    def _check_tenants(self) -> Self:
        for tenant in self.tenant_budgets:
            self.budgets_for(tenant)
        return self

    def budgets_for(self, tenant: str = "") -> Budgets:
        """Return a tenant's budgets: everybody's, with what `tenant_budgets` says of it."""
        everybody = {name: getattr(self, name) for name in Budgets.model_fields}
        try:
            return Budgets.model_validate({**everybody, **self.tenant_budgets.get(tenant, {})})
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(map(str, (tenant, *first["loc"])))
            raise ValueError(f"SANCA_TENANT_BUDGETS: {place}: {first['msg']}") from None
