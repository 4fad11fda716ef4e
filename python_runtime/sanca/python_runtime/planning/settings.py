"""How planning goes: together with the first action or apart, how many tries, how many sub-goals at once."""

from __future__ import annotations

from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict
from sanca.python_runtime.rounds import QueryStrategy


class PlanningSettings(BaseSettings):
    """What the planner may do; prefix `SANCA_`."""

    model_config = SettingsConfigDict(env_prefix="SANCA_", extra="ignore", frozen=True)

    planning: Literal["together", "apart"] = "together"
    """Where sub-goals come from: the reply with the first action, or a reply of their own before it."""
    plan_when: Literal["auto", "always", "never"] = "auto"
    """When a list of sub-goals is asked for; auto: of messages with several goals, and of long ones."""
    goals_max: int = Field(default=8, ge=2, le=30)
    """Sub-goals of a run that are open at a time; of a longer list the rest is left out."""
    attempts_max: int = Field(default=3, ge=1, le=20)
    """Failed actions in a row for one goal after which another approach is asked for."""
    approaches_max: int = Field(default=2, ge=1, le=10)
    """Approaches to one goal; when all have failed it is given up, and said so."""
    parallel_goals: int = Field(default=3, ge=1, le=8)
    """Independent sub-goals for which a model is asked at the same time; 1: one after the other."""
    query_strategy: QueryStrategy = ""
    """Used for every goal that no skill serves; empty: chosen by rules."""
