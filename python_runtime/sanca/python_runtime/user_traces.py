"""What the engine keeps of users outside of their memory: runs, the journal, files and names of sessions."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio.to_thread
from sanca.core.memory import Scope
from sanca.memory import Store
from sanca.memory.care import UserData
from sanca.memory.care.folders import FolderKeeper
from sanca.memory.care.salt import installation_salt
from sanca.memory.day_summaries.day_file import path_of
from sanca.memory.experience.folders import SkillFolders
from sanca.python_runtime.broker.journal_erasing import erase
from sanca.python_runtime.broker.journal_reader import JournalReader
from sanca.python_runtime.files import SessionFiles
from sanca.python_runtime.refusals import BadRequestError
from sanca.python_runtime.run_record import RunRecord
from sanca.python_runtime.run_store import RunStore

if TYPE_CHECKING:
    from sanca.a2a import TaskBook
    from sanca.a2a.server.user_records import A2aRecords

LetGo = Callable[[Scope, Sequence[str]], Awaitable[None]]
"""Stops what is under way of a user, and lets go of what the sessions' workers hold."""


class RunTraces:
    """A `Keeper` of runs, their journal, and the folders of sessions."""

    def __init__(self, home: Path, store: RunStore, files: SessionFiles, sessions: Store, let_go: LetGo) -> None:
        """Take what keeps them.

        Args:
            home: The state folder, where the journal lies.
            store: The records of runs.
            files: The folders of sessions.
            sessions: Knows which file is whose.
            let_go: Called before anything is forgotten.
        """
        self._home = home
        self._store = store
        self._files = files
        self._sessions = sessions
        self._let_go = let_go

    async def export(self, scope: Scope, session_ids: Sequence[str]) -> AsyncIterator[dict[str, Any]]:
        """Yield runs, their calls, and the content of files."""
        reader = JournalReader(self._home)
        for record in await self._store.of_user(scope):
            yield _run(record)
            for call in await anyio.to_thread.run_sync(reader.calls, record.run_id):
                yield {"kind": "call", "run_id": record.run_id, **call}
        for task in await anyio.to_thread.run_sync(_task_book(self._home).of_user, scope.tenant, scope.user):
            yield {"kind": "agent_question", "agent": task.agent, "asked": task.asked, "state": task.state}
        async for told in _a2a_records(self._home).export(scope, session_ids):
            yield told
        for session_id in session_ids:
            for file in await self._sessions.files(scope.tenant, scope.user, session_id):
                if found := await anyio.to_thread.run_sync(_content, Path(file["path"])):
                    yield {"kind": "file_content", "file_id": file["file_id"], "name": file["name"], **found}

    async def forget(self, scope: Scope, session_ids: Sequence[str]) -> int:
        """Stop what is under way, and forget runs, what the journal says of them, files and names.

        Raises:
            StoreError: Something cannot be forgotten; says what.
        """
        await self._let_go(scope, session_ids)
        for session_id in session_ids:
            try:
                await self._files.forget(session_id)
            except BadRequestError:  # an id that is no folder's name never had files
                continue
        records = await self._store.of_user(scope)
        key = await anyio.to_thread.run_sync(installation_salt, self._home)
        runs = [str(record.run_id) for record in records]
        await anyio.to_thread.run_sync(partial(erase, self._home / "journal.db", runs, list(session_ids), key))
        await self._store.forget_user(scope)
        await anyio.to_thread.run_sync(_task_book(self._home).forget_user, scope.tenant, scope.user)
        await _a2a_records(self._home).forget(scope, session_ids)
        return len(records)


def make_user_data(home: Path, sessions: Store, store: RunStore, files: SessionFiles, let_go: LetGo) -> UserData:
    """Return what exports and forgets a user's data, all of it.

    Args:
        home: The state folder.
        sessions: The memory's store.
        store: The records of runs.
        files: The folders of sessions.
        let_go: Stops what is under way of a user.
    """
    skills = SkillFolders(home / "skills")
    return UserData(
        sessions,
        (
            RunTraces(home, store, files, sessions, let_go),
            FolderKeeper("skill_file", skills.of),
            FolderKeeper("day_file", lambda scope: path_of(home / "memory", scope.tenant, scope.user, "day").parent),
        ),
    )


def _task_book(home: Path) -> TaskBook:
    from sanca.a2a import TaskBook  # only for who asks for their data

    return TaskBook(home)


def _a2a_records(home: Path) -> A2aRecords:
    from sanca.a2a.server.user_records import A2aRecords  # only for who asks for their data

    return A2aRecords(home)


def _run(record: RunRecord) -> dict[str, Any]:
    request = record.request
    found = {
        "session_id": request.session_id, "started_at": record.started_at, "status": record.status,
        "message": request.text, "answer": record.answer, "error": record.error,
        "page": request.page.model_dump() if request.page else None, "cards": record.cards,
    }  # fmt: skip
    return {"kind": "run", "run_id": record.run_id} | {name: value for name, value in found.items() if value}


def _content(path: Path) -> dict[str, str] | None:
    """Return a file's content, as text where it is text; None when it is gone."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    try:
        return {"text": content.decode()}
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(content).decode()}
