"""Perception by rules and retrieval: what a message means, wants and points at. The zone that uses it asks."""

from sanca.python_runtime.perception.intents import Intent
from sanca.python_runtime.perception.interpreter import Interpreter, Understanding
from sanca.python_runtime.perception.languages import SessionLanguages, is_only_a_wish, script_language
from sanca.python_runtime.perception.surroundings import Surroundings

__all__ = [
    "Intent",
    "Interpreter",
    "SessionLanguages",
    "Surroundings",
    "Understanding",
    "is_only_a_wish",
    "script_language",
]
