"""Prompts: what a model is told, assembled from segments by templates. Asks no model and reads no reply."""

from sanca.prompts.builder import Cmd, Custom, PromptBuilder, Thought
from sanca.prompts.fim import FimBuilder, FimInputs
from sanca.prompts.segments import EarlierRound, Experience, Page, PromptInputs
from sanca.prompts.settings import PromptSettings

__all__ = [
    "Cmd",
    "Custom",
    "EarlierRound",
    "Experience",
    "FimBuilder",
    "FimInputs",
    "Page",
    "PromptBuilder",
    "PromptInputs",
    "PromptSettings",
    "Thought",
]
