"""Planning: what a run does next, by rules and models: sub-goals, query strategy, replies read, actions mended."""

from sanca.python_runtime.planning.goal_book import GoalBook
from sanca.python_runtime.planning.goals import show_goals
from sanca.python_runtime.planning.intent_planner import IntentPlanner
from sanca.python_runtime.planning.settings import PlanningSettings

__all__ = ["GoalBook", "IntentPlanner", "PlanningSettings", "show_goals"]
