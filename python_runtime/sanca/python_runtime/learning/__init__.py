"""What runs teach and how it is used: collected from the journal, kept as skills, tried, withdrawn when wrong."""

from sanca.python_runtime.learning.learning import Learning
from sanca.python_runtime.learning.proofs import Proofs
from sanca.python_runtime.learning.stories import Story, story_of

__all__ = ["Learning", "Proofs", "Story", "story_of"]
