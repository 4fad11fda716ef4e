"""Session store, skill library and their settings. Importing it reads no file and loads no weights."""

from sanca.memory.library import MessageView, SkillLibrary, load_skill_library
from sanca.memory.session_store import SqliteSessionStore
from sanca.memory.settings import MemorySettings
from sanca.memory.skills import Skill, SkillParameter

__all__ = [
    "MemorySettings",
    "MessageView",
    "Skill",
    "SkillLibrary",
    "SkillParameter",
    "SqliteSessionStore",
    "load_skill_library",
]
