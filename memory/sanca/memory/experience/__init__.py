"""What runs teach: experiences, their skills as folders, and the skills that each user has learned."""

from sanca.memory.experience.book import ExperienceBook, Kept
from sanca.memory.experience.records import Experience
from sanca.memory.experience.taught import Deed, NotLearnedError, SeenCall, Taught

__all__ = ["Deed", "Experience", "ExperienceBook", "Kept", "NotLearnedError", "SeenCall", "Taught"]
