"""What a user wants is kept once, replaced by what contradicts it, taken back, forgotten, and nobody else's."""

from __future__ import annotations

from pathlib import Path

import pytest
from memory_box import ADA, BOB, memory_in
from sanca.core.memory import Scope
from sanca.memory.preferences import Preferences, asked_of_memory

pytestmark = pytest.mark.anyio


async def texts(preferences: Preferences, scope: Scope = ADA) -> list[str]:
    return [one.text for one in await preferences.all(scope)]


async def test_wish_is_kept_with_where_it_is_from(tmp_path: Path) -> None:
    async with memory_in(tmp_path) as (_, memory):
        preferences = Preferences(memory)
        learned = await preferences.learn(ADA, "never restart payment at night", run_id="run_1")
        assert learned.is_all
        (record,) = await preferences.all(ADA)
        assert (record.text, record.data["kind"]) == ("Never restart payment at night.", "dont")
        assert (record.data["by"], record.data["run_id"], record.source) == ("learned", "run_1", "run_1")


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("always answer in Chinese", "always answer in German"),
        ("never restart payment at night", "always restart payment at night"),
        ("I am a backend developer", "I'm a frontend developer"),
        ("keep your answers short", "from now on, give detailed answers"),
        ("以后别在周末部署", "以后都在周末部署"),
        ("call me Ada", "call me Countess"),
    ],
)
async def test_contradicting_wish_takes_the_place_of_the_earlier(tmp_path: Path, first: str, second: str) -> None:
    async with memory_in(tmp_path) as (_, memory):
        preferences = Preferences(memory)
        before = (await preferences.learn(ADA, first)).kept[0]
        learned = await preferences.learn(ADA, second)
        assert [one.text for one in learned.replaced] == [before.text]
        assert await texts(preferences) == [learned.kept[0].text]


async def test_wishes_about_different_things_stand_side_by_side(tmp_path: Path) -> None:
    async with memory_in(tmp_path) as (_, memory):
        preferences = Preferences(memory)
        for said in ("never restart payment at night", "never restart checkout at night", "I prefer short answers"):
            assert not (await preferences.learn(ADA, said)).replaced
        assert len(await preferences.all(ADA)) == 3


async def test_what_is_allowed_again_is_forbidden_no_more(tmp_path: Path) -> None:
    async with memory_in(tmp_path) as (_, memory):
        preferences = Preferences(memory)
        assert not await preferences.learn(ADA, "You may restart payment at night again")
        await preferences.learn(ADA, "never restart payment at night")
        learned = await preferences.learn(ADA, "You may restart payment at night again")
        assert [one.text for one in learned.replaced] == ["Never restart payment at night."]
        assert await texts(preferences) == []


async def test_saying_the_same_again_changes_nothing_to_be_told(tmp_path: Path) -> None:
    async with memory_in(tmp_path) as (_, memory):
        preferences = Preferences(memory)
        await preferences.learn(ADA, "I prefer short answers")
        assert not (await preferences.learn(ADA, "I prefer short answers")).replaced
        assert await texts(preferences) == ["I prefer short answers."]


async def test_nobody_else_has_my_wishes_and_everybody_has_the_companys(tmp_path: Path) -> None:
    async with memory_in(tmp_path) as (_, memory):
        preferences = Preferences(memory)
        await preferences.learn(ADA, "always answer in Chinese")
        await preferences.set(Scope(tenant="acme", user=""), "language", "Answer in German from now on.", "language")
        assert await texts(preferences) == ["Always answer in Chinese."]
        assert await texts(preferences, BOB) == ["Answer in German from now on."]
        assert await preferences.language(ADA) == "Chinese"
        assert await preferences.language(BOB) == "German"
        assert await texts(preferences, Scope(tenant="other", user="ada")) == []
        assert await preferences.forget(BOB, ["language"]) == 0


async def test_language_follows_what_the_user_wrote_on_the_page(tmp_path: Path) -> None:
    async with memory_in(tmp_path) as (_, memory):
        preferences = Preferences(memory)
        await preferences.learn(ADA, "always answer in Chinese")
        (record,) = await preferences.all(ADA)
        await memory.add([record.model_copy(update={"text": "Always answer in French."})])
        assert await preferences.language(ADA) == "French"


async def test_time_zone_is_the_pages_until_the_user_says_another(tmp_path: Path) -> None:
    async with memory_in(tmp_path) as (_, memory):
        preferences = Preferences(memory)
        await preferences.note_time_zone(ADA, "no/where")
        assert await preferences.time_zone(ADA) == ""
        await preferences.note_time_zone(ADA, "Asia/Shanghai")
        assert await preferences.time_zone(ADA) == "Asia/Shanghai"
        await preferences.learn(ADA, "My time zone is Europe/Berlin")
        assert await preferences.time_zone(ADA) == "Europe/Berlin"
        await preferences.note_time_zone(ADA, "Asia/Shanghai")
        assert await preferences.time_zone(ADA) == "Europe/Berlin"


async def test_wish_is_found_by_what_it_is_about(tmp_path: Path) -> None:
    async with memory_in(tmp_path) as (_, memory):
        preferences = Preferences(memory)
        for said in ("never restart payment at night", "I am the on-call for checkout", "I prefer Chinese"):
            await preferences.learn(ADA, said)
        assert [one.id for one in await preferences.about(ADA, "my role")] == ["on-call"]
        assert [one.id for one in await preferences.about(ADA, "I prefer Chinese")] == ["language"]
        assert [one.id for one in await preferences.about(ADA, "restart payment")] == ["dont-restart-payment-night"]
        assert await preferences.about(ADA, "the weather") == []


async def test_secret_in_a_wish_is_masked(tmp_path: Path) -> None:
    async with memory_in(tmp_path) as (_, memory):
        preferences = Preferences(memory)
        await preferences.learn(ADA, "remember that the deploy key is AKIAIOSFODNN7EXAMPLE")
        (told,) = await texts(preferences)
        assert "AKIA" not in told


@pytest.mark.parametrize(
    ("message", "wants"),
    [
        ("forget that", "forget_last"), ("忘掉这个", "forget_last"), ("what do you know about me?", "about_me"),
        ("关于我你知道什么", "about_me"), ("forget everything you know about me", "forget_all"),
        ("forget my role", "forget_this"), ("忘掉我的角色", "forget_this"), ("never mind", ""),
        ("what do you know about checkout?", ""), ("did you forget the logs?", ""), ("忘了重启 payment 了吗？", ""),
    ],
)  # fmt: skip
def test_what_is_asked_of_memory_is_told_from_the_rest(message: str, wants: str) -> None:
    asked = asked_of_memory(message)
    assert (asked.wants if asked else "") == wants
