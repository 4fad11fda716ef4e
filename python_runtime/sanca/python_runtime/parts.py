"""An open engine's parts, as the engine and its doors use them. Makes none of them: that is wiring.py."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from sanca.core.ports import Model
from sanca.memory import SkillLibrary, Store
from sanca.memory.care import UserData
from sanca.memory.knowledge import KnowledgeBase
from sanca.memory.memory import Memory
from sanca.memory.preferences import Preferences
from sanca.prompts import InferencePromptConfigManager
from sanca.python_runtime.action_check import TyChecker
from sanca.python_runtime.broker_keeper import BrokerKeeper
from sanca.python_runtime.files import SessionFiles
from sanca.python_runtime.history import WhatRunsDid
from sanca.python_runtime.journal import Journal
from sanca.python_runtime.learning import Learning
from sanca.python_runtime.memory_parts import MemoryParts
from sanca.python_runtime.models import ModelRegistry
from sanca.python_runtime.observed_results import ObservedResults
from sanca.python_runtime.perception import Interpreter
from sanca.python_runtime.run_store import RunStore
from sanca.python_runtime.runs import Runs
from sanca.python_runtime.sandbox import ConfiguredSandbox
from sanca.python_runtime.settings import EngineSettings
from sanca.python_runtime.tool_finder import ToolFinder
from sanca.python_runtime.workers import SessionWorkers


@dataclass
class Parts:
    """An open engine's parts, as the engine and its doors use them."""

    home: Path
    settings: EngineSettings
    store: RunStore
    sessions: Store
    library: SkillLibrary
    interpreter: Interpreter
    models: ModelRegistry
    prompts: InferencePromptConfigManager
    broker: BrokerKeeper
    tools: ToolFinder
    observed: ObservedResults
    sandbox: ConfiguredSandbox
    checker: TyChecker
    workers: SessionWorkers
    files: SessionFiles
    journal: Journal
    history: WhatRunsDid
    runs: Runs
    remembering: MemoryParts
    learning: Learning = field(init=False)
    user_data: UserData = field(init=False)
    """Everything of a user, to hand over or to forget."""

    @property
    def memory(self) -> Memory:
        """Everything remembered."""
        return self.remembering.memory

    @property
    def knowledge(self) -> KnowledgeBase:
        """The tenants' documents."""
        return self.remembering.knowledge

    @property
    def preferences(self) -> Preferences:
        """What users want."""
        return self.remembering.preferences


def own_model(parts: Parts, role: str) -> Model | None:
    """Return a role's model only where one was set for it: what is asked beside the plan must not cost the general."""
    return parts.models.model(role) if any(entry.role == role for entry in parts.models.entries()) else None
