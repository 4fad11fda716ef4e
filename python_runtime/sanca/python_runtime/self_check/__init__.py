"""The check of claims: by rules over the journal, by reading the world again, and by a judge model where one is set."""

from sanca.python_runtime.self_check.doubts import Doubt, Finding

__all__ = ["Doubt", "Finding"]
