"""Stores, skill library and their settings. Importing it reads no file and loads no weights."""

from sanca.memory.matching.library import MessageView, SkillLibrary, load_skill_library
from sanca.memory.settings import MemorySettings
from sanca.memory.skills import Skill, SkillParameter
from sanca.memory.stores import Store, open_store
from sanca.memory.stores.sqlite import SqliteStore

__all__ = [
    "MemorySettings",
    "MessageView",
    "Skill",
    "SkillLibrary",
    "SkillParameter",
    "SqliteStore",
    "Store",
    "load_skill_library",
    "open_store",
]
