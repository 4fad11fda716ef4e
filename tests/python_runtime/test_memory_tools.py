"""What actions recall, keep and forget: real engine, sandbox, broker, journal and store."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sanca.core.memory import Scope
from sanca.core.messages import Caller
from sanca.python_runtime import Engine
from sanca.python_runtime.broker.journal_reader import JournalReader
from sanca.python_runtime.memory_tools import NOTES_OF_RUN

pytestmark = pytest.mark.anyio

ALICE = Caller(tenant="shop", user="alice", channel="chat", rights=("*",))
BOB = Caller(tenant="shop", user="bob", channel="chat", rights=("*",))
MALLORY = Caller(tenant="bank", user="alice", channel="chat", rights=("*",))
RUNBOOK = (
    "# Payment runbook\n\n## Roll back\n\nDeploy the release before and watch the error rate for ten minutes.\u202e\n"
)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[Engine]:
    async with Engine(tmp_path / "home") as engine:
        yield engine


async def value(engine: Engine, code: str, caller: Caller = ALICE) -> Any:
    """Run an action that prints JSON and return what it printed."""
    result = await engine.execute(f"import json\nprint(json.dumps({code}))", caller=caller)
    assert result.status == "ok", result.error
    return json.loads(result.stdout)


async def error(engine: Engine, code: str, caller: Caller = ALICE) -> str:
    result = await engine.execute(code, caller=caller)
    assert result.status == "error"
    return str(result.error)


async def test_an_action_recalls_what_a_document_says_with_its_source_as_outside_data(engine: Engine) -> None:
    knowledge = engine.parts.remembering.knowledge
    await knowledge.add_document(Scope(tenant="shop", user=""), "runbooks/payment.md", RUNBOOK.encode())
    found = await value(engine, 'sanca.recall("how do I roll back payment?", limit=2)')
    assert len(found) == 1, "the head of the document is no answer"
    assert found[0]["source"] == "runbooks/payment.md, line 5"
    assert found[0]["layer"] == "knowledge" and found[0]["outside"] is True and found[0]["doubt"] == ""
    assert "Deploy the release before" in found[0]["text"] and "\u202e" not in found[0]["text"]
    assert 0 < found[0]["score"] <= 1
    assert await value(engine, 'sanca.recall("how do I roll back payment?")', MALLORY) == []
    said = await value(engine, 'sanca.recall("how do I roll back payment?", layers=["message"])')
    assert {one["layer"] for one in said} == {"message"} and not any(one["outside"] for one in said)


async def test_a_round_tells_what_its_action_recalled(engine: Engine) -> None:
    knowledge = engine.parts.remembering.knowledge
    await knowledge.add_document(Scope(tenant="shop", user=""), "runbooks/payment.md", RUNBOOK.encode())
    code = 'sanca.recall("how do I roll back payment?", layers=["knowledge"])\nsanca.recall("roll back payment")'
    run = engine.request("s1", ALICE, action_code=code, run_id="run_recall")
    events = await engine.start(run)
    rounds = [json.loads(event.json) async for event in events.follow(until="first_end")]
    shown = [one["content"]["recalled"] for one in rounds if one.get("activityType") == "sanca-round"][-1]
    assert shown[0]["layer"] == "knowledge"
    assert shown[0]["citation"] == "runbooks/payment.md, line 5"
    assert len({(one["layer"], one["id"]) for one in shown}) == len(shown) <= 8


async def test_a_note_is_the_users_until_it_is_forgotten(engine: Engine) -> None:
    note = await value(engine, 'sanca.remember("The till team deploys on Tuesdays.", about="payment")')
    again = await value(engine, 'sanca.remember("The till team deploys on Tuesdays.", about="payment")')
    assert note["id"] == again["id"]
    asked = 'sanca.recall("when does the till team deploy?", layers=["knowledge"])'
    found = await value(engine, asked)
    assert [(one["text"], one["title"], one["outside"]) for one in found] == [
        ("The till team deploys on Tuesdays.", "payment", True)
    ]
    assert await value(engine, asked, BOB) == []
    assert await value(engine, asked, MALLORY) == []
    assert await value(engine, f"sanca.forget_note({note['id']!r})", BOB) is False
    assert await value(engine, f"sanca.forget_note({note['id']!r})") is True
    assert await value(engine, f"sanca.forget_note({note['id']!r})") is False
    assert await value(engine, asked) == []


async def test_only_notes_can_be_forgotten_by_an_action(engine: Engine) -> None:
    knowledge = engine.parts.remembering.knowledge
    scope = Scope(tenant="shop", user="")
    await knowledge.add_document(scope, "runbooks/payment.md", RUNBOOK.encode())
    for name in ("runbooks/payment.md#1", "runbooks/payment.md#0", "runbooks/payment.md"):
        assert await value(engine, f"sanca.forget_note({name!r})") is False
    assert len(await knowledge.pieces(scope, "runbooks/payment.md")) == 1


async def test_secrets_in_a_note_are_masked_before_it_is_kept(engine: Engine) -> None:
    secret = "AKIA" + "IOSFODNN7EXAMPLF"
    note = await value(engine, f'sanca.remember("The key is {secret} for now.")')
    assert secret not in note["text"] and note["text"].startswith("The key is ")
    kept = [one async for one in engine.parts.remembering.knowledge.records(None)]
    assert kept and not any(secret in record.model_dump_json() for record in kept)


async def test_a_note_is_kept_without_asking_and_is_in_the_journal_as_an_effect(engine: Engine) -> None:
    code = 'sanca.remember("Tuesdays only.")'
    session = "ses_" + "a" * 32
    executed = await engine.execute(code, session_id=session, caller=ALICE)
    assert executed.status == "ok", executed.error
    run = (await engine.parts.runs.of_session(ALICE, session))[-1]
    rows = JournalReader(engine.home).rows(run.run_id)
    asked = [row for row in rows if row.kind == "call_requested"]
    assert [(row.data["tool"], row.data["effect"]) for row in asked] == [("remember", "WRITE")]
    assert not [row for row in rows if row.kind == "approval_asked"]


async def test_a_run_keeps_so_many_notes_and_no_more(engine: Engine) -> None:
    code = f'for number in range({NOTES_OF_RUN + 1}):\n    sanca.remember(f"note {{number}}")'
    assert f"This run has kept {NOTES_OF_RUN} notes" in await error(engine, code)
    kept = [one async for one in engine.parts.remembering.knowledge.records(None)]
    assert len(kept) == NOTES_OF_RUN


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ('sanca.recall(" ")', "sanca.recall needs a query"),
        ('sanca.recall("x", limit=0)', "limit"),
        ('sanca.recall("x", layers=["sensory"])', "layers"),
        ('sanca.remember("")', "sanca.remember needs a text"),
        ('sanca.remember("x" * 2001)', "text"),
    ],
)
async def test_a_call_of_no_use_says_what_is_wrong(engine: Engine, code: str, said: str) -> None:
    told = await error(engine, code)
    assert "ToolArgumentError" in told and said in told


async def test_a_tenant_that_has_recalling_switched_off_is_told_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SANCA_MEMORY_TENANT_RECALL", json.dumps({"shop": "off"}))
    async with Engine(tmp_path / "home") as engine:
        assert "Recalling is switched off here" in await error(engine, 'sanca.recall("payment")')
        assert await value(engine, 'sanca.recall("payment")', MALLORY) is not None
