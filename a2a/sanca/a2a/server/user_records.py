"""What `<home>/a2a.db` has of a user, for them to see and to be forgotten. Loads no SDK until there is something."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import anyio.to_thread
from sanca.a2a.server.store import NAME, A2aStore
from sanca.core.memory import Scope


class A2aRecords:
    """Turns of talks about tasks, and addresses for notifications; a `Keeper` of `sanca.memory.care`."""

    def __init__(self, home: Path) -> None:
        self._home = home

    async def export(self, scope: Scope, session_ids: Sequence[str]) -> AsyncIterator[dict[str, Any]]:
        """Yield messages and addresses, without what the addresses are let in by."""
        for kind, task_id, content in await anyio.to_thread.run_sync(self._read, scope):
            yield {"kind": kind, "task_id": task_id, **_shown(kind, content)}

    async def forget(self, scope: Scope, session_ids: Sequence[str]) -> int:
        """Erase all of a user, bytes included; returns how many records that were."""
        return await anyio.to_thread.run_sync(self._forget, scope)

    def _read(self, scope: Scope) -> list[tuple[str, str, bytes]]:
        if not (self._home / NAME).exists():
            return []
        store = A2aStore(self._home)
        try:
            return list(store.of_user(scope.tenant, scope.user))
        finally:
            store.close()

    def _forget(self, scope: Scope) -> int:
        if not (self._home / NAME).exists():
            return 0
        store = A2aStore(self._home)
        try:
            return store.forget_user(scope.tenant, scope.user)
        finally:
            store.close()


def _shown(kind: str, content: bytes) -> dict[str, Any]:
    from google.protobuf.json_format import MessageToDict

    from a2a.types.a2a_pb2 import Message, TaskPushNotificationConfig

    if kind == "a2a_turn":
        return {"message": MessageToDict(Message.FromString(content))}
    return {"url": TaskPushNotificationConfig.FromString(content).url}
