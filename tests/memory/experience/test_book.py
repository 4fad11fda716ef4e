"""Experiences on the real store: merged, counted, faded, replaced, shared and forgotten."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from experience_runs import CODE, OLGA, Teacher, run
from sanca.core.memory import RecordFilter, Scope
from sanca.memory.experience import Deed, NotLearnedError, SeenCall
from sanca.memory.skills import read_skills

pytestmark = pytest.mark.anyio

IVAN = Scope(tenant="acme", user="ivan")
EVE = Scope(tenant="other", user="olga")
ASK = "how many tulips has the bed of storefront?"


def actions_in(folder: Path) -> list[Path]:
    return list(folder.rglob("action.py"))


def sheets_in(folder: Path, pattern: str = "**/SKILL.md") -> list[Path]:
    return sorted(folder.glob(pattern))


async def test_one_run_is_enough_for_another_service(teacher: Teacher) -> None:
    kept = await teacher.teach(run())

    assert await teacher.served(ASK) == (kept.data.skill, {"service": "storefront"})
    assert await teacher.served("how many roses has the bed of storefront?") == ("", {})


async def test_its_folder_is_a_skill_like_any_other(teacher: Teacher) -> None:
    kept = await teacher.teach(run())
    [skill] = read_skills([teacher.folder / "acme" / "olga"])

    assert (skill.name, skill.sheet.exact, skill.sheet.changes) == (kept.data.skill, True, False)
    assert "run_1" in skill.description
    assert skill.code().startswith("bed = meadow.flowers(service=service)")


async def test_the_same_again_in_other_words_merges(teacher: Teacher) -> None:
    await teacher.teach(run())
    kept = await teacher.teach(
        run("count the tulips beside payments", CODE.replace("checkout", "payments"), run_id="run_2")
    )

    assert [one.record.id for one in await teacher.book.all(OLGA)] == [kept.record.id]
    assert kept.data.run_ids == ("run_1", "run_2")
    assert len(kept.data.phrases) == 2
    assert await teacher.served("count the tulips beside storefront") == (kept.data.skill, {"service": "storefront"})


async def test_another_way_to_do_the_same_replaces_the_first(teacher: Teacher) -> None:
    first = await teacher.teach(run())
    second = await teacher.teach(
        run("how many tulips has the bed of payments?", "meadow.flowers('payments')['tulips']")
    )
    replaced = next(one for one in await teacher.book.all(OLGA) if one.record.id == first.record.id)

    assert (replaced.data.replaced_by, replaced.data.state) == (second.data.skill, "replaced")
    assert (await teacher.served(ASK))[0] == second.data.skill


async def test_who_fails_twice_is_taken_out_until_it_comes_out_well_again(teacher: Teacher) -> None:
    kept = await teacher.teach(run())
    for number in range(2):
        assert (await teacher.served(ASK))[0] == kept.data.skill
        kept = await teacher.book.used(kept, f"run_{number}", ok=False, why="no such bed")

    assert (kept.data.use, kept.data.failed, kept.data.why) == ("none", 2, "no such bed")
    assert await teacher.served(ASK) == ("", {})
    again = await teacher.teach(run(run_id="run_9"))
    assert (again.data.use, (await teacher.served(ASK))[0]) == ("fast_path", kept.data.skill)


async def test_a_person_who_says_no_is_not_overruled_by_the_same_again(teacher: Teacher) -> None:
    kept = await teacher.teach(run())
    await teacher.book.withdraw(kept, "the wrong bed")
    again = await teacher.teach(run(run_id="run_2"))

    assert (again.data.use, await teacher.served(ASK)) == ("none", ("", {}))
    assert (await teacher.book.praise(again)).data.use == "fast_path"
    assert (await teacher.served(ASK))[0] == kept.data.skill


async def test_what_is_not_used_for_long_is_put_aside_and_not_deleted(teacher: Teacher) -> None:
    kept = await teacher.teach(run())
    teacher.wait(days=91)
    assert await teacher.served(ASK) == ("", {})
    assert len(await teacher.book.all(OLGA)) == 1

    again = await teacher.teach(run(run_id="run_2"))
    teacher.wait(days=60)
    assert (await teacher.served(ASK))[0] == again.data.skill == kept.data.skill


async def test_use_and_youth_count_for_it(teacher: Teacher) -> None:
    old = await teacher.teach(run())
    teacher.wait(days=45)
    young = await teacher.teach(run("list the roses of payments", "meadow.roses('payments')"))
    now, days = teacher.now, teacher.book.fade_days
    assert young.data.score(now, days) > old.data.score(now, days)

    helped = await teacher.book.used(old, "run_8", ok=True)
    assert helped.data.score(now, days) > young.data.score(now, days)


async def test_nothing_is_shared_unless_somebody_shares_it(teacher: Teacher) -> None:
    kept = await teacher.teach(run())
    assert await teacher.served(ASK, IVAN) == await teacher.served(ASK, EVE) == ("", {})

    shared = await teacher.book.share(kept)
    assert await teacher.served(ASK, IVAN) == (kept.data.skill, {"service": "storefront"})
    assert await teacher.served(ASK, EVE) == ("", {})
    assert (shared.record.user, shared.record.text, shared.data.run_ids) == (
        "",
        "how many tulips has the bed of {service}?",
        (),
    )
    assert (await teacher.served(ASK))[0] == kept.data.skill


async def test_a_folder_has_no_way_out_whatever_the_user_is_called(teacher: Teacher) -> None:
    names = ["../../etc", "..", ".", "_tenant", "a/b", "a%2Fb", "ü" * 400, "CON", "x" * 300]
    for number, name in enumerate(names):
        await teacher.teach(run(run_id=f"run_{number}"), Scope(tenant=name, user=name))
    folders = [path.parent for path in sheets_in(teacher.folder, "*/*/*/SKILL.md")]

    assert len({folder.parent for folder in folders}) == len(names)
    assert len(sheets_in(teacher.folder.parent)) == len(names)
    assert not any(folder.parent.name == "_tenant" for folder in folders)


async def test_forgetting_takes_the_folder_too(teacher: Teacher, tmp_path: Path) -> None:
    kept = await teacher.teach(run())
    await teacher.book.forget(kept)

    assert await teacher.served(ASK) == ("", {})
    assert not actions_in(tmp_path)


async def test_what_the_page_forgot_is_swept_away_with_its_folder(teacher: Teacher, tmp_path: Path) -> None:
    kept = await teacher.teach(run())
    await teacher.book.memory.forget(OLGA, RecordFilter(layers=("experience",), ids=(kept.record.id,)))
    assert await teacher.served(ASK) == ("", {})
    assert actions_in(tmp_path)  # perhaps it is only not found yet

    for sheet in sheets_in(tmp_path):
        os.utime(sheet, (0, 0))
    await teacher.shelf.refresh(OLGA)
    assert not actions_in(tmp_path)


async def test_secrets_and_personal_data_are_not_learned(teacher: Teacher, tmp_path: Path) -> None:
    key = "sk-proj-" + "Zm9vYmFyYmF6cXV4MTIzNDU2Nzg5MGFiY2RlZg"
    with pytest.raises(NotLearnedError, match="secret or personal data"):
        await teacher.teach(run("fetch the tulips of checkout", f"meadow.fetch('checkout', key='{key}')"))
    with pytest.raises(NotLearnedError, match="secret or personal data"):
        await teacher.teach(run("mail the tulips of checkout to olga@example.com", "meadow.flowers('checkout')"))

    assert await teacher.book.all(OLGA) == []
    assert not actions_in(tmp_path)


async def test_run_ids_and_names_survive_the_mask(teacher: Teacher) -> None:
    run_id = "run_f3171daed2b74d23892ca1a0ed642296"
    kept = await teacher.teach(run(run_id=run_id))
    [read] = await teacher.book.all(OLGA)

    assert read.data == kept.data
    assert read.data.run_ids == (run_id,)
    assert read.record.document == read.data.skill


async def test_what_failed_warns_where_something_alike_is_asked(teacher: Teacher) -> None:
    read = teacher.shelf.of(OLGA).read("hum a tune for the tulips of checkout")
    for run_id in ("run_1", "run_2"):
        await teacher.book.learn_failure(
            OLGA, run_id, read.text, "hum a tune for the tulips of {service}", "nobody hums here", situation={}
        )
    await teacher.shelf.refresh(OLGA)
    [kept] = await teacher.book.all(OLGA)

    assert (kept.data.failed, kept.data.run_ids) == (2, ("run_1", "run_2"))
    assert teacher.shelf.warnings(OLGA, "please hum a tune for the tulips of storefront") == ["nobody hums here"]
    assert teacher.shelf.warnings(OLGA, "restart storefront") == []
    assert teacher.shelf.warnings(IVAN, "please hum a tune for the tulips of storefront") == []


@pytest.mark.parametrize(
    "message",
    [
        "do not dig the north bed", "should I dig the north bed?", "dig the north bed if it rains",
        "dig the north bed tomorrow", "who dug the north bed?", "dig every north bed", "dig the south bed",
        "dig the north bed of storefront", "stop digging the north bed",
    ],
)  # fmt: skip
async def test_an_effect_is_not_taken_from_a_message_that_wants_another(teacher: Teacher, message: str) -> None:
    deed = Deed("garden.dig('north')", calls=(SeenCall("garden.dig", "WRITE"),))
    kept = await teacher.teach(run("dig the north bed", deeds=(deed,)))

    assert await teacher.served("please dig the north bed again") == (kept.data.skill, {})
    assert await teacher.served(message) == ("", {})
