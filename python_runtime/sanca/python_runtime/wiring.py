"""Wires the rooms together: the only place that knows all of them. The engine as a process is app.py."""

from __future__ import annotations

import importlib
import os
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import anyio
import anyio.to_thread
from anyio.abc import TaskGroup
from sanca.core.memory import Scope
from sanca.core.ports import Model
from sanca.core.tools import ToolkitDefinition
from sanca.memory import MemorySettings, load_skill_library, open_store
from sanca.memory.embedders import CatchingUp
from sanca.memory.stores.outbox.buffered import BufferedStore
from sanca.memory.stores.retention import Retention
from sanca.prompts import InferencePromptConfigManager
from sanca.python_runtime.action_check import TyChecker
from sanca.python_runtime.added_libraries import AddedLibraries
from sanca.python_runtime.agent_replies import AgentReplies
from sanca.python_runtime.broker.client import BrokerClient
from sanca.python_runtime.broker.journal_reader import JournalReader
from sanca.python_runtime.broker.records import BrokerSettings
from sanca.python_runtime.broker_keeper import BrokerKeeper
from sanca.python_runtime.callbacks import EngineCallbacks
from sanca.python_runtime.contradiction_judge import contradiction_judge
from sanca.python_runtime.day_wording import day_wording
from sanca.python_runtime.environment import SystemEnvironment
from sanca.python_runtime.files import SessionFiles
from sanca.python_runtime.history import WhatRunsDid
from sanca.python_runtime.journal import Journal
from sanca.python_runtime.knowledge_upkeep import keep_knowledge_fresh
from sanca.python_runtime.learning import Learning, Proofs
from sanca.python_runtime.learning.making import make_learning
from sanca.python_runtime.live_run import LiveRun
from sanca.python_runtime.memory_parts import make_memory_parts
from sanca.python_runtime.memory_talk import MemoryTalk
from sanca.python_runtime.memory_tools import MemoryTools
from sanca.python_runtime.models import ModelRegistry
from sanca.python_runtime.observed_results import ObservedResults
from sanca.python_runtime.outages import TellingFinish
from sanca.python_runtime.parts import Parts, own_model
from sanca.python_runtime.perception import Interpreter, Surroundings
from sanca.python_runtime.planning import IntentPlanner
from sanca.python_runtime.run_memory import RunMemory
from sanca.python_runtime.run_queue import RunQueue
from sanca.python_runtime.run_store import RunStore
from sanca.python_runtime.run_work import RunWork
from sanca.python_runtime.runs import Runs
from sanca.python_runtime.sandbox import ConfiguredSandbox, SandboxSettings
from sanca.python_runtime.sandbox.library import find_library
from sanca.python_runtime.settings import EngineSettings
from sanca.python_runtime.tool_finder import ToolFinder
from sanca.python_runtime.tool_uses import uses_in_journal
from sanca.python_runtime.upkeep import Upkeep
from sanca.python_runtime.user_traces import make_user_data
from sanca.python_runtime.workers import SessionWorkers
from sanca.python_runtime.zone_wiring import make_planner, make_zones

_LESSONS_SECONDS = 1.0
"""What the engine's end may wait for lessons under way."""


@asynccontextmanager
async def open_parts(home: Path, *, model: Model | None = None, toolkits: Sequence[str] = ()) -> AsyncIterator[Parts]:
    """Open everything an engine is made of, and close it at the end.

    Args:
        home: The state folder, made and locked.
        model: Used instead of the configured one.
        toolkits: `module:factory` of further toolkits, besides the usual places.

    Raises:
        SancaError: A part cannot be opened; says which and what mends it.
    """
    parts = await _make(home, toolkits)
    planner = make_planner(parts, model)
    async with anyio.create_task_group() as tasks:
        try:
            await _open(parts, tasks, planner, model)
            tasks.start_soon(parts.workers.keep)
            tasks.start_soon(parts.observed.keep)
            if isinstance(parts.sessions, BufferedStore):
                tasks.start_soon(parts.sessions.keep)
            keep_days = parts.remembering.settings.keep_days
            tasks.start_soon(Retention(parts.sessions, keep_days, home / "memory").keep)
            tasks.start_soon(CatchingUp(parts.sessions, parts.memory.embedder).keep)
            tasks.start_soon(Upkeep(parts.remembering, lambda: parts.workers.is_idle).keep)
            tasks.start_soon(_warm_up, parts)
            tasks.start_soon(_warm_libraries, parts)
            tasks.start_soon(keep_knowledge_fresh, parts.knowledge, parts.remembering.settings)
            yield parts
        finally:
            with anyio.CancelScope(shield=True):
                await _close(parts)
            tasks.cancel_scope.cancel()


async def _make(home: Path, toolkits: Sequence[str]) -> Parts:
    settings, memory = EngineSettings(), MemorySettings()
    load = partial(load_skill_library, memory.skill_folders, threshold=memory.match_threshold)
    library = await anyio.to_thread.run_sync(load)
    sessions = open_store(memory, home)
    files = SessionFiles(home / "sessions", sessions, limit_bytes=settings.file_bytes)
    broker = BrokerKeeper(
        _broker_settings(home, settings, toolkits),
        cut_off=lambda: _after_lost_broker(parts),
        calls_max=lambda tenant: settings.budgets_for(tenant).calls_max,
    )
    observed = ObservedResults(home, lambda: broker.client.toolkits)
    journal = Journal(lambda: broker.client, JournalReader(home))
    sandbox = ConfiguredSandbox(SandboxSettings())
    store = RunStore(home / "runs.db")
    engine_id = f"engine_{uuid.uuid4().hex}"
    remembering = make_memory_parts(
        memory,
        home,
        sessions,
        wording=day_wording(lambda: own_model(parts, "fast")),
        judge=contradiction_judge(lambda: own_model(parts, "fast")),
    )
    parts = Parts(
        home=home,
        settings=settings,
        store=store,
        sessions=sessions,
        library=library,
        interpreter=Interpreter(library),
        models=ModelRegistry(home, os.environ),
        prompts=InferencePromptConfigManager(home / "prompts"),
        broker=broker,
        tools=ToolFinder(
            lambda: broker.client.toolkits, lambda: uses_in_journal(home / "journal.db"), observed.of_toolkit
        ),
        observed=observed,
        sandbox=sandbox,
        checker=TyChecker(limit_seconds=settings.type_check_seconds),
        workers=SessionWorkers(sandbox, lambda: broker.client, files, settings, home / "snapshots"),
        files=files,
        journal=journal,
        history=WhatRunsDid(journal, store),
        runs=Runs(
            store=store,
            queue=_queue(home, settings, engine_id),
            sessions=sessions,
            gate=broker,
            journal=journal.of_run,
            engine_id=engine_id,
            mask=remembering.own_words.mask,
        ),
        remembering=remembering,
    )
    parts.learning = _learning(parts, memory)
    parts.user_data = make_user_data(home, sessions, store, files, partial(_let_go, parts))
    return parts


def _queue(home: Path, settings: EngineSettings, engine_id: str) -> RunQueue:
    poll_seconds = settings.queue_poll_seconds
    return RunQueue(home / "runs.db", executor_id=engine_id, at_once=settings.runs_at_once, poll_seconds=poll_seconds)


def _broker_settings(home: Path, settings: EngineSettings, toolkits: Sequence[str]) -> BrokerSettings:
    given = BrokerSettings(home=home, log_level=os.environ.get("SANCA_LOG_LEVEL", "info"))
    return BrokerSettings(
        home=home,
        log_level=given.log_level,
        toolkit_factories=(*given.toolkit_factories, *toolkits),
        adds_libraries=SandboxSettings().add_libraries == "ask",
        remembers=True,
        tool_failures=settings.tool_failures,
        tool_pause_seconds=settings.tool_pause_seconds,
    )


async def _let_go(parts: Parts, scope: Scope, session_ids: Sequence[str]) -> None:
    """Stop what is under way of a user, so that nothing of it is written any more."""
    for record in await parts.store.of_user(scope):
        if record.is_live:
            await parts.runs.cancel(record.request.caller, record.run_id)
    for session_id in session_ids:
        await parts.workers.let_go(session_id)
    await parts.journal.flush()
    await parts.remembering.open_days.forget(scope)


def _learning(parts: Parts, memory: MemorySettings) -> Learning:
    def toolkits() -> Sequence[ToolkitDefinition]:
        return parts.broker.client.toolkits

    proofs = Proofs(parts.checker, toolkits, parts.workers, parts.broker, limit_seconds=memory.proof_seconds)
    return make_learning(parts.home, memory, parts.memory, parts.library, parts.journal, parts.store, proofs, toolkits)


async def _open(parts: Parts, tasks: TaskGroup, planner: IntentPlanner, model: Model | None) -> None:
    def broker() -> BrokerClient:
        return parts.broker.client

    environment = SystemEnvironment(broker, lambda: broker().toolkits, fresh_seconds=parts.settings.environment_seconds)
    replies = AgentReplies(parts.store.get, parts.runs.start)
    callbacks = EngineCallbacks(
        parts.runs.live,
        broker,
        on_effect=environment.forget,
        on_lost=parts.broker.lost,
        libraries=AddedLibraries(
            lambda session_id: parts.files.folders(session_id)[0], lambda: find_library(SandboxSettings())
        ),
        finder=parts.tools,
        memory=MemoryTools(parts.memory, parts.remembering.settings.recalls_for),
        observed=parts.observed,
        on_misbehaved=parts.workers.end_misbehaving,
        page_seconds=parts.settings.page_command_seconds,
        replies=replies.take,
        wishes=MemoryTalk(parts.remembering).wishes_against,
    )
    async with anyio.create_task_group() as opening:
        opening.start_soon(parts.store.open)
        opening.start_soon(parts.sessions.open)
        opening.start_soon(parts.sandbox.start)
        opening.start_soon(tasks.start, parts.broker.keep, callbacks)
    zones = make_zones(parts, planner, environment, model)
    parts.learning.begin(tasks)
    memory = RunMemory(parts.remembering)
    work = RunWork(zones, parts.sessions, parts.files, parts.journal, parts.settings, parts.learning, memory)

    finish = TellingFinish(parts.runs.end, parts.sessions)

    async def perform(live: LiveRun) -> None:
        finish.tell(live)
        await work.perform(live, finish)

    await parts.runs.mark_interrupted(parts.history.tell)
    await parts.runs.open(tasks, perform)
    await parts.runs.queue_again()
    replies.is_open = True


async def _close(parts: Parts) -> None:
    """Runs first, so that their last words are written. Also right after half an opening."""
    await parts.runs.wind_down()
    await parts.learning.close(_LESSONS_SECONDS)
    await parts.journal.flush()
    async with anyio.create_task_group() as closing:  # each takes its time to end; together they stay below 3 seconds
        closing.start_soon(parts.runs.close)
        closing.start_soon(_close_workers, parts)
        closing.start_soon(parts.models.close)
        closing.start_soon(parts.checker.close)
    await parts.sessions.close()
    await parts.store.close()


async def _close_workers(parts: Parts) -> None:
    await parts.workers.close()
    async with anyio.create_task_group() as closing:
        closing.start_soon(parts.broker.close)
        closing.start_soon(parts.sandbox.close)


async def _after_lost_broker(parts: Parts) -> None:
    parts.journal.send_again()
    await parts.runs.cut_off("broker_lost")
    await parts.workers.close()


async def _warm_up(parts: Parts) -> None:
    """Load weights and card models now rather than in the first message that needs them."""
    await anyio.to_thread.run_sync(partial(parts.library.match, "warm up"))
    if parts.models.entries():
        await parts.tools.search("warm up")  # a planner asks which tools fit
    warm = Surroundings(now=datetime.now(UTC))
    await anyio.to_thread.run_sync(partial(parts.interpreter.interpret, "warm up", warm))
    await anyio.to_thread.run_sync(importlib.import_module, "sanca.python_runtime.cards")
    await anyio.to_thread.run_sync(parts.remembering.own_words.mask, "warm up")


async def _warm_libraries(parts: Parts) -> None:
    """Have the sandbox load libraries while nothing is going on, some time after the start."""
    if not (wait := parts.sandbox.warm_libraries_seconds):
        return
    while True:
        await anyio.sleep(wait)
        if parts.workers.is_idle:
            parts.sandbox.warm_libraries()
            return
