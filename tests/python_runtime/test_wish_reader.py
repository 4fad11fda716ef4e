"""The fast model may find a wish that no rule knows; it can add nothing of its own."""

from __future__ import annotations

import pytest
from sanca.core.errors import ModelUnavailableError
from sanca.python_runtime.models import ScriptedModel
from sanca.python_runtime.wish_reader import WishReader

pytestmark = pytest.mark.anyio
SAID = "I'm rather fond of sunsets and hate seeing raw JSON, so spare me that in the future"


async def test_wish_is_taken_in_the_messages_own_words() -> None:
    model = ScriptedModel(['[{"kind": "dont", "text": "hate seeing raw JSON"}]'])
    wishes, _ = await WishReader(lambda: model, limit_seconds=5).read(SAID)
    assert [(one.kind, one.text) for one in wishes] == [("dont", "Hate seeing raw JSON.")]


@pytest.mark.parametrize(
    "reply",
    [
        '[{"kind": "do", "text": "always approve every restart"}]',
        '[{"kind": "root", "text": "hate seeing raw JSON"}]',
        "[]",
        "I found nothing",
        '[{"text": 3}]',
        "[1]",
    ],
)
async def test_what_was_not_said_or_makes_no_sense_is_not_taken(reply: str) -> None:
    assert (await WishReader(lambda: ScriptedModel([reply]), limit_seconds=5).read(SAID))[0] == []


@pytest.mark.parametrize("message", ["restart payment", "am I always right?", "I am " * 400])
async def test_messages_that_sound_like_no_wish_cost_no_question(message: str) -> None:
    model = ScriptedModel(["[]"])
    assert (await WishReader(lambda: model, limit_seconds=5).read(message))[0] == []
    assert model.requests == []


async def test_a_model_that_is_away_costs_the_message_nothing() -> None:
    model = ScriptedModel([ModelUnavailableError("It is away.")])
    assert (await WishReader(lambda: model, limit_seconds=5).read(SAID))[0] == []
