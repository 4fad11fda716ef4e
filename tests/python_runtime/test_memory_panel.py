"""What the page sees and changes of memory: the embedded store, the real retriever, masker and knowledge behind it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest
from experience_runs import ENTITIES, MESSAGE, library, run
from sanca.core.errors import RecordConflictError
from sanca.core.memory import MemoryRecord, RecordKey, Scope
from sanca.core.messages import Caller
from sanca.memory import MemorySettings, SqliteStore
from sanca.memory.experience import ExperienceBook
from sanca.memory.knowledge import KnowledgeBase
from sanca.memory.memory import Memory
from sanca.python_runtime.memory_panel import Change, Found, MemoryPanel, Wanted
from sanca.python_runtime.memory_parts import MemoryParts, make_memory_parts
from sanca.python_runtime.refusals import BadRequestError, NotAllowedError, NotFoundError

pytestmark = pytest.mark.anyio

ANN = Caller(tenant="acme", user="ann")
BOB = Caller(tenant="acme", user="bob")
TEACHER = Caller(tenant="acme", user="tia", rights=("knowledge:write",))
STRANGER = Caller(tenant="globex", user="ann", rights=("*",))
RUNBOOK = b"# Payment\n\n## Pool\nThe pool size of payment is 20.\n\n## Disk\nRemove logs older than a week.\n"


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@dataclass
class Room:
    """A panel with what is behind it."""

    panel: MemoryPanel
    parts: MemoryParts
    book: ExperienceBook
    home: Path

    @property
    def memory(self) -> Memory:
        return self.parts.memory

    @property
    def knowledge(self) -> KnowledgeBase:
        return self.parts.knowledge

    async def list(self, caller: Caller = ANN, **wanted: Any) -> list[str]:
        return texts(await self.panel.find(caller, Wanted(**wanted)))

    async def prefer(self, text: str, caller: Caller = ANN, kind: str = "do") -> RecordKey:
        key = RecordKey(layer="preference", id="", user=caller.user)
        return (await self.panel.edit(caller, Change(key, 0, text, data={"kind": kind}))).record.key


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    settings = MemorySettings()
    store = SqliteStore(tmp_path / "memory.db")
    await store.open()
    parts = make_memory_parts(settings, tmp_path, store)
    book = ExperienceBook(parts.memory, tmp_path / "skills")
    yield Room(MemoryPanel(parts, book), parts, book, tmp_path)
    await store.close()


def message(number: int, text: str, caller: Caller = ANN, session: str = "s1") -> MemoryRecord:
    return MemoryRecord(
        tenant=caller.tenant, user=caller.user, session_id=session, layer="message", id=f"m{number}", text=text,
        speaker="user", time=f"2026-11-20T10:{number:02}:00+00:00",
    )  # fmt: skip


def texts(found: Found) -> list[str]:
    return [shown.record.text for shown in found.records]


async def test_what_fits_is_found_with_reasons_and_a_citation(room: Room) -> None:
    await room.memory.add([message(1, "The pool size of checkout was raised to 40."), message(2, "Lunch is at noon.")])
    found = await room.panel.find(ANN, Wanted(query="what is the pool size of checkout?"))
    best = found.records[0]
    assert best.record.id == "m1"
    assert sum(reason.share for reason in best.reasons) == pytest.approx(1, abs=0.02)
    assert best.citation == "user, 2026-11-20 10:01"
    assert 0 < best.score <= 1


async def test_list_goes_on_newest_first_without_gap_or_repetition(room: Room) -> None:
    await room.memory.add([message(number, f"line {number}") for number in range(25)])
    seen: list[str] = []
    after = ""
    for _ in range(3):
        found = await room.panel.find(ANN, Wanted(limit=10, after=after))
        seen += texts(found)
        after = found.next
    assert seen == [f"line {number}" for number in reversed(range(25))]
    assert after == ""


async def test_layers_and_sessions_and_ids_narrow_a_list(room: Room) -> None:
    await room.memory.add([message(1, "here"), message(1, "there", session="s2"), message(2, "further")])
    await room.prefer("Answer in Chinese.")
    assert await room.list(layers=("preference",)) == ["Answer in Chinese."]
    assert await room.list(session_id="s2") == ["there"]
    assert await room.list(layers=("message",), ids=("m1",), session_id="s1") == ["here"]


async def test_counts_are_of_what_the_caller_may_see(room: Room) -> None:
    await room.memory.add([message(1, "one"), message(2, "two"), message(3, "bob's", BOB)])
    await room.knowledge.add_document(Scope(tenant="acme", user=""), "payment.md", RUNBOOK)
    ann, stranger = await room.panel.find(ANN, Wanted()), await room.panel.find(STRANGER, Wanted())
    assert ann.counts["message"] == 2
    assert ann.counts["knowledge"] >= 2
    assert stranger.counts == {}
    assert stranger.records == []


async def test_knowledge_is_listed_by_document_and_its_pieces_in_order(room: Room) -> None:
    await room.knowledge.add_document(Scope(tenant="acme", user=""), "payment.md", RUNBOOK)
    found = await room.panel.find(ANN, Wanted(layers=("knowledge",)))
    assert [(one.record.document, one.can_edit, one.can_change) for one in found.records] == [
        ("payment.md", False, False)
    ]
    pieces = await room.list(layers=("knowledge",), document="payment.md")
    together = "\n".join(pieces)
    assert together.index("pool size") < together.index("older than a week")


async def test_a_long_document_does_not_crowd_a_list(room: Room) -> None:
    await room.memory.add([message(1, "said before")])
    long = "# Long\n" + "".join(f"\n## Part {number}\n\nStep {number} is to wait.\n" for number in range(40))
    await room.knowledge.add_document(Scope(tenant="acme", user=""), "long.md", long.encode())
    found = await room.panel.find(ANN, Wanted(limit=10))
    assert [shown.record.id for shown in found.records] == ["long.md#0", "m1"]
    assert (await room.panel.find(ANN, Wanted(limit=10))).counts["knowledge"] > 40


async def test_preference_is_added_changed_and_kept_masked(room: Room) -> None:
    key = await room.prefer("My key is sk-abcdefghijklmnopqrstuvwx1234567890ABCD, keep it.")
    (shown,) = (await room.panel.find(ANN, Wanted(layers=("preference",)))).records
    assert "sk-abcdefghijklm" not in shown.record.text
    changed = await room.panel.edit(ANN, Change(key, shown.record.revision, "Answer briefly.", data={"kind": "habit"}))
    assert (changed.record.text, changed.record.data["kind"], changed.record.data["by"]) == (
        "Answer briefly.", "habit", "user",
    )  # fmt: skip
    assert await room.list(layers=("preference",)) == ["Answer briefly."]


async def test_a_preference_that_goes_against_another_takes_its_place(room: Room) -> None:
    await room.prefer("Always answer in Chinese.", kind="language")
    await room.prefer("Always answer in English.", kind="language")
    assert await room.list(layers=("preference",)) == ["Always answer in English."]
    assert await room.parts.preferences.language(ANN.scope) == "English"


async def test_a_days_file_says_what_was_edited_and_not_what_was_forgotten(room: Room) -> None:
    await room.memory.add([message(1, "The pool size of checkout is 40."), message(2, "Lunch.", session="s2")])
    await room.parts.days.compact(ANN.scope, "2026-11-20", UTC)
    days = (await room.panel.find(ANN, Wanted(layers=("summary",)))).records
    assert {shown.record.session_id for shown in days} == {"s1", "s2"}
    first, second = sorted((shown.record for shown in days), key=lambda record: record.session_id)
    await room.panel.edit(ANN, Change(first.key, first.revision, "We raised the pool."))
    assert await room.panel.forget(ANN, [second.key]) == 1
    (file,) = room.home.glob("memory/*/*/2026-11-20.md")
    assert "We raised the pool." in file.read_text(encoding="utf-8")
    assert "Lunch" not in file.read_text(encoding="utf-8")
    await room.parts.days.compact(ANN.scope, "2026-11-20", UTC)
    assert await room.list(layers=("summary",)) == ["We raised the pool."]


async def test_a_forgotten_experience_takes_its_skill_along(room: Room) -> None:
    kept = await room.book.learn(ANN.scope, run(), library().read(MESSAGE, ENTITIES))
    folder = room.home / "skills"
    assert list(folder.rglob("SKILL.md"))
    (shown,) = (await room.panel.find(ANN, Wanted(layers=("experience",)))).records
    assert await room.panel.forget(BOB, [kept.record.key.model_copy(update={"user": "bob"})]) == 0
    assert await room.panel.forget(ANN, [shown.record.key]) == 1
    assert await room.list(layers=("experience",)) == []
    assert not list(folder.rglob("SKILL.md"))


async def test_two_wishes_that_begin_alike_are_two_preferences(room: Room) -> None:
    first, second = await room.prefer("Tea, please"), await room.prefer("Tea, please")
    assert first.id != second.id
    assert len(await room.list(layers=("preference",))) == 2


async def test_a_change_to_what_another_changed_is_refused_and_loses_nothing(room: Room) -> None:
    key = await room.prefer("Answer in Chinese.")
    await room.panel.edit(ANN, Change(key, 1, "Answer in English."))
    with pytest.raises(RecordConflictError, match="changed meanwhile"):
        await room.panel.edit(ANN, Change(key, 1, "Answer in French."))
    assert await room.list(layers=("preference",)) == ["Answer in English."]


async def test_what_was_said_can_be_forgotten_but_not_rewritten(room: Room) -> None:
    await room.memory.add([message(1, "I said this."), message(1, "and that", session="s2")])
    key = message(1, "").key
    with pytest.raises(BadRequestError, match="forgotten, not changed"):
        await room.panel.edit(ANN, Change(key, 1, "I never said it."))
    assert await room.panel.forget(ANN, [key]) == 1
    assert await room.list() == ["and that"]
    assert await room.panel.forget(ANN, [key]) == 0


async def test_a_message_without_its_session_names_nothing(room: Room) -> None:
    await room.memory.add([message(1, "kept"), message(1, "kept too", session="s2")])
    assert await room.panel.forget(ANN, [RecordKey(layer="message", id="m1", user="ann")]) == 0
    assert len(await room.list()) == 2


async def test_other_users_neither_see_nor_change_nor_forget(room: Room) -> None:
    key = await room.prefer("Never restart payment at night.", kind="dont")
    for other in (BOB, STRANGER):
        assert await room.list(other) == []
        assert await room.list(other, query="restart payment at night") == []
        with pytest.raises(NotFoundError):
            await room.panel.edit(other, Change(key.model_copy(update={"user": other.user}), 1, "mine now"))
        assert await room.panel.forget(other, [key.model_copy(update={"user": other.user})]) == 0
    assert await room.list() == ["Never restart payment at night."]


async def test_what_everybody_relies_on_is_changed_only_with_the_right(room: Room) -> None:
    await room.knowledge.add_document(Scope(tenant="acme", user=""), "payment.md", RUNBOOK)
    found = await room.panel.find(ANN, Wanted(layers=("knowledge",), document="payment.md"))
    piece = next(shown.record for shown in found.records if "pool size" in shown.record.text)
    with pytest.raises(NotAllowedError, match="knowledge:write"):
        await room.panel.edit(ANN, Change(piece.key, piece.revision, "The pool size is 99."))
    with pytest.raises(NotAllowedError, match="knowledge:write"):
        await room.panel.forget(ANN, [piece.key])
    await room.panel.edit(TEACHER, Change(piece.key, piece.revision, "The pool size of payment is 30."))
    assert "The pool size of payment is 30." in await room.list(document="payment.md")


async def test_forgetting_a_documents_head_forgets_the_document(room: Room) -> None:
    await room.knowledge.add_document(Scope(tenant="acme", user=""), "payment.md", RUNBOOK)
    (head,) = (await room.panel.find(TEACHER, Wanted(layers=("knowledge",)))).records
    assert await room.panel.forget(TEACHER, [head.record.key]) >= 1
    assert await room.list(layers=("knowledge",)) == []
    assert await room.list(document="payment.md") == []


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (Change(RecordKey(layer="preference", id="x", user="ann"), 0, "  "), "needs words"),
        (
            Change(RecordKey(layer="preference", id="x", user="ann"), 0, "x", data={"kind": "boss"}),
            "one of role, habit",
        ),
        (Change(RecordKey(layer="experience", id="x", user="ann"), 0, "x"), "Only a preference"),
        (Change(RecordKey(layer="preference", id="x"), 0, "x"), "Only a preference"),
    ],
)
async def test_wrong_changes_are_said_in_a_sentence(room: Room, change: Change, sentence: str) -> None:
    with pytest.raises(BadRequestError, match=sentence):
        await room.panel.edit(ANN, change)
