"""The engine's planner for an evaluation, made as wiring.py makes the engine's: the same prompts, another model."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sanca.core.ports import Model
from sanca.prompts import InferencePromptConfigManager
from sanca.python_runtime.planning import IntentPlanner, PlanningSettings
from sanca.python_runtime.sandbox import SandboxSettings
from sanca.python_runtime.sandbox.library import find_library
from sanca.python_runtime.segments import SegmentBuilder
from sanca.python_runtime.settings import EngineSettings
from sanca.python_runtime.tool_finder import ToolFinder


def make_planner(
    model: Model, tools: ToolFinder, settings: EngineSettings, names: Callable[[], Mapping[str, str]]
) -> IntentPlanner:
    """Return a planner that asks this model for everything, with the prompt configurations that come with us.

    Args:
        model: It plays every role.
        tools: What an action may call now.
        settings: The engine's.
        names: Tells what the sandbox session holds: name → type.
    """
    return IntentPlanner(
        lambda _role, _state: model,
        InferencePromptConfigManager(),
        SegmentBuilder(tools, names=lambda _session_id: dict(names()), libraries=_importable()),
        tools,
        PlanningSettings(),
        malformed_max=settings.malformed_replies_max,
    )


def _importable() -> list[str]:
    """Return which of the libraries that prompts name are there."""
    folder = find_library(SandboxSettings())
    return [name for name in ("numpy", "pandas", "matplotlib") if folder and (folder / name).is_dir()]
