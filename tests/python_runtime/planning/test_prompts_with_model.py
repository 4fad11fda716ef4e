"""Prompts as a model server gets them, over real HTTP: what rests, whose words hold, what the journal keeps."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from model_script import Serve, act, asked
from sanca.core.messages import Caller
from sanca.python_runtime import Engine
from sanca.python_runtime.engine import LOCAL
from watching import to_the_end

pytestmark = pytest.mark.anyio

ASK = "hum a tune for the tulips"
RULES = 'version: "{version}"\napplies_to: {{tenant: {tenant}}}\ncommon:\n  rules: {rules}\n'


async def say(engine: Engine, session_id: str = "ses_a", caller: Caller = LOCAL) -> list[dict[str, Any]]:
    return await to_the_end(await engine.start(engine.request(session_id, caller, message=ASK)), seconds=120)


def prompt_notes(engine: Engine, events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    rows = engine.parts.journal._reader.rows(events[-1]["result"]["run_id"])
    return [row.data for row in rows if row.kind == "prompt"]


async def test_each_request_begins_as_the_one_before_it(home: Path, serve: Serve) -> None:
    server = serve([*(act(f"step_{number} = {number}\n{number} * 11") for number in range(8)), "Hummed."])
    async with Engine(home) as engine:
        await say(engine)

    texts = ["\0".join(f"{one['role']}\n{one['content']}" for one in request.messages) for request in server.requests]
    assert len(texts) == 9
    for before, after in pairwise(texts):
        same = next((at for at, (a, b) in enumerate(zip(before, after, strict=False)) if a != b), len(before))
        assert same / len(before) > 0.93
        # What no longer begins alike is what holds now: names, time, rounds left.
        assert "<names>" in before[same - 10 :] or "<now>" in before[same - 10 :]
    assert "step_0: int" in texts[-1]


async def test_an_operator_s_words_hold_for_their_tenant_and_from_the_next_prompt_on(
    home: Path, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SANCA_PROMPT_RELOAD_SECONDS", "0")
    server = serve(["One.", "Two.", "Three.", "Four."])
    folder = home / "prompts"
    folder.mkdir()
    (folder / "acme.yaml").write_text(RULES.format(version=1, tenant="acme", rules="Water at dawn."), "utf-8")
    acme = LOCAL.model_copy(update={"tenant": "acme"})
    async with Engine(home) as engine:
        first = await say(engine, "ses_1", acme)
        await say(engine, "ses_2", LOCAL)
        (folder / "acme.yaml").write_text(RULES.format(version=2, tenant="acme", rules="Water at dusk."), "utf-8")
        second = await say(engine, "ses_3", acme)
        (folder / "acme.yaml").write_text("version: 3\nruls: x\n", "utf-8")
        third = await say(engine, "ses_4", acme)
        await engine.parts.journal.flush()
        notes = [prompt_notes(engine, events)[0] for events in (first, second, third)]

    said = [asked(request.body) for request in server.requests]
    assert ["at dawn" in text for text in said] == [True, False, False, False]
    assert ["at dusk" in text for text in said] == [False, False, True, True]
    assert [note["configuration"][-1] for note in notes] == ["acme@1", "acme@2", "acme@2"]
    assert "configuration_problems" not in notes[1]
    assert "acme.yaml" in notes[2]["configuration_problems"][0]
    assert notes[0]["tokens"] > 1_000 and notes[0]["segments"]["system"] > 1_000


async def test_a_long_run_is_told_what_its_prompt_left_out(
    home: Path, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SANCA_PROMPT_BUDGET_TOKENS", "2500")
    server = serve([*(act(f"print('flower {n} ' * 300)") for n in range(6)), "Hummed."])
    async with Engine(home) as engine:
        events = await say(engine)
        await engine.parts.journal.flush()
        notes = prompt_notes(engine, events)

    last = asked(server.requests[-1].body)
    assert "rounds after this one left out]" in last or "characters left out" in last
    assert any(one["segment"] in {"rounds", "observation"} for one in notes[-1]["dropped"])
    assert notes[0]["dropped"] == []
