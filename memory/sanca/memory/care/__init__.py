"""Care for what is remembered: secrets and personal data masked, a user's data exported and forgotten. Loads lazily."""

from sanca.memory.care.masking import make_masker
from sanca.memory.care.user_data import UserData

__all__ = ["UserData", "make_masker"]
