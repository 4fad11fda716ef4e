"""The engine's planner for an evaluation, made as wiring.py makes the engine's: the same prompts, another model."""

from __future__ import annotations

from typing import Protocol

from sanca.core.ports import Model
from sanca.prompts import InferencePromptConfigManager
from sanca.python_runtime.planner import ModelPlanner
from sanca.python_runtime.rounds import RunState
from sanca.python_runtime.segments import SegmentBuilder
from sanca.python_runtime.settings import EngineSettings
from sanca.python_runtime.tool_finder import ToolFinder


class Planner(Protocol):
    """Asks a model what a round does."""

    async def plan(self, state: RunState) -> None:
        """Set the round's code or claim, or why the reply could not be used."""


def make_planner(model: Model, tools: ToolFinder, settings: EngineSettings) -> Planner:
    """Return a planner that asks this model, with the prompt configurations that come with us."""
    prompts = InferencePromptConfigManager()
    return ModelPlanner(lambda: model, prompts, SegmentBuilder(tools), malformed_max=settings.malformed_replies_max)
