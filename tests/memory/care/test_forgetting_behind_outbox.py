"""Forgetting a user whose store is a remote one: the local copy and what waits for it forget, too."""

from __future__ import annotations

from pathlib import Path

import anyio
import anyio.lowlevel
import pytest
from sanca.core.errors import StoreUnavailableError
from sanca.core.memory import MemoryRecord, RecordFilter, Scope
from sanca.core.messages import Message
from sanca.memory import SqliteStore
from sanca.memory.care import UserData
from sanca.memory.stores.outbox.buffered import BufferedStore

pytestmark = pytest.mark.anyio
ANN, BOB = Scope(tenant="acme", user="ann"), Scope(tenant="acme", user="bob")


class Switched(SqliteStore):
    """A real store that can be out of reach."""

    is_out = False

    async def put(self, *arguments: object, **named: object) -> None:
        """Keep records, unless it is out of reach."""
        if self.is_out:
            raise StoreUnavailableError("The store does not answer.")
        await super().put(*arguments, **named)  # type: ignore[arg-type]  # handed on as they came

    async def session_exists(self, session_id: str) -> bool:
        """Whether there is a session; asked to see whether it is back."""
        if self.is_out:
            raise StoreUnavailableError("The store does not answer.")
        return await super().session_exists(session_id)


def _wish(scope: Scope, text: str) -> MemoryRecord:
    return MemoryRecord(tenant=scope.tenant, user=scope.user, layer="preference", id="wish", text=text)


def _files_with(folder: Path, word: str) -> list[str]:
    return [path.name for path in folder.iterdir() if path.is_file() and word.encode() in path.read_bytes()]


async def test_copy_queue_and_remote_store_forget_and_while_it_is_away_nothing_is_forgotten_by_halves(
    tmp_path: Path,
) -> None:
    remote = Switched(tmp_path / "remote.db")
    store = BufferedStore(remote, tmp_path)
    with anyio.fail_after(60):
        await store.open()
        for scope, word in ((ANN, "nachtigall"), (BOB, "zaunkoenig")):
            await store.touch_session("acme", scope.user, f"s-{scope.user}", title=word)
            said = Message(id="m", role="user", content=f"{word} sings", run_id="r")
            await store.add_message("acme", scope.user, f"s-{scope.user}", said)
            await store.put([_wish(scope, f"{word} wants tea")])
        remote.is_out = True
        await store.put([_wish(ANN, "nachtigall wants coffee")])  # waits in the queue
        with pytest.raises(StoreUnavailableError, match="try again when it answers"):
            await UserData(store).forget(ANN)
        remote.is_out = False
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(store.keep)
            while store.outage is not None:
                await anyio.lowlevel.checkpoint()
            assert _files_with(tmp_path, "nachtigall")
            assert await UserData(store).forget(ANN) > 0
            assert _files_with(tmp_path, "nachtigall") == []
            found = [one.text async for page, _ in store.scan(BOB, RecordFilter()) for one in page]
            assert sorted(found) == ["zaunkoenig sings", "zaunkoenig wants tea"]
            await store.close()
    assert _files_with(tmp_path, "nachtigall") == []
