"""What a user wants, likes and is: learned by rules, kept as records of layer `preference`, told by everything else."""

from sanca.memory.preferences.asking import Asked, asked_of_memory
from sanca.memory.preferences.preferences import Learned, Preferences
from sanca.memory.preferences.rules import Kind, Said, Wish, said_for_good, wish_of

__all__ = [
    "Asked",
    "Kind",
    "Learned",
    "Preferences",
    "Said",
    "Wish",
    "asked_of_memory",
    "said_for_good",
    "wish_of",
]
