"""Makes the planner and the five zones out of an engine's parts. What the parts are made of is wiring.py's."""

from __future__ import annotations

from collections.abc import Sequence

from sanca.core.ports import Model
from sanca.core.tools import ToolkitDefinition
from sanca.python_runtime.compaction import Compaction
from sanca.python_runtime.environment import SystemEnvironment
from sanca.python_runtime.last_words import LastWords
from sanca.python_runtime.memory_talk import MemoryTalk
from sanca.python_runtime.parts import Parts, own_model
from sanca.python_runtime.perception import SessionLanguages
from sanca.python_runtime.perception.fast_reader import FastReader
from sanca.python_runtime.planning import GoalBook, IntentPlanner, PlanningSettings
from sanca.python_runtime.recollection import Recollection
from sanca.python_runtime.rounds import RunState, Zone
from sanca.python_runtime.sandbox import SandboxSettings
from sanca.python_runtime.sandbox.library import find_library
from sanca.python_runtime.segments import SegmentBuilder
from sanca.python_runtime.self_check.judge import Judge
from sanca.python_runtime.self_check.task_check import SelfTaskCheck
from sanca.python_runtime.self_check.world import World
from sanca.python_runtime.side_questions import SidePrompts
from sanca.python_runtime.skill_questions import SkillQuestions
from sanca.python_runtime.wish_reader import WishReader
from sanca.python_runtime.zones import Cognitive, Expression, Motor, Perception, SelfCheck
from sanca.python_runtime.zones.within_budget import WithinBudget


def make_planner(parts: Parts, model: Model | None) -> IntentPlanner:
    """Return what plans with a model: the given one, else that of each role."""
    return IntentPlanner(
        lambda role, state: model or _model_for(parts, role, state),
        parts.prompts,
        _segments(parts),
        parts.tools,
        PlanningSettings(),
        malformed_max=parts.settings.malformed_replies_max,
    )


def _segments(parts: Parts) -> SegmentBuilder:
    memories = Recollection(parts.remembering, history_messages=parts.settings.history_messages)
    return SegmentBuilder(parts.tools, parts.learning.examples, parts.workers.names, _importable(), memories)


def _model_for(parts: Parts, role: str, state: RunState | None) -> Model | None:
    """Return the model of a role; for actions the one that the routes name at the run's difficulty."""
    if role == "coder" and state is not None:
        return parts.models.route("cognitive", state.difficulty)
    return parts.models.model(role)


def _importable() -> list[str]:
    """Return which of the libraries that models know best actions may import."""
    folder = find_library(SandboxSettings())
    return [name for name in ("numpy", "pandas", "matplotlib") if folder and (folder / name).is_dir()]


def make_zones(parts: Parts, planner: IntentPlanner, environment: SystemEnvironment, model: Model | None) -> list[Zone]:
    """Return the zones of every round, in order."""
    tasks = _task_check(parts)
    return [
        _perception(parts, environment),
        _within_budget(parts, _cognitive(parts, planner), tasks, model),
        Motor(
            parts.workers,
            parts.files,
            parts.checker,
            lambda: parts.broker.client.toolkits,
            observation_chars=parts.settings.observation_chars,
            offers_libraries=SandboxSettings().add_libraries == "ask",
        ),
        Expression(
            parts.learning.shelf,
            lambda: parts.broker.client.toolkits,
            cards_by_data=parts.settings.cards_by_data,
        ),
        SelfCheck(
            planner,
            tasks,
            stuck_rounds=parts.settings.stuck_rounds,
            repeats_max=parts.settings.self_check_repeats,
        ),
    ]


def _perception(parts: Parts, environment: SystemEnvironment) -> Perception:
    settings = parts.settings
    return Perception(
        environment,
        parts.learning.shelf,
        parts.interpreter,
        SessionLanguages(parts.sessions),
        parts.workers.names,
        FastReader(lambda: own_model(parts, "fast"), limit_seconds=settings.perception_seconds),
        sure_at=settings.perception_sure_at,
        asks=settings.clarifying_questions,
        hear=parts.learning.hear,
        memory=MemoryTalk(
            parts.remembering,
            WishReader(lambda: own_model(parts, "fast"), limit_seconds=settings.perception_seconds),
        ),
    )


def _cognitive(parts: Parts, planner: IntentPlanner) -> Cognitive:
    shelf = parts.learning.shelf
    goals = GoalBook(shelf, parts.journal, parts.workers.names_kept)
    return Cognitive(shelf, SkillQuestions(shelf), planner, goals)


def _within_budget(parts: Parts, cognitive: Cognitive, tasks: SelfTaskCheck, model: Model | None) -> WithinBudget:
    settings = parts.settings
    side = SidePrompts(parts.prompts, _segments(parts))
    general, limit = (lambda: model or parts.models.model()), settings.judge_seconds
    last_words = LastWords(general, side.summary, tasks.doubts, limit_seconds=limit)
    folding = Compaction(
        fold_chars=settings.fold_chars,
        keeps=settings.fold_keeps,
        model=lambda: own_model(parts, "fast"),
        request=side.compaction,
        limit_seconds=limit,
    )
    return WithinBudget(cognitive, last_words, folding)


def _task_check(parts: Parts) -> SelfTaskCheck:
    settings = parts.settings

    def toolkits() -> Sequence[ToolkitDefinition]:
        return parts.broker.client.toolkits

    world = World(lambda: parts.broker.client, toolkits, limit_seconds=settings.verify_seconds)
    judge = Judge(lambda: own_model(parts, "judge"), parts.prompts, toolkits, limit_seconds=settings.judge_seconds)
    return SelfTaskCheck(parts.journal.written_calls, toolkits, world, judge)
