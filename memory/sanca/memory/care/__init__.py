"""Care for what is remembered: secrets and personal data masked, a user's data exported and forgotten. Loads lazily."""

from sanca.memory.care.masking import make_masker

__all__ = ["make_masker"]
