"""What a user wants, likes and is: learned by rules, kept as records of layer `preference`, told by everything else."""

from sanca.memory.preferences.preferences import Learned, Preferences
from sanca.memory.preferences.rules import Said, Wish, said_for_good

__all__ = ["Learned", "Preferences", "Said", "Wish", "said_for_good"]
