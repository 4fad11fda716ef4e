"""Puts the parts of learning together for an engine. Opens nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from sanca.core.tools import ToolkitDefinition
from sanca.memory import MemorySettings, SkillLibrary
from sanca.memory.experience import ExperienceBook
from sanca.memory.experience.shelf import SkillShelf
from sanca.memory.memory import Memory
from sanca.python_runtime.broker.journal_reader import JournalReader
from sanca.python_runtime.journal import Journal
from sanca.python_runtime.learning.learning import Learning
from sanca.python_runtime.learning.proofs import Proofs
from sanca.python_runtime.learning.stories import Story, story_of
from sanca.python_runtime.run_record import RunRecord
from sanca.python_runtime.run_store import RunStore


def make_learning(
    home: Path,
    settings: MemorySettings,
    memory: Memory,
    library: SkillLibrary,
    journal: Journal,
    store: RunStore,
    proofs: Proofs,
    toolkits: Callable[[], Sequence[ToolkitDefinition]],
) -> Learning:
    """Return what learns from an engine's runs.

    Args:
        home: The state folder; learned skills lie in `skills` there.
        settings: Whether and how long what was learned counts.
        memory: Keeps what was learned.
        library: The skills that all have.
        journal: Written before it is read.
        store: The records of runs.
        proofs: Tries what was learned.
        toolkits: The tools there are now.
    """
    reader = JournalReader(home)

    async def stories(record: RunRecord) -> Story:
        await journal.flush()
        return await story_of(reader, record)

    book = ExperienceBook(memory, home / "skills", fade_days=settings.fade_days)
    return Learning(
        book,
        SkillShelf(library, book),
        store,
        stories,
        proofs,
        toolkits,
        is_on=settings.learn,
        shares=settings.share_experience,
    )
