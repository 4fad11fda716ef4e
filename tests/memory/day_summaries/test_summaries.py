"""Days are summed up into records and a file; what a person changed stays; a cut-off day is done again."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from memory_box import ADA, BOB, memory_in, say
from sanca.core.memory import MemoryRecord, Query, RecordFilter, Scope
from sanca.memory import Store
from sanca.memory.day_summaries import DaySummaries, OpenDays
from sanca.memory.memory import Memory

pytestmark = pytest.mark.anyio
DAY = "2026-11-20"
TALK = [
    ("2026-11-20T09:00:00+00:00", "user", "Checkout is slow since this morning, why?"),
    (
        "2026-11-20T09:01:00+00:00",
        "assistant",
        "I looked at the metrics.\nThe pool of checkout is exhausted: 10 of 10.",
    ),
    ("2026-11-20T09:02:00+00:00", "user", "We decided to raise the pool size of checkout to 40."),
    ("2026-11-20T09:03:00+00:00", "assistant", "Done: db.pool_size is 40 now, and the p95 latency fell to 80 ms."),
    ("2026-11-20T09:04:00+00:00", "user", "thanks"),
]


@asynccontextmanager
async def days_in(home: Path) -> AsyncIterator[tuple[Store, Memory, DaySummaries]]:
    async with memory_in(home) as (store, memory):
        yield store, memory, DaySummaries(memory, home / "memory")


async def sections(memory: Memory, scope: Scope = ADA, day: str = DAY) -> list[MemoryRecord]:
    which = RecordFilter(layers=("summary",), documents=(day,))
    found = [one async for page, _ in memory.store.scan(scope, which) for one in page]
    return sorted((one for one in found if one.position), key=lambda one: one.position)


def file_of(home: Path, day: str = DAY) -> Path:
    return home / "memory" / "acme" / "ada" / f"{day}.md"


async def test_a_day_is_summed_up_by_rule_into_records_and_a_readable_file(tmp_path: Path) -> None:
    async with days_in(tmp_path) as (store, memory, days):
        await say(store, ADA, "s1", TALK)
        report = await days.compact(ADA, DAY, UTC)
        assert (report.messages, report.written) == (5, [f"s1-{DAY}-1"])
        (section,) = await sections(memory)
        assert "raise the pool size of checkout to 40" in section.text
        assert section.data["from_ids"] == ["m0", "m1", "m2", "m3", "m4"]
        assert (section.data["by"], section.session_id, section.document) == ("rule", "s1", DAY)
    text = file_of(tmp_path).read_text(encoding="utf-8")
    assert text.startswith(f"# {DAY}\n")
    assert "## Checkout is slow since this morning, why?" in text
    assert "- 09:02 you: We decided to raise the pool size of checkout to 40." in text


async def test_doing_a_day_again_changes_nothing(tmp_path: Path) -> None:
    async with days_in(tmp_path) as (store, memory, days):
        await say(store, ADA, "s1", TALK)
        await days.compact(ADA, DAY, UTC)
        before, text = await sections(memory), file_of(tmp_path).read_text(encoding="utf-8")
        report = await days.compact(ADA, DAY, UTC)
        assert (report.written, report.edited, report.removed) == ([], [], [])
        assert await sections(memory) == before
        assert file_of(tmp_path).read_text(encoding="utf-8") == text


async def test_messages_that_came_later_that_day_are_taken_in(tmp_path: Path) -> None:
    async with days_in(tmp_path) as (store, memory, days):
        await say(store, ADA, "s1", TALK[:2])
        await days.compact(ADA, DAY, UTC)
        await say(store, ADA, "s1", TALK[2:])
        report = await days.compact(ADA, DAY, UTC)
        assert report.written == [f"s1-{DAY}-1"]
        (section,) = await sections(memory)
        assert "raise the pool size" in section.text


async def test_what_a_person_writes_into_the_file_stays_and_is_what_is_recalled(tmp_path: Path) -> None:
    async with days_in(tmp_path) as (store, memory, days):
        await say(store, ADA, "s1", TALK)
        await days.compact(ADA, DAY, UTC)
        path = file_of(tmp_path)
        lines = path.read_text(encoding="utf-8").splitlines()
        kept = [line for line in lines if not line.startswith("- ")]
        path.write_text("\n".join([*kept, "- The zebra incident: pool raised to 40.", ""]), encoding="utf-8")
        assert await days.changed_files() == [(ADA, DAY)]
        await days.take_edits(ADA, DAY)
        assert await days.changed_files() == []
        (section,) = await sections(memory)
        assert section.text == "- The zebra incident: pool raised to 40."
        assert section.data["edited"] is True
        hits = await memory.recall(ADA, Query(text="zebra incident", filter=RecordFilter(layers=("summary",))))
        assert hits[0].record.id == section.id
        later = [("2026-11-20T18:00:00+00:00", "user", "Deploy search v2 tonight, it fixes the ranking.")]
        await say(store, ADA, "s1", later)
        await days.compact(ADA, DAY, UTC)
        first, second = await sections(memory)
        assert first.text == "- The zebra incident: pool raised to 40."
        assert "Deploy search v2" in second.text and second.position == 2
        text = path.read_text(encoding="utf-8")
        assert "zebra incident" in text and "Deploy search v2" in text


async def test_a_section_that_a_person_deletes_is_forgotten_and_not_made_again(tmp_path: Path) -> None:
    async with days_in(tmp_path) as (store, memory, days):
        await say(store, ADA, "s1", TALK)
        await say(store, ADA, "s2", [("2026-11-20T11:00:00+00:00", "user", "Restart the printer service.")])
        await days.compact(ADA, DAY, UTC)
        path = file_of(tmp_path)
        head, _, rest = path.read_text(encoding="utf-8").partition("## Checkout")
        path.write_text(f"{head}## Restart{rest.partition('## Restart')[2]}", encoding="utf-8")
        report = await days.compact(ADA, DAY, UTC)
        assert report.removed == [f"s1-{DAY}-1"]
        for _ in range(2):
            assert (await days.compact(ADA, DAY, UTC)).written == []
            assert [one.session_id for one in await sections(memory)] == ["s2"]


async def test_a_section_forgotten_on_the_page_is_gone_from_the_file_and_stays_gone(tmp_path: Path) -> None:
    async with days_in(tmp_path) as (store, memory, days):
        await say(store, ADA, "s1", TALK)
        await days.compact(ADA, DAY, UTC)
        which = RecordFilter(layers=("summary",), ids=(f"s1-{DAY}-1",), session_ids=("s1",))
        assert await memory.forget(ADA, which) == 1
        await days.compact(ADA, DAY, UTC)
        assert await sections(memory) == []
        assert "pool" not in file_of(tmp_path).read_text(encoding="utf-8")


async def test_a_section_edited_on_the_page_is_so_in_the_file(tmp_path: Path) -> None:
    async with days_in(tmp_path) as (store, memory, days):
        await say(store, ADA, "s1", TALK)
        await days.compact(ADA, DAY, UTC)
        (section,) = await sections(memory)
        await memory.add([section.model_copy(update={"text": "The pool is 40 since the zebra incident."})])
        await days.compact(ADA, DAY, UTC)
        assert "since the zebra incident" in file_of(tmp_path).read_text(encoding="utf-8")
        (section,) = await sections(memory)
        assert section.data["edited"] is True


async def test_a_persons_own_section_is_recalled(tmp_path: Path) -> None:
    async with days_in(tmp_path) as (store, memory, days):
        await say(store, ADA, "s1", TALK)
        await days.compact(ADA, DAY, UTC)
        path = file_of(tmp_path)
        path.write_text(
            path.read_text(encoding="utf-8") + "\n## My note\nThe lighthouse meeting is on Monday.\n", "utf-8"
        )
        await days.take_edits(ADA, DAY)
        hits = await memory.recall(ADA, Query(text="lighthouse meeting", filter=RecordFilter(layers=("summary",))))
        assert hits[0].record.title == "My note"
        assert "<!-- sanca: user-2026-11-20-1 -->" in path.read_text(encoding="utf-8")


async def test_secrets_reach_neither_record_nor_file(tmp_path: Path) -> None:
    secret = "AKIAIOSFODNN7EXAMPLE"
    async with days_in(tmp_path) as (store, memory, days):
        await say(
            store, ADA, "s1", [(f"{DAY}T09:00:00+00:00", "user", f"The deploy key is aws_access_key_id={secret}")]
        )
        await days.compact(ADA, DAY, UTC)
        assert all(secret not in one.text + one.title for one in await sections(memory))
    assert secret not in file_of(tmp_path).read_text(encoding="utf-8")


async def test_a_model_words_the_day_where_there_is_one(tmp_path: Path) -> None:
    async def wording(_scope: Scope, language: str, talk: str) -> str:
        assert language == "en" and "raise the pool size" in talk
        return "# Pool\nThe pool was raised."

    async with memory_in(tmp_path) as (store, memory):
        days = DaySummaries(memory, tmp_path / "memory", wording=wording)
        await say(store, ADA, "s1", TALK)
        await days.compact(ADA, DAY, UTC)
        (section,) = await sections(memory)
        assert (section.text, section.data["by"]) == ("### Pool\nThe pool was raised.", "model")
        assert (await days.compact(ADA, DAY, UTC)).written == []


async def test_a_day_that_was_cut_off_is_finished_and_what_was_done_stays(tmp_path: Path) -> None:
    asked = []

    async def wording(_scope: Scope, _language: str, talk: str) -> str:
        asked.append(talk)
        if len(asked) == 2:
            raise KeyboardInterrupt
        return f"Summary {len(asked)}."

    async with memory_in(tmp_path) as (store, memory):
        days = DaySummaries(memory, tmp_path / "memory", wording=wording)
        await say(store, ADA, "s1", TALK)
        await say(store, ADA, "s2", [("2026-11-20T11:00:00+00:00", "user", "Restart the printer service.")])
        with pytest.raises(KeyboardInterrupt):
            await days.compact(ADA, DAY, UTC)
        assert [one.text for one in await sections(memory)] == ["Summary 1."]
        assert not file_of(tmp_path).exists()
        assert (await days.compact(ADA, DAY, UTC)).written == [f"s2-{DAY}-1"]
        assert sorted(one.text for one in await sections(memory)) == ["Summary 1.", "Summary 3."]
        assert "Summary 1." in file_of(tmp_path).read_text(encoding="utf-8")


async def test_a_day_begins_where_the_user_is_and_no_user_sees_anothers(tmp_path: Path) -> None:
    shanghai = ZoneInfo("Asia/Shanghai")
    async with days_in(tmp_path) as (store, memory, days):
        await say(store, ADA, "s1", [("2026-11-19T17:30:00+00:00", "user", "结账服务的连接池今天调到了40。")])
        await say(store, BOB, "s9", [("2026-11-19T17:30:00+00:00", "user", "Bob's secret plan.")])
        assert (await days.compact(ADA, "2026-11-19", shanghai)).messages == 0
        assert (await days.compact(ADA, DAY, shanghai)).messages == 1
        (section,) = await sections(memory)
        assert section.text == "- 01:30 你: 结账服务的连接池今天调到了40。"
        assert await sections(memory, BOB) == []


async def test_a_deleted_session_takes_its_sections_along(tmp_path: Path) -> None:
    async with days_in(tmp_path) as (store, memory, days):
        await say(store, ADA, "s1", TALK)
        await say(store, ADA, "s2", [("2026-11-20T11:00:00+00:00", "user", "Restart the printer service.")])
        await days.compact(ADA, DAY, UTC)
        await store.delete_session("acme", "ada", "s1")
        await days.forget_session(ADA, "s1")
        assert [one.session_id for one in await sections(memory)] == ["s2"]
        assert "pool" not in file_of(tmp_path).read_text(encoding="utf-8")


async def test_a_day_of_which_everything_was_forgotten_leaves_nothing(tmp_path: Path) -> None:
    async with days_in(tmp_path) as (_, memory, days):
        assert (await days.compact(ADA, DAY, UTC)).messages == 0
        which = RecordFilter(layers=("summary",))
        assert [page async for page, _ in memory.store.scan(ADA, which) if page] == []
    assert not file_of(tmp_path).exists()


async def test_open_days_are_followed_across_restarts(tmp_path: Path) -> None:
    async def zone(_: Scope) -> ZoneInfo:
        return ZoneInfo("UTC")

    async with memory_in(tmp_path) as (store, _):
        path = tmp_path / "open_days.json"
        await say(store, ADA, "s1", TALK)
        first = OpenDays(store, path, zone)
        await first.follow()
        assert await first.over(datetime(2026, 11, 20, 23, tzinfo=UTC)) == []
        assert await first.over(datetime(2026, 11, 21, 0, 1, tzinfo=UTC)) == [(ADA, DAY)]
        again = OpenDays(store, path, zone)
        await again.follow()
        assert await again.over(datetime(2026, 11, 21, 0, 1, tzinfo=UTC)) == [(ADA, DAY)]
        again.done(ADA, DAY)
        third = OpenDays(store, path, zone)
        await third.follow()
        assert await third.over(datetime(2026, 11, 21, 0, 1, tzinfo=UTC)) == []
        path.write_text("{broken", encoding="utf-8")
        fourth = OpenDays(store, path, zone)
        await fourth.follow()
        assert await fourth.over(datetime(2026, 11, 21, 0, 1, tzinfo=UTC)) == [(ADA, DAY)]
