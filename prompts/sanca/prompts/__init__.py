"""Prompts: what a model is told, assembled from segments by templates. Asks no model."""

from sanca.prompts.builder import PromptBuilder
from sanca.prompts.inputs import EarlierRound, Experience, FimInputs, Goal, JudgeInputs, Page, PromptInputs, Recalled
from sanca.prompts.manager import InferencePromptConfigManager, Problem
from sanca.prompts.prompt import Prompt
from sanca.prompts.replies import PlannedGoal, ThoughtReply, VerdictReply, read_thought, read_verdict
from sanca.prompts.settings import PromptSettings
from sanca.prompts.splicing import complete, cut_for_repair, failing_line, repair
from sanca.prompts.tokens import estimate_tokens

__all__ = [
    "EarlierRound",
    "Experience",
    "FimInputs",
    "Goal",
    "InferencePromptConfigManager",
    "JudgeInputs",
    "Page",
    "PlannedGoal",
    "Problem",
    "Prompt",
    "PromptBuilder",
    "PromptInputs",
    "PromptSettings",
    "Recalled",
    "ThoughtReply",
    "VerdictReply",
    "complete",
    "cut_for_repair",
    "estimate_tokens",
    "failing_line",
    "read_thought",
    "read_verdict",
    "repair",
]
