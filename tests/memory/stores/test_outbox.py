"""A store behind an outbox, driven while the remote store comes and goes; the remote one is a real embedded store."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import pytest
from sanca.core.errors import StoreError, StoreUnavailableError
from sanca.core.memory import MemoryRecord, RecordFilter, Scope
from sanca.core.messages import Message
from sanca.memory import SqliteStore
from sanca.memory.stores.outbox.buffered import BufferedStore
from sanca.memory.text import index_terms

pytestmark = pytest.mark.anyio

ANN = Scope(tenant="acme", user="ann")
OWN = ("acme", "ann", "s1")


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class Cable:
    """The way to a store that works; cut, nothing gets through; torn, the answer of the next write is lost."""

    def __init__(self, store: SqliteStore) -> None:
        self.store = store
        self.is_cut = False
        self.refuses = False
        self.tears_next = ""

    @property
    def name(self) -> str:
        return "remote"

    def __getattr__(self, name: str) -> Any:
        async def call(*arguments: Any, **named: Any) -> Any:
            if self.is_cut:
                raise StoreUnavailableError("The cable is cut.")
            if self.refuses and name == "open":
                raise StoreError("You have no key.")
            answer = await getattr(self.store, name)(*arguments, **named)
            if self.tears_next == name:
                self.tears_next, self.is_cut = "", True
                raise StoreUnavailableError("The cable was torn.")
            return answer

        return self._scan if name == "scan" else call

    async def _scan(self, *arguments: Any, **named: Any) -> AsyncIterator[Any]:
        if self.is_cut:
            raise StoreUnavailableError("The cable is cut.")
        async for page in self.store.scan(*arguments, **named):
            yield page

    async def close(self) -> None:
        await self.store.close()


@asynccontextmanager
async def buffered(folder: Path, *, is_cut: bool = False) -> AsyncIterator[tuple[BufferedStore, Cable]]:
    cable = Cable(SqliteStore(folder / "remote.db"))
    cable.is_cut = is_cut
    store = BufferedStore(cable, folder)
    with anyio.fail_after(60):
        await store.open()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(store.keep)
            yield store, cable
            await store.close()


async def back(store: BufferedStore, cable: Cable) -> None:
    """Mend the cable and wait until everything has arrived."""
    cable.is_cut = False
    with anyio.fail_after(30):
        await store.settled()


def said(number: int) -> Message:
    return Message(id=f"m{number}", role="user", content=f"words number{number}", run_id="r1")


def wish(number: int, **more: Any) -> MemoryRecord:
    return MemoryRecord(
        tenant="acme", user="ann", layer="preference", id=f"p{number}", text=f"wish number{number}", **more
    )


async def contents(messages: list[Message]) -> list[str]:
    return [message.id for message in messages]


async def test_a_session_goes_on_through_an_outage_and_everything_arrives_once_and_in_order(tmp_path: Path) -> None:
    async with buffered(tmp_path) as (store, cable):
        await store.touch_session(*OWN, title="Before")
        await store.add_message(*OWN, said(1))
        assert await store.messages(*OWN)
        cable.is_cut = True
        await store.touch_session(*OWN)
        for number in (2, 3, 4):
            await store.add_message(*OWN, said(number))
        assert await contents(await store.messages(*OWN)) == ["m1", "m2", "m3", "m4"]
        assert await contents(await cable.store.messages(*OWN)) == ["m1"]
        await back(store, cable)
        assert await contents(await cable.store.messages(*OWN)) == ["m1", "m2", "m3", "m4"]
        await store.add_message(*OWN, said(5))
        assert await contents(await cable.store.messages(*OWN)) == ["m1", "m2", "m3", "m4", "m5"]


async def test_a_session_begun_in_an_outage_is_there_with_its_files_and_feedback_afterwards(tmp_path: Path) -> None:
    info = {
        "file_id": "f1", "session_id": "s1", "name": "a.csv", "size_bytes": 1, "media_type": "text/csv",
        "direction": "input", "path": "x",
    }  # fmt: skip
    async with buffered(tmp_path, is_cut=True) as (store, cable):
        await store.touch_session(*OWN, title="New")
        await store.add_message(*OWN, said(1))
        await store.add_file("acme", "ann", info)
        await store.add_feedback("acme", "ann", "r1", "up", "good")
        assert await store.owns_session(*OWN) and await store.session_exists("s1")
        assert await store.files(*OWN) == [info] == [await store.file("acme", "ann", "f1")]
        assert [row["title"] for row in await store.list_sessions("acme", "ann")] == ["New"]
        await back(store, cable)
        assert [row["title"] for row in await cable.store.list_sessions("acme", "ann")] == ["New"]
        assert await cable.store.files(*OWN) == [info]
        assert (await cable.store.feedback("acme", "ann", "r1") or {})["comment"] == "good"


async def test_a_write_whose_answer_was_lost_is_not_doubled(tmp_path: Path) -> None:
    async with buffered(tmp_path) as (store, cable):
        await store.touch_session(*OWN)
        cable.tears_next = "add_message"
        await store.add_message(*OWN, said(1))
        await store.add_message(*OWN, said(2))
        await back(store, cable)
        assert await contents(await cable.store.messages(*OWN)) == ["m1", "m2"]
        await store.put([wish(1)])
        (read,) = await store.get(ANN, [wish(1).key])
        cable.tears_next = "put"
        await store.put([read.model_copy(update={"text": "edited"})])
        await back(store, cable)
        assert [one.text for one in await cable.store.get(ANN, [wish(1).key])] == ["edited"]
        assert "refused" not in await store.detail()


async def test_recall_finds_what_was_said_here_while_the_store_is_down(tmp_path: Path) -> None:
    async with buffered(tmp_path) as (store, cable):
        await store.touch_session(*OWN)
        await store.add_message(*OWN, said(1))
        cable.is_cut = True
        await store.put([wish(2)])
        for number, id in ((1, "m1"), (2, "p2")):
            terms = [(term, 1.0) for term in index_terms(f"number{number}")]
            found = await store.lexical(ANN, terms, RecordFilter(), 5)
            assert id in [candidate.record.id for candidate in found]
        assert await store.lexical(Scope(tenant="acme", user="bob"), [("word", 1.0)], RecordFilter(), 5) == []


async def test_what_waits_outlives_the_engine(tmp_path: Path) -> None:
    async with buffered(tmp_path, is_cut=True) as (store, _):
        await store.touch_session(*OWN)
        await store.add_message(*OWN, said(1))
        await store.put([wish(1)])
    async with buffered(tmp_path) as (store, cable):
        await back(store, cable)
        assert await contents(await cable.store.messages(*OWN)) == ["m1"]
        assert len(await cable.store.get(ANN, [wish(1).key])) == 1


async def test_what_is_forgotten_in_an_outage_is_forgotten_there_too(tmp_path: Path) -> None:
    async with buffered(tmp_path) as (store, cable):
        await store.put([wish(1), wish(2)])
        cable.is_cut = True
        await store.delete(ANN, RecordFilter(ids=("p1",)))
        await back(store, cable)
        assert [one.id for one in await cable.store.get(ANN, [wish(1).key, wish(2).key])] == ["p2"]


async def test_a_refused_write_is_set_aside_and_the_rest_goes_on(tmp_path: Path) -> None:
    async with buffered(tmp_path) as (store, cable):
        await cable.store.touch_session("acme", "bob", "taken")
        cable.is_cut = True
        await store.touch_session("acme", "ann", "taken")
        await store.touch_session(*OWN)
        await store.add_message(*OWN, said(1))
        await back(store, cable)
        assert await contents(await cable.store.messages(*OWN)) == ["m1"]
        assert "1 writes were refused" in await store.detail()


async def test_each_user_is_told_once_an_outage(tmp_path: Path) -> None:
    async with buffered(tmp_path) as (store, cable):
        assert not store.untold("acme", "ann")
        for _ in range(2):
            cable.is_cut = True
            assert await store.list_sessions("acme", "ann") == []
            assert store.untold("acme", "ann") and not store.untold("acme", "ann")
            assert store.untold("acme", "bob")
            assert "not reachable since" in await store.detail()
            await back(store, cable)


async def test_a_store_that_refuses_keeps_the_engine_from_starting(tmp_path: Path) -> None:
    broken = tmp_path / "remote.db"
    broken.write_bytes(b"this is no database at all, whatever it says")
    with pytest.raises(StoreError, match=r"remote\.db"):
        await BufferedStore(SqliteStore(broken), tmp_path).open()


async def test_a_scan_that_meets_an_outage_shows_what_is_here(tmp_path: Path) -> None:
    async with buffered(tmp_path) as (store, cable):
        await store.touch_session(*OWN)
        await store.add_message(*OWN, said(1))
        cable.is_cut = True
        assert [one.id async for page, _ in store.scan(ANN, RecordFilter()) for one in page] == ["m1"]
        assert store.outage is not None
        with pytest.raises(StoreUnavailableError):
            [page async for page in store.scan(None, RecordFilter())]


async def test_a_store_that_comes_back_and_refuses_does_not_end_the_engine(tmp_path: Path) -> None:
    async with buffered(tmp_path, is_cut=True) as (store, cable):
        await store.touch_session(*OWN)
        cable.refuses = True
        cable.is_cut = False
        with anyio.move_on_after(1.5):
            await store.settled()
        assert store.outage is not None
        cable.refuses = False
        await back(store, cable)
        assert await cable.store.owns_session(*OWN)
