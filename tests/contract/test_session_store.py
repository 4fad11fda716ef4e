"""What every `SessionStore` must do; run against each implementation there is."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import anyio
import pytest
from memory_stores import STORES, opened_store
from sanca.core.errors import StoreError
from sanca.core.messages import Message
from sanca.memory import Store

pytestmark = pytest.mark.anyio

ANN = ("acme", "ann")
BOB = ("acme", "bob")
OTHER_ANN = ("globex", "ann")


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(params=STORES)
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    async with opened_store(request.param, tmp_path, request) as opened:
        yield opened


def said(number: int, *, role: str = "user", run_id: str = "run_1") -> Message:
    return Message.model_validate({"id": f"m{number}", "role": role, "content": f"words {number}", "run_id": run_id})


def record(file_id: str, session_id: str) -> dict[str, Any]:
    return {
        "file_id": file_id, "session_id": session_id, "name": "a.csv", "size_bytes": 12, "media_type": "text/csv",
        "direction": "input", "path": "sessions/s1/input/a.csv",
    }  # fmt: skip


async def test_touched_session_is_listed_with_its_first_title(store: Store) -> None:
    await store.touch_session(*ANN, "s1", title="Why is it slow?")
    await store.touch_session(*ANN, "s1", title="A later message")
    assert [(row["session_id"], row["title"]) for row in await store.list_sessions(*ANN)] == [("s1", "Why is it slow?")]


async def test_sessions_come_most_recently_used_first_up_to_the_limit(store: Store) -> None:
    for name in ("s1", "s2", "s3", "s1"):
        await store.touch_session(*ANN, name)
    assert [row["session_id"] for row in await store.list_sessions(*ANN)] == ["s1", "s3", "s2"]
    assert [row["session_id"] for row in await store.list_sessions(*ANN, limit=2)] == ["s1", "s3"]


async def test_renamed_session_has_the_new_title(store: Store) -> None:
    await store.touch_session(*ANN, "s1", title="old")
    await store.rename_session(*ANN, "s1", "  new  ")
    assert (await store.list_sessions(*ANN))[0]["title"] == "new"


async def test_renaming_a_session_that_is_not_there_says_so(store: Store) -> None:
    with pytest.raises(StoreError, match="no session 'nope'"):
        await store.rename_session(*ANN, "nope", "x")


async def test_messages_come_oldest_first_and_a_repeated_id_is_ignored(store: Store) -> None:
    await store.touch_session(*ANN, "s1")
    for number in (1, 2, 3, 2):
        await store.add_message(*ANN, "s1", said(number))
    assert [message.id for message in await store.messages(*ANN, "s1")] == ["m1", "m2", "m3"]
    assert [message.id for message in await store.messages(*ANN, "s1", limit=2)] == ["m2", "m3"]


async def test_message_keeps_role_run_and_gets_a_time(store: Store) -> None:
    await store.touch_session(*ANN, "s1")
    await store.add_message(*ANN, "s1", said(1, role="assistant", run_id="run_9"))
    (message,) = await store.messages(*ANN, "s1")
    assert (message.role, message.run_id, message.content) == ("assistant", "run_9", "words 1")
    assert message.created_at.endswith("+00:00")


@pytest.mark.filterwarnings("ignore:Sending a large body")  # that it holds the event loop a little: so it does
async def test_a_message_longer_than_a_piece_of_memory_is_kept_whole(store: Store) -> None:
    await store.touch_session(*ANN, "s1")
    long = Message(id="m1", role="user", content="long 长 " * 60_000)
    await store.add_message(*ANN, "s1", long)
    assert [message.content for message in await store.messages(*ANN, "s1")] == [long.content]


async def test_dropped_messages_are_left_out_and_new_ones_follow(store: Store) -> None:
    await store.touch_session(*ANN, "s1")
    for number in (1, 2, 3):
        await store.add_message(*ANN, "s1", said(number))
    await store.drop_messages_from(*ANN, "s1", "m2")
    await store.add_message(*ANN, "s1", said(4))
    assert [message.id for message in await store.messages(*ANN, "s1")] == ["m1", "m4"]


async def test_dropping_from_an_unknown_message_drops_nothing(store: Store) -> None:
    await store.touch_session(*ANN, "s1")
    await store.add_message(*ANN, "s1", said(1))
    await store.drop_messages_from(*ANN, "s1", "nope")
    assert len(await store.messages(*ANN, "s1")) == 1


async def test_deleted_session_takes_messages_and_files_with_it(store: Store) -> None:
    await store.touch_session(*ANN, "s1", title="secret")
    await store.add_message(*ANN, "s1", said(1))
    await store.add_file(*ANN, record("f1", "s1"))
    await store.delete_session(*ANN, "s1")
    assert await store.list_sessions(*ANN) == []
    assert await store.messages(*ANN, "s1") == []
    assert await store.file(*ANN, "f1") is None
    assert not await store.owns_session(*ANN, "s1")


async def test_id_of_a_deleted_session_cannot_be_taken_by_another(store: Store) -> None:
    await store.touch_session(*ANN, "s1")
    await store.delete_session(*ANN, "s1")
    assert await store.session_exists("s1")
    with pytest.raises(StoreError):
        await store.touch_session(*BOB, "s1")


async def test_thumb_must_be_up_or_down(store: Store) -> None:
    await store.add_feedback(*ANN, "run_1", "up", "")
    with pytest.raises(StoreError, match="'sideways'"):
        await store.add_feedback(*ANN, "run_1", "sideways", "")


async def test_file_record_comes_back_as_it_went_in(store: Store) -> None:
    await store.touch_session(*ANN, "s1")
    await store.add_file(*ANN, record("f1", "s1"))
    await store.add_file(*ANN, record("f2", "s1"))
    assert await store.file(*ANN, "f1") == record("f1", "s1")
    assert [row["file_id"] for row in await store.files(*ANN, "s1")] == ["f1", "f2"]


async def test_file_record_without_a_field_names_it(store: Store) -> None:
    await store.touch_session(*ANN, "s1")
    with pytest.raises(StoreError, match="'path'"):
        await store.add_file(*ANN, {key: value for key, value in record("f1", "s1").items() if key != "path"})


@pytest.mark.parametrize("stranger", [BOB, OTHER_ANN], ids=["other user", "other tenant"])
async def test_strangers_see_nothing(store: Store, stranger: tuple[str, str]) -> None:
    await store.touch_session(*ANN, "s1", title="mine")
    await store.add_message(*ANN, "s1", said(1))
    await store.add_file(*ANN, record("f1", "s1"))
    assert await store.list_sessions(*stranger) == []
    assert await store.messages(*stranger, "s1") == []
    assert await store.file(*stranger, "f1") is None
    assert await store.files(*stranger, "s1") == []
    assert not await store.owns_session(*stranger, "s1")
    assert await store.session_exists("s1")


@pytest.mark.parametrize("stranger", [BOB, OTHER_ANN], ids=["other user", "other tenant"])
async def test_strangers_change_nothing(store: Store, stranger: tuple[str, str]) -> None:
    await store.touch_session(*ANN, "s1", title="mine")
    await store.add_message(*ANN, "s1", said(1))
    await store.add_file(*ANN, record("f1", "s1"))
    for attempt in (
        store.touch_session(*stranger, "s1", title="taken"),
        store.rename_session(*stranger, "s1", "taken"),
        store.add_message(*stranger, "s1", said(2)),
        store.add_file(*stranger, record("f2", "s1")),
    ):
        with pytest.raises(StoreError, match="You have no session 's1'"):
            await attempt
    await store.drop_messages_from(*stranger, "s1", "m1")
    await store.delete_session(*stranger, "s1")
    assert [row["title"] for row in await store.list_sessions(*ANN)] == ["mine"]
    assert [message.id for message in await store.messages(*ANN, "s1")] == ["m1"]
    assert await store.files(*ANN, "s1") == [record("f1", "s1")]


async def test_names_cannot_reach_into_the_query(store: Store) -> None:
    await store.touch_session(*ANN, "s1", title="mine")
    assert await store.list_sessions("acme' OR '1'='1", "ann") == []
    assert await store.list_sessions("%", "%") == []


async def test_many_tasks_write_and_read_at_once(store: Store) -> None:
    await store.touch_session(*ANN, "s1")
    with anyio.fail_after(20):
        async with anyio.create_task_group() as group:
            for number in range(60):
                group.start_soon(store.add_message, *ANN, "s1", said(number))
                group.start_soon(store.messages, *ANN, "s1")
    assert len(await store.messages(*ANN, "s1", limit=100)) == 60
